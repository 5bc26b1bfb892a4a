"""How much of a driver's movement is its own and not its sample's, and what that does to an estimate."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from metrics.stats.jackknife import Estimate
from metrics.stats.ppml import two_way_residuals

Array = npt.NDArray[Any]
LEAST = 0.5
"""Below it a correction multiplies noise by more than two: no answer."""
P75_FACTOR = 1.363**2
"""Sampling variance of a lognormal's ln p75 in parts of that of the mean of ln: p(1 − p)/φ(z)² at p = 0.75."""


def reliability(within_variance: float, sampling_variance: float) -> float | None:
    """Return λ = 1 − noise ÷ within-segment variance, None when nothing varies.

    Source: errors in variables, e.g. Fuller, Measurement Error Models, 1987, ch. 1.

    >>> round(reliability(0.0049, 0.0018), 6)
    0.632653
    """
    return 1 - sampling_variance / within_variance if within_variance > 0 else None


def panel_reliability(driver: Array, noise: Array, weights: Array) -> float | None:
    """Return λ of a panel (T, S): the noise variance that is left after segment and day effects, against all that is left.

    Notes: effects take out a part of the noise, too: of cell i the leverage, approximately wᵢ/w_day + wᵢ/w_segment − wᵢ/w, which is exact for weights
    that are a product of a day's and a segment's.
    """
    used = np.isfinite(driver) & np.isfinite(noise) & (weights > 0)
    w = np.where(used, weights, 0.0)
    left = two_way_residuals(w[None], np.where(used, driver, 0.0)[None, None])[0, 0]
    by_day, by_segment, total = w.sum(axis=1, keepdims=True), w.sum(axis=0, keepdims=True), w.sum()
    if total <= 0:
        return None
    leverage = w / np.where(by_day > 0, by_day, 1.0) + w / np.where(by_segment > 0, by_segment, 1.0) - w / total
    sampling = (w * np.where(used, noise, 0.0) * (1 - leverage)).sum()
    return reliability(float((w * left**2).sum() / total), float(sampling / total))


def corrected(estimate: Estimate, share: float) -> Estimate | None:
    """Return an estimate divided by λ, as a whole; None below the least λ.

    Notes: only where the driver was measured on other draws than the outcome. λ counts as known.

    >>> found = corrected(Estimate(-0.3, 0.08, -0.46, -0.14), 1 - 0.0018 / 0.0049)
    >>> found and round(found.value, 6)
    -0.474194
    """
    if not LEAST <= share <= 1:
        return None
    return Estimate(estimate.value / share, estimate.se / share, estimate.low / share, estimate.high / share)
