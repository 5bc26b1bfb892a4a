"""What a randomised test is read from and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from metrics.stats.absent import Absent
from metrics.stats.experiments.effect import Effect
from metrics.stats.experiments.moments import Moments, Number, moments_of_sums
from metrics.stats.experiments.srm import Srm

Kind = Literal["mean", "proportion", "ratio"]
Moment = Literal["planned end", "interim", "no plan"]
Direction = Literal["higher", "lower", "not shown", "withheld"]
VARIABLES = ("value", "denominator", "covariate", "covariate_denominator")


@dataclass(frozen=True, slots=True)
class ArmMetric:
    """One metric of one arm. variables: of VARIABLES, those that the moments stand for, in order; users: of the arm.

    successes: users who converted, for a proportion.
    """

    experiment: str
    arm: str
    metric: str
    kind: Kind
    users: int
    variables: tuple[str, ...]
    moments: Moments | Absent
    successes: int | None = None


def arm_of_sums(
    experiment: str, arm: str, metric: str, kind: Kind, users: int, sums: Mapping[str, Number], products: Mapping[tuple[str, str], Number]
) -> ArmMetric:
    """Return a metric of an arm from aggregates: what a row of a file holds, and what a row of a table of results would.

    Shape: sums: variable → Σ; products: (variable, variable) in the order of VARIABLES → Σ of the product, squares included.
    """
    names = tuple(name for name in VARIABLES if name in sums)
    matrix = [[products[(a, b) if names.index(a) <= names.index(b) else (b, a)] for b in names] for a in names]
    moments = moments_of_sums(users, [sums[name] for name in names], matrix, is_proportion=kind == "proportion")
    successes = int(sums["value"]) if kind == "proportion" else None
    return ArmMetric(experiment, arm, metric, kind, users, names, moments, successes)


@dataclass(frozen=True, slots=True)
class Plan:
    """What was decided before the test. users: of all arms together, None = nobody said; weights: arm → share, equal when empty."""

    users: int | None = None
    primary: str | None = None
    control: str | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    alpha: float = 0.05


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric of one arm against the control. change decides; lift is shown with it.

    method: how the interval was made; p_adjusted: among the metrics (or arms) that share the risk of a false alarm.
    theta, share_removed: of CUPED, None without a covariate. control_value, value: unadjusted.
    """

    metric: str
    kind: Kind
    arm: str
    is_primary: bool
    control_value: float | None
    value: float | None
    change: Effect | Absent
    lift: Effect | Absent
    method: str
    p_adjusted: float | None
    direction: Direction
    theta: float | None = None
    share_removed: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Readout:
    """A whole test. grade A: randomised with a sound split; R: refused, reason says why. sentence: fit to be read aloud."""

    experiment: str
    control: str
    users: Mapping[str, int]
    split: Srm | Absent
    moment: Moment
    planned: int | None
    alpha: float
    grade: Literal["A", "R"]
    reason: str | None
    sentence: str
    readings: tuple[Reading, ...]
    notes: tuple[str, ...] = ()
