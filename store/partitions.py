"""Replaces slices of a fact table by what was fetched, touching only the slices that differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    Integer,
    MetaData,
    Numeric,
    Select,
    Table,
    delete,
    func,
    insert,
    literal,
    select,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement

from store.schema import NON_ADDITIVE, arrow_schema, restatements, slices
from store.types import WHOLE, Batch, Stream


@dataclass(frozen=True, slots=True)
class Replaced:
    """rows: how many differ from before; sums: slice → what → (before, after), for the slices that differ."""

    rows: int
    sums: Mapping[date, Mapping[str, tuple[float | None, float | None]]]


def replace(connection: Connection, table: Table, source: str, name: str, fetched: Sequence[pa.Table], days: Sequence[date]) -> Replaced:
    """Make the table hold exactly `fetched` for (source, days); return what differs from before.

    Shape: fetched tables have the columns of arrow_schema(name) and `slice`. A changed row counts once, not as one
    removed and one added.
    """
    stage = _stage(connection, table, name, fetched)
    columns = [column.name for column in table.columns if column.name != "source"]
    here = (table.c.source == source) & table.c.slice.in_(days)
    new = select(*(stage.c[c] for c in columns))
    old = select(*(table.c[c] for c in columns)).where(here)
    differing = _differing(connection, new, old)
    sums: dict[date, dict[str, tuple[float | None, float | None]]] = {}
    if differing:
        touched = list(differing)
        was, now = (_sums(connection, t, w) for t, w in ((table, here & table.c.slice.in_(touched)), (stage, stage.c.slice.in_(touched))))
        sums = {
            day: {k: (was.get(day, {}).get(k), now.get(day, {}).get(k)) for k in {**was.get(day, {}), **now.get(day, {})}}
            for day in touched
        }
        connection.execute(delete(table).where(table.c.source == source, table.c.slice.in_(touched)))
        rows = select(literal(source), *(stage.c[c] for c in columns)).where(stage.c.slice.in_(touched))
        connection.execute(insert(table).from_select(["source", *columns], rows))
    stage.drop(connection)
    return Replaced(sum(differing.values()), sums)


def _sums(connection: Connection, table: Table, where: ColumnElement[bool]) -> dict[date, dict[str, float]]:
    """Return slice → what → total, for everything that adds up: the rows, and the columns of counts and amounts."""
    counted = [c for c in table.columns if isinstance(c.type, BigInteger | Numeric) and not isinstance(c.type, Double)]
    additive = [c for c in counted if c.name not in {name for _, name in NON_ADDITIVE}]
    columns = [func.count().label("rows"), *(func.sum(c).label(c.name) for c in additive)]
    found = connection.execute(select(table.c.slice, *columns).where(where).group_by(table.c.slice))
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


def _stage(connection: Connection, table: Table, name: str, fetched: Sequence[pa.Table]) -> Table:
    """Put the fetched rows into a temporary table of the same types."""
    columns = [Column(c.name, c.type) for c in table.columns if c.name != "source"]
    stage = Table("_stage", MetaData(), *columns, prefixes=["TEMPORARY"])
    stage.create(connection)
    schema = arrow_schema(name).append(pa.field("slice", pa.date32()))
    rows = pa.concat_tables(fetched) if fetched else schema.empty_table()
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.register("_fetched", rows)
    names = ", ".join(f'"{c.name}"' for c in columns)
    connection.exec_driver_sql(f"INSERT INTO _stage ({names}) SELECT {names} FROM _fetched")
    driver.unregister("_fetched")
    return stage


def _differing(connection: Connection, new: Select[Any], old: Select[Any]) -> dict[date, int]:
    """Return slice → number of rows that differ, for the slices that differ."""
    added, removed = new.except_all(old).subquery(), old.except_all(new).subquery()
    one: ColumnElement[int] = literal(1, Integer)
    nil: ColumnElement[int] = literal(0, Integer)
    both = union_all(select(added.c.slice, one.label("plus"), nil.label("minus")), select(removed.c.slice, nil, one)).subquery()
    totals = select(both.c.slice, func.greatest(func.sum(both.c.plus), func.sum(both.c.minus))).group_by(both.c.slice)
    return {day: int(count) for day, count in connection.execute(totals)}


def record(connection: Connection, source: str, stream: Stream, closed: Sequence[Batch], rows: dict[date, int]) -> None:
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
            }
            for batch in closed
        ],
    )
