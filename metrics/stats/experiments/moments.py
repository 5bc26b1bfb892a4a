"""What is kept of an arm: how many users, the means of their variables and how these vary together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from metrics.stats.absent import Absent

Number = int | float | Fraction
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """n users; mean: one for each variable; cov: their covariance matrix (divisor n − 1, for a proportion n).

    Shape: variables stand in the order value, denominator, covariate, covariate's denominator, as far as there are any.
    """

    n: int
    mean: tuple[float, ...]
    cov: tuple[tuple[float, ...], ...]

    def covariance(self, left: Sequence[float], right: Sequence[float]) -> float:
        """Return the covariance, per user, of two linear combinations of the variables."""
        return float(np.asarray(left) @ np.asarray(self.cov) @ np.asarray(right))


def moments_of_sums(
    n: int, sums: Sequence[Number], products: Sequence[Sequence[Number]], *, is_proportion: bool = False
) -> Moments | Absent:
    """Return the moments from sums and sums of products, or why there are none.

    Shape: sums[i] = Σ xᵢ, products[i][j] = Σ xᵢ·xⱼ over the n users.
    Notes: worked out in exact fractions. In floating point a sum of squares of 10¹² users would lose the variance altogether.

    >>> moments_of_sums(4, [10], [[30]])
    Moments(n=4, mean=(2.5,), cov=((1.6666666666666667,),))
    """
    wrong = _refusal(n, [*sums, *(one for row in products for one in row)])
    if wrong is not None:
        return wrong
    exact = [Fraction(one) for one in sums]
    divisor = n if is_proportion else n - 1
    k = range(len(exact))
    cov = [[(Fraction(products[i][j]) - exact[i] * exact[j] / n) / divisor for j in k] for i in k]
    wrong = _impossible(cov)
    if wrong is not None:
        return wrong
    return Moments(n, tuple(float(one / n) for one in exact), tuple(tuple(float(one) for one in row) for row in cov))


def moments_of_values(values: Floats, *, is_proportion: bool = False) -> Moments | Absent:
    """Return the moments of one row a user, or why there are none.

    Shape: values is users × variables.
    """
    n = len(values)
    wrong = _refusal(n, [])
    if wrong is not None:
        return wrong
    if not np.isfinite(values).all():
        return Absent("a value is not a finite number")
    mean = values.mean(axis=0)
    centred = values - mean
    cov = centred.T @ centred / (n if is_proportion else n - 1)
    cov[np.ix_(constant := np.ptp(values, axis=0) == 0, constant)] = 0.0  # else rounding leaves a trace of a variance
    return Moments(n, tuple(map(float, mean)), tuple(tuple(map(float, row)) for row in cov))


def _refusal(n: int, numbers: Sequence[Number]) -> Absent | None:
    if n < 2:
        return Absent("an arm has no users" if n < 1 else "an arm has one user, so nothing is known about how users vary")
    if not all(isinstance(one, Fraction) or math.isfinite(one) for one in numbers):
        return Absent("a sum is not a finite number")
    return None


def _impossible(cov: Sequence[Sequence[Fraction]]) -> Absent | None:
    """Sums that cannot belong to the same users: a negative variance, or a correlation beyond 1."""
    k = range(len(cov))
    if any(cov[i][i] < 0 for i in k):
        return Absent("the sum of squares is smaller than n users with this sum can have")
    slack = Fraction(1) + Fraction(1, 10**9)
    if any(cov[i][j] ** 2 > cov[i][i] * cov[j][j] * slack for i in k for j in k if i != j):
        return Absent("a sum of products is larger than these sums of squares allow")
    return None
