"""What an elasticity says about one change of the driver, and about counts and money."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt

from metrics.stats.jackknife import Estimate

Array = npt.NDArray[Any]
RANGE = (0.05, 0.95)
"""The part of the driver's values within a segment inside which a statement may be made."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A relative effect or an amount with its interval, low ≤ value ≤ high."""

    value: float
    low: float
    high: float

    def times(self, amount: float) -> Effect:
        """Return the effect on an amount; a negative one turns the interval round."""
        ends = sorted((self.low * amount, self.high * amount))
        return Effect(self.value * amount, *ends)


def implied(change: float, ratio: float) -> float:
    """Return the elasticity of a published figure: ln(1 + change of the outcome) ÷ ln(ratio of the driver).

    >>> round(implied(0.08, 1 - 0.31), 2)
    -0.21
    """
    return log(1 + change) / log(ratio)


def relative_effect(estimate: Estimate, base: float, change: float) -> Effect | None:
    """Return ((base + change) ÷ base)^β − 1 and its interval, the ends of β's mapped the same way; None when a side is not above 0.

    >>> found = relative_effect(Estimate(-0.35, 0.1, -0.6, -0.1), 2500, -100)
    >>> round(found.value, 6), round(found.low, 6), round(found.high, 6)
    (0.01439, 0.004091, 0.024796)
    """
    if base <= 0 or base + change <= 0:
        return None
    ratio = (base + change) / base
    ends = sorted((ratio**estimate.low - 1, ratio**estimate.high - 1))
    return Effect(ratio**estimate.value - 1, *ends)


def seen_range(driver: Array, weights: Array) -> tuple[float, float] | None:
    """Return the weighted 5 % and 95 % points of one segment's values (days,), None when there is no value."""
    used = np.isfinite(driver) & (weights > 0)
    if not used.any():
        return None
    order = np.argsort(driver[used], kind="stable")
    values, share = driver[used][order], np.cumsum(weights[used][order])
    share = (share - weights[used][order] / 2) / share[-1]
    low, high = np.interp(RANGE, share, values)
    return float(low), float(high)


def weighted_effect(estimate: Estimate, bases: Array, change: float, amounts: Array) -> Effect | None:
    """Return the effect of one change on the sum of amounts, each at its own base; None without amounts.

    Shape: bases and amounts (segments,). Amounts must not be negative: then every end is the sum of ends.
    """
    if len(bases) == 0 or float(amounts.sum()) <= 0 or np.any(amounts < 0) or np.any(bases <= 0) or np.any(bases + change <= 0):
        return None
    ratio = (bases + change) / bases
    value, *ends = (float((amounts * (ratio**beta - 1)).sum()) for beta in (estimate.value, estimate.low, estimate.high))
    return Effect(value, min(ends), max(ends))
