"""What is known about every source and stream: may its numbers be trusted now, and what happens next? Knows no vendor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from errors import ConfigError
from metrics.coverage import StreamCoverage
from metrics.live import LiveNow, live_now
from metrics.reservations import Quality, read_quality
from metrics.types import Freshness
from settings import SourceEntry, Workspace, declared_sources
from store.attempts import Attempt, next_attempt
from store.ledger import Ledger, SourceRun
from store.run_history import Quota, StreamRun, read_quotas, read_stream_runs
from store.unread_ledger import readable
from store.vendor_calls import count_calls

HOUR = timedelta(hours=1)
WARN_DAYS = 30
"""How long before a token ends people have to be told."""
NOTHING = Quality(0, {}, (), ())


@dataclass(frozen=True, slots=True)
class StreamTrust:
    """One stream. run None: it was never asked; held None: nothing of it is in the warehouse."""

    stream: str
    run: StreamRun | None
    held: StreamCoverage | None
    quality: Quality


@dataclass(frozen=True, slots=True)
class SourceTrust:
    """One source. status: the last run's, never, or unknown when the ledger cannot be read.

    attempt None: it is not in sources.yaml, so it is not asked any more. calls_last_hour: of those that its budget counts.
    live: of the last minutes; None when the source is not asked for it.
    token_days_left: negative when the token has ended; None when sources.yaml does not say.
    """

    source: str
    connector: str
    status: str
    run: SourceRun | None
    fresh: Freshness | None
    streams: tuple[StreamTrust, ...]
    attempt: Attempt | None
    every: timedelta | None
    quota: Quota | None
    calls_last_hour: int
    token_expires: date | None
    token_days_left: int | None
    live: LiveNow | None = None

    @property
    def token_ends_soon(self) -> bool:
        """Whether a person has to make a new token now."""
        return self.token_days_left is not None and self.token_days_left <= WARN_DAYS


@dataclass(frozen=True, slots=True)
class Trust:
    """All sources by name; problem: why sources.yaml could not be read, so that nothing is known of next attempts."""

    sources: tuple[SourceTrust, ...]
    problem: str | None = None


def read_trust(
    space: Workspace, connection: Connection | None, streams: Iterable[StreamCoverage], fresh: Iterable[Freshness], now: datetime
) -> Trust:
    """Return what stores and settings say of every source that is declared, was ever asked or has facts.

    Shape: connection is to the served generation, None for an empty store. No credential is read.
    """
    ledger, problem = readable(space), None
    entries: dict[str, SourceEntry] = {}
    try:
        entries = {entry.name: entry for entry in declared_sources(space)}
    except ConfigError as error:
        problem = str(error)
    known = _Known(
        ledger,
        now,
        entries,
        {run.source: run for run in ledger.last_runs()},
        {one.source: one for one in fresh},
        _streams(streams, read_stream_runs(ledger), {} if connection is None else read_quality(connection)),
        read_quotas(ledger),
        {one.source: one for one in live_now(space, now)},
    )
    names = dict.fromkeys([*entries, *sorted({*known.runs, *known.reach})])
    return Trust(tuple(map(known.source, names)), problem)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read, by source."""

    ledger: Ledger
    now: datetime
    entries: Mapping[str, SourceEntry]
    runs: Mapping[str, SourceRun]
    reach: Mapping[str, Freshness]
    streams: Mapping[str, tuple[StreamTrust, ...]]
    quotas: Mapping[str, Quota]
    live: Mapping[str, LiveNow]

    def source(self, name: str) -> SourceTrust:
        """Put together what is known of one source."""
        entry, run, fresh = self.entries.get(name), self.runs.get(name), self.reach.get(name)
        ends = entry.token_expires if entry else None
        return SourceTrust(
            source=name,
            connector=next(one.connector for one in (entry, run, fresh) if one is not None),
            status=run.status if run else "never" if self.ledger.problem is None else "unknown",
            run=run,
            fresh=fresh,
            streams=self.streams.get(name, ()),
            attempt=next_attempt(entry, run, self.now) if entry else None,
            every=entry.every if entry else None,
            quota=self.quotas.get(name),
            calls_last_hour=count_calls(self.ledger, name, "call", self.now - HOUR)[0] if run else 0,
            token_expires=ends,
            token_days_left=days_left(ends, self.now),
            live=self.live.get(name),
        )


def _streams(
    held: Iterable[StreamCoverage], runs: Mapping[tuple[str, str], StreamRun], quality: Mapping[tuple[str, str], Quality]
) -> dict[str, tuple[StreamTrust, ...]]:
    """Return source → its streams, those with facts first in their order, then those that never brought any."""
    covered = {(one.source, one.stream): one for one in held}
    found: dict[str, tuple[StreamTrust, ...]] = {}
    for key in dict.fromkeys([*covered, *runs]):
        one = StreamTrust(key[1], runs.get(key), covered.get(key), quality.get(key, NOTHING))
        found[key[0]] = (*found.get(key[0], ()), one)
    return found


def days_left(ends: date | None, now: datetime) -> int | None:
    """Return the days until a token ends, counted from the day of `now`; None when nobody said when it does."""
    return None if ends is None else (ends - now.date()).days


def token_words(left: int) -> str:
    """Say when a token ends, and what to do."""
    when = f"in {left} days" if left > 1 else "tomorrow" if left == 1 else "today"
    return f"Its token ends {when}: make a new one in time." if left >= 0 else f"Its token ended {-left} days ago: make a new one."
