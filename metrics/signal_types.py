"""What a signal is: the points of an XmR chart with their limits, and what the last of them says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from metrics.stats.xmr import Limits
from metrics.types import Grain, Period, TargetStatus

Variation = Literal["common", "improvement", "concern", "high", "low"]
"""common: as always. high, low: unusual, of a KPI that has no better direction."""
Assurance = Literal["keeps_passing", "keeps_failing", "by_chance"]


@dataclass(frozen=True, slots=True)
class Point:
    """One whole period. adjusted: the value freed of its weekday, else the value itself; lower, expected and upper are on its scale.

    judged: what is held against the phase's limits, the adjusted value or its difference from the one-step forecast.
    rules: of 1, 2 and 3 those that complete here; 3 is a hint and no signal.
    """

    label: str
    period: Period
    value: float
    adjusted: float
    judged: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    rules: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShownPhase:
    """Points [start, stop) with limits of their own. why: what began it; absent: why it has no limits.

    follows: whether values follow each other, so that limits are those of the differences from a one-step forecast.
    """

    start: int
    stop: int
    why: str
    limits: Limits | None
    absent: str | None
    follows: bool
    correlation: float | None


@dataclass(frozen=True, slots=True)
class Signal:
    """What variation says of a KPI. variation None: no verdict, and reason says why. since: first day of what the last point belongs to.

    rises: whether the unusual side is the upper one. status: of the last point against its target. rules: by whose rules. is_short: there are too few whole periods for a verdict.
    """

    kpi: str
    grain: Grain
    better: str
    points: tuple[Point, ...] = ()
    phases: tuple[ShownPhase, ...] = ()
    variation: Variation | None = None
    since: date | None = None
    rises: bool | None = None
    assurance: Assurance | None = None
    status: TargetStatus | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()
    rules: str = "wheeler"
    is_adjusted: bool = False
    is_short: bool = False

    @property
    def follows(self) -> bool:
        """Whether the last phase is judged by its one-step forecast."""
        return bool(self.phases) and self.phases[-1].follows
