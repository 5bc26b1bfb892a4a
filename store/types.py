"""The seam types between connectors and the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa

from errors import SourceError

Slicing = Literal["day", "whole", "keyed"]
WHOLE = date(1, 1, 1)
"""The one slice of a stream that has no days."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One canonical table a connector can fill.

    table: name in store.schema; the stream's rows have exactly that table's columns, less source and slice.
    slicing: "day" = replaced one vendor day at a time; "whole" = replaced whole on every sync; "keyed" = the rows that come
        replace those with their key, and of the others those stay whose key is still listed.
    lookback: how far behind the saved coverage (keyed: behind the start of the last pull) to read again, for vendors that revise.
    keeps_deleted: a row that the vendor does not list any more stays, with the instant in deleted_at.
    key: the column that names the rows of a keyed stream.
    derived_from: the stream whose rows it is made of; it is not read when that one did not come whole.
    is_optional: a failure of it never fails its source; it ends unavailable, with the reason.
    zone: whose days slice it; None = those of the connector's zone().
    """

    name: str
    table: str
    slicing: Slicing
    lookback: timedelta = timedelta(0)
    keeps_deleted: bool = False
    key: str = ""
    derived_from: str | None = None
    is_optional: bool = False
    zone: ZoneInfo | None = None


class Held(Protocol):
    """What the state under construction holds of one source: a connector may read it, and never writes."""

    def pulled_at(self, stream: Stream) -> datetime | None:
        """Return when the pull began that brought a stream without days last, aware UTC; None when it never came."""

    def context(self, stream: Stream) -> str:
        """Return the context that the stream was last brought with."""

    def keys(self, stream: Stream) -> frozenset[str]:
        """Return every key that a keyed stream holds."""

    def rows(self, stream: Stream) -> Iterator[Mapping[str, Any]]:
        """Yield every row of a keyed stream in the order of its keys; never all at once in memory."""


@dataclass(frozen=True, slots=True)
class Window:
    """What one read covers: [since, until), UTC instants. The connector never asks the clock; until is "now".

    held: what is there already, for streams that build on it.
    """

    since: datetime
    until: datetime
    held: Held | None = None

    def days(self, zone: ZoneInfo) -> list[date]:
        """Return every calendar day of `zone` that the window touches, oldest first."""
        first = self.since.astimezone(zone).date()
        last = (self.until - timedelta(microseconds=1)).astimezone(zone).date()
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]


class LineReader(Protocol):
    """How a connector wants lines of JSON to be read: the database runs its SELECT over a file of them."""

    def select(self, file: str, *, repaired: bool) -> str:
        """Return the SELECT whose columns are those of arrow_schema(table), in that order; it fails on lines that are not clean."""

    def repair(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the same records as clean lines; raise SourceError when that cannot be done."""

    def refusal(self, said: str) -> SourceError:
        """Return what to tell of repaired lines that the database still refuses, saying why."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows that still are lines of JSON. data: bytes of the slice's body; a line may go on in the next batch."""

    data: bytes
    reader: LineReader
    num_rows: int = field(init=False)
    """How many lines end here; asked for at every step, counted once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "num_rows", self.data.count(b"\n"))


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one slice, fetched whole and checked.

    slice: the vendor day, or WHOLE. A slice may come in several batches; the one with closes=True ends it, and
        only then may the warehouse replace the stored partition.
    rows: the declared columns of store.schema.arrow_schema(stream.table), or the lines from which the database reads them.
    complete_through: UTC instant through which the vendor has said everything; None while the day still runs.
    flags: quality flags (sampled, thresholded, other_row, truncated, restricted, provisional).
    context: what the vendor's numbers are counted in (currency, time zone), or what was asked; a change makes them another series.
    listed: of a keyed stream, on the batch that closes: every key that exists at the vendor. None: nobody knows, nothing vanishes.
    """

    slice: date
    rows: pa.Table | Lines
    complete_through: datetime | None = None
    flags: tuple[str, ...] = ()
    closes: bool = True
    context: str = ""
    listed: frozenset[str] | None = None


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which `day` ends in `zone` (23, 24 or 25 hours after it began)."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which `day` begins in `zone`."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
