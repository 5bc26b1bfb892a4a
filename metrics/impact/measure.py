"""From a series around an event to its effect: the regressors, the engine, placebo dates, and back to the KPI's own units."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np

from metrics.impact.rules import LEAST_BEFORE, WANTED_PLACEBOS, WEEK, is_year_end, joint
from metrics.impact.series import Series
from metrics.impact.types import Placebos, Point
from metrics.stats.impact import Effect, effect, placebos, spread_out
from metrics.stats.mixture import Estimate
from metrics.types import Event, Period

Array = Any
LEAST_DAYS, DAYS_A_COLUMN, WEEKS_A_COLUMN = 7, 14, 5
"""Another event gets a regressor when the time before holds a week with and a week without it; one for so many points at most."""
LEAST_YEAR_END = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """What `Impact` says of numbers."""

    effect: Estimate
    relative: Estimate | None
    total: Estimate | None
    points: tuple[Point, ...]
    placebos: Placebos | None


def make_design(series: Series, others: Sequence[Event], control: Array | None = None) -> Array:
    """Return the regressors (n, k): intercept, weekdays (by day), control; then other events and the turn of the year, by when they begin."""
    points = len(series.periods)
    lasting = [np.ones(points)]
    if series.grain == "day":
        weekdays = np.array([period.start.weekday() for period in series.periods])
        lasting += [(weekdays == day).astype(float) for day in range(1, WEEK)]
    if control is not None:
        lasting.append(control)
    passing = [*_year_end(series), *_events(series, others)]
    return np.column_stack([*lasting, *sorted(passing, key=lambda column: int(np.flatnonzero(column)[0]))])


def _share(series: Series, is_in: Callable[[date], bool]) -> Array:
    """Return the share of the days of every point for which something holds."""
    width = series.periods[0].days
    return np.array([sum(is_in(p.start + timedelta(days=n)) for n in range(width)) / width for p in series.periods])


def _is_between(first: date, end: date, day: date) -> bool:
    return first <= day < end


def _year_end(series: Series) -> list[Array]:
    column = _share(series, is_year_end)
    return [column] if column[: series.pre].sum() * series.periods[0].days >= LEAST_YEAR_END else []


def _events(series: Series, others: Sequence[Event]) -> list[Array]:
    """Return a step for each release and the days of each campaign, the latest first, as many as the points allow."""
    width, start = series.periods[0].days, series.periods[series.pre].start
    most = series.pre // (DAYS_A_COLUMN if series.grain == "day" else WEEKS_A_COLUMN)
    found: list[Array] = []
    for event in sorted((o for o in others if o.start < start), key=lambda e: (e.start, e.kind, e.name), reverse=True):
        until = event.end if event.kind == "campaign" else series.periods[-1].end
        column = _share(series, partial(_is_between, event.start, until))
        inside = column[: series.pre].sum() * width
        is_new = not any(np.array_equal(column[: series.pre], one[: series.pre]) for one in found)
        if LEAST_DAYS <= inside <= series.pre * width - LEAST_DAYS and is_new and len(found) < most:
            found.append(column)
    return found


def measure(series: Series, others: Sequence[Event], control: Array | None = None) -> Measured:
    """Return the effect of an event on a series.

    Raises: NoFit when the time before does not suffice.
    """
    design = make_design(series, others, control)
    known = np.where(np.isfinite(design).all(axis=1), series.values, np.nan)
    everything = np.where(np.isfinite(design), design, 0.0)
    found = effect(known, everything, series.pre)
    after = known[series.pre :]
    back = _Back(series, float(after[np.isfinite(after)].mean()))
    return Measured(
        back.effect(found.average),
        back.relative(found.average),
        found.cumulative[-1] if series.adds_up else None,
        _points(series, found, known, back),
        _placebos(series, known, everything, others, found.average, back),
    )


@dataclass(frozen=True, slots=True)
class _Back:
    """Takes effects on the scale of a series to the KPI's own units and to shares. mean: of the known points after the event."""

    series: Series
    mean: float

    def value(self, at: float) -> float:
        return math.exp(at) if self.series.scale == "log" else at

    def effect(self, found: Estimate) -> Estimate:
        """Observed minus expected; for logarithms between the two geometric means."""
        if self.series.scale == "level":
            return found
        whole = math.exp(self.mean)
        return mapped(found, lambda one: whole - whole * math.exp(-one))

    def relative(self, found: Estimate) -> Estimate | None:
        """Observed over expected, less 1; None where the expected may be 0 or below."""
        if self.series.scale == "log":
            return mapped(found, math.expm1)
        if min(self.mean - one for one in (found.value, found.low, found.high)) <= 0 or self.mean < 0:
            return None
        return mapped(found, lambda one: one / (self.mean - one))

    def so_far(self, sum_: Estimate, count: int) -> Estimate | None:
        if self.series.adds_up or count == 0:
            return sum_ if count else None
        average = mapped(sum_, lambda one: one / count)
        return mapped(average, math.expm1) if self.series.scale == "log" else average


def mapped(found: Estimate, rising: Callable[[float], float]) -> Estimate:
    """Return an estimate on another scale, its ends taken along."""
    return replace(found, value=rising(found.value), low=rising(found.low), high=rising(found.high))


def _points(series: Series, found: Effect, known: Array, back: _Back) -> tuple[Point, ...]:
    shown, counts = [], np.cumsum(np.isfinite(known[series.pre :]))
    for n, period in enumerate(series.periods):
        observed = back.value(float(series.values[n])) if np.isfinite(series.values[n]) else None
        if n < series.pre:
            shown.append(Point(period, observed, back.value(found.fitted[n])))
            continue
        ahead = n - series.pre
        e = found.expected[ahead]
        so_far = back.so_far(found.cumulative[ahead], int(counts[ahead]))
        shown.append(Point(period, observed, back.value(e.value), back.value(e.low), back.value(e.high), so_far))
    return tuple(shown)


def _placebos(series: Series, known: Array, design: Array, others: Sequence[Event], found: Estimate, back: _Back) -> Placebos | None:
    """Run the engine at earlier dates on which nothing happened, as for the event itself; None when there is no such date."""
    before, after = series.pre, series.points_after
    dates = spread_out([at for at in range(_least(series), before - after + 1) if _is_quiet(series, at, others)], WANTED_PLACEBOS)
    if not dates:
        return None
    runs = placebos(known[:before], design[:before], after, dates)
    scale = math.expm1 if series.scale == "log" else float
    days = tuple(Period(series.periods[run.at].start, series.periods[run.at + after - 1].end) for run in runs)
    large = sum(abs(run.value) >= abs(found.value) for run in runs)
    return Placebos(tuple(scale(run.value) for run in runs), days, sum(run.p < 1 - found.confidence for run in runs), large)


def _least(series: Series) -> int:
    """Return the points that a placebo date needs before it: eight weeks, and twice those after it."""
    return max(LEAST_BEFORE // series.periods[0].days, 2 * series.points_after)


def _is_quiet(series: Series, at: int, others: Sequence[Event]) -> bool:
    """Whether no other event begins shortly before or in the window from a point on, none runs in it, and the turn of the year is not in it."""
    window = Period(series.periods[at].start, series.periods[at + series.points_after - 1].end)
    nothing = Event("release", "", "", window.start, window.start)
    days = (window.start + timedelta(days=n) for n in range(window.days))
    return not joint(nothing, others, window) and not any(is_year_end(day) for day in days)
