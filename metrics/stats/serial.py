"""Values that follow each other: how much, and what is left when the one before is taken into account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metrics.stats.xmr import ROUNDING

FOLLOWS = 0.3
"""Above this lag-1 autocorrelation limits drawn from moving ranges are too tight."""
STEADIEST = 0.95
"""A coefficient above this is taken for this one: the series is then all but a walk."""


@dataclass(frozen=True, slots=True)
class OneStep:
    """A one-step forecast: mean + coefficient · (value before − mean), fixed on a baseline."""

    mean: float
    coefficient: float

    def expected(self, values: Sequence[float]) -> NDArray[np.float64]:
        """Return what is expected of each value but the first, from the one before it."""
        before = np.asarray(values, dtype=float)[:-1]
        found: NDArray[np.float64] = self.mean + self.coefficient * (before - self.mean)
        return found

    def residuals(self, values: Sequence[float]) -> NDArray[np.float64]:
        """Return value − expected, of each value but the first."""
        found: NDArray[np.float64] = np.asarray(values, dtype=float)[1:] - self.expected(values)
        return found


def autocorrelation(values: Sequence[float], lag: int = 1) -> float | None:
    """Return Σ (x_t − x̄)(x_{t−lag} − x̄) ÷ Σ (x_t − x̄)², None for a constant or too short series.

    Source: Box and Jenkins; checked against statsmodels acf(adjusted=False).

    >>> autocorrelation([1, 2, 3, 4, 5])
    0.4
    """
    x = np.asarray(values, dtype=float)
    if x.size <= lag + 1 or np.ptp(x) <= ROUNDING * np.abs(x).max():
        return None
    away = x - x.mean()
    return float(away[lag:] @ away[:-lag] / (away @ away))


def one_step(baseline: Sequence[float]) -> OneStep | None:
    """Return the one-step forecast that a baseline gives, None for a constant or too short one.

    The coefficient is the autocorrelation freed of its small-sample bias: r + (1 + 4r)/n, at most STEADIEST.
    Source: Marriott and Pope 1954 (E r1 ≈ φ − (1 + 4φ)/n for the autocorrelation about the sample mean).
    """
    found = autocorrelation(baseline)
    if found is None:
        return None
    length = len(baseline)
    return OneStep(float(np.mean(np.asarray(baseline, dtype=float))), min(STEADIEST, found + (1 + 4 * found) / length))
