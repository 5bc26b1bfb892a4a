"""The week's own shape: how much a weekday usually differs from the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from metrics.stats.absent import Absent

WEEKS = 8
"""Whole weeks that a weekday's level needs."""
SAME = 4
"""Same weekdays that the plain forecast averages."""
PAST = 28
"""Earlier days that the plain forecast's interval needs."""


def factors(values: Sequence[float], weekdays: Sequence[int]) -> tuple[float, ...] | Absent:
    """Return what to divide a value of each weekday by: its mean ÷ the mean of the seven means.

    Shape: weekdays 0 (Monday) to 6, one for each value. At least 8 values for every weekday, all above 0.
    """
    x, days = np.asarray(values, dtype=float), np.asarray(weekdays, dtype=int)
    counts = np.bincount(days, minlength=7) if days.size else np.zeros(7, dtype=int)
    if counts.min() < WEEKS:
        return Absent(f"weekdays need {WEEKS} whole weeks to know their level, there are {int(counts.min())}")
    if x.min() <= 0:
        return Absent("weekday factors need values above 0")
    means = np.bincount(days, weights=x, minlength=7) / counts
    return tuple(float(mean / means.mean()) for mean in means)


def levels(values: Sequence[float], weekdays: Sequence[int]) -> tuple[float, ...] | Absent:
    """Return the mean of each weekday (Monday first) over the last 8 whole weeks, the days before the end counted back.

    Shape: one value a day without gaps, oldest first.
    """
    span = 7 * WEEKS
    if len(values) < span:
        return Absent(f"the weekdays' levels need {WEEKS} whole weeks, there are {len(values) // 7}")
    x, days = np.asarray(values[-span:], dtype=float), np.asarray(weekdays[-span:], dtype=int)
    return tuple(float(total / WEEKS) for total in np.bincount(days, weights=x, minlength=7))


def naive(values: Sequence[float], days: int) -> list[float]:
    """Return the forecast of the next days as the mean of the last four same weekdays, the benchmark to beat.

    Shape: one value a day without gaps, oldest first, 28 or more.
    """
    last = np.asarray(values[-7 * SAME :], dtype=float).reshape(SAME, 7).mean(axis=0)
    return [float(last[n % 7]) for n in range(days)]


def paths(values: Sequence[float], days: int) -> NDArray[np.float64] | Absent:
    """Return what the benchmark leads to expect of the next days, one row a path: its forecast times how far it was off in the past.

    Every earlier day that is followed by `days` known ones gives one path: the forecast times actual total ÷ forecast total of those
    days. Errors of days that go together stay together, and nothing is drawn at random.
    Shape: one value a day without gaps, oldest first.
    """
    x = np.asarray(values, dtype=float)
    origins = np.arange(7 * SAME, x.size - days + 1)
    if origins.size < PAST:
        return Absent(f"looking {days} days ahead was possible {origins.size} times so far; an interval needs {PAST}")
    means = sum(x[7 * (SAME - n) : x.size - 7 * n] for n in range(1, SAME + 1)) / SAME  # of day 28, day 29, …
    means = np.concatenate((means, naive(values, 7)))
    expected = means[(origins - 7 * SAME)[:, None] + np.arange(days) % 7].sum(axis=1)
    sums = np.concatenate(([0.0], np.cumsum(x)))
    if expected.min() <= 0:
        return Absent("the mean of the last same weekdays was not always above 0")
    found: NDArray[np.float64] = np.outer((sums[origins + days] - sums[origins]) / expected, naive(values, days))
    return found
