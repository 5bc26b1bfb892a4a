"""What to know before trusting a day: what the vendor or the quality gate raised about it, and how it changed after it was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, func, or_, select

from store.schema import restatements, slices
from store.types import WHOLE


@dataclass(frozen=True, slots=True)
class Restatement:
    """A complete day whose total changed at the vendor later. what: rows, or a column; generation: the first with the new value."""

    source: str
    stream: str
    day: date
    generation: int
    what: str
    before: float | None
    after: float | None


def read_restatements(connection: Connection, most: int = 200) -> tuple[Restatement, ...]:
    """Return the newest restatements, newest first."""
    c = restatements.c
    newest = select(c.source, c.stream, c.slice, c.generation, c.what, c.before, c.after)
    rows = connection.execute(newest.order_by(c.generation.desc(), c.slice.desc(), c.source, c.stream, c.what).limit(most))
    return tuple(Restatement(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class FlaggedSlice:
    """One day of a stream about which the vendor, or the quality gate, raised something, or that is not over yet.

    day None: a stream that is replaced whole. complete_through: aware UTC, None while the day may still grow. pulled_at: aware UTC,
    None for a day that a version pulled which did not keep it.
    """

    source: str
    stream: str
    day: date | None
    rows: int
    flags: tuple[str, ...]
    complete_through: datetime | None = None
    pulled_at: datetime | None = None


def read_flagged(connection: Connection, most: int = 200) -> tuple[FlaggedSlice, ...]:
    """Return the newest slices with quality flags, newest first; provisional days are not among them."""
    c = slices.c
    flagged = select(slices).where(c.flags.not_in(("", "provisional"))).order_by(c.slice.desc(), c.source, c.stream)
    return tuple(map(_flagged, connection.execute(flagged.limit(most))))


def _flagged(row: Any) -> FlaggedSlice:
    day = None if row.slice == WHOLE else row.slice
    flags = tuple(filter(None, row.flags.split(",")))
    return FlaggedSlice(row.source, row.stream, day, row.rows, flags, _aware(row.complete_through), _aware(row.pulled_at))


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Epoch:
    """A run of vendor days that were counted in the same currency and time zone. first, last: both included."""

    counted_in: str
    first: date
    last: date
    days: int


@dataclass(frozen=True, slots=True)
class Quality:
    """The reservations about one stream. slices: how many it holds; flagged: flag → how many carry it; newest: newest first.

    epochs: () unless the vendor's currency or time zone changed in between.
    """

    slices: int
    flagged: Mapping[str, int]
    newest: tuple[FlaggedSlice, ...]
    epochs: tuple[Epoch, ...]

    def share(self, flag: str) -> float:
        """Return the share of the slices that carry a flag, a fraction of 1."""
        return self.flagged.get(flag, 0) / self.slices


def read_quality(connection: Connection, most: int = 30) -> dict[tuple[str, str], Quality]:
    """Return (source, stream) → its reservations, with the newest `most` slices that are flagged or not over yet."""
    c = slices.c
    counted = select(c.source, c.stream, c.flags, func.count().label("n")).group_by(c.source, c.stream, c.flags)
    totals: dict[tuple[str, str], int] = {}
    flagged: dict[tuple[str, str], dict[str, int]] = {}
    for row in connection.execute(counted):
        stream = (row.source, row.stream)
        totals[stream] = totals.get(stream, 0) + row.n
        mine = flagged.setdefault(stream, {})
        for flag in filter(None, row.flags.split(",")):
            mine[flag] = mine.get(flag, 0) + row.n
    newest, epochs = _newest(connection, most), _epochs(connection)
    return {
        stream: Quality(totals[stream], dict(sorted(flagged[stream].items())), newest.get(stream, ()), epochs.get(stream, ()))
        for stream in totals
    }


def _newest(connection: Connection, most: int) -> dict[tuple[str, str], tuple[FlaggedSlice, ...]]:
    c = slices.c
    place = func.row_number().over(partition_by=(c.source, c.stream), order_by=c.slice.desc()).label("place")
    noted = select(slices, place).where(or_(c.flags != "", c.complete_through.is_(None))).subquery()
    rows = connection.execute(select(noted).where(noted.c.place <= most).order_by(noted.c.source, noted.c.stream, noted.c.place))
    grouped = groupby(map(_flagged, rows), lambda one: (one.source, one.stream))
    return {stream: tuple(ones) for stream, ones in grouped}


def _epochs(connection: Connection) -> dict[tuple[str, str], tuple[Epoch, ...]]:
    """Return the runs of days for the streams that were counted in more than one way."""
    c = slices.c
    several = select(c.source, c.stream).where(c.context.is_not(None)).group_by(c.source, c.stream)
    several = several.having(func.count(c.context.distinct()) > 1)
    changed = several.subquery()
    mine = select(c.source, c.stream, c.slice, c.context).join(changed, (changed.c.source == c.source) & (changed.c.stream == c.stream))
    rows = connection.execute(mine.where(c.context.is_not(None)).order_by(c.source, c.stream, c.slice)).all()
    found: dict[tuple[str, str], tuple[Epoch, ...]] = {}
    for (source, stream, counted_in), run in groupby(rows, lambda row: (row.source, row.stream, row.context)):
        days = [row.slice for row in run]
        found[source, stream] = (*found.get((source, stream), ()), Epoch(counted_in, days[0], days[-1], len(days)))
    return found
