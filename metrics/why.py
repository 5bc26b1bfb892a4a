"""Why a KPI changed, as exact arithmetic: what its measures contribute, and what segments do by their rate and by their size. Not a cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import fsum, isclose
from typing import Protocol

from errors import QueryError
from metrics.bases import base_of
from metrics.comparisons import Asks, Where, last_sprint
from metrics.formula import Expression, Name, Number, Operation, evaluate, names
from metrics.parts import Parts
from metrics.question import require_dimensions
from metrics.reconcile import Reconciliation, reconcile
from metrics.shown import KPI
from metrics.stats.absent import Absent
from metrics.stats.decompose import RateMix, contributions, rate_mix
from metrics.types import Period, Question

DAYS = 28
PREFERRED = ("device", "channel", "project", "type")
"""Dimensions that are looked at first."""


class Explains(Asks, Protocol):
    """What an explanation needs of a catalog."""

    def kpi(self, name: str) -> KPI: ...
    def parts(self, question: Question) -> Parts: ...
    def whole(self, kpi: str, period: Period) -> Period: ...


@dataclass(frozen=True, slots=True)
class Contribution:
    """What the change of one measure contributes to the change of the KPI, in the KPI's unit; they add up to it."""

    name: str
    before: float | None
    after: float | None
    effect: float


@dataclass(frozen=True, slots=True)
class Amount:
    """One segment of a sum: its own change is its contribution."""

    segment: str
    before: float
    after: float

    @property
    def effect(self) -> float:
        """after − before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Split:
    """The change by one dimension: rate and mix of a ratio, or the amounts of a sum; or why there is neither."""

    by: str
    rates: RateMix | None = None
    amounts: tuple[Amount, ...] = ()
    reason: str | None = None

    @property
    def is_reversal(self) -> bool:
        """Whether the total and all segments disagree in sign."""
        return self.rates is not None and self.rates.is_reversal


@dataclass(frozen=True, slots=True)
class Why:
    """The change of a KPI from a base to a period. reason: why there is no change to explain. measures_reason: why measures say nothing.

    reversals: the other splits in which the total and all segments disagree in sign; they are shown whatever was asked for.
    """

    kpi: str
    unit: str
    period: Period
    base_period: Period
    words: str
    before: float | None = None
    after: float | None = None
    measures: tuple[Contribution, ...] = ()
    measures_reason: str | None = None
    split: Split | None = None
    reversals: tuple[Split, ...] = ()
    reconciliation: Reconciliation | None = None
    sql: str = ""
    reason: str | None = None

    @property
    def change(self) -> float | None:
        """after − before, None when either is absent."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of the comparison: its question, and the label of its row (a sprint's name)."""

    question: Question
    label: str | None = None


def why(
    catalog: Explains,
    kpi: str,
    period: Period | None = None,
    by: str | None = None,
    where: Where = (),
    against: tuple[Period, str] | None = None,
) -> Why:
    """Return why a KPI changed against the days before, or from the sprint before to the last closed one.

    period: by default the last 28 whole days. against: the earlier days and their name, by default as many days before. by: a dimension; by default one in which total and segments disagree, else the first.

    Raises: QueryError for a KPI without values, an unknown dimension, or when no day is covered.
    """
    catalog.plan(kpi)
    shown = catalog.kpi(kpi)
    if by is not None:
        require_dimensions(kpi, (by,), shown.dimensions)
    sides, words = _sides(catalog, kpi, period, where, against)
    periods = [side.question.period for side in sides]
    assert periods[0] is not None
    assert periods[1] is not None
    base = Why(kpi, shown.unit, periods[1], periods[0], words, reconciliation=reconcile(catalog, kpi, periods[1], where))
    totals = [catalog.ask(side.question) for side in sides]
    rows = [next((row for row in answer.rows if side.label in (None, row.label)), None) for answer, side in zip(totals, sides, strict=True)]
    for row, name in zip(rows, ("the earlier period", "the period"), strict=True):
        if row is None or row.value is None or not row.complete:
            return replace(base, reason=f"{name} has no whole value: {(row and row.reason) or 'not all of its days are held'}")
    known = replace(base, before=rows[0].value if rows[0] else None, after=rows[1].value if rows[1] else None, sql=totals[1].sql)
    return _explained(catalog, known, sides, by, shown)


def _sides(
    catalog: Explains, kpi: str, period: Period | None, where: Where, against: tuple[Period, str] | None
) -> tuple[tuple[_Side, _Side], str]:
    if catalog.kpi(kpi).grains == ("sprint",):
        return _sprint_sides(catalog, kpi, where)
    if period is None:
        covered = catalog.covered(kpi)
        if covered is None:
            raise QueryError(f"KPI '{kpi}' has no covered day yet: there is no change to explain. Run './kpi status'.")
        period = catalog.whole(kpi, Period(covered.end - timedelta(days=DAYS), covered.end))
    base, words = against or base_of(catalog.calendar, period, period, "previous_period", None)
    before, after = (Question(kpi, "total", side, (), tuple(where)) for side in (base, period))
    return (_Side(before), _Side(after)), words


def _sprint_sides(catalog: Explains, kpi: str, where: Where) -> tuple[tuple[_Side, _Side], str]:
    rows = last_sprint(catalog, kpi)[2]
    if len(rows) < 2:
        raise QueryError(f"KPI '{kpi}' has one closed sprint: there is none before to compare with.")
    before, after = (_Side(Question(kpi, "sprint", row.period, (), tuple(where)), row.label) for row in rows[-2:])
    return (before, after), rows[-2].label


