"""How old data may be before people have to be told, and which sources have a problem now. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from metrics.calendar import Calendar
from metrics.trust import SourceTrust
from metrics.types import Freshness

Lateness = Literal["fresh", "late", "stale"]
ORDER: tuple[Lateness, ...] = ("fresh", "late", "stale")
WARN_DAYS, ERROR_DAYS = 2, 4
"""Whole days that yesterday may be ahead of the last day held. GA4 may need two days until a day stands still."""
WARN_SYNC, ERROR_SYNC = timedelta(hours=3), timedelta(hours=24)
"""Age of the last good sync; a source that is asked less often may be three and twelve of its intervals old."""


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """A source whose numbers people should not take for today's. status: of its last sync; through: last whole day held."""

    source: str
    status: str
    lateness: Lateness
    through: date | None
    synced_at: datetime | None

    @property
    def is_held(self) -> bool:
        """Whether new data were held back because they had collapsed."""
        return self.status == "held"


def lateness(fresh: Freshness, now: datetime, calendar: Calendar, every: timedelta | None = None) -> Lateness:
    """Return how late a source is: by its last whole day and by its last good sync, whichever is worse."""
    yesterday = calendar.day_of(now) - timedelta(days=1)
    behind = None if fresh.covered_through is None else (yesterday - fresh.covered_through).days
    by_day: Lateness = "stale" if behind is None or behind >= ERROR_DAYS else "late" if behind >= WARN_DAYS else "fresh"
    warn, error = (max(limit, (every or timedelta(0)) * times) for limit, times in ((WARN_SYNC, 3), (ERROR_SYNC, 12)))
    age = None if fresh.synced_at is None else now - fresh.synced_at
    by_sync: Lateness = "stale" if age is None or age > error else "late" if age > warn else "fresh"
    return max(by_day, by_sync, key=ORDER.index)


def worst(found: Iterable[Lateness]) -> Lateness:
    """Return the worst of several; of none, what is known is nothing: stale."""
    return max(found, key=ORDER.index, default="stale")


def problems(sources: Iterable[SourceTrust], now: datetime, calendar: Calendar) -> tuple[SourceProblem, ...]:
    """Return the sources that are held back, refused, failed or late, the worst first."""
    found = []
    for one in sources:
        if one.fresh is None:
            continue  # no KPI stands on it yet
        late = lateness(one.fresh, now, calendar, one.every)
        if late != "fresh" or one.status in ("held", "auth", "failed"):
            found.append(SourceProblem(one.source, one.status, late, one.fresh.covered_through, one.fresh.synced_at))
    return tuple(sorted(found, key=lambda p: (-ORDER.index(p.lateness), p.source)))
