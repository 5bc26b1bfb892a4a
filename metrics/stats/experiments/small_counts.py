"""Two shares of few conversions: where the normal approximation does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from metrics.stats.absent import Absent
from metrics.stats.wilson import wilson_interval

LEAST = 10
"""Conversions, and users without one, that every arm needs for the ordinary test."""


@dataclass(frozen=True, slots=True)
class Share:
    """Successes of trials."""

    successes: int
    trials: int

    @property
    def is_small(self) -> bool:
        """Whether too few converted, or too few did not."""
        return min(self.successes, self.trials - self.successes) < LEAST


def newcombe(first: Share, second: Share, *, confidence: float = 0.95) -> tuple[float, float, float] | Absent:
    """Return (difference, low, high) of first − second by the hybrid score interval.

    Source: Newcombe, Statistics in Medicine 17 (1998) 873, method 10: squares and adds the arms of Wilson's intervals.

    >>> [round(one, 4) for one in newcombe(Share(56, 70), Share(48, 80))]
    [0.2, 0.0524, 0.3339]
    """
    ends = [wilson_interval(one.successes, one.trials, confidence=confidence) for one in (first, second)]
    if ends[0] is None or ends[1] is None:
        return Absent("an arm has no users")
    p, q = first.successes / first.trials, second.successes / second.trials
    (low1, high1), (low2, high2) = ends[0], ends[1]
    low = p - q - sqrt((p - low1) ** 2 + (high2 - q) ** 2)
    return p - q, max(-1.0, low), min(1.0, p - q + sqrt((high1 - p) ** 2 + (q - low2) ** 2))


def fisher_p(first: Share, second: Share) -> float:
    """Return the two-sided p-value of Fisher's exact test; without any users, 1."""
    from scipy.stats import fisher_exact  # slow to import, and few tests need it

    table = [[one.successes, one.trials - one.successes] for one in (first, second)]
    return float(fisher_exact(table).pvalue)
