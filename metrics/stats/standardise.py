"""Direct standardisation: the rate a mixture would have if every group came in fixed shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Group:
    """One stratum: how many, and how many of them converted."""

    trials: int
    successes: int


def standardised_rate(
    groups: Mapping[str, Group], weights: Mapping[str, float], *, confidence: float = 0.95
) -> tuple[float, float, float] | None:
    """Return (rate, low, high) with every group weighted by its fixed share, or None when a weighted group has no trials.

    Units: weights are shares that add up to 1; rate = Σ w·p, variance = Σ w²·p(1−p)/n with p shrunk by half a success
    on either side, so that a group without a conversion does not pass for certain.
    Source: direct standardisation, e.g. Rothman, Greenland and Lash, Modern Epidemiology, 3rd ed., ch. 3.

    >>> rate, low, high = standardised_rate({"a": Group(100, 10), "b": Group(50, 10)}, {"a": 0.5, "b": 0.5})
    >>> round(rate, 3)
    0.15
    """
    if any(groups.get(name, Group(0, 0)).trials == 0 for name, weight in weights.items() if weight > 0):
        return None
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    rate = sum(weight * groups[name].successes / groups[name].trials for name, weight in weights.items() if weight > 0)
    variance = sum(weight**2 * _variance(groups[name]) for name, weight in weights.items() if weight > 0)
    half = z * sqrt(variance)
    return rate, max(0.0, rate - half), min(1.0, rate + half)


def _variance(group: Group) -> float:
    share = (group.successes + 0.5) / (group.trials + 1)
    return share * (1 - share) / group.trials
