"""How far a stream is held without a gap, worked out from its slices and written down beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, update

from store.schema import coverage, slices
from store.types import Stream


def _slices_of(source: str, stream: str) -> ColumnElement[bool]:
    return (slices.c.source == source) & (slices.c.stream == stream)


def _coverage_of(source: str, stream: str) -> ColumnElement[bool]:
    return (coverage.c.source == source) & (coverage.c.stream == stream)


def held(connection: Connection, source: str, stream: str) -> tuple[date | None, datetime | None]:
    """Return the first day and the instant (naive UTC) between which the stream is held without a gap."""
    row = connection.execute(select(coverage.c.covered_from, coverage.c.complete_through).where(_coverage_of(source, stream))).first()
    return (None, None) if row is None else (row.covered_from, row.complete_through)


def unsettled(connection: Connection, source: str, stream: Stream) -> date | None:
    """Return the first complete day that may still change at the vendor: it was pulled less than the lookback after its end."""
    settled_at = slices.c.complete_through + stream.lookback
    first: date | None = connection.scalar(
        select(func.min(slices.c.slice)).where(
            _slices_of(source, stream.name),
            slices.c.complete_through.is_not(None),
            slices.c.pulled_at.is_(None) | (slices.c.pulled_at < settled_at),
        )
    )
    return first


def complete_slices(connection: Connection, source: str, stream: Stream) -> dict[date, int]:
    """Return slice → rows of the complete slices that are held."""
    mine = select(slices.c.slice, slices.c.rows).where(_slices_of(source, stream.name), slices.c.complete_through.is_not(None))
    return {row.slice: row.rows for row in connection.execute(mine)}


def flag_held(connection: Connection, source: str, stream: Stream, day: date, table: Table) -> bool:
    """Mark a slice whose last good rows were kept; return whether the stream's coverage changed by it.

    The next admitted pull of the slice takes the mark away.
    """
    mine = _slices_of(source, stream.name) & (slices.c.slice == day)
    row = connection.execute(select(slices.c.flags).where(mine)).one()
    flags = {*filter(None, row.flags.split(",")), "held"}
    connection.execute(update(slices).where(mine).values(flags=",".join(sorted(flags))))
    connector = connection.scalar(select(coverage.c.connector).where(_coverage_of(source, stream.name)))
    return write_coverage(connection, source, str(connector), stream, table)


def write_coverage(connection: Connection, source: str, connector: str, stream: Stream, table: Table) -> bool:
    """Bring the stream's coverage up to date; return whether it changed."""
    mine = _coverage_of(source, stream.name)
    before = connection.execute(select(coverage).where(mine)).first()
    known = connection.execute(select(slices).where(_slices_of(source, stream.name))).all()
    values = {"source": source, "stream": stream.name, "table_name": table.name, "connector": connector, **covered(stream, known)}
    if before is not None and dict(before._mapping) == values:
        return False
    connection.execute(delete(coverage).where(mine))
    connection.execute(insert(coverage), [values])
    return True


def _epochs(held: Sequence[Any]) -> set[str]:
    """Return the flag of a series whose days were not all counted in the same currency and time zone."""
    return {"epochs"} if len({row.context for row in held if row.context}) > 1 else set()


def covered(stream: Stream, held: Sequence[Any]) -> dict[str, object]:
    """Return covered_from, complete_through, rows and flags of a stream.

    Shape: held are rows of `_slices`. For a stream sliced by day the newest unbroken run of complete days counts: a gap
    in the middle of the past must not let the days before it pass for held.
    """
    flags = sorted({flag for row in held for flag in row.flags.split(",") if flag and flag != "provisional"} | _epochs(held))
    rows = sum(row.rows for row in held)
    complete = sorted((row for row in held if row.complete_through is not None), key=lambda row: row.slice)
    if not complete:
        return {"covered_from": None, "complete_through": None, "rows": rows, "flags": ",".join(flags)}
    first = last = complete[-1]
    for row in reversed(complete[:-1]):
        if first.slice - row.slice != timedelta(days=1):
            break
        first = row
    return {
        "covered_from": first.slice if stream.slicing == "day" else None,
        "complete_through": last.complete_through,
        "rows": rows,
        "flags": ",".join(flags),
    }
