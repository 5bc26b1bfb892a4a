"""What is said about one event and one KPI: the effect with its interval, the grade, the verdict and its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from metrics.stats.mixture import Estimate
from metrics.types import Event, Period

Grade = Literal["B", "C", "D", "R"]
"""B: untouched segments for comparison, every check passed. C: one series. D: several events at once. R: refused."""
Verdict = Literal["improved", "worsened", "rose", "fell", "none", "open", "refused"]
"""none: an effect larger than LARGE is excluded; open: the interval holds 0 and larger effects, too."""
Scale = Literal["level", "log"]


@dataclass(frozen=True, slots=True)
class Point:
    """One day or week. observed None: it is not held. expected with low and high: after the event; before it expected alone.

    so_far: the effect from the event through this point: a sum for a KPI that adds up, else the average as a share of what was expected.
    """

    period: Period
    observed: float | None
    expected: float
    low: float | None = None
    high: float | None = None
    so_far: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Placebos:
    """The same computation at earlier dates. effects: as shares (log) or in the KPI's units; significant: how many exclude 0.

    as_large: how many are at least as far from 0 as the effect that was found.
    """

    effects: tuple[float, ...]
    days: tuple[Period, ...]
    significant: int
    as_large: int


@dataclass(frozen=True, slots=True)
class Naive:
    """The mean of the window against that of as many days just before, as a dashboard would show it. relative: None without a base."""

    change: float
    relative: float | None


@dataclass(frozen=True, slots=True)
class Impact:
    """One event and one KPI.

    effect: mean over the window, in the KPI's units (a fraction of 1 for a rate). relative: as a share of what was expected. total: effect
    summed over the window, for a KPI that adds up. others: relative effect on everyone whom a campaign did not bring. panel: relative effect
    on the touched segments against the others, by difference in differences. holds: still clear after all looks of the report were allowed for.
    """

    event: Event
    kpi: str
    label: str
    unit: str
    better: str
    named_by: tuple[str, ...]
    expected: str
    verdict: Verdict
    grade: Grade
    reason: str
    scale: Scale = "level"
    grain: Literal["day", "week"] = "day"
    window: Period | None = None
    before: Period | None = None
    effect: Estimate | None = None
    relative: Estimate | None = None
    total: Estimate | None = None
    naive: Naive | None = None
    others: Estimate | None = None
    panel: Estimate | None = None
    controls: tuple[str, ...] = ()
    joint: tuple[str, ...] = ()
    placebos: Placebos | None = None
    points: tuple[Point, ...] = ()
    notes: tuple[str, ...] = ()
    holds: bool = False

    @property
    def key(self) -> str:
        """A text that no other impact of a report has."""
        return f"{self.event.kind}:{self.event.id}|{self.kpi}"


@dataclass(frozen=True, slots=True)
class ImpactReport:
    """All impacts that were asked for. looks: how many of them have an answer; rate: of false discoveries that `holds` allows."""

    impacts: tuple[Impact, ...]
    looks: int
    clear: int
    hold: int
    rate: float
    rule: str
    generation: int
