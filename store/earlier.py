"""Generations of other versions: an earlier one is shown with the columns that were added since, empty; a later one is refused.

A page may open before the first sync of a new version has brought the facts up to date, and a link may be pinned to a generation
that nothing will bring up to date any more.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from duckdb_sqlalchemy import Dialect
from sqlalchemy import Table

from errors import StoreError
from store.schema import warehouse

VERSION = "SELECT value FROM _meta WHERE key = 'schema_version'"
COLUMNS = "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND database_name = current_database()"


def require_known(version: str | None, newest: str, path: Path) -> None:
    """Refuse facts that a later version wrote; what their columns mean is not known here.

    Raises: StoreError that names both versions and the ways out.
    """
    if version is not None and int(version) > int(newest):
        raise StoreError(
            f"{path}: a newer version of the dashboard wrote these facts (schema {version}, known {newest}). Update the dashboard. "
            f"To stay with this version, move {path.parent} away and run './kpi sync': the vendors' data is read anew."
        )


def complete(connection: Any, newest: str, path: Path) -> None:
    """Make one connection of the driver see all declared tables and columns of a generation, whichever version published it.

    Notes: views of the connection alone; they come before the tables of the same name, and the file itself is never touched.
    Raises: StoreError for a later version.
    """
    version = connection.execute(VERSION).fetchone()[0]
    if version == newest:
        return
    require_known(version, newest, path)
    held: dict[str, set[str]] = {}
    for table, column in connection.execute(COLUMNS).fetchall():
        held.setdefault(table, set()).add(column)
    for table in warehouse.tables.values():
        if not {column.name for column in table.columns} <= held.get(table.name, set()):
            connection.execute(_view(table, held.get(table.name), path.stem))


def _view(table: Table, held: set[str] | None, database: str) -> str:
    """Return the view of a table that lacks columns, or is not there at all (held None); DuckDB names a database after its file."""
    dialect = Dialect()
    columns = ", ".join(
        f'"{c.name}"' if held and c.name in held else f'CAST(NULL AS {c.type.compile(dialect)}) AS "{c.name}"' for c in table.columns
    )
    origin = f'FROM "{database}".main."{table.name}"' if held else "WHERE false"
    return f'CREATE TEMP VIEW "{table.name}" AS SELECT {columns} {origin}'
