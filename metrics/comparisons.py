"""Values against earlier ones and against targets, worked out through the same questions that everybody asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Protocol

from errors import QueryError
from metrics.bases import YEAR, Base, base_of
from metrics.calendar import Calendar
from metrics.compare import against_row, comparison, pace_of
from metrics.definitions import KPI, Target
from metrics.plan import Asked, Plan
from metrics.stats.absent import Absent
from metrics.stats.pacing import expected_share, units
from metrics.stats.weekday import WEEKS, levels
from metrics.types import Answer, Comparison, Grain, Pace, Period, Question, Row

Where = tuple[tuple[str, tuple[str, ...]], ...]


class Asks(Protocol):
    """What comparisons need of a catalog."""

    @property
    def calendar(self) -> Calendar: ...
    def ask(self, question: Question) -> Answer: ...
    def ask_many(self, questions: Sequence[Question]) -> tuple[Answer, ...]: ...
    def covered(self, kpi: str) -> Period | None: ...
    def definition(self, kpi: str) -> KPI: ...
    def plan(self, kpi: str) -> Plan: ...
    def boards(self) -> dict[str, str]: ...


def compare_many(
    catalog: Asks, kpis: Sequence[str], period: Period, bases: Sequence[Base], where: Asked, grain: Grain | None, until: date | None = None
) -> dict[tuple[str, Base], Comparison]:
    """Return (KPI, base) → comparison, from as few statements as possible. until: days from it on count as not over yet, though held."""
    wanted = {(kpi, to): _sides(catalog, kpi, period, to, grain, until) for kpi in kpis for to in bases}
    asked = {_total(kpi, side, where): None for (kpi, _), (now, before, _) in wanted.items() for side in (now, before)}
    found = dict(zip(asked, catalog.ask_many(tuple(asked)), strict=True))
    return {
        (kpi, to): _compared(catalog, kpi, found[_total(kpi, now, where)], found[_total(kpi, before, where)], (now, before), words)
        for (kpi, to), (now, before, words) in wanted.items()
    }


def _total(kpi: str, period: Period, where: Asked) -> Question:
    return Question(kpi, "total", period, (), tuple(where))


def _sides(catalog: Asks, kpi: str, whole: Period, to: Base, grain: Grain | None, until: date | None) -> tuple[Period, Period, str]:
    """Return the period and its base, both cut to what is known and settled enough to be compared, and what was compared."""
    covered, definition = catalog.covered(kpi), catalog.definition(kpi)
    cut, note = whole, ""
    if covered is not None and covered.start < whole.end:
        end = min(covered.end - timedelta(days=catalog.plan(kpi).lag_days), until or date.max)
        if whole.end > end > whole.start:
            cut, note = Period(whole.start, end), f"through {end - timedelta(days=1)}, "
    if definition.partial == "like_for_like" or cut == whole:
        base, words = base_of(catalog.calendar, whole, cut, to, grain)
        return cut, base, f"{note}against {words}"
    base, words = base_of(catalog.calendar, whole, whole, to, grain)
    return whole, base, f"{note}against {words}, whole"


def _compared(catalog: Asks, kpi: str, now: Answer, before: Answer, periods: tuple[Period, Period], words: str) -> Comparison:
    value, base = now.rows[0], before.rows[0]
    if base.value is None or not base.complete:
        words = f"no comparison: {base.reason or 'the earlier period is not wholly held'}"
        return comparison(catalog.definition(kpi), now.unit, value.value, None, *periods, words)
    return comparison(catalog.definition(kpi), now.unit, value.value, base.value, *periods, words)


def last_sprint(catalog: Asks, kpi: str) -> tuple[Row, Comparison, tuple[Row, ...]]:
    """Return the last closed sprint, its comparison with the sprint before on the same board, and that board's closed sprints.

    Raises: QueryError when no sprint is closed yet.
    """
    answer = catalog.ask(Question(kpi, "sprint"))
    rows = [row for row in answer.rows if row.complete]
    if not rows:
        raise QueryError(f"KPI '{kpi}' has no closed sprint yet. It appears after the first sprint is completed in Jira.")
    boards = catalog.boards()
    mine = tuple(row for row in rows if boards.get(row.label) == boards.get(rows[-1].label))
    before = mine[-2] if len(mine) > 1 else None
    return mine[-1], against_row(catalog.definition(kpi), answer.unit, mine[-1], before), mine


def pace(catalog: Asks, kpi: str, on: date, where: Asked) -> Pace | None:
    """Return how a target to reach that is in force on a day is on its way; None when there is none."""
    target = catalog.definition(kpi).target_on(on, where)
    if target is None or target.kind != "reach" or target.value is None:
        return None
    period = Period(target.from_, target.to + timedelta(days=1))
    covered = catalog.covered(kpi)
    end = min(period.end, covered.end) if covered is not None else period.start
    if not catalog.plan(kpi).is_summable:
        return _no_pace(target.value, period, "no pace: values of days do not add up to the value of the period")
    if end <= period.start or target.pace == "none":
        return _no_pace(target.value, period, "no pace is asked for" if target.pace == "none" else "no day of the target is over yet")
    done = Period(period.start, end)
    actual = catalog.ask(_total(kpi, done, where)).rows[0]
    if actual.value is None or not actual.complete:
        return _no_pace(target.value, period, f"no pace: {actual.reason or 'not all days since its start are held'}")
    share, words = _expected_share(catalog, kpi, target, period, done, where)
    return pace_of(target.value, period, done, actual.value, share, words)


def _expected_share(catalog: Asks, kpi: str, target: Target, period: Period, done: Period, where: Asked) -> tuple[float | None, str]:
    """Return the share of the target that should be there by now, and how that was worked out."""
    if target.pace == "weekday" and (share := weekday_share(catalog, kpi, period, done, where)) is not None:
        return share, "as weekdays came in over the last 8 whole weeks"
    if target.pace in ("weekday", "linear"):
        return done.days / period.days, "the same every day"
    part, whole = (catalog.ask(_total(kpi, side.shift(-YEAR), where)).rows[0] for side in (done, period))
    if part.value is None or not whole.value or not whole.complete:
        return None, "no pace: the same weekdays 364 days before are not wholly held"
    return part.value / whole.value, "as it came in on the same weekdays 364 days before"


def weekday_share(catalog: Asks, kpi: str, period: Period, done: Period, where: Asked) -> float | None:
    """Return the share of a period that its days done usually bring, by the weekdays of the last 8 whole weeks; None without those."""
    last = Period(done.end - timedelta(days=7 * WEEKS), done.end)
    rows = catalog.ask(Question(kpi, "day", last, (), tuple(where))).rows
    known = [(row.value, row.period.start.weekday()) for row in rows if row.complete and row.value is not None]
    found = levels([value for value, _ in known], [weekday for _, weekday in known])
    if isinstance(found, Absent) or min(found) < 0 or sum(found) <= 0:
        return None
    weekdays = [(period.start + timedelta(days=n)).weekday() for n in range(period.days)]
    return expected_share(units(weekdays, found), done.days)


def _no_pace(target: float, period: Period, note: str) -> Pace:
    return Pace(target, period, None, None, None, None, None, note)
