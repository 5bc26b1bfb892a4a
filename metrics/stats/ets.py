"""Exponential smoothing with a level and a weekly season on logs, and paths into the days ahead. statsmodels fits; paths are ours."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from metrics.stats.absent import Absent

SEASON = 7
LEAST = 8 * SEASON
"""Days that a fit needs."""
PATHS, SEED = 1_000, 20_261_125
FITTED = 3
"""What costs a degree of freedom beside the season: two smoothing constants and the level."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Smoothed:
    """ETS(A,N,A) at the end of its data: y = level + season of the weekday + error, on ln(value + shift).

    season: of the next seven days, the next first. spread: standard deviation of the one-step errors.
    """

    alpha: float
    gamma: float
    level: float
    season: tuple[float, ...]
    spread: float
    shift: float

    def paths(self, errors: Matrix) -> Matrix:
        """Return simulated values in their own unit, one row a path. errors: one-step errors, paths × days."""
        level = np.full(errors.shape[0], self.level)
        season = np.tile(np.asarray(self.season), (errors.shape[0], 1))
        found = np.empty_like(errors)
        for day in range(errors.shape[1]):
            place = day % SEASON
            found[:, day] = level + season[:, place] + errors[:, day]
            level += self.alpha * errors[:, day]
            season[:, place] += self.gamma * errors[:, day]
        return np.maximum(np.exp(found) - self.shift, 0.0)


def fit(values: Sequence[float]) -> Smoothed | Absent:
    """Return ETS(A,N,A), season 7, of ln(y), or of ln(y + 1) when a day has 0; maximum likelihood by statsmodels.

    Shape: one value a day without gaps, oldest first, 56 or more. Units: spread has n − 9 degrees of freedom.
    Source: Hyndman, Koehler, Ord and Snyder 2008, ch. 2; statsmodels ETSModel.
    """
    y = np.asarray(values, dtype=float)
    if y.size < LEAST:
        return Absent(f"a forecast needs {LEAST} whole days, there are {y.size}")
    if not np.isfinite(y).all() or y.min() < 0:
        return Absent("a forecast on logs needs values that are not below 0")
    if np.ptp(y) == 0:
        return Absent("all days have the same value: there is nothing to learn from")
    shift = 1.0 if y.min() == 0 else 0.0
    return _fit(np.log(y + shift), shift)


def _fit(logs: Matrix, shift: float) -> Smoothed | Absent:
    import pandas as pd
    from statsmodels.tools.sm_exceptions import ModelWarning
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    model = ETSModel(pd.Series(logs), error="add", trend=None, seasonal="add", seasonal_periods=SEASON)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        fitted = model.fit(disp=False)
    errors = np.asarray(fitted.resid)
    spread = sqrt(float(errors @ errors) / (logs.size - FITTED - (SEASON - 1)))
    season = tuple(float(one) for one in np.asarray(fitted.season)[-SEASON:])
    found = Smoothed(float(fitted.alpha), float(fitted.gamma), float(np.asarray(fitted.level)[-1]), season, spread, shift)
    if not np.isfinite([found.alpha, found.gamma, found.level, spread, *season]).all():
        return Absent("the fit did not come to an end")
    return found


def simulate(model: Smoothed, days: int, *, paths: int = PATHS, seed: int = SEED) -> Matrix:
    """Return values of the next days, one row a path: the same numbers for the same model, always."""
    rng = np.random.default_rng(seed)
    return model.paths(rng.normal(0.0, model.spread, (paths, days)))
