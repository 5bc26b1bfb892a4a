"""Which sources are due. Pure: the caller brings the runs and the time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from settings import SourceEntry
from store.ledger import SourceRun

AFTER_A_FAULT = timedelta(minutes=5)
"""A vendor that was away is asked again sooner than the interval."""
CLOCK_SLACK = timedelta(minutes=10)


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
