"""Small warehouses with facts written by hand or drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from metrics import Catalog, open_catalog
from settings import Workspace
from store.schema import arrow_schema
from store.types import WHOLE, Batch, Stream
from store.warehouse import Warehouse

Rows = Sequence[Mapping[str, Any]]
THROUGH = datetime(2030, 1, 1, tzinfo=UTC)
DEFAULTS: dict[str, Any] = {"event": "", "id": "", "sprint_id": "", "item_id": ""}


def catalog(home: Path, definitions: str, through: Mapping[str, datetime] | None = None, **tables: Rows) -> Catalog:
    """Return a catalog over exactly these rows. through: table → how far its source reaches (default 2030)."""
    (home / "kpi_definitions.yaml").write_text(definitions, encoding="utf-8")
    space = Workspace(home)
    with Warehouse(space).build(reporting_zone="Europe/Vienna") as build:
        for name, rows in tables.items():
            whole = [filled(name, row, place) for place, row in enumerate(rows)]
            table = pa.Table.from_pylist(whole, schema=arrow_schema(name))
            stream = Stream(name, name, "whole")
            batch = Batch(WHOLE, table, (through or {}).get(name, THROUGH))
            build.replace(source=source_of(name), connector="hand", stream=stream, batches=[batch])
        build.publish()
    return open_catalog(space)


def source_of(table: str) -> str:
    """Return the source of a table: one for each, but sprints and their items come from the same."""
    return "src_sprints" if table == "sprint_items" else f"src_{table}"


def filled(table: str, row: Mapping[str, Any], place: int = 0) -> dict[str, Any]:
    """Give columns that must not be empty something harmless."""
    whole: dict[str, Any] = {"dedupe_key": str(place), **row}
    for field in arrow_schema(table):
        if not field.nullable and field.name not in whole:
            whole[field.name] = DEFAULTS.get(field.name, date(2026, 1, 1) if field.name == "day" else datetime(2026, 1, 1))
    return {name: whole.get(name) for name in arrow_schema(table).names}


def traffic(day: date, sessions: int, key_events: int = 0, **more: Any) -> dict[str, Any]:
    """Return one row of web_traffic."""
    return {"day": day, "device": "mobile", "sessions": sessions, "key_events": key_events, **more}
