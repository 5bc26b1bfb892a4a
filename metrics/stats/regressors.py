"""What is made of a driver's daily values before a fit: lags, the day after, a plateau. Cells without a value stay NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def cumulative(driver: Array, lags: int) -> Array:
    """Return (…, 1 + lags, T, S): x, then x₋₁ − x, x₋₂ − x, …; the first coefficient is the sum of the effects on all lags.

    Notes: b₀x + b₁x₋₁ + b₂x₋₂ = (b₀ + b₁ + b₂)x + b₁(x₋₁ − x) + b₂(x₋₂ − x), so its interval is that of the sum.
    """
    later = [_shifted(driver, lag) - driver for lag in range(1, lags + 1)]
    return np.stack([driver, *later], axis=-3)


def with_lead(driver: Array) -> Array:
    """Return (…, 2, T, S): the day after first, then x. What happens tomorrow cannot move today, so its coefficient is a placebo."""
    return np.stack([_shifted(driver, -1), driver], axis=-3)


def hinge(driver: Array, knee: float) -> Array:
    """Return (…, 2, T, S): the part of ln(driver) above ln(knee), then the part below it.

    Units: driver is a logarithm, knee is not. The knee must be chosen in advance: an interval does not know of a search.
    """
    above = driver - np.log(knee)
    return np.stack([np.maximum(above, 0.0), np.minimum(above, 0.0)], axis=-3)


def _shifted(driver: Array, days: int) -> Array:
    """Return the value of `days` before (negative: after), NaN where there is none."""
    out = np.full_like(driver, np.nan)
    if days > 0:
        out[..., days:, :] = driver[..., :-days, :]
    else:
        out[..., :days, :] = driver[..., -days:, :]
    return out
