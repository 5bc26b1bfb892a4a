"""Covariance-averaged generalised least squares: a regression over time that does not pretend to know how its errors hang together.

Source: y ~ N(D b, s2 C). Every candidate C of metrics.stats.covariances gets the weight
prior × |C|^-1/2 × |D'C^-1 D|^-1/2 × RSS^-(n-k)/2 (the marginal likelihood under flat priors for b and ln s), and answers are mixtures of
t(n-k) over the candidates. No sampling: the same numbers give the same answer, to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from metrics.stats.covariances import Whitened, ahead, family, whiten
from metrics.stats.mixture import Estimate, Mixture

Array = Any
LEAST_FREE = 3
"""Points beyond the number of columns that a fit needs at least."""
ALIKE = "a column of the design says nothing that the others do not say"
MOST_ALIKE = 1e12
"""Condition beyond which columns cannot be told apart."""
FLAT = 1e-12
"""Residuals below this share of the values' size are nothing but rounding."""


class NoFit(ValueError):
    """There is no regression to answer from; the message says why, fit to show."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A regression under every candidate covariance.

    Shape: weight and variance (candidates,); slope (candidates, k) and inverse (candidates, k, k) in the rotated design; start (k,): ordinary
    least squares in the columns as given; rotation (k, k): rotated = given × rotation.
    """

    df: int
    weight: Array
    variance: Array
    slope: Array
    inverse: Array
    start: Array
    rotation: Array
    state: Array
    spread: Array
    fitted: Array

    def combination(self, of_columns: Array) -> Mixture:
        """Return the law of weighted sums of the coefficients. of_columns: (sums, k)."""
        wanted = np.atleast_2d(np.asarray(of_columns, dtype=float))
        return self._law(wanted @ self.start, wanted @ self.rotation, np.zeros((len(self.weight), len(wanted))), 0.0)

    def coefficient(self, column: int, *, confidence: float = 0.95) -> Estimate:
        """Return one coefficient with its interval."""
        chosen = np.zeros(len(self.start))
        chosen[column] = 1.0
        return self.combination(chosen).estimates(confidence)[0]

    def forecast(self, design: Array, weights: Array) -> Mixture:
        """Return the law of weighted sums of the points that follow. design: (m, k); weights: (sums, m)."""
        loading, ahead_variance = ahead(weights, self.spread)
        shown = weights @ design
        return self._law(shown @ self.start, shown @ self.rotation, loading, ahead_variance)

    def _law(self, base: Array, columns: Array, loading: Array, ahead_variance: Array | float) -> Mixture:
        """mean = a'D b + c'C^-1 e; variance = s2 [a'C a - c'C^-1 c + h'(D'C^-1 D)^-1 h] with h = D'a - D'C^-1 c."""
        width = columns.shape[1]
        seen = columns - loading[:, :, None] * self.state[:, None, :width]
        mean = base + np.einsum("csk,ck->cs", seen, self.slope) + loading * self.state[:, width][:, None]
        known = np.einsum("csk,ckl,csl->cs", seen, self.inverse, seen)
        return Mixture(self.weight, mean, np.sqrt(self.variance[:, None] * (known + ahead_variance)), float(self.df))


