"""Sample ratio mismatch: do the arms hold as many users as the plan says? If not, the split itself is broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import chdtrc

from metrics.stats.absent import Absent

FLAG_BELOW = 0.001
"""GrowthBook's threshold: results are hidden below it."""


@dataclass(frozen=True, slots=True)
class Srm:
    """The chi-square test of the split."""

    chi2: float
    df: int
    p_value: float

    @property
    def is_flagged(self) -> bool:
        """Whether the split is so unlike the plan that no result may be shown."""
        return self.p_value < FLAG_BELOW


def sample_ratio(observed: Sequence[int], weights: Sequence[float]) -> Srm | Absent:
    """Return the goodness of fit of the users of each arm to the planned weights.

    Units: weights need not add up to 1; arms of weight 0 are left out.
    Source: Pearson's chi-square; Fabijan et al., KDD 2019.

    >>> round(sample_ratio([1000, 1200], [0.5, 0.5]).chi2, 6)
    18.181818
    """
    arms = [(n, weight) for n, weight in zip(observed, weights, strict=True) if weight > 0]
    users, whole = sum(n for n, _ in arms), sum(weight for _, weight in arms)
    if len(arms) < 2:
        return Absent("there is one arm, so there is no split to check")
    if users == 0:
        return Absent("no arm has users")
    planned = [(n, users * (weight / whole)) for n, weight in arms]
    chi2 = sum((n - due) ** 2 / due for n, due in planned)
    return Srm(chi2, len(arms) - 1, float(chdtrc(len(arms) - 1, chi2)))
