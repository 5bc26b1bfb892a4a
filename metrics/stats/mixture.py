"""A finite mixture of Student t laws: what covariance-averaged least squares knows about a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any
HALVINGS = 70
"""Bisections until an end of an interval is exact to the last digits."""
LEAST_WEIGHT = 1e-9
"""Components lighter than this share of the heaviest one move no digit that is shown."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval. p: twice the smaller tail beyond 0."""

    value: float
    low: float
    high: float
    p: float
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class Mixture:
    """Components mean + scale × t(df) with weights that sum to 1.

    Shape: weight (components,); mean and scale (components, numbers): one mixture for each number.
    """

    weight: Array
    mean: Array
    scale: Array
    df: float

    def centre(self) -> Array:
        """Return the mean of each number."""
        return self.weight @ self.mean

    def below(self, at: Array) -> Array:
        """Return the probability that each number lies below its place."""
        from scipy.special import stdtr

        return self.weight @ stdtr(self.df, (at - self.mean) / self.scale)

    def quantile(self, share: float) -> Array:
        """Return the place below which each number lies with probability `share`, by bisection between the components' own quantiles."""
        from scipy.special import stdtrit

        heavy = self._heavy()
        own = heavy.mean + heavy.scale * stdtrit(self.df, share)
        low, high = own.min(axis=0), own.max(axis=0)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            is_left = heavy.below(middle) < share
            low, high = np.where(is_left, middle, low), np.where(is_left, high, middle)
        return (low + high) / 2

    def estimates(self, confidence: float = 0.95) -> list[Estimate]:
        """Return every number with the interval between its two tails."""
        tail = (1 - confidence) / 2
        at_zero = self.below(np.zeros(self.mean.shape[1]))
        p = 2 * np.minimum(at_zero, 1 - at_zero)
        ends = self.quantile(tail), self.quantile(1 - tail)
        parts = zip(self.centre(), *ends, p, strict=True)
        return [Estimate(float(value), float(low), float(high), float(both), confidence) for value, low, high, both in parts]

    def _heavy(self) -> Mixture:
        kept = self.weight > LEAST_WEIGHT * self.weight.max()
        return Mixture(self.weight[kept] / self.weight[kept].sum(), self.mean[kept], self.scale[kept], self.df)
