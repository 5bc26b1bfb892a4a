"""Replaces slices of a fact table by what was fetched, touching only the slices that differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    Integer,
    MetaData,
    Numeric,
    Table,
    cast,
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


@dataclass(frozen=True, slots=True)
class Replaced:
    """rows: how many differ from before; sums: slice → what → (before, after), for the slices that differ."""

    rows: int
    sums: Mapping[date, Mapping[str, tuple[float | None, float | None]]]


def replace(connection: Connection, table: Table, source: str, stage: Stage, fetched: Mapping[date, int]) -> Replaced:
    """Make the table hold exactly the staged rows for (source, slices of `fetched`: slice → rows); return what differs from before.

    A changed row counts once, not as one removed and one added.
    """
    held = set(connection.scalars(select(table.c.slice).where(table.c.source == source, table.c.slice.in_(list(fetched))).distinct()))
    new = {day: rows for day, rows in fetched.items() if day not in held and rows}
    restated = _differing(connection, table, source, stage, sorted(held)) if held else {}
    sums: dict[date, dict[str, tuple[float | None, float | None]]] = {}
    if restated:
        here = (table.c.source == source) & table.c.slice.in_(list(restated))
        was = _sums(connection, table, select(table).where(here).subquery())
        connection.execute(delete(table).where(here))
    if restated or new:
        _insert(connection, table, source, stage, sorted([*restated, *new]))
    if restated:
        now = _sums(connection, table, select(table).where(here).subquery())
        names = {day: {**was.get(day, {}), **now.get(day, {})} for day in restated}
        sums = {day: {k: (was.get(day, {}).get(k), now.get(day, {}).get(k)) for k in names[day]} for day in restated}
    return Replaced(sum(restated.values()) + sum(new.values()), sums)


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


def _insert(connection: Connection, table: Table, source: str, stage: Stage, days: Sequence[date]) -> None:
    """Insert the staged rows in portions: one statement for all of them would hold them in memory."""
    names = ", ".join(f'"{column.name}"' for column in table.columns if column.name != "source")
    for _fetched in stage.portions(days):
        connection.exec_driver_sql(f"INSERT INTO {table.name} (source, {names}) SELECT ?, {names} FROM {VIEW}", (source,)).close()


def _differing(connection: Connection, table: Table, source: str, stage: Stage, days: Sequence[date]) -> dict[date, int]:
    """Return slice → number of rows that differ, for the slices that differ.

    Notes: rows are compared by a 64-bit fingerprint of all their columns, so that a large day costs eight bytes a row instead of
        the row; a changed row would pass for its old self once in 2^64.
    """
    columns = [column.name for column in table.columns if column.name != "source"]
    fetched = Table(VIEW, MetaData(), *(Column(c.name, c.type) for c in table.columns if c.name != "source"))
    mine = (table.c.source == source) & table.c.slice.in_(days)
    prints = [
        select(t.c.slice, func.hash(*(cast(t.c[c], t.c[c].type) for c in columns)).label("print"), literal(n, Integer).label("n")).where(
            where
        )
        for t, n, where in ((fetched, 1, true()), (table, -1, mine))
    ]
    both = union_all(*prints).subquery()
    n = func.sum(both.c.n)
    uneven = select(both.c.slice, n.label("n")).group_by(both.c.slice, both.c.print).having(n != 0).subquery()
    plus, minus = (func.sum(func.greatest(sign * uneven.c.n, 0)) for sign in (1, -1))
    totals = select(uneven.c.slice, func.greatest(plus, minus)).group_by(uneven.c.slice)
    _fetched = stage.reader(days)  # read by name
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
    connection: Connection, source: str, stream: Stream, closed: Sequence[Batch], rows: dict[date, int], pulled_at: datetime | None
) -> None:
    """Write down each closed slice: its rows, how far it is complete, its quality flags."""
    mine = (slices.c.source == source) & (slices.c.stream == stream.name)
    connection.execute(delete(slices).where(mine, slices.c.slice.in_(list(rows))))
    connection.execute(
        insert(slices),
        [
            {
                "source": source,
                "stream": stream.name,
                "slice": batch.slice,
                "table_name": stream.table,
                "rows": rows[batch.slice],
                "complete_through": None if batch.complete_through is None else batch.complete_through.astimezone(UTC).replace(tzinfo=None),
                "flags": ",".join(sorted(set(batch.flags))),
                "context": batch.context or None,
                "pulled_at": None if pulled_at is None else pulled_at.astimezone(UTC).replace(tzinfo=None),
            }
            for batch in closed
        ],
    )
