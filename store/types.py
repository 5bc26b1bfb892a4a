"""The seam types between connectors and the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

Slicing = Literal["day", "whole"]
WHOLE = date(1, 1, 1)
"""The slice of a stream that is replaced whole on every sync."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One canonical table a connector can fill.

    table: name in store.schema; the stream's rows have exactly that table's columns, less source and slice.
    slicing: "day" = replaced one vendor day at a time; "whole" = replaced whole on every sync.
    lookback: how far behind the saved coverage to read again, for vendors that revise.
    keeps_deleted: a row that the vendor does not list any more stays, with the instant in deleted_at.
    zone: whose days slice it; None = those of the connector's zone().
    """

    name: str
    table: str
    slicing: Slicing
    lookback: timedelta = timedelta(0)
    keeps_deleted: bool = False
    zone: ZoneInfo | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """What one read covers: [since, until), UTC instants. The connector never asks the clock; until is "now"."""

    since: datetime
    until: datetime

    def days(self, zone: ZoneInfo) -> list[date]:
        """Return every calendar day of `zone` that the window touches, oldest first."""
        first = self.since.astimezone(zone).date()
        last = (self.until - timedelta(microseconds=1)).astimezone(zone).date()
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one slice, fetched whole and checked.

    slice: the vendor day, or WHOLE. A slice may come in several batches; the one with closes=True ends it, and
        only then may the warehouse replace the stored partition.
    rows: the declared columns of store.schema.arrow_schema(stream.table).
    complete_through: UTC instant through which the vendor has said everything; None while the day still runs.
    flags: quality flags (sampled, thresholded, other_row, truncated, restricted, provisional).
    context: what the vendor's numbers are counted in (currency, time zone); a change makes them another series.
    """

    slice: date
    rows: pa.Table
    complete_through: datetime | None = None
    flags: tuple[str, ...] = ()
    closes: bool = True
    context: str = ""


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which `day` ends in `zone` (23, 24 or 25 hours after it began)."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which `day` begins in `zone`."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
