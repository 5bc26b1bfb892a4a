"""The effect of a driver on an outcome over time, when there are no segments to compare within: one evidence grade lower than a panel's."""

from __future__ import annotations

from typing import Any

import numpy as np

from metrics.stats.gls import NoFit, fit
from metrics.stats.jackknife import Estimate
from metrics.stats.panel import Panel

LEAST_COUNTS = 10.0
"""Mean counts a day below which the logarithm of a day's rate is mostly noise and bias."""
WEEK = 7
NORMAL_95 = 1.959963984540054


def single_series(panel: Panel) -> Estimate | None:
    """Return the elasticity of a panel with one segment: ln(counts ÷ exposure) on the driver, weekdays and a trend; None when it has no fit.

    Notes: days without a count, exposure or driver are not known. What moves both sides from day to day within a week cannot be told apart.
    Source: covariance-averaged generalised least squares, metrics.stats.gls. se: the interval's half width in normal standard errors.
    """
    segment = int(np.argmax(np.where(panel.used, panel.counts, 0.0).sum(axis=0)))
    used = panel.used[:, segment] & (np.nan_to_num(panel.counts[:, segment]) > 0)
    counts = panel.counts[used, segment]
    if not len(counts) or counts.mean() < LEAST_COUNTS:
        return None
    days = np.flatnonzero(used)
    span = slice(int(days[0]), int(days[-1]) + 1)
    rate = np.full(len(used), np.nan)
    rate[used] = np.log(counts / panel.exposure[used, segment])
    driver = np.where(used, np.nan_to_num(panel.driver[:, segment]), 0.0)
    try:
        found = fit(rate[span], _design(driver[span])).coefficient(0)
    except NoFit:
        return None
    return Estimate(found.value, (found.high - found.low) / 2 / NORMAL_95, found.low, found.high)


def _design(driver: Any) -> Any:
    """Return the columns: driver, seven weekdays (which hold the constant, too), trend from 0 to 1."""
    time = np.arange(len(driver))
    weekdays = time[:, None] % WEEK == np.arange(WEEK)
    return np.column_stack([driver, weekdays, time / max(len(time) - 1, 1)])
