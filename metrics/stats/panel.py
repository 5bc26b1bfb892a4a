"""The effect of a driver on an outcome within segments, day by day, with the interval it deserves. Knows no KPI and no grade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from metrics.stats.jackknife import Estimate, critical, interval, leave_outs, standard_error
from metrics.stats.ppml import fit
from metrics.stats.regressors import cumulative, hinge, with_lead

Array = npt.NDArray[Any]
LEAST_SHIFT = 0.5
"""Smallest change of the estimate, in its standard errors, that a demand shock is suspected for."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Days × segments. driver: mean of the logarithm, NaN where it has none. exposure 0: nobody came.

    noise: sampling variance of the driver in each cell when it was measured on other draws than the outcome; None = on the same ones, or not known.
    """

    counts: Array
    exposure: Array
    driver: Array
    noise: Array | None = None

    @property
    def used(self) -> Array:
        """Which cells have all three."""
        return np.isfinite(self.driver) & np.isfinite(self.counts) & np.isfinite(self.exposure) & (np.nan_to_num(self.exposure) > 0)

    @property
    def expected(self) -> Array:
        """Counts of each cell at its segment's rate: about the weights that it has in a fit."""
        held, people = (np.where(self.used, part, 0.0) for part in (self.counts, self.exposure))
        total = people.sum(axis=0)
        return np.asarray(people * held.sum(axis=0) / np.where(total > 0, total, 1.0))

    def days(self, first: int, last: int) -> Panel:
        """Return the days from `first` up to `last`, not included."""
        parts = (None if part is None else part[first:last] for part in (self.counts, self.exposure, self.driver, self.noise))
        return Panel(*parts)  # type: ignore[arg-type]

    def cut(self, breaks: tuple[int, ...]) -> Panel:
        """Return the panel with the segments of every part between two breaks as segments of their own: their effects may differ."""
        if not breaks:
            return self
        part = np.searchsorted(breaks, np.arange(len(self.counts)), side="right")
        inside = [(part == number)[:, None] for number in range(len(breaks) + 1)]
        counts, exposure = (np.concatenate([np.where(here, side, 0.0) for here in inside], axis=1) for side in (self.counts, self.exposure))
        noise = None if self.noise is None else np.tile(self.noise, len(inside))
        return Panel(counts, exposure, np.tile(self.driver, len(inside)), noise)


@dataclass(frozen=True, slots=True)
class Shift:
    """How an estimate changes when the logarithm of the exposure is put beside the driver. suspicious: more than its own error allows."""

    change: float
    half_width: float
    suspicious: bool


def elasticity(panel: Panel, lags: int = 0) -> Estimate | None:
    """Return β of ln E[counts ÷ exposure] = segment + day + β · driver, None when the panel does not identify it.

    lags: days over which the effect is added up. Interval: delete-one-block jackknife, 8 blocks, t(7).
    """
    return _first(panel, cumulative(panel.driver, lags))


def lead_placebo(panel: Panel) -> Estimate | None:
    """Return the coefficient of tomorrow's driver beside today's: anything but 0 says that the driver follows the outcome, or both a third."""
    return _first(panel, with_lead(panel.driver))


def plateau(panel: Panel, knee: float) -> Estimate | None:
    """Return β above a knee that was chosen in advance, what lies below it being free."""
    return _first(panel, hinge(panel.driver, knee))


def demand_shift(panel: Panel, alone: Array) -> Shift | None:
    """Return how β changes with ln(exposure) added, None when either fit has no answer. alone: the coefficients of the driver without it.

    Notes: a wave of visitors that slows pages and changes who comes moves exposure, too; with it held, a β that came from such waves moves away.
    """
    with np.errstate(divide="ignore"):
        crowd = np.where(panel.exposure > 0, np.log(np.where(panel.exposure > 0, panel.exposure, 1.0)), np.nan)
    beside = coefficients(panel, np.stack([panel.driver, crowd]))
    if not (np.isfinite(alone).all() and np.isfinite(beside).all()):
        return None
    change = beside - alone
    size, half = abs(float(change[0])), critical() * float(standard_error(change))
    return Shift(float(change[0]), half, size > half and size > LEAST_SHIFT * float(standard_error(alone)))


def _first(panel: Panel, regressors: Array) -> Estimate | None:
    return interval(coefficients(panel, regressors))


def coefficients(panel: Panel, regressors: Array) -> Array:
    """Return the first coefficient of the whole and of each leave-out, (blocks + 1,).

    Cells that cannot take part go first, so that blocks are cut from days that say something.
    """
    possible = panel.used & np.isfinite(regressors).all(axis=0)
    days = np.flatnonzero((possible & (np.nan_to_num(panel.counts) > 0)).any(axis=1))
    if len(days) < 2 * len(leave_outs(1)):
        return np.full(len(leave_outs(1)), np.nan)
    keep = leave_outs(len(days))[:, :, None] & possible[days]
    counts = np.where(possible[days], panel.counts[days], 0.0)
    exposure = np.where(possible[days], panel.exposure[days], 0.0)
    return fit(counts[None], exposure[None], regressors[None][:, :, days], keep).coefficients[:, 0]
