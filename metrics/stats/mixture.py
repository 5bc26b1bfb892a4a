"""A finite mixture of Student t laws: what covariance-averaged least squares knows about a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any
MOST_STEPS, EXACT = 60, 1e-13
"""Steps to an end of an interval at most; they stop when none of them moves by more than this share of the scale."""
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
        """Return the place below which each number lies with probability `share`, by Newton's steps, kept between the components' own quantiles."""
        from scipy.special import stdtrit

        heavy = self._heavy()
        own = heavy.mean + heavy.scale * stdtrit(self.df, share)
        low, high = own.min(axis=0), own.max(axis=0)
        at = heavy.weight @ own
        for _ in range(MOST_STEPS):
            beyond = heavy.below(at) - share
            low, high = np.where(beyond < 0, at, low), np.where(beyond < 0, high, at)
            then = at - beyond / np.maximum(heavy.density(at), np.finfo(float).tiny)
            then = np.where((then >= low) & (then <= high), then, (low + high) / 2)
            moved, at = np.abs(then - at), then
            if (moved <= EXACT * (heavy.scale.max(axis=0) + np.abs(at))).all():
                break
        return at

    def density(self, at: Array) -> Array:
        """Return the density of each number at its place."""
        from scipy.special import gammaln

        df = self.df
        whole = np.exp(gammaln((df + 1) / 2) - gammaln(df / 2)) / np.sqrt(df * np.pi)
        square = ((at - self.mean) / self.scale) ** 2
        return self.weight @ (whole * (1 + square / df) ** (-(df + 1) / 2) / self.scale)

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
