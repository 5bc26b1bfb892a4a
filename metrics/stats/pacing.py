"""How much of a target to reach should be there by now, by the week's own shape, and what each day left must bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Status = Literal["on_track", "at_risk", "off_track"]
ON_TRACK, AT_RISK = 0.5, 0.1
"""Shares of simulated paths that reach the target, from which it is on track, and at risk."""


@dataclass(frozen=True, slots=True)
class Paced:
    """expected_share: of the target by now. pace: actual ÷ expected, None where nothing is expected yet.

    required_per_unit: what one average day (a profile unit of 1) must bring from now on, None when no day is left.
    """

    expected_share: float
    expected: float
    pace: float | None
    required_per_unit: float | None


def units(weekdays: Sequence[int], levels: Sequence[float], special: Mapping[int, float] | None = None) -> list[float]:
    """Return the profile units of days: a weekday's level ÷ the mean of the seven levels.

    Shape: weekdays 0 (Monday) to 6 of the days. special: place of a day → its own level (a holiday), in the units of `levels`.
    """
    mean = float(np.mean(levels))
    return [(special or {}).get(place, levels[day]) / mean for place, day in enumerate(weekdays)]


def expected_share(profile: Sequence[float], done: int) -> float | None:
    """Return e(d) = Σ units of the days done ÷ Σ units of all days, None when no unit is above 0."""
    whole = float(np.sum(profile))
    return float(np.sum(profile[:done])) / whole if whole > 0 else None


def pace(target: float, actual: float, profile: Sequence[float], done: int) -> Paced | None:
    """Return pace = actual ÷ (target · e(d)) and required rate = (target − actual) ÷ remaining units; None without a profile.

    A target that is reached requires 0 more.

    >>> pace(300, 90, [1, 1, 1, 0.5, 0.5, 1], 2)
    Paced(expected_share=0.4, expected=120.0, pace=0.75, required_per_unit=70.0)
    """
    share = expected_share(profile, done)
    if share is None:
        return None
    expected, left = target * share, float(np.sum(profile[done:]))
    required = max(0.0, target - actual) / left if left > 0 else None
    return Paced(share, expected, actual / expected if expected > 0 else None, required)


def chance(totals: Sequence[float], target: float, *, lower_is_better: bool = False) -> float:
    """Return the share of simulated totals that reach the target: at least it, or at most it when lower is better."""
    found = np.asarray(totals, dtype=float)
    return float(np.mean(found <= target if lower_is_better else found >= target))


def status(share: float) -> Status:
    """Return on track from 0.5, at risk from 0.1, else off track."""
    return "on_track" if share >= ON_TRACK else "at_risk" if share >= AT_RISK else "off_track"
