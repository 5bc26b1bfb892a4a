"""How good forecasts were: scaled errors, pinball loss, interval score, realised coverage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LEAST_COVERAGE = 0.65
"""An 80 % interval that held fewer of the totals than this is unreliable."""


def mase(insample: Sequence[float], actual: Sequence[float], forecast: Sequence[float], season: int = 1) -> float | None:
    """Return the mean absolute error ÷ the in-sample mean absolute error of the seasonal naive forecast; None when that is 0.

    Source: Hyndman and Koehler 2006, as in M4.

    >>> round(mase([112, 118, 132, 129, 121, 135, 148, 148, 136, 119], [104, 118, 115], [110, 112, 120]), 6)
    0.586207
    """
    past = np.asarray(insample, dtype=float)
    if past.size <= season or len(actual) == 0:
        return None
    scale = float(np.mean(np.abs(past[season:] - past[:-season])))
    return float(np.mean(np.abs(np.subtract(actual, forecast)))) / scale if scale > 0 else None


def smape(actual: Sequence[float], forecast: Sequence[float]) -> float | None:
    """Return the mean of 200 |y − f| ÷ (|y| + |f|), in percent, as in M4; None when both are 0 somewhere."""
    y, f = np.asarray(actual, dtype=float), np.asarray(forecast, dtype=float)
    sizes = np.abs(y) + np.abs(f)
    return float(np.mean(200 * np.abs(y - f) / sizes)) if y.size and sizes.min() > 0 else None


def pinball(quantile: float, forecast: float, actual: float) -> float:
    """Return the pinball loss of one quantile forecast.

    >>> pinball(0.5, 100, 110), pinball(0.1, 80, 110)
    (5.0, 3.0)
    """
    away = actual - forecast
    return float(max(quantile * away, (quantile - 1) * away))


def interval_score(low: float, high: float, actual: float, level: float) -> float:
    """Return the width of an interval and 2/α for each unit that the value lies outside of it (Gneiting and Raftery 2007)."""
    miss = max(low - actual, 0.0) + max(actual - high, 0.0)
    return (high - low) + 2 / (1 - level) * miss


def coverage(intervals: Sequence[tuple[float, float]], actual: Sequence[float]) -> float | None:
    """Return the share of values inside their intervals, None without any."""
    held = [low <= value <= high for (low, high), value in zip(intervals, actual, strict=True)]
    return sum(held) / len(held) if held else None
