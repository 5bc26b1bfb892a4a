"""Sprints as they were at their start and at their close, kept in the ledger: later edits at the vendor cannot rewrite a commitment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, insert, select

from store.ledger import Ledger
from store.ledger_schema import sprint_freezes
from store.schema import sprint_items, sprints
from store.warehouse import Generation

Moment = Literal["start", "close"]
PROMPT = timedelta(days=1)
"""A freeze that is taken later than this after its moment is a replay of the vendor's history."""


@dataclass(frozen=True, slots=True)
class SprintItem:
    """One item of a frozen sprint; points: the estimate at the frozen moment, None when there was none."""

    item_id: str
    points: float | None
    committed: bool
    completed: bool
    added: bool
    removed: bool
    reestimated: bool
    completed_outside: bool = False


@dataclass(frozen=True, slots=True)
class SprintFreeze:
    """A sprint at one moment. taken_at: aware UTC; replayed: read from the vendor's history, because nobody looked in time."""

    source: str
    sprint_id: str
    moment: Moment
    taken_at: datetime
    replayed: bool
    name: str
    board: str
    items: tuple[SprintItem, ...]

    @property
    def committed_points(self) -> float:
        """Sum of the estimates of what was committed."""
        return sum(item.points or 0.0 for item in self.items if item.committed)

    @property
    def completed_points(self) -> float:
        """Sum of the estimates of what was completed; 0 at the start."""
        return sum(item.points or 0.0 for item in self.items if item.completed)


def freeze_sprints(ledger: Ledger, facts: Generation, now: datetime, seen: Mapping[str, datetime]) -> int:
    """Freeze every sprint that began or closed since the last look; return how many freezes were added.

    Shape: seen is source → end of its last good sync before this one. What is frozen once stays.
    """
    taken = {(freeze.source, freeze.sprint_id, freeze.moment) for freeze in read_freezes(ledger)}
    with facts.engine.connect() as connection:
        added = [
            _values(connection, row, moment, at, now, seen.get(row.source))
            for row in connection.execute(select(sprints).where(sprints.c.start_at.is_not(None)))
            for moment, at in _moments(row, now)
            if (row.source, row.id, moment) not in taken
        ]
    if added:
        with ledger.transaction() as connection:
            connection.execute(insert(sprint_freezes), added)
    return len(added)


def _moments(sprint: Any, now: datetime) -> list[tuple[Moment, datetime]]:
    """Return the moments of a sprint that are over."""
    found: list[tuple[Moment, datetime]] = []
    if sprint.state in ("active", "closed") and sprint.start_at.replace(tzinfo=UTC) <= now:
        found.append(("start", sprint.start_at.replace(tzinfo=UTC)))
    closed = sprint.completed_at or sprint.end_at
    if sprint.state == "closed" and closed is not None:
        found.append(("close", closed.replace(tzinfo=UTC)))
    return found


def _values(connection: Connection, sprint: Any, moment: Moment, at: datetime, now: datetime, seen: datetime | None) -> dict[str, object]:
    mine = select(sprint_items).where(sprint_items.c.source == sprint.source, sprint_items.c.sprint_id == sprint.id)
    items = [_item(row, moment) for row in connection.execute(mine.order_by(sprint_items.c.item_id)) if moment == "close" or row.committed]
    return {
        "source": sprint.source,
        "sprint_id": sprint.id,
        "moment": moment,
        "taken_at": now.astimezone(UTC).replace(tzinfo=None),
        "replayed": seen is None or at < seen or now - at > PROMPT,
        "name": sprint.name,
        "board": sprint.board,
        "items": json.dumps(items),
    }


def _item(row: Any, moment: Moment) -> dict[str, object]:
    """Return an item at the moment: what was done later is not known at the start."""
    at_close = moment == "close"
    return {
        "item_id": row.item_id,
        "points": row.points_at_end if at_close else row.points_at_start,
        "committed": bool(row.committed),
        "completed": at_close and bool(row.completed),
        "completed_outside": at_close and bool(row.completed_outside),
        "added": at_close and not row.committed,
        "removed": at_close and row.removed_at is not None,
        "reestimated": at_close and row.points_at_end != row.points_at_start,
    }


def read_freezes(ledger: Ledger) -> tuple[SprintFreeze, ...]:
    """Return every freeze, in the order of taking; () when there is no ledger yet."""
    return tuple(
        SprintFreeze(
            row.source,
            row.sprint_id,
            row.moment,
            row.taken_at.replace(tzinfo=UTC),
            row.replayed,
            row.name or "",
            row.board or "",
            _items(json.loads(row.items)),
        )
        for row in ledger.rows(select(sprint_freezes).order_by(sprint_freezes.c.id))
    )


def _items(stored: Sequence[Mapping[str, Any]]) -> tuple[SprintItem, ...]:
    return tuple(SprintItem(**item) for item in stored)
