"""The same facts in DuckDB and in PostgreSQL, and a catalog over them: no sync and no files in between."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.pool import StaticPool

from metrics import Catalog
from metrics.check import check_text
from settings import Workspace
from store.schema import FACTS, coverage, warehouse
from tests.metrics.store import DEFAULTS, source_of

ENGINES = ("duckdb", "postgresql")
THROUGH = datetime(2030, 1, 1)
Rows = Sequence[Mapping[str, Any]]


class Loaded:
    """Facts in a database, as a catalog wants them."""

    number = 1

    def __init__(self, engine: Engine) -> None:
        self.engine, self.identity = engine, str(uuid.uuid4())

    def close(self) -> None:
        """Nothing to let go: the engine is the test's."""


def in_memory() -> Engine:
    """Return an empty DuckDB in memory."""
    return create_engine("duckdb:///:memory:", poolclass=StaticPool)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty database of each kind in turn."""
    made: Engine = in_memory() if request.param == "duckdb" else request.getfixturevalue("postgres")
    warehouse.drop_all(made)
    warehouse.create_all(made)
    yield made
    if request.param == "duckdb":
        made.dispose()


def load(engine: Engine, tables: Mapping[str, Rows], held: Mapping[str, tuple[date | None, datetime]] | None = None) -> Loaded:
    """Replace all facts by these rows. held: table → (first day or None, instant it is complete through)."""
    with engine.begin() as connection:
        for name in tables:
            table = FACTS[name]
            connection.execute(table.delete())
            if tables.get(name):
                connection.execute(insert(table), [whole(name, row, place) for place, row in enumerate(tables[name])])
        connection.execute(coverage.delete())
        connection.execute(insert(coverage), [_covered(name, rows, (held or {}).get(name)) for name, rows in tables.items()])
    return Loaded(engine)


def _covered(table: str, rows: Rows, held: tuple[date | None, datetime] | None) -> dict[str, Any]:
    first, through = held or (None, THROUGH)
    names = {"source": source_of(table), "connector": "hand", "stream": table, "table_name": table}
    return {**names, "covered_from": first, "complete_through": through, "rows": len(rows), "flags": ""}


def whole(table: str, row: Mapping[str, Any], place: int) -> dict[str, Any]:
    """Return a row with every column, those that must not be empty with something harmless."""
    found: dict[str, Any] = {"source": source_of(table), "slice": date(1, 1, 1), "dedupe_key": str(place), **row}
    for column in FACTS[table].columns:
        if not column.nullable and column.name not in found:
            found[column.name] = DEFAULTS.get(column.name, date(2026, 1, 1) if column.name == "day" else datetime(2026, 1, 1))
    return {column.name: found.get(column.name) for column in FACTS[table].columns}


def opened(home: Path, definitions: str, loaded: Loaded) -> Catalog:
    """Return a catalog over loaded facts; the definitions must be right."""
    checked, issues = check_text("k.yaml", definitions)
    assert checked is not None
    assert not [issue for issue in issues if issue.level == "error"], list(map(str, issues))
    return Catalog(Workspace(home), checked, loaded)


def utc(instant: datetime) -> datetime:
    """Return a naive UTC instant."""
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
