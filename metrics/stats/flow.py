"""How work flows: percentiles of times, items a week, work in progress at day ends, and whether these agree (Little's law)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metrics.numerals import fixed

LEVELS = (50, 70, 85, 95)
WITHIN = 0.25
"""How far the two sides of Little's law may lie apart, and how much work in progress may move, as a fraction."""


def percentiles(values: Sequence[float], levels: Sequence[int] = LEVELS) -> dict[int, float] | None:
    """Return level → percentile, or None when there are no values.

    Source: Hyndman and Fan 1996, type 7 (linear between order statistics), the default of numpy and R.

    >>> percentiles([1, 2, 3, 4], (50, 95))
    {50: 2.5, 95: 3.8499999999999996}
    """
    if not values:
        return None
    return {level: float(found) for level, found in zip(levels, np.percentile(values, levels), strict=True)}


def counts_by_place(places: Sequence[int], length: int) -> list[int]:
    """Return how many of the places are 0, 1, …; empty ones count 0, and places outside are left out.

    >>> counts_by_place([0, 2, 2, 9], 4)
    [1, 0, 2, 0]
    """
    return [int(n) for n in np.bincount([place for place in places if 0 <= place < length], minlength=length)]


def wip_by_day(stays: Sequence[tuple[int, int | None]], days: int) -> list[int]:
    """Return how many items are started and not finished at the end of day 0, 1, ….

    Shape: stays are (day of start, day of finish); a finish on a day is over by its end; None has not finished. Days may be negative.

    >>> wip_by_day([(0, 2), (1, None)], 4)
    [1, 2, 1, 1]
    """
    change = np.zeros(days + 1, dtype=np.int64)
    for start, finish in stays:
        end = days if finish is None else min(max(finish, 0), days)
        begin = max(start, 0)
        if begin < end:
            change[begin] += 1
            change[end] -= 1
    return [int(n) for n in np.cumsum(change)[:days]]


@dataclass(frozen=True, slots=True)
class Little:
    """Little's law: what the cycle time should be by work in progress and throughput, beside what it was. reason: why there is no check."""

    expected_days: float | None
    actual_days: float | None
    agrees: bool | None
    reason: str | None = None


def little(wip: Sequence[int], finished: int, cycle_days: Sequence[float]) -> Little:
    """Return whether work in progress, throughput and cycle time agree within 25 %, as they must while work in progress is steady.

    Shape: wip by day; finished over the same days.
    Source: Little, Operations Research 9 (1961) 383: mean time = mean work in progress / rate.
    """
    if not finished or not cycle_days or not wip:
        return Little(None, None, None, "nothing was finished in these weeks")
    mean, actual = float(np.mean(wip)), float(np.mean(cycle_days))
    expected = mean / (finished / len(wip))
    half = len(wip) // 2
    early, late = float(np.mean(wip[:half] or wip)), float(np.mean(wip[half:]))
    if mean == 0 or abs(late - early) > WITHIN * mean:
        words = f"work in progress was not steady ({fixed(early, 1)} in the first half of the weeks, {fixed(late, 1)} in the second)"
        return Little(expected, actual, None, words if mean else "no item was in progress at the end of any day")
    return Little(expected, actual, abs(expected - actual) <= WITHIN * actual)