def _explained(catalog: Explains, known: Why, sides: Sequence[_Side], by: str | None, shown: KPI) -> Why:
    parts = [catalog.parts(side.question) for side in sides]
    values = [_row(one, side.label) for one, side in zip(parts, sides, strict=True)]
    measures, reason = _measures(parts[1], values[0], values[1])
    wholes = (values[0], values[1])
    splits = {name: _split(catalog, sides, name, parts[1], wholes) for name in ([by] if by else []) + list(shown.dimensions)}
    chosen = by or _chosen(splits)
    reversals = tuple(split for name, split in splits.items() if split.is_reversal and name != chosen)
    return replace(known, measures=measures, measures_reason=reason, split=splits.get(chosen or ""), reversals=reversals)


def _chosen(splits: Mapping[str, Split]) -> str | None:
    reversed_ = [name for name, split in splits.items() if split.is_reversal]
    told = [name for name, split in splits.items() if split.reason is None]
    return next((name for name in (*reversed_, *(n for n in PREFERRED if n in told), *told, *splits) if name in splits), None)


def _row(parts: Parts, label: str | None) -> dict[str, float | None]:
    """Return key → value of the one row that is asked for."""
    return {part.key: next((row.value for row in part.rows if label in (None, row.label)), None) for part in parts.parts}


def _measures(
    parts: Parts, before: Mapping[str, float | None], after: Mapping[str, float | None]
) -> tuple[tuple[Contribution, ...], str | None]:
    """Return what each measure contributes; nothing to say of a KPI that is one measure."""
    if isinstance(parts.expression, Name):
        return (), None
    found = contributions(lambda values: evaluate(parts.expression, values)[0], before, after)
    if isinstance(found, Absent):
        return (), found.reason
    each = (Contribution(part.name, before[part.key], after[part.key], found[part.key]) for part in parts.parts)
    return tuple(sorted(each, key=lambda one: -abs(one.effect))), None


Wholes = tuple[Mapping[str, float | None], Mapping[str, float | None]]


def _split(catalog: Explains, sides: Sequence[_Side], by: str, parts: Parts, wholes: Wholes) -> Split:
    """Return the change by one dimension, exact or not at all: what is added up over segments has to be the total."""
    if not all(part.counts for part in parts.parts):
        return Split(by, reason="medians, percentiles, means and extremes of segments do not add up")
    found = [_segments(catalog.parts(replace(side.question, by=(by,))), side.label) for side in sides]
    if len({name for side in found for name in side}) < 2:
        return Split(by, reason="all of it lies in one segment")
    sums = _ratio(parts.expression) or (parts.expression,)
    for side, whole in zip(found, wholes, strict=True):
        for one in sums:
            total = _value(one, whole, parts)
            if total is None or not isclose(
                fsum(_value(one, cell, parts) or 0.0 for cell in side.values()), total, rel_tol=1e-9, abs_tol=1e-9
            ):
                return Split(by, reason="segments do not add up to the total: what counts once may be in several, or in none")
    if len(sums) == 1:
        return Split(by, amounts=_amounts(parts, found))
    before, after = (
        {n: (_value(sums[1], cell, parts) or 0.0, _value(sums[0], cell, parts) or 0.0) for n, cell in side.items()} for side in found
    )
    rates = rate_mix(before, after)
    return Split(by, reason=rates.reason) if isinstance(rates, Absent) else Split(by, rates=rates)


def _ratio(expression: Expression) -> tuple[Expression, Expression] | None:
    """Return (numerator, denominator) of a ratio, of a multiple of one, or of a number less one: 1 − a/b is (b − a)/b."""
    match expression:
        case Operation("/", top, bottom) if names(bottom):
            return top, bottom
        case Operation("*", Number() as times, Operation("/", top, bottom)) if names(bottom):
            return Operation("*", times, top), bottom
        case Operation("-", Number() as whole, Operation("/", top, bottom)) if names(bottom):
            return Operation("-", Operation("*", whole, bottom), top), bottom
        case _:
            return None


Cell = Mapping[str, float | None]


def _value(expression: Expression, cell: Cell, parts: Parts) -> float | None:
    """Return an expression over sums and counts; one without rows adds 0."""
    return evaluate(expression, {part.key: cell.get(part.key) or 0.0 for part in parts.parts})[0]


def _segments(parts: Parts, label: str | None) -> dict[str, dict[str, float | None]]:
    """Return segment → key → value; a measure without rows in a segment is missing there."""
    found: dict[str, dict[str, float | None]] = {}
    for part in parts.parts:
        for row in part.rows:
            if label in (None, row.label):
                found.setdefault(next(iter(row.dimensions.values())), {})[part.key] = row.value
    return found


def _amounts(parts: Parts, found: Sequence[Mapping[str, Cell]]) -> tuple[Amount, ...]:
    """Return each segment's own value before and after, the largest change first."""
    segments = dict.fromkeys([*found[0], *found[1]])
    each = (Amount(name, *(_value(parts.expression, side.get(name, {}), parts) or 0.0 for side in found)) for name in segments)
    return tuple(sorted(each, key=lambda one: -abs(one.effect)))
