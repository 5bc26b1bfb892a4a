"""What is said of a relationship: its estimate or refusal, what a change of the driver is worth, and for whom it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from metrics.stats.elasticity import Effect
from metrics.stats.evidence import Assessment
from metrics.stats.jackknife import Estimate
from metrics.types import Period

Basis = Literal["visitor-days", "daily values"]


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment that takes part. typical: its geometric mean of the driver; low, high: the 5 % and 95 % points of its days; revenue None = unknown."""

    names: tuple[str, ...]
    exposure: float
    counts: float
    typical: float
    low: float
    high: float
    revenue: float | None


@dataclass(frozen=True, slots=True)
class Worth:
    """What one change of the driver goes with, over the segments in which the days have shown it.

    relative: of the outcome, as a fraction. counts and revenue: over the window; a_month: the same in 30 days. share: part of the counts that is covered.
    """

    change: float
    base: float
    relative: Effect
    counts: Effect
    counts_a_month: Effect
    revenue: Effect | None
    revenue_a_month: Effect | None
    share: float
    without_revenue: str | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """Another reading of the same panel, chosen in advance: shown beside the estimate, never instead of it."""

    name: str
    words: str
    estimate: Estimate | None


@dataclass(frozen=True, slots=True)
class Relation:
    """The effect of a driver on an outcome within segments, or why none is told.

    period: the days that were used, None when there are none. by: what segments are made of. people, people_known: exposure in all segments, and of it
    with a driver. left_out: what does not take part, in words. worth None has a reason in without_worth.
    """

    kpi: str
    driver: str
    outcome: str
    driver_unit: str
    per: float
    currency: str
    basis: Basis
    noun: str
    population: str
    period: Period | None
    by: tuple[str, ...]
    where: tuple[tuple[str, tuple[str, ...]], ...]
    assessment: Assessment
    segments: tuple[Segment, ...]
    left_out: tuple[str, ...]
    variants: tuple[Variant, ...]
    worth: Worth | None
    without_worth: str | None
    sql: str
    generation: int
    flags: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What may be read aloud."""
        from metrics.relation_words import sentence

        return sentence(self)
