"""How far the sources of a KPI reach, read from a generation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, select

from metrics.calendar import Calendar
from metrics.types import Freshness, Period
from store.schema import coverage


@dataclass(frozen=True, slots=True)
class StreamCoverage:
    """One stream of one source. complete_through: aware UTC; everything before it is held."""

    source: str
    connector: str
    stream: str
    table: str
    rows: int
    covered_from: date | None
    complete_through: datetime | None
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """What several streams cover together: from the latest beginning to the slowest end."""

    streams: tuple[StreamCoverage, ...]
    calendar: Calendar

    @property
    def first(self) -> date | None:
        """First day that all streams hold; None when only tables that are replaced whole take part."""
        return max((s.covered_from for s in self.streams if s.covered_from is not None), default=None)

    @property
    def through(self) -> datetime | None:
        """Instant that the slowest stream has passed; None when one holds nothing."""
        ends = [s.complete_through for s in self.streams]
        return min((end for end in ends if end is not None), default=None) if all(ends) else None

    @property
    def end(self) -> date | None:
        """First reporting day that is not wholly covered."""
        return None if self.through is None else self.calendar.day_of(self.through)

    def is_complete(self, period: Period) -> bool:
        """Whether the period is over and every stream holds all of it."""
        if self.through is None or (self.first is not None and period.start < self.first):
            return False
        return self.calendar.begins(period.end) <= self.through

    def is_settling(self, period: Period, maturity_days: int) -> bool:
        """Whether values of the period may still move."""
        return self.through is not None and self.calendar.begins(period.end) > self.through - timedelta(days=maturity_days)

    def reason_outside(self, period: Period) -> str | None:
        """Return why a period without rows says nothing, or None when it is covered at least in part."""
        if self.through is None:
            waiting = sorted({s.source for s in self.streams if s.complete_through is None})
            return f"{', '.join(waiting)} holds no complete day yet"
        if self.end is not None and period.start >= self.end:
            slowest = min(self.streams, key=lambda s: s.complete_through or datetime.min.replace(tzinfo=UTC))
            return f"{slowest.source} is covered through {self.end - timedelta(days=1)}"
        if self.first is not None and period.end <= self.first:
            latest = max(self.streams, key=lambda s: s.covered_from or date.min)
            return f"{latest.source} is covered from {self.first} on"
        return None


def read_coverage(connection: Connection) -> tuple[StreamCoverage, ...]:
    """Return the coverage of all streams, by source and stream."""
    rows = connection.execute(select(coverage).order_by(coverage.c.source, coverage.c.stream))
    return tuple(
        StreamCoverage(
            row.source,
            row.connector,
            row.stream,
            row.table_name,
            row.rows,
            row.covered_from,
            None if row.complete_through is None else row.complete_through.replace(tzinfo=UTC),
            tuple(flag for flag in row.flags.split(",") if flag),
        )
        for row in rows
    )


def reach(streams: Iterable[StreamCoverage], tables: Iterable[str], calendar: Calendar) -> Reach:
    """Return what the streams that fill `tables` cover together."""
    wanted = set(tables)
    return Reach(tuple(s for s in streams if s.table in wanted), calendar)


def freshness(streams: Iterable[StreamCoverage], synced: dict[str, datetime], calendar: Calendar) -> tuple[Freshness, ...]:
    """Return one freshness for each source, by name."""
    grouped: dict[str, list[StreamCoverage]] = {}
    for stream in streams:
        grouped.setdefault(stream.source, []).append(stream)
    found = []
    for source, mine in sorted(grouped.items()):
        together = Reach(tuple(mine), calendar)
        through = None if together.end is None else together.end - timedelta(days=1)
        flags = tuple(sorted({flag for stream in mine for flag in stream.flags}))
        found.append(Freshness(source, mine[0].connector, synced.get(source), together.first, through, flags))
    return tuple(found)
