"""Poisson pseudo-likelihood with an effect of every segment and of every day. Knows no KPI.

Arrays end in (days, segments); axes before them are fits that run at once, for example the leave-outs of a jackknife.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
MOST_STEPS = 60
TOLERANCE = 1e-5
"""Largest last change of a logarithm: steps converge quadratically, so what is left is about its square."""
RIDGE = 1e-12
"""Added to the segments' system, in parts of its largest diagonal: its null space (a constant moved from days to segments) changes no residual."""
LEAST_OWN_VARIATION = 1e-9
"""Share of a regressor's variation that must be left within segments and days, and of it that no other regressor explains."""
CACHED = 60_000
"""Numbers that the fits of one go may hold in one array: more of them would leave the processor's cache, and a large panel is then slower at once than one by one."""
FARTHEST = 60.0
"""Largest logarithm of a rate against the mean rate that a step may reach."""


@dataclass(frozen=True, slots=True)
class Fit:
    """One fit for each leading place.

    coefficients: (…, K), NaN where the fit has no answer. information: (…, K, K) = Σ μ·x̃x̃ᵀ. expected: (…, T, S), 0 where a cell takes no part.
    used: (…, T, S). solved: (…,), whether the data identify every coefficient and the steps have settled.
    """

    coefficients: Array
    information: Array
    expected: Array
    used: Array
    solved: Array

    def model_se(self, place: int = 0) -> Array:
        """Return the standard error of a coefficient if counts were Poisson; the intervals we show do not use it."""
        with np.errstate(invalid="ignore"):
            return np.where(self.solved, np.sqrt(np.linalg.pinv(np.nan_to_num(self.information))[..., place, place]), np.nan)


