"""A quantile of an arm with an interval from ranks, and the difference of two of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from metrics.stats.absent import Absent
from metrics.stats.experiments.effect import Effect


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile, and the values at the ranks that bound it at 95 %. n: independent users."""

    n: int
    value: float
    low: float
    high: float

    @property
    def se(self) -> float:
        """Standard error from the width between the bounds."""
        return (self.high - self.low) / (2 * float(ndtri(0.975)))


def rank_bounds(n: int, share: float, *, confidence: float = 0.95) -> tuple[int, int] | None:
    """Return the ranks, from 1, between which a quantile lies; None when n users are too few to bound it.

    Source: normal approximation of the binomial rank n·q ± z √(n q (1−q)), rounded outwards (David and Nagaraja, Order Statistics).
    """
    reach = float(ndtri(0.5 + confidence / 2)) * sqrt(n * share * (1 - share))
    low, high = floor(n * share - reach), ceil(n * share + reach) + 1
    return (low, high) if low >= 1 and high <= n else None


def quantile_of(values: NDArray[np.float64], share: float) -> Quantile | Absent:
    """Return a quantile (type 7) of one value a user. Events that repeat within a user must be summed up by user first."""
    ordered = np.sort(values)
    bounds = rank_bounds(len(ordered), share) if len(ordered) else None
    if bounds is None:
        return Absent(f"{len(ordered)} users are too few to bound this quantile")
    return Quantile(len(ordered), float(np.quantile(ordered, share)), float(ordered[bounds[0] - 1]), float(ordered[bounds[1] - 1]))


def quantile_effect(control: Quantile, treatment: Quantile, *, alpha: float = 0.05) -> Effect | Absent:
    """Return treatment − control with a normal interval."""
    se = sqrt(control.se**2 + treatment.se**2)
    if se == 0:
        return Absent("the values around this quantile are all the same")
    change, half = treatment.value - control.value, float(ndtri(1 - alpha / 2)) * se
    return Effect(change, se, None, change - half, change + half, 2 * float(ndtr(-abs(change) / se)))
