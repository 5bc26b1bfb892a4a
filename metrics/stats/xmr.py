"""The XmR chart (process behaviour chart): limits of single values and of their moving ranges, and the rules that read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import pi, sqrt
from statistics import median

import numpy as np
from numpy.typing import NDArray

from metrics.stats.absent import Absent

SCALE, RANGE_SCALE = 2.66, 3.268
"""Limits of values and of ranges, in mean moving ranges: 3/d2 and 1 + 3·d3/d2 as Wheeler rounds them."""
MEDIAN_SCALE, MEDIAN_RANGE_SCALE = 3.145, 3.865
"""The same in median moving ranges."""
D2, D3 = 2 / sqrt(pi), sqrt(2 - 4 / pi)
"""Mean and standard deviation of the range of two standard normal values."""
FULL, LONGEST, LEAST = 12, 24, 6
"""Points of a baseline: at least FULL for all rules, at most LONGEST; with fewer than LEAST there are no limits."""
ROUNDING = 8 * float(np.finfo(float).eps)
"""Values that differ by at most this share are equal."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Limits:
    """Natural process limits. Units: those of the values. points: of the baseline; lower and upper are cut at what is possible."""

    centre: float
    lower: float
    upper: float
    mean_range: float
    range_limit: float
    points: int

    @property
    def is_provisional(self) -> bool:
        """Whether the baseline is too short for more than a point outside."""
        return self.points < FULL


@dataclass(frozen=True, slots=True)
class Found:
    """Places (from 0) at which a rule completes, and of ranges beyond their limit. A place of ranges is that of the later value."""

    rule1: tuple[int, ...]
    rule2: tuple[int, ...]
    rule3: tuple[int, ...]
    ranges: tuple[int, ...]


def limits(baseline: Sequence[float], *, floor: float | None = None, ceiling: float | None = None, by: str = "mean") -> Limits | Absent:
    """Return the limits that a baseline draws: mean ± 2.66 mean moving ranges; by "median": mean ± 3.145 median moving ranges.

    Shape: baseline in time order. floor, ceiling: what values cannot pass; limits are cut there.
    Source: Wheeler, Understanding Variation; NIST/SEMATECH e-Handbook 6.3.2.2.

    >>> drawn = limits([49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1])
    >>> round(drawn.centre, 2), round(drawn.lower, 2), round(drawn.upper, 2)
    (50.81, 45.82, 55.8)
    """
    values = np.asarray(baseline, dtype=float)
    if values.size < LEAST:
        return Absent(f"{values.size} of the {LEAST} points that limits need at least")
    if not np.isfinite(values).all():
        return Absent("a value of the baseline is no finite number")
    if np.ptp(values) <= ROUNDING * np.abs(values).max():
        return Absent("all values of the baseline are the same: there is no variation to judge by")
    ranges = np.abs(np.diff(values))
    mean_range = float(median(ranges.tolist()) if by == "median" else ranges.mean())
    if mean_range == 0:
        return Absent("half of the values equal the one before: the median range is 0")
    scale, range_scale = (MEDIAN_SCALE, MEDIAN_RANGE_SCALE) if by == "median" else (SCALE, RANGE_SCALE)
    centre, half = float(values.mean()), scale * mean_range
    lower = centre - half if floor is None else max(floor, centre - half)
    upper = centre + half if ceiling is None else min(ceiling, centre + half)
    return Limits(centre, lower, upper, mean_range, range_scale * mean_range, int(values.size))


def signals(values: Sequence[float], drawn: Limits) -> Found:
    """Return where Wheeler's rules complete against fixed limits.

    Rule 1: outside a limit. Rule 2: 8 in a row strictly on one side of the mean; a value equal to the mean breaks a run.
    Rule 3 (a hint): at least 3 of 4 in a row closer to the same limit than to the mean. Provisional limits know rule 1 alone.
    """
    x = np.asarray(values, dtype=float)
    outside = (x > drawn.upper) | (x < drawn.lower)
    ranges = _places(np.abs(np.diff(x)) > drawn.range_limit, 1)
    if drawn.is_provisional:
        return Found(_places(outside), (), (), ranges)
    sides = side(x, drawn.centre)
    near_upper, near_lower = (np.abs(x - limit) < np.abs(x - drawn.centre) for limit in (drawn.upper, drawn.lower))
    runs = tuple(place for place in range(x.size) if run_length(sides, place) >= 8)
    return Found(_places(outside), runs, _in_windows((near_upper, near_lower), 4, 3), ranges)


def nhs_signals(values: Sequence[float], drawn: Limits) -> Found:
    """Return where the rules of the NHS's Making Data Count complete, in the places of Wheeler's.

    Rule 1: outside a limit. Rule 2: 7 in a row on one side of the mean, or each higher (lower) than the one before.
    Rule 3 (a hint): 2 of 3 in a row, all on one side, beyond two thirds of the way to a limit.
    Source: nhs-r-community/NHSRplotthedots, R/ptd_calculate_point_type.R, read 2026-11.
    """
    x = np.asarray(values, dtype=float)
    found = signals(values, drawn)
    if drawn.is_provisional:
        return found
    sides, steps = side(x, drawn.centre), np.sign(np.diff(x)).astype(int)
    runs = {place for place in range(x.size) if run_length(sides, place) >= 7}
    trends = {place + 1 for place in range(steps.size) if run_length(steps, place) >= 6}
    two_thirds = SCALE * drawn.mean_range * 2 / 3
    far = [(sign * (x - drawn.centre) > two_thirds, sides == sign) for sign in (1, -1)]
    near = {n for beyond, same in far for n in range(2, x.size) if same[n - 2 : n + 1].all() and beyond[n - 2 : n + 1].sum() >= 2}
    return Found(found.rule1, tuple(sorted(runs | trends)), tuple(sorted(near)), found.ranges)


RULES: dict[str, Callable[[Sequence[float], Limits], Found]] = {"wheeler": signals, "nhs": nhs_signals}


def side(values: Values, centre: float) -> NDArray[np.int_]:
    """Return 1 above the centre, -1 below, 0 for values equal to it (but for rounding)."""
    away = values - centre
    return np.where(np.abs(away) <= ROUNDING * abs(centre), 0, np.sign(away)).astype(int)


def run_length(sides: NDArray[np.int_], place: int) -> int:
    """Return how many values in a row up to `place` lie on its side; 0 when it lies on none."""
    length = 0
    while length <= place and sides[place] != 0 and sides[place - length] == sides[place]:
        length += 1
    return length


def _places(flags: NDArray[np.bool_], shift: int = 0) -> tuple[int, ...]:
    return tuple(int(place) + shift for place in np.flatnonzero(flags))


def _in_windows(sides: Sequence[NDArray[np.bool_]], width: int, least: int) -> tuple[int, ...]:
    """Return the ends of windows in which at least so many flags of one side are set."""
    length = sides[0].size
    return tuple(n for n in range(width - 1, length) if any(flags[n - width + 1 : n + 1].sum() >= least for flags in sides))
