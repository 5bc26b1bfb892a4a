"""What is said about a team's delivery. Every number that is not there has its reason beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from metrics.stats.sprint_numbers import SprintNumbers
from metrics.types import Period

if TYPE_CHECKING:
    from metrics.stats.flow import Little  # numpy: the catalog imports these types, and a check of definitions must not pay for it

Basis = Literal["report", "frozen", "replayed"]
"""Where a closed sprint's numbers come from: the vendor's own report, our freeze in time, or the replayed history of changes."""
Chance = Literal["likely", "at risk", "unlikely", "unknown"]
Unit = Literal["points", "items"]


@dataclass(frozen=True, slots=True)
class Team:
    """Whose delivery it is: a board with its sprints, or a project without. name: unlike every other; board "": no sprints."""

    name: str
    source: str
    board: str
    projects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sprint:
    """One sprint with its numbers. days: in the reporting zone."""

    id: str
    name: str
    days: Period
    state: str
    unit: Unit
    numbers: SprintNumbers
    basis: Basis | None = None

    @property
    def last_day(self) -> date:
        """The sprint's last day."""
        return self.days.end - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Burndown:
    """A running (or the last) sprint day by day. days: first day … last whole day; lines: one value more, the first is the start.

    sprint_days: through the sprint's planned end, or further when it overruns. ideal: over the planned days, None when none is a working day.
    """

    sprint: Sprint
    days: tuple[date, ...]
    sprint_days: tuple[date, ...]
    remaining: tuple[float, ...]
    scope: tuple[float, ...]
    done: tuple[float, ...]
    scope_steps: tuple[float, ...]
    ideal: tuple[float, ...] | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """One item that was finished, for the control chart. average, sd: of the window around it."""

    key: str
    title: str
    url: str | None
    at: datetime
    day: date
    cycle_days: float
    average: float
    sd: float


@dataclass(frozen=True, slots=True)
class Ageing:
    """One item in progress and how long, in days."""

    key: str
    title: str
    url: str | None
    status: str
    age_days: float


@dataclass(frozen=True, slots=True)
class Flow:
    """Flow over whole weeks. cycle, lead: level → days, None when nothing was finished. weeks: (first day, items finished).

    unstarted: finished items that never were in progress, so they have no cycle time. efficiency: a fraction of 1.
    in_progress: items now; ageing: the oldest of them.
    """

    period: Period
    finished: tuple[Finished, ...]
    cycle: dict[int, float] | None
    lead: dict[int, float] | None
    unstarted: int
    window: int
    weeks: tuple[tuple[date, int], ...]
    wip: tuple[tuple[date, int], ...]
    efficiency: float | None
    efficiency_items: int
    little: Little
    in_progress: int
    ageing: tuple[Ageing, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """When a body of work is done, against its day. due: last day on which it is in time. items: open ones; ahead: those that come first.

    p50, p85, p95: dates; chance: share of paths done by the due day. reason: why there are no dates.
    """

    kind: Literal["sprint", "release", "launch", "backlog"]
    name: str
    url: str | None
    items: int
    ahead: int
    due: date | None
    p50: date | None
    p85: date | None
    p95: date | None
    chance: float | None
    verdict: Chance
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Outlooks by the pace of recent weeks. today: they begin here; weekly: items finished in each, oldest first; reason: why there is none."""

    today: date
    weekly: tuple[int, ...]
    outlooks: tuple[Outlook, ...]
    reason: str | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything about one team's delivery. today: first day that the sources do not wholly hold; sentence: fit to be read aloud."""

    team: Team
    today: date
    sentence: str
    current: Burndown | None
    sprints: tuple[Sprint, ...]
    flow: Flow
    forecast: Forecast
    generation: int
    notes: tuple[str, ...] = ()
