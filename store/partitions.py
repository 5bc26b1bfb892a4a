"""Replaces slices of a fact table by what was fetched, touching only the slices that differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Double,
    Integer,
    MetaData,
    Numeric,
    Table,
    delete,
    func,
    insert,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.expression import Subquery

from store.schema import NON_ADDITIVE, arrow_schema, restatements, slices
from store.stage import VIEW, Stage
from store.types import WHOLE, Batch, Stream

AGAIN = "_again"
"""The temporary table of slices that are held already, as they came now."""
DEDUPE_KEY = "dedupe_key"
IDENTITY = f"event, user_id, time, {DEDUPE_KEY}"
"""What the copies of an event have in common."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """rows: how many differ from before; sums: slice → what → (before, after), for the slices that differ.

    counts: slice → rows that came, copies of an event left out; drifted: slices with values of another type than their column.
    """

    rows: int
    sums: Mapping[date, Mapping[str, tuple[float | None, float | None]]]
    counts: Mapping[date, int]
    drifted: frozenset[date]


@dataclass(frozen=True, slots=True)
class Written:
    """What one commit wrote. read: rows from the vendor; changed: rows that differ from before; rows: slice → rows; drifted: as Replaced."""

    read: int
    changed: int
    rows: Mapping[date, int]
    drifted: frozenset[date] = frozenset()


def replace(connection: Connection, table: Table, source: str, stage: Stage, fetched: Mapping[date, int]) -> Replaced:
    """Make the table hold exactly the staged rows for (source, slices of `fetched`: slice → rows); return what differs from before.

    A changed row counts once, not as one removed and one added. Of copies of an event only the one received last stays.
    Raises: Unreadable, RefusedLines as Stage.load.
    """
    here = (table.c.source == source) & table.c.slice.in_(list(fetched))
    held = sorted(connection.scalars(select(table.c.slice).where(here).distinct()))
    new = [day for day in fetched if day not in held and stage.has_rows(day)]
    restated, sums = _restate(connection, table, source, stage, held) if held else ({}, {})
    _load(connection, table, table.name, source, stage, new)
    counts = dict(fetched) if DEDUPE_KEY not in table.c else dict.fromkeys(fetched, 0) | _counts(connection, table, here)
    changed = sum(restated.values()) + sum(counts[day] for day in new)
    return Replaced(changed, sums, counts, _drifted(connection, table, here))


def _restate(
    connection: Connection, table: Table, source: str, stage: Stage, held: Sequence[date]
) -> tuple[dict[date, int], dict[date, dict[str, tuple[float | None, float | None]]]]:
    """Replace the held slices that differ from what came; return slice → rows that differ, and slice → what → (before, after)."""
    connection.exec_driver_sql(f"CREATE OR REPLACE TEMP TABLE {AGAIN} AS SELECT * FROM {table.name} LIMIT 0").close()
    _load(connection, table, AGAIN, source, stage, held)
    restated = _differing(connection, table, source, held)
    sums: dict[date, dict[str, tuple[float | None, float | None]]] = {}
    if restated:
        here = (table.c.source == source) & table.c.slice.in_(list(restated))
        was = _sums(connection, table, select(table).where(here).subquery())
        connection.execute(delete(table).where(here))
        again = _again(table)
        connection.execute(insert(table).from_select(list(table.columns.keys()), select(again).where(again.c.slice.in_(list(restated)))))
        now = _sums(connection, table, select(table).where(here).subquery())
        names = {day: {**was.get(day, {}), **now.get(day, {})} for day in restated}
        sums = {day: {k: (was.get(day, {}).get(k), now.get(day, {}).get(k)) for k in names[day]} for day in restated}
    connection.exec_driver_sql(f"DROP TABLE {AGAIN}").close()
    return restated, sums


def _again(table: Table) -> Table:
    return Table(AGAIN, MetaData(), *(Column(c.name, c.type) for c in table.columns))


def _load(connection: Connection, table: Table, into: str, source: str, stage: Stage, days: Sequence[date]) -> None:
    """Insert the staged rows of these slices, each event once."""
    stage.load(connection, into, days)
    if DEDUPE_KEY in table.c:
        for day in days:
            _supersede(connection, into, source, day)


def _supersede(connection: Connection, name: str, source: str, day: date) -> None:
    """Delete all copies of an event but the one received last, of several such the one that came last."""
    mine = "source = ? AND slice = ?"
    asked = f"SELECT count(*), count(DISTINCT hash({IDENTITY})) FROM {name} WHERE {mine}"
    rows, events = connection.exec_driver_sql(asked, (source, day)).one()
    if rows == events:
        return
    twice = f"SELECT hash({IDENTITY}) FROM {name} WHERE {mine} GROUP BY 1 HAVING count(*) > 1"
    rank = f"row_number() OVER (PARTITION BY {IDENTITY} ORDER BY received_at DESC NULLS LAST, rowid DESC)"
    older = f"SELECT place FROM (SELECT rowid AS place, {rank} AS rank FROM {name} WHERE {mine} AND hash({IDENTITY}) IN ({twice})) WHERE rank > 1"
    connection.exec_driver_sql(f"DELETE FROM {name} WHERE {mine} AND rowid IN ({older})", (source, day) * 3).close()


def _counts(connection: Connection, table: Table, here: ColumnElement[bool]) -> dict[date, int]:
    return {day: int(n) for day, n in connection.execute(select(table.c.slice, func.count()).where(here).group_by(table.c.slice))}


def _drifted(connection: Connection, table: Table, here: ColumnElement[bool]) -> frozenset[date]:
    if "drifted" not in table.c:
        return frozenset()
    return frozenset(connection.scalars(select(table.c.slice).where(here, table.c.drifted).distinct()))


def keep_deleted(connection: Connection, table: Table, source: str, stage: Stage, day: date, at: datetime) -> None:
    """Stage the rows again that the vendor does not list any more, marked as deleted at this instant.

    They are no part of the slice's count, which is what the next pull is compared with.
    """
    columns = ", ".join(f'"{c.name}"' for c in table.columns if c.name not in ("source", "slice", "deleted_at"))
    schema, moment = arrow_schema(table.name), at.astimezone(UTC).replace(tzinfo=None)
    _fetched = stage.reader([day])  # read by name
    gone = connection.exec_driver_sql(
        f"SELECT {columns}, coalesce(deleted_at, ?) AS deleted_at FROM {table.name} "
        f"WHERE source = ? AND slice = ? AND id NOT IN (SELECT id FROM {VIEW})",
        (moment, source, day),
    )
    rows = [dict(row) for row in gone.mappings()]
    if rows:
        stage.add(Batch(day, pa.Table.from_pylist(rows, schema=schema)))


def _differing(connection: Connection, table: Table, source: str, days: Sequence[date]) -> dict[date, int]:
    """Return slice → number of rows that differ, for the slices that differ.

    Notes: rows are compared by a 64-bit fingerprint of all their columns, so that a large day costs eight bytes a row instead of
        the row; a changed row would pass for its old self once in 2^64.
    """
    mine = (table.c.source == source) & table.c.slice.in_(days)
    prints = [
        select(t.c.slice, func.hash(*t.columns).label("print"), literal(n, Integer).label("n")).where(where)
        for t, n, where in ((_again(table), 1, true()), (table, -1, mine))
    ]
    both = union_all(*prints).subquery()
    n = func.sum(both.c.n)
    uneven = select(both.c.slice, n.label("n")).group_by(both.c.slice, both.c.print).having(n != 0).subquery()
    plus, minus = (func.sum(func.greatest(sign * uneven.c.n, 0)) for sign in (1, -1))
    totals = select(uneven.c.slice, func.greatest(plus, minus)).group_by(uneven.c.slice)
    return {day: int(count) for day, count in connection.execute(totals)}


def _sums(connection: Connection, table: Table, rows: Subquery) -> dict[date, dict[str, float]]:
    """Return slice → what → total, for everything that adds up: the rows, and the columns of counts and amounts."""
    counted = [c for c in table.columns if isinstance(c.type, BigInteger | Numeric) and not isinstance(c.type, Double)]
    additive = [c for c in counted if c.name not in {name for _, name in NON_ADDITIVE}]
    columns = [func.count().label("rows"), *(func.sum(rows.c[c.name]).label(c.name) for c in additive)]
    found = connection.execute(select(rows.c.slice, *columns).group_by(rows.c.slice))
    return {row.slice: {k: float(v) for k, v in row._mapping.items() if k != "slice" and v is not None} for row in found}


def log_restatements(
    connection: Connection, source: str, stream: Stream, replaced: Replaced, complete: Collection[date], generation: int
) -> None:
    """Write down which totals of complete days changed: what was shown, and what it is now."""
    rows = [
        {"source": source, "stream": stream.name, "slice": day, "generation": generation, "what": what, "before": was, "after": now}
        for day, sums in sorted(replaced.sums.items())
        if day in complete and day != WHOLE
        for what, (was, now) in sorted(sums.items())
        if was != now
    ]
    if rows:
        connection.execute(insert(restatements), rows)


def record(
    connection: Connection, source: str, stream: Stream, closed: Sequence[Batch], written: Written, pulled_at: datetime | None
) -> None:
    """Write down each closed slice: its rows, how far it is complete, its quality flags."""
    mine = (slices.c.source == source) & (slices.c.stream == stream.name)
    connection.execute(delete(slices).where(mine, slices.c.slice.in_(list(written.rows))))
    connection.execute(
        insert(slices),
        [
            {
                "source": source,
                "stream": stream.name,
                "slice": batch.slice,
                "table_name": stream.table,
                "rows": written.rows[batch.slice],
                "complete_through": None if batch.complete_through is None else batch.complete_through.astimezone(UTC).replace(tzinfo=None),
                "flags": ",".join(sorted({*batch.flags, *(("drift",) if batch.slice in written.drifted else ())})),
                "context": batch.context or None,
                "pulled_at": None if pulled_at is None else pulled_at.astimezone(UTC).replace(tzinfo=None),
            }
            for batch in closed
        ],
    )
