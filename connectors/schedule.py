"""Which sources are due. Pure: the caller brings the runs and the time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from errors import DashboardError, QuotaError, TransientSourceError
from settings import SourceEntry
from store.ledger import SourceRun
from store.types import day_end

AFTER_A_FAULT = timedelta(minutes=5)
"""A vendor that was away is asked again sooner than the interval."""
CLOCK_SLACK = timedelta(minutes=10)


QUOTA_SECONDS = 3_600.0
"""How long a used-up quota rests when the vendor names neither wait nor window: all three count by the hour."""
PACIFIC = ZoneInfo("America/Los_Angeles")


def next_allowed(error: DashboardError, now: datetime) -> datetime | None:
    """Return the instant before which a vendor does not want to be asked again after an error; None when it may be asked at once."""
    if isinstance(error, QuotaError) and error.window == "pacific day":
        return day_end(now.astimezone(PACIFIC).date(), PACIFIC)
    if isinstance(error, QuotaError) and error.window == "hour":
        return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    wanted = error.retry_after_seconds if isinstance(error, TransientSourceError) else None
    if wanted is None and isinstance(error, QuotaError):
        wanted = QUOTA_SECONDS
    return None if wanted is None else now + timedelta(seconds=wanted)


def due(entries: Iterable[SourceEntry], runs: Mapping[str, SourceRun], now: datetime) -> tuple[str, ...]:
    """Return the sources whose time has come, in the order of the file. After a long sleep each is due once, not once for each interval."""
    return tuple(entry.name for entry in entries if next_attempt(entry, runs.get(entry.name), now) <= now)


def next_attempt(entry: SourceEntry, run: SourceRun | None, now: datetime) -> datetime:
    """Return when a source is to be asked next.

    Notes: a run in the future means that the clock was set back; it must not silence the source until then.
    """
    if run is None or run.started_at > now + CLOCK_SLACK:
        return now
    wait = min(entry.every, AFTER_A_FAULT) if run.error_kind == "transient" else entry.every
    return max(run.started_at + wait, run.not_before or run.started_at)
