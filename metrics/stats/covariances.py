"""The error processes that generalised least squares averages over, each as a filter that runs through time once.

Every candidate is a noise plus one slow component, so that whitening n points costs n steps and no n × n matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

Array = Any
RHO = (0.2, 0.4, 0.55, 0.7, 0.8, 0.88, 0.93, 0.96, 0.98, 0.99, 0.995)
SHARE = (0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 1.0)
STEP = (0.0005, 0.002, 0.006, 0.02, 0.06, 0.2, 0.6)
MASS_WHITE, MASS_AR, MASS_WALK = 0.5, 0.25, 0.25


@dataclass(frozen=True, slots=True)
class Family:
    """Candidates of state s(0) ~ N(0, start), s(t+1) = phi s(t) + N(0, step), and error s(t) + N(0, noise). mass: prior, sums to 1.

    Shape: every field has one entry a candidate.
    """

    phi: Array
    start: Array
    step: Array
    noise: Array
    mass: Array


@dataclass(frozen=True, slots=True)
class Whitened:
    """Columns after the filter, and what it knew before each point.

    Shape: values (n, candidates, columns), log_variance (n, candidates), state (n + 1, candidates, columns), spread (n + 1, candidates).
    A point that is not known is 0 in values and in log_variance.
    """

    values: Array
    log_variance: Array
    state: Array
    spread: Array

    def part(self, end: int, columns: list[int]) -> Whitened:
        """Return what the filter had said of some columns after the first `end` points."""
        return Whitened(self.values[:end, :, columns], self.log_variance[:end], self.state[: end + 1, :, columns], self.spread[: end + 1])


@lru_cache(maxsize=1)
def family() -> Family:
    """Return the candidates: white noise, AR(1) + noise with variance shares, random walk + noise.

    Source: section "covariance-averaged GLS" of docs/impact.md; the correlation of AR + noise at distance d is share × rho^d, the walk's
    covariance is step × min(i, j) with i and j counted from 0, beside a noise of variance 1.
    """
    white = [(0.0, 0.0, 0.0, 1.0, MASS_WHITE)]
    each = MASS_AR / (len(RHO) * len(SHARE))
    ar = [(rho, share, share * (1 - rho**2), 1 - share, each) for rho in RHO for share in SHARE]
    walk = [(1.0, 0.0, step, 1.0, MASS_WALK / len(STEP)) for step in STEP]
    return Family(*np.array([*white, *ar, *walk]).T)


def whiten(columns: Array, known: Array) -> Whitened:
    """Return the columns (n, p) divided by the square root of every candidate's covariance, by a Kalman filter.

    known: (n,), whether a point was seen; the filter goes past the others without learning from them.
    Source: Durbin and Koopman 2012, section 4.3, for a scalar state.
    """
    every, (points, width) = family(), columns.shape
    candidates = len(every.phi)
    found = Whitened(
        np.zeros((points, candidates, width)),
        np.zeros((points, candidates)),
        np.zeros((points + 1, candidates, width)),
        np.zeros((points + 1, candidates)),
    )
    found.spread[0] = every.start
    for t in range(points):
        state, spread, gain = found.state[t], found.spread[t], np.zeros(candidates)
        variance = spread + every.noise
        error = columns[t] - state
        if known[t]:
            gain = spread / variance
            found.values[t] = error / np.sqrt(variance)[:, None]
            found.log_variance[t] = np.log(variance)
        found.state[t + 1] = every.phi[:, None] * (state + gain[:, None] * error)
        found.spread[t + 1] = every.phi**2 * spread * (1 - gain) + every.step
    return found


def ahead(weights: Array, spread: Array) -> tuple[Array, Array]:
    """Return (loading, variance) of weighted sums of the next errors, given what the filter knows.

    loading: (candidates, sums), what multiplies the state; variance: (candidates, sums), of the sum around it, in units of the candidate.
    weights: (sums, m), one row a sum, one column for each point ahead; spread: (candidates,), the state's variance.
    """
    every, ahead_of = family(), weights.shape[1]
    lag = np.arange(ahead_of)[:, None] - np.arange(ahead_of)[None, :]
    power = np.where(lag >= 0, every.phi[:, None, None] ** np.maximum(lag, 0), 0.0)
    reach = weights @ power
    loading = reach[:, :, 0]
    shocks = every.step[:, None] * (reach[:, :, 1:] ** 2).sum(axis=2)
    noise = every.noise[:, None] * (weights**2).sum(axis=1)
    return loading, loading**2 * spread[:, None] + shocks + noise
