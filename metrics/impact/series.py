"""The series behind an effect: a KPI by day or by week counted from the event, on the scale on which it is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from metrics.formula import evaluate
from metrics.impact.rules import LEAST_COUNT, LEAST_EXPECTED, WEEK, Refused, Windows
from metrics.impact.types import Scale
from metrics.plan import Leaf, Plan
from metrics.types import Period, Question
from store.schema import AMOUNT, FACTS

if TYPE_CHECKING:
    from metrics.catalog import Catalog

Array = Any


@dataclass(frozen=True, slots=True)
class Series:
    """values: (n,) on the scale, NaN where not known. pre: points before the event. adds_up: whether values sum over time."""

    grain: Literal["day", "week"]
    scale: Scale
    periods: tuple[Period, ...]
    values: Array
    pre: int
    adds_up: bool

    @property
    def points_after(self) -> int:
        """Points after the event."""
        return len(self.periods) - self.pre


@dataclass(frozen=True, slots=True)
class Days:
    """Leaves by day. known: days that are complete and settled; leaf → (days,), NaN for a day without rows; segment "" = all."""

    known: Array
    leaves: Mapping[str, Mapping[str, Array]]

    def total(self, without: Sequence[str] = ()) -> dict[str, Array]:
        """Return leaf → sum over the segments that are not left out; NaN where none has rows."""
        found = {}
        for key, segments in self.leaves.items():
            kept = [values for name, values in segments.items() if name not in without]
            stacked = np.vstack(kept) if kept else np.full((1, len(self.known)), np.nan)
            found[key] = np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))
        return found


def read_days(catalog: Catalog, kpi: str, windows: Windows, by: tuple[str, ...] = ()) -> Days:
    """Return the leaves of a KPI on all days of the windows, split by at most one dimension."""
    period = Period(windows.before.start, windows.after.end)
    whole = catalog.ask(Question(kpi, "day", period)).rows
    known = np.array([row.complete and not row.settling for row in whole])
    place = {row.period.start: n for n, row in enumerate(whole)}
    leaves: dict[str, dict[str, Array]] = {}
    for part in catalog.parts(Question(kpi, "day", period, by)).parts:
        segments = leaves.setdefault(part.key, {})
        for row in part.rows:
            values = segments.setdefault(row.dimensions[by[0]] if by else "", np.full(len(whole), np.nan))
            values[place[row.period.start]] = np.nan if row.value is None else row.value
    return Days(known, leaves)


def is_counted(plan: Plan) -> bool:
    """Whether every leaf is a sum or a count over its own period."""
    return all(leaf.measure.agg in ("sum", "count") and leaf.span is None and leaf.follow is None for leaf in plan.leaves)


def read_series(catalog: Catalog, kpi: str, windows: Windows) -> Series | Refused:
    """Return the series of a KPI around an event, or why it has none."""
    shown, plan = catalog.kpi(kpi), catalog.plan(kpi)
    if "day" not in shown.grains:
        return Refused("it exists by sprint only, which is too coarse to see one event")
    if any(leaf.span is not None for leaf in plan.leaves):
        return Refused("each of its values repeats days of the one before; ask for a KPI of single days instead")
    if shown.type == "conversion":
        return _of_conversion(catalog, kpi, windows)
    if is_counted(plan):
        return from_counts(plan, read_days(catalog, kpi, windows), windows, ())
    rows = catalog.ask(Question(kpi, "day", Period(windows.before.start, windows.after.end))).rows
    values = np.array([row.value if row.complete and not row.settling and row.value is not None else np.nan for row in rows], dtype=float)
    return logged("day", days_of(windows), values, windows)


def from_counts(plan: Plan, days: Days, windows: Windows, without: Sequence[str]) -> Series | Refused:
    """Return the series of a KPI that is made of sums and counts, without some segments.

    A KPI that adds up is compared by day as it is; a rate by day as a logarithm when 30 or more are counted a day, else by week;
    a rate of money by week, because the size of an amount says nothing of how many there are.
    """
    leaves = days.total(without)
    if plan.is_summable:
        values = np.where(days.known, _values(plan, leaves), np.nan)
        return _summed(plan, values, windows)
    has_money = any(is_money(leaf) for leaf in plan.leaves)
    if not has_money and _is_ample(plan, leaves, days.known):
        values = np.where(days.known, _values(plan, leaves), np.nan)
        if not (values[np.isfinite(values)] <= 0).any():
            return logged("day", days_of(windows), values, windows)
    weekly = {key: np.nansum(values.reshape(-1, WEEK), axis=1) for key, values in leaves.items()}
    known = days.known.reshape(-1, WEEK).all(axis=1)
    if not _is_ample(plan, weekly, known):
        return Refused(f"fewer than {LEAST_COUNT} are counted in a usual week, too few for a rate")
    return logged("week", _weeks_of(windows), np.where(known, _values(plan, weekly), np.nan), windows)


def _values(plan: Plan, leaves: Mapping[str, Array]) -> Array:
    """Return the KPI's value at every point, NaN where it has none."""
    points = len(next(iter(leaves.values())))
    found = []
    for n in range(points):
        value, _ = evaluate(plan.expression, {key: None if np.isnan(column[n]) else float(column[n]) for key, column in leaves.items()})
        found.append(np.nan if value is None else value)
    return np.array(found, dtype=float)


