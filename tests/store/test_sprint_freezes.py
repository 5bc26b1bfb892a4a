"""A sprint is frozen at its start and at its close, once; what the vendor edits later does not rewrite it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import text

from errors import StoreError
from settings import Workspace
from store.ledger import Ledger
from store.schema import arrow_schema
from store.sprint_freezes import SprintFreeze, freeze_sprints, read_freezes
from store.types import WHOLE, Batch, Stream
from store.warehouse import Warehouse

BEGAN, CLOSED = datetime(2026, 3, 2, 9), datetime(2026, 3, 13, 16)  # stored instants are naive UTC
ITEM = {"sprint_id": "1", "committed": True, "completed": False, "points_at_start": 5.0, "points_at_end": 5.0}


def look(
    space: Workspace, now: datetime, sprint: dict[str, Any], *items: dict[str, Any], seen: datetime | None
) -> tuple[SprintFreeze, ...]:
    """Publish this sprint and its items, freeze, and return all freezes."""
    rows = {"sprints": [{"id": "1", "board": "Web", "name": "S1", "start_at": BEGAN, **sprint}], "sprint_items": list(items)}
    with Warehouse(space).build() as build:
        for name, table in rows.items():
            schema = arrow_schema(name)
            filled = [{field: row.get(field) for field in schema.names} for row in table]
            batch = Batch(WHOLE, pa.Table.from_pylist(filled, schema=schema), now)
            build.replace(source="jira", connector="jira", stream=Stream(name, name, "whole"), batches=[batch])
        build.publish()
    ledger = Ledger(space)
    ledger.begin_sync(now)
    with Warehouse(space).open() as facts:
        freeze_sprints(ledger, facts, now, {} if seen is None else {"jira": seen})
    return read_freezes(ledger)


def at(moment: datetime, **more: float) -> datetime:
    return moment.replace(tzinfo=UTC) + timedelta(**more)


def test_f48_a_sprint_is_frozen_at_its_start_and_at_its_close_and_never_again(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    assert look(space, at(BEGAN, hours=-2), {"state": "future"}, {**ITEM, "item_id": "a"}, seen=None) == ()
    began = look(space, at(BEGAN, hours=1), {"state": "active"}, {**ITEM, "item_id": "a"}, seen=at(BEGAN, hours=-2))
    assert [(f.moment, f.replayed, f.committed_points, f.completed_points) for f in began] == [("start", False, 5.0, 0.0)]
    done = {**ITEM, "item_id": "a", "completed": True, "points_at_end": 8.0}
    late = {**ITEM, "item_id": "b", "committed": False, "completed": True, "points_at_end": 3.0, "points_at_start": 3.0}
    gone = {**ITEM, "item_id": "c", "removed_at": at(BEGAN, days=3).replace(tzinfo=None)}
    closed = look(space, at(CLOSED, hours=1), {"state": "closed", "completed_at": CLOSED}, done, late, gone, seen=at(CLOSED, hours=-1))
    close = closed[1]
    assert (close.moment, close.replayed, close.completed_points) == ("close", False, 11.0)
    assert [(i.item_id, i.added, i.removed, i.reestimated) for i in close.items] == [
        ("a", False, False, True),
        ("b", True, False, False),
        ("c", False, True, False),
    ]
    # F48: renamed, reopened, re-estimated after its close: the stored commitment is unchanged
    again = look(
        space, at(CLOSED, days=9), {"state": "active", "name": "New name"}, {**done, "points_at_end": 99.0}, seen=at(CLOSED, hours=1)
    )
    assert again == closed


@pytest.mark.parametrize(
    ("looked", "seen", "replayed"),
    [
        (at(BEGAN, hours=1), at(BEGAN, hours=-1), False),
        (at(BEGAN, hours=1), None, True),
        (at(BEGAN, days=2), at(BEGAN, hours=-1), True),
        (at(BEGAN, hours=2), at(BEGAN, hours=1), True),
    ],
    ids=["looked in time", "first sync ever", "looked too late", "it was there and we missed it"],
)
def test_a_replay_says_that_it_is_one(tmp_path: Path, looked: datetime, seen: datetime | None, replayed: bool) -> None:
    (freeze,) = look(Workspace(tmp_path), looked, {"state": "active"}, {**ITEM, "item_id": "a"}, seen=seen)
    assert freeze.replayed is replayed


@pytest.mark.parametrize("verb", ["UPDATE sprint_freezes SET name = 'x'", "DELETE FROM sprint_freezes"])
def test_the_ledger_refuses_to_change_a_freeze(tmp_path: Path, verb: str) -> None:
    look(Workspace(tmp_path), at(BEGAN, hours=1), {"state": "active"}, {**ITEM, "item_id": "a"}, seen=None)
    with pytest.raises(StoreError, match="only grows"), Ledger(Workspace(tmp_path)).transaction() as connection:
        connection.execute(text(verb))
