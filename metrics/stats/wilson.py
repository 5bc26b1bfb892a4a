"""The Wilson score interval of a proportion."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


def wilson_interval(successes: int, trials: int, *, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return the Wilson score interval of a proportion, or None when trials is 0.

    Shape: (low, high), both in [0, 1].
    Source: Wilson 1927; checked against statsmodels proportion_confint(method="wilson").
    Raises: ValueError if successes is outside 0..trials.

    >>> [round(end, 4) for end in wilson_interval(10, 100)]
    [0.0552, 0.1744]
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials")
    if trials == 0:
        return None
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, weight = successes / trials, z * z / trials
    centre = (share + weight / 2) / (1 + weight)
    half = z * sqrt(share * (1 - share) / trials + weight / (4 * trials)) / (1 + weight)
    return max(0.0, centre - half), min(1.0, centre + half)