def fit(y: Array, design: Array) -> Fit:
    """Return the regression of y (n,) on design (n, k), oldest point first and evenly spaced; a NaN in y is a point that is not known.

    Raises: NoFit when there are too few points, a column says nothing of its own, or nothing is left to explain.

    Examples
    --------
    The Nile's step in 1899 (statsmodels' data). Least squares alone says -247.8 with a standard error of 28.4:

    >>> import numpy as np
    >>> from statsmodels.datasets import nile
    >>> volume = nile.load_pandas().data["volume"].to_numpy()
    >>> step = np.column_stack([np.ones(100), np.arange(1871, 1971) >= 1899])
    >>> round(fit(volume, step).coefficient(1).value)
    -251
    """
    return prepare(y, design).until(len(y))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A regression that has run through time once and can answer from the points up to any date. Fields: as in `Fit` and `_rotated`."""

    design: Array
    known: Array
    filtered: Whitened
    start: Array
    rotation: Array
    expected: Array

    def until(self, end: int) -> Fit:
        """Return the regression on the first `end` points.

        Trailing columns that are 0 throughout those points have not begun and are left out: columns that begin later must stand last, by date.
        Raises: NoFit as `fit`.
        """
        begun = np.flatnonzero((self.design[:end] != 0).any(axis=0))
        width = int(begun[-1]) + 1 if len(begun) else 0
        points = int(self.known[:end].sum())
        if points < width + LEAST_FREE:
            raise NoFit(f"{points} points are too few for {width} columns")
        columns = [*range(width), -1]
        return _averaged(
            self.filtered.part(end, columns), points, self.start[:width], self.rotation[:width, :width], self.expected[:end, columns]
        )


def prepare(y: Array, design: Array) -> Prepared:
    """Return the regression of y on design, ready to answer from the points up to any date.

    Raises: NoFit as `fit`.
    """
    y, design = np.asarray(y, dtype=float), np.asarray(design, dtype=float)
    known = np.isfinite(y)
    rotated, start, rotation, left = _rotated(y, design, known)
    filtered = whiten(np.column_stack([rotated, left]), known)
    return Prepared(design, known, filtered, start, rotation, np.column_stack([rotated, design @ start]))


def _rotated(y: Array, design: Array, known: Array) -> tuple[Array, Array, Array, Array]:
    """Return the design with orthonormal columns, ordinary least squares, the rotation, and the residuals (0 where y is not known).

    Both changes leave the answer as it is and keep every digit of values that are huge or nearly alike.
    """
    points, columns = int(known.sum()), design.shape[1]
    if points < columns + LEAST_FREE:
        raise NoFit(f"{points} points are too few for {columns} columns")
    size = np.sqrt((design[known] ** 2).sum(axis=0))
    if (size == 0).any() or np.linalg.matrix_rank(design[known] / size) < columns:
        raise NoFit(ALIKE)
    triangle = np.linalg.qr(design[known] / size, mode="r")
    rotation = np.linalg.inv(triangle) / size[:, None]
    rotated = design @ rotation
    start = rotation @ (rotated[known].T @ y[known])
    left = np.where(known, np.where(known, y, 0.0) - design @ start, 0.0)
    if np.sqrt((left**2).sum()) <= FLAT * np.sqrt((y[known] ** 2).sum()):
        raise NoFit("the values do not vary beyond what the design explains")
    return rotated, start, rotation, left


def _averaged(filtered: Whitened, points: int, start: Array, rotation: Array, columns: Array) -> Fit:
    """Return the fit from the whitened columns. columns: the rotated design, and what least squares alone predicts."""
    values = filtered.values.transpose(1, 0, 2)
    width = len(start)
    cross = values.transpose(0, 2, 1) @ values
    inside, beside, square = cross[:, :width, :width], cross[:, :width, width], cross[:, width, width]
    free = points - width
    if width == 0 or (np.linalg.cond(inside) > MOST_ALIKE).any():
        raise NoFit(ALIKE)
    inverse = np.linalg.inv(inside)
    slope = np.einsum("ckl,cl->ck", inverse, beside)
    left = np.maximum(square - np.einsum("ck,ck->c", beside, slope), np.finfo(float).tiny)
    log_weight = np.log(family().mass) - 0.5 * (filtered.log_variance.sum(axis=0) + np.linalg.slogdet(inside)[1] + free * np.log(left))
    weight = np.exp(log_weight - log_weight.max())
    weight = weight / weight.sum()
    return Fit(
        free, weight, left / free, slope, inverse, start, rotation, filtered.state[-1], filtered.spread[-1],
        _one_step(filtered, weight, slope, columns),
    )  # fmt: skip


def _one_step(filtered: Whitened, weight: Array, slope: Array, columns: Array) -> Array:
    """Return what was expected of each point by all before it, with the coefficients of the whole fit."""
    width = slope.shape[1]
    state = filtered.state[:-1]
    slow = state[:, :, width] - np.einsum("tck,ck->tc", state[:, :, :width], slope)
    return columns[:, width] + (columns[:, :width] @ slope.T + slow) @ weight
