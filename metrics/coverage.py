"""How far the sources of a KPI reach, read from a generation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from sqlalchemy import Connection, select

from metrics.calendar import Calendar
from metrics.slots import EVERYTHING
from metrics.types import Freshness, Period
from store.schema import coverage, slices


@dataclass(frozen=True, slots=True)
class StreamCoverage:
    """One stream of one source. complete_through, began: aware UTC; everything between is held.

    covered_from: first vendor day; began: when that day began at the vendor, None for a table that is replaced whole.
    """

    source: str
    connector: str
    stream: str
    table: str
    rows: int
    covered_from: date | None
    complete_through: datetime | None
    flags: tuple[str, ...]
    began: datetime | None = None


@dataclass(frozen=True)
class Reach:
    """What several streams cover together: from the latest beginning to the slowest end. Worked out once, asked for every period.

    unfilled: tables that no stream fills. planned: the facts are plans (due dates, campaign ends), which lie ahead of any coverage.
    """

    streams: tuple[StreamCoverage, ...]
    calendar: Calendar
    unfilled: tuple[str, ...] = ()
    planned: bool = False

    @cached_property
    def first(self) -> date | None:
        """First day that all streams hold; None when only tables that are replaced whole take part."""
        return max((day for s in self.streams if (day := self._first_of(s)) is not None), default=None)

    def _first_of(self, stream: StreamCoverage) -> date | None:
        """Return a stream's first whole reporting day: where the vendor's days begin later than ours, its first one lacks the early hours."""
        if stream.covered_from is None or stream.began is None or stream.began <= self.calendar.begins(stream.covered_from):
            return stream.covered_from
        return stream.covered_from + timedelta(days=1)

    @cached_property
    def through(self) -> datetime | None:
        """Instant that the slowest stream has passed; None when one holds nothing."""
        ends = [s.complete_through for s in self.streams]
        return min((end for end in ends if end is not None), default=None) if all(ends) and not self.unfilled else None

    @cached_property
    def end(self) -> date | None:
        """First reporting day that is not wholly covered."""
        return None if self.through is None else self.calendar.day_of(self.through)

    def held(self, period: Period) -> Period:
        """Return the days of the period that every stream holds; an empty period when there are none.

        Facts of several sources are only ever set side by side over these days: a numerator of ten days over a denominator of
        twenty would be a number of nothing.
        """
        if self.end is None:
            return Period(period.start, period.start)
        start = period.start if self.first is None else max(period.start, self.first)
        end = period.end if self.planned else min(period.end, self.end)
        return Period(start, max(start, end))

    @cached_property
    def everything(self) -> Period:
        """All days that every stream holds, open to both sides where nothing bounds them."""
        end = EVERYTHING.end if self.planned else self.end or EVERYTHING.start
        return Period(self.first or EVERYTHING.start, end)

    def settled_before(self, maturity_days: int) -> date | None:
        """Return the first day whose values may still move; None when nothing is held."""
        return None if self.through is None else self.calendar.day_of(self.through - timedelta(days=maturity_days))

    def reason_outside(self, period: Period) -> str | None:
        """Return why a period says nothing, or None when all streams hold at least one of its days."""
        if self.everything.start <= period.start < self.everything.end and self.through is not None:
            return None
        if self.unfilled:
            return f"no source fills {', '.join(self.unfilled)}"
        if self.through is None:
            waiting = sorted({s.source for s in self.streams if s.complete_through is None})
            return f"{', '.join(waiting)} holds no complete day yet"
        if self.end is not None and period.start >= self.end and not self.planned:
            slowest = min(self.streams, key=lambda s: s.complete_through or datetime.min.replace(tzinfo=UTC))
            return f"{slowest.source} is covered through {self.end - timedelta(days=1)}"
        if self.first is not None and period.end <= self.first:
            latest = max(self.streams, key=lambda s: self._first_of(s) or date.min)
            return f"{latest.source} is covered from {self.first} on"
        if not self.held(period).days:
            return f"its sources share no day: {self._spans()}"
        return None

    def _spans(self) -> str:
        """Say what each stream covers, for people."""
        words = {f"{s.source} from {s.covered_from or 'its beginning'} through {self._last_day(s)}" for s in self.streams}
        return ", ".join(sorted(words))

    def _last_day(self, stream: StreamCoverage) -> date | None:
        return None if stream.complete_through is None else self.calendar.day_of(stream.complete_through) - timedelta(days=1)


def read_coverage(connection: Connection) -> tuple[StreamCoverage, ...]:
    """Return the coverage of all streams, by source and stream."""
    first = (slices.c.source == coverage.c.source) & (slices.c.stream == coverage.c.stream) & (slices.c.slice == coverage.c.covered_from)
    held = select(coverage, slices.c.complete_through.label("first_ended")).select_from(coverage.outerjoin(slices, first))
    rows = connection.execute(held.order_by(coverage.c.source, coverage.c.stream))
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
            None if row.first_ended is None else row.first_ended.replace(tzinfo=UTC) - timedelta(days=1),
        )
        for row in rows
    )


Needs = Mapping[str, frozenset[str] | None]
"""table → the sources whose rows can take part, None = all of them."""


def reach(streams: Iterable[StreamCoverage], needs: Needs, calendar: Calendar, planned: bool = False) -> Reach:
    """Return what the streams behind some tables cover together."""
    taking_part = tuple(s for s in streams if s.table in needs and (needs[s.table] is None or s.source in (needs[s.table] or ())))
    filled = {s.table for s in taking_part}
    return Reach(taking_part, calendar, tuple(sorted(set(needs) - filled)), planned)


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
