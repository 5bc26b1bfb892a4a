"""How many users a test needs before it begins."""

from __future__ import annotations

from math import sqrt
from typing import Literal

from scipy.special import ndtri

from metrics.stats.absent import Absent

Null = Literal["baseline", "pooled"]


def users_for_shares(before: float, after: float, *, alpha: float = 0.05, power: float = 0.8, null: Null = "baseline") -> float | Absent:
    """Return the users that each arm needs to find a change of a share, two-sided.

    null: which variance stands under "no difference": that of the share before (Evan Miller's calculator) or of both pooled (R's
    power.prop.test).
    Source: evanmiller.org/ab-testing/sample-size.html, which gives 1,030 for 20 % and 25 %.

    >>> round(users_for_shares(0.20, 0.25)), round(users_for_shares(0.20, 0.25, null="pooled"))
    (1030, 1094)
    """
    if not (0 < before < 1 and 0 <= after <= 1):
        return Absent("a share must lie between 0 and 1, and the one before must not be 0 or 1")
    if before == after:
        return Absent("the smallest change worth finding must not be 0")
    under = before if null == "baseline" else (before + after) / 2
    no_change, change = sqrt(2 * under * (1 - under)), sqrt(before * (1 - before) + after * (1 - after))
    reach = float(ndtri(1 - alpha / 2)) * no_change + float(ndtri(power)) * change
    return (reach / (after - before)) ** 2


def users_for_means(sd: float, change: float, *, alpha: float = 0.05, power: float = 0.8) -> float | Absent:
    """Return the users that each arm needs to find a change of a mean, two-sided; sd: of a user's value.

    >>> round(users_for_means(1.0, 0.1), 1)
    1569.8
    """
    if change == 0 or sd <= 0:
        return Absent("the standard deviation must be above 0 and the change must not be 0")
    return 2.0 * ((float(ndtri(1 - alpha / 2)) + float(ndtri(power))) * sd / change) ** 2
