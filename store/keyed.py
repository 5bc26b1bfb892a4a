"""Replaces rows of a keyed stream: those with a key that came, and of the others those whose key is not listed any more."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Connection, Table, func, select

from store.stage import VIEW, Stage
from store.types import WHOLE

LISTED = "_listed"
"""What SQL calls the keys that exist; DuckDB reads the variable of that name, as it does with the fetched rows."""


@dataclass(frozen=True, slots=True)
class Applied:
    """changed: rows that differ from before or vanished; rows: how many the table holds of the source now."""

    changed: int
    rows: int


def apply(connection: Connection, table: Table, source: str, key: str, stage: Stage, listed: AbstractSet[str] | None) -> Applied:
    """Make the table hold the staged rows under their keys; without a list of keys nothing vanishes.

    Notes: rows are compared by a 64-bit fingerprint, as slices are. A row that came although its key is not listed does not count.
    """
    vanished = 0 if listed is None else _drop_unlisted(connection, table, source, key, listed)
    changed = _find_changed(connection, table, source, key, stage, listed)
    if changed:
        connection.exec_driver_sql(f"DELETE FROM {table.name} WHERE source = ? AND {key} IN (SELECT key FROM _changed)", (source,)).close()
        _insert_changed(connection, table, source, key, stage)
    for name in ("_came", "_changed"):
        connection.exec_driver_sql(f"DROP TABLE {name}").close()
    rows = connection.scalar(select(func.count()).select_from(table).where(table.c.source == source)) or 0
    return Applied(vanished + changed, rows)


def _drop_unlisted(connection: Connection, table: Table, source: str, key: str, listed: AbstractSet[str]) -> int:
    """Delete the rows whose key is not listed; return how many."""
    _listed = pa.table({"key": pa.array(sorted(listed), pa.string())})  # read by name
    gone = f"FROM {table.name} WHERE source = ? AND {key} NOT IN (SELECT key FROM {LISTED})"
    count = int(connection.exec_driver_sql(f"SELECT count(*) {gone}", (source,)).scalar() or 0)
    if count:
        connection.exec_driver_sql(f"DELETE {gone}", (source,)).close()
    return count


def _find_changed(connection: Connection, table: Table, source: str, key: str, stage: Stage, listed: AbstractSet[str] | None) -> int:
    """Write the keys whose rows differ from those held into _changed; return the number of rows that differ, a changed one once."""
    columns = ", ".join(f'"{column.name}"' for column in table.columns if column.name not in ("source", "slice"))
    _fetched = stage.reader([WHOLE])  # read by name
    connection.exec_driver_sql(f"CREATE OR REPLACE TEMP TABLE _came AS SELECT {key} AS key, hash({columns}) AS print FROM {VIEW}").close()
    if listed is not None:
        _listed = pa.table({"key": pa.array(sorted(listed), pa.string())})  # read by name
        connection.exec_driver_sql(f"DELETE FROM _came WHERE key NOT IN (SELECT key FROM {LISTED})").close()
    held = f"SELECT {key} AS key, hash({columns}) AS print, -1 AS n FROM {table.name} WHERE source = ? AND {key} IN (SELECT key FROM _came)"
    uneven = f"SELECT key, sum(n) AS n FROM (SELECT key, print, 1 AS n FROM _came UNION ALL {held}) GROUP BY key, print HAVING sum(n) <> 0"
    rows = "greatest(sum(greatest(n, 0)), sum(greatest(-n, 0))) AS rows"
    connection.exec_driver_sql(
        f"CREATE OR REPLACE TEMP TABLE _changed AS SELECT key, {rows} FROM ({uneven}) GROUP BY key", (source,)
    ).close()
    return int(connection.exec_driver_sql("SELECT coalesce(sum(rows), 0) FROM _changed").scalar() or 0)


def _insert_changed(connection: Connection, table: Table, source: str, key: str, stage: Stage) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns if column.name != "source")
    for _fetched in stage.portions([WHOLE]):
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} (source, {names}) SELECT ?, {names} FROM {VIEW} WHERE {key} IN (SELECT key FROM _changed)", (source,)
        ).close()