def _is_ample(plan: Plan, leaves: Mapping[str, Array], known: Array) -> bool:
    """Whether a usual point counts 30 or more of everything."""
    counted = [np.nan_to_num(leaves[leaf.key][known]) for leaf in plan.leaves if not is_money(leaf)]
    return bool(known.any()) and all(float(np.median(one)) >= LEAST_COUNT for one in counted)


def is_money(leaf: Leaf) -> bool:
    """Whether a leaf adds up amounts, whose size says nothing of how many there are."""
    column = leaf.measure.columns[0] if leaf.measure.columns else None
    kind = FACTS[leaf.measure.table].c[column].type if column is not None else None
    return kind is AMOUNT


def _summed(plan: Plan, values: Array, windows: Windows) -> Series | Refused:
    """A KPI that adds up: refused where so few are expected that their spread is no bell."""
    before = values[: windows.before.days]
    seen = before[np.isfinite(before)]
    is_count = all(leaf.measure.agg == "count" for leaf in plan.leaves)
    if is_count and (len(seen) == 0 or abs(float(seen.mean())) * windows.after.days < LEAST_EXPECTED):
        return Refused(f"fewer than {LEAST_EXPECTED} are expected in the days after it")
    return Series("day", "level", days_of(windows), values, windows.before.days, True)


def logged(grain: Literal["day", "week"], periods: tuple[Period, ...], values: Array, windows: Windows) -> Series:
    """Compare as logarithms what is above 0 throughout, because such values move by shares; else as they are."""
    pre = windows.before.days if grain == "day" else windows.before.days // WEEK
    if (values[np.isfinite(values)] > 0).all():
        return Series(grain, "log", periods, np.log(values, where=np.isfinite(values), out=np.full(len(values), np.nan)), pre, False)
    return Series(grain, "level", periods, values, pre, False)


def _of_conversion(catalog: Catalog, kpi: str, windows: Windows) -> Series | Refused:
    """A share of people is asked for week by week, because people of seven days are not the people of a week."""
    plan, values, counts = catalog.plan(kpi), [], []
    for week in _weeks_of(windows):
        row = catalog.ask(Question(kpi, "total", week)).rows[0]
        held = row.complete and not row.settling and row.value is not None
        values.append(row.value if held else np.nan)
        counts.append([part.rows[0].value or 0.0 for part in catalog.parts(Question(kpi, "total", week)).parts])
    known = np.isfinite(np.array(values, dtype=float))
    if not known.any() or float(np.median(np.array(counts)[known], axis=0).min()) < LEAST_COUNT:
        return Refused(f"fewer than {LEAST_COUNT} of {len(plan.leaves)} sides are counted in a usual week, too few for a rate")
    return logged("week", _weeks_of(windows), np.array(values, dtype=float), windows)


def days_of(windows: Windows) -> tuple[Period, ...]:
    return _steps(windows, 1)


def _weeks_of(windows: Windows) -> tuple[Period, ...]:
    return _steps(windows, WEEK)


def _steps(windows: Windows, days: int) -> tuple[Period, ...]:
    first, number = windows.before.start, (windows.after.end - windows.before.start).days // days
    starts = [first + timedelta(days=days * n) for n in range(number)]
    return tuple(Period(start, start + timedelta(days=days)) for start in starts)
