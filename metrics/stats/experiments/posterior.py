"""The Bayesian view of a lift: what to believe after the data, and what choosing wrongly would cost."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, pi, sqrt
from statistics import NormalDist

from metrics.stats.experiments.effect import Effect


@dataclass(frozen=True, slots=True)
class Prior:
    """A normal belief about the lift before the data."""

    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Posterior:
    """The belief about the lift. losses: expected lift forgone when the arm is chosen, a fraction."""

    mean: float
    sd: float
    low: float
    high: float
    chance_to_win: float
    loss_of_control: float
    loss_of_treatment: float


def posterior(lift: Effect, prior: Prior | None = None, *, lower_is_better: bool = False) -> Posterior:
    """Return the normal posterior of a relative lift; prior None is flat.

    Source: conjugate normal update; loss = E[max(0, ±lift)].
    Raises: ValueError for an effect of an exact method, which has no standard error.
    """
    if not lift.se:
        raise ValueError("a posterior needs a standard error")
    mean, sd = lift.value, lift.se
    if prior is not None:
        weight = 1 / prior.variance + 1 / lift.se**2
        mean, sd = (prior.mean / prior.variance + lift.value / lift.se**2) / weight, sqrt(1 / weight)
    normal = NormalDist()
    half, above = normal.inv_cdf(0.975) * sd, normal.cdf(mean / sd)
    density = exp(-0.5 * (mean / sd) ** 2) / sqrt(2 * pi)
    gain, loss = mean * above + sd * density, sd * density - mean * (1 - above)
    if lower_is_better:
        gain, loss, above = loss, gain, 1 - above
    return Posterior(mean, sd, mean - half, mean + half, above, gain, loss)