def fit(counts: Array, exposure: Array, regressors: Array, keep: Array | None = None) -> Fit:
    """Return the fit of E[counts] = exposure · exp(segment + day + regressors · coefficients).

    Shape: counts and exposure (…, T, S), regressors (…, K, T, S), keep (…, T, S) bool. A cell without exposure, with a count or a regressor that is
    not finite, or of a day or a segment without any count takes no part: its effect would be minus infinity and it says nothing about the rest.
    Source: Santos Silva and Tenreyro 2006; iteratively reweighted least squares, both effects taken out exactly (Frisch, Waugh, Lovell with weights).
    Notes: no Poisson law is assumed, only the mean; counts need not be whole.
    Raises: ValueError when a count or an exposure is negative.
    """
    if np.any(np.asarray(counts) < 0) or np.any(np.asarray(exposure) < 0):
        raise ValueError("counts and exposure must not be negative")
    used = usable(counts, exposure, regressors, keep)
    shape, lead = used.shape, used.shape[:-2]
    kinds = regressors.shape[-3]
    x = np.where(used[..., None, :, :], regressors, 0.0).reshape(-1, kinds, *shape[-2:])
    flat = used.reshape(-1, *shape[-2:])
    y = np.where(used, counts, 0.0).reshape(flat.shape)
    n = np.where(used, exposure, 0.0).reshape(flat.shape)
    size = max(1, CACHED // (x.shape[1] * flat[0].size + 1))
    chunks = [_steps(*(part[first : first + size] for part in (y, n, x, flat))) for first in range(0, len(flat), size)]
    beta, information, mu, solved = (np.concatenate(parts) for parts in zip(*chunks, strict=True))
    beta = np.where(solved[:, None], beta, np.nan)
    return Fit(beta.reshape(*lead, kinds), information.reshape(*lead, kinds, kinds), mu.reshape(shape), used, solved.reshape(lead))


def usable(counts: Array, exposure: Array, regressors: Array, keep: Array | None = None) -> Array:
    """Return which cells take part in a fit, (…, T, S)."""
    good = np.isfinite(regressors).all(axis=-3) & np.isfinite(counts) & np.isfinite(exposure) & (np.nan_to_num(exposure) > 0)
    good = good & keep if keep is not None else good
    held = np.where(good, counts, 0.0)
    return np.asarray(good & (held.sum(axis=-1, keepdims=True) > 0) & (held.sum(axis=-2, keepdims=True) > 0))


def two_way_residuals(weights: Array, columns: Array) -> Array:
    """Return columns less their weighted least squares fit by segment and day effects.

    Shape: weights (B, T, S), columns (B, K, T, S). Solved exactly: days are put in, the system of the segments (S × S) is solved.
    """
    ones = np.ones((weights.shape[-1], 1))  # a product with ones adds up short rows several times as fast as sum()
    by_day, by_segment = weights @ ones, weights.sum(axis=-2)
    share = weights / np.where(by_day > 0, by_day, 1.0)
    centred = columns - (share[:, None] * columns) @ ones
    left = -np.swapaxes(weights, -1, -2) @ share
    diagonal = np.arange(left.shape[-1])
    left[:, diagonal, diagonal] += by_segment + RIDGE * by_segment.max(axis=-1, keepdims=True) + (by_segment <= 0)
    right = np.swapaxes((weights[:, None] * centred).sum(axis=-2), -1, -2)
    segment = np.swapaxes(np.linalg.solve(left, right), -1, -2)[:, :, None, :]
    return np.asarray(centred - segment + share[:, None] @ np.swapaxes(segment, -1, -2))


def _steps(y: Array, n: Array, x: Array, used: Array) -> tuple[Array, Array, Array, Array]:
    """Return coefficients, information, expected counts and which fits are solved."""
    rate = _divided(y.sum(axis=(-2, -1)), n.sum(axis=(-2, -1)))
    scale = np.where(rate > 0, rate, 1.0)[:, None, None]  # coefficients do not depend on it, and 1e12 does not overflow
    y = y / scale
    mu = _start(y, n, used)
    log_n = np.log(np.where(used, n, 1.0))
    beta, settled = np.zeros(x.shape[:2]), np.zeros(len(x), dtype=bool)
    for _ in range(MOST_STEPS):
        safe = np.where(used, mu, 1.0)
        before = np.where(used, np.log(safe) - log_n, 0.0)
        response = np.where(used, before + (y - safe) / safe, 0.0)
        inner = two_way_residuals(mu, np.concatenate([x, response[:, None]], axis=1))
        beta, _, identified = _solve(mu, inner, x)
        left = inner[:, -1] - np.einsum("bk,bkts->bts", beta, inner[:, :-1])
        eta = np.clip(np.where(used, response - left, 0.0), -FARTHEST, FARTHEST)
        mu = np.where(used, np.exp(eta + log_n), 0.0)
        settled = np.abs(eta - before).max(axis=(-2, -1)) <= TOLERANCE
        if np.all(settled | ~identified):
            break
    inner = two_way_residuals(mu, x)
    _, information, identified = _solve(mu, np.concatenate([inner, np.zeros_like(inner[:, :1])], axis=1), x)
    return beta, information * scale, mu * scale, settled & identified & used.any(axis=(-2, -1))


def _start(y: Array, n: Array, used: Array) -> Array:
    """Return expected counts from the days' and the segments' rates, which are above 0 where a cell is used."""
    by_day, by_segment = (_divided(y.sum(axis=axis, keepdims=True), n.sum(axis=axis, keepdims=True)) for axis in (-1, -2))
    overall = _divided(y.sum(axis=(-2, -1), keepdims=True), n.sum(axis=(-2, -1), keepdims=True))
    return np.where(
        used, n * np.exp(np.clip(np.log(np.where(used, by_day * by_segment, 1.0)), -FARTHEST, FARTHEST)) / _or_one(overall), 0.0
    )


def _solve(mu: Array, inner: Array, x: Array) -> tuple[Array, Array, Array]:
    """Return (coefficients, information, which are identified); inner holds the residuals of x and, last, of the response."""
    flat = inner.reshape(*inner.shape[:2], -1)
    weighted = flat[:, :-1] * mu.reshape(len(mu), 1, -1)
    information = weighted @ np.swapaxes(flat[:, :-1], -1, -2)
    right = weighted @ flat[:, -1, :, None]
    own = np.diagonal(information, axis1=-2, axis2=-1)
    identified = np.all(own > LEAST_OWN_VARIATION * _variation(mu, x), axis=1)
    width = np.sqrt(np.where(own > 0, own, 1.0))
    scaled = information / (width[:, :, None] * width[:, None, :])
    scaled = np.where(identified[:, None, None], scaled, np.eye(scaled.shape[-1]))
    identified = identified & (np.linalg.eigvalsh(scaled)[:, 0] > LEAST_OWN_VARIATION)
    scaled = np.where(identified[:, None, None], scaled, np.eye(scaled.shape[-1]))
    step = np.linalg.solve(scaled, right / width[:, :, None])[..., 0] / width
    return np.where(identified[:, None], step, 0.0), information, identified


def _variation(mu: Array, x: Array) -> Array:
    """Return the weighted variation of each regressor about its mean, (B, K), and never quite 0."""
    w = mu.reshape(len(mu), 1, -1)
    flat = x.reshape(*x.shape[:2], -1)
    total = _or_one(w.sum(axis=-1))
    mean = (w * flat).sum(axis=-1) / total
    spread = (w * (flat - mean[..., None]) ** 2).sum(axis=-1)
    return np.asarray(spread + LEAST_OWN_VARIATION * (total * mean**2 + 1e-300))


def _divided(top: Array, bottom: Array) -> Array:
    return np.asarray(top / _or_one(bottom))


def _or_one(value: Array) -> Array:
    return np.where(value > 0, value, 1.0)
