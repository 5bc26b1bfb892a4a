"""Which sources are due. Pure: the caller brings the runs and the time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from errors import DashboardError, QuotaError, TransientSourceError
from settings import SourceEntry
from store.attempts import next_attempt
from store.ledger import SourceRun
from store.types import day_end

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
    return tuple(entry.name for entry in entries if next_attempt(entry, runs.get(entry.name), now).at <= now)
