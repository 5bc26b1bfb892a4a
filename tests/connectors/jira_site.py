"""Tiny Jira sites, written by hand, for tests of the connector."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import pandas as pd

from connectors.jira import Connector
from sandbox.tables import POINTS_FIELD, SPRINT_FIELD, STATUSES, BoardRecord, Change, Company, IssueRecord, JiraSite, SprintRecord
from store.types import WHOLE, Stream, Window

VIENNA = ZoneInfo("Europe/Vienna")
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 4, 1, 22, 0, tzinfo=UTC)
TODO, DOING, DONE, DROPPED, BLOCKED = "10000", "10001", "10003", "10005", "10004"


def at(day: float) -> datetime:
    """Return an instant so many days after the first sprint's start."""
    return MONDAY + timedelta(days=day)


def issue(number: int, *changes: tuple[float, str, str], points: float | None = 3.0, **fields: Any) -> IssueRecord:
    """Return WEB-<number>, created a week before the sprint. changes: (day, field, new value) with field status, sprint or points."""
    record = IssueRecord(
        id=str(100 + number),
        key=f"WEB-{number}",
        project="WEB",
        type="Story",
        summary="s",
        created=at(-7),
        status=TODO,
        points=points,
        **fields,
    )
    state: dict[str, str | None] = {"status": TODO, "sprint": record.sprint, "points": None if points is None else f"{points:g}"}
    for place, (day, field, value) in enumerate(changes):
        old, state[field] = state[field], value or None
        record.changes.append(_change(f"{number}{place:03d}", at(day), field, old, value))
    return record


def _change(key: str, when: datetime, field: str, old: str | None, new: str) -> Change:
    if field == "status":
        return Change(key, when, "status", "status", old, STATUSES[old or TODO][0], new, STATUSES[new][0])
    if field == "points":
        return Change(key, when, "Story point estimate", POINTS_FIELD, None, old, None, new)
    return Change(key, when, "Sprint", SPRINT_FIELD, old or "", old or "", new, new)


def company(*issues: IssueRecord, sprints: list[SprintRecord] | None = None, boards: list[BoardRecord] | None = None) -> Company:
    """Return a company with one project, one board and two closed two-week sprints, 41 and 42, and the running 43."""
    made = sprints or [
        SprintRecord("41", "4", "WEB Sprint 1", at(0), at(11), at(11.2)),
        SprintRecord("42", "4", "WEB Sprint 2", at(14), at(25), at(25.1)),
        SprintRecord("43", "4", "WEB Sprint 3", at(28), at(39), None),
    ]
    site = JiraSite({"WEB": "Website"}, boards or [BoardRecord("4", "WEB board", "WEB")], made, [], list(issues), [])
    return Company(pd.DataFrame(), pd.DataFrame(), site, NOW)


@dataclass(slots=True)
class InMemory:
    """What a store would hold of a source, without one."""

    kept: dict[str, dict[str, dict[str, Any]]] = dataclasses.field(default_factory=dict)
    pulls: dict[str, tuple[datetime, str]] = dataclasses.field(default_factory=dict)

    def pulled_at(self, stream: Stream) -> datetime | None:
        return self.pulls[stream.name][0] if stream.name in self.pulls else None

    def context(self, stream: Stream) -> str:
        return self.pulls[stream.name][1] if stream.name in self.pulls else ""

    def keys(self, stream: Stream) -> frozenset[str]:
        return frozenset(self.kept.get(stream.name, {}))

    def rows(self, stream: Stream) -> Iterator[Mapping[str, Any]]:
        return iter(self.kept.get(stream.name, {}).values())

    def take(self, stream: Stream, rows: list[dict[str, Any]], listed: frozenset[str] | None, now: datetime, context: str) -> None:
        known = self.kept.get(stream.name, {}) | {row[stream.key]: row for row in rows}
        self.kept[stream.name] = {key: row for key, row in known.items() if listed is None or key in listed}
        self.pulls[stream.name] = (now, context)


_HELD: WeakKeyDictionary[Connector, InMemory] = WeakKeyDictionary()


def read(source: Connector, name: str, now: datetime = NOW) -> list[dict[str, Any]]:
    """Return the rows of a stream; what it is derived from is read once before it."""
    held = _HELD.setdefault(source, InMemory())
    stream = next(s for s in source.streams() if s.name == name)
    if stream.derived_from is not None and stream.derived_from not in held.pulls:
        read(source, stream.derived_from, now)
    batches = list(source.read(stream, Window(datetime(2000, 1, 1, tzinfo=UTC), now, held)))
    assert {batch.slice for batch in batches} == {WHOLE}
    assert [batch.closes for batch in batches] == [False] * (len(batches) - 1) + [True]
    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    if stream.slicing == "keyed":
        held.take(stream, rows, batches[-1].listed, now, batches[-1].context)
    return rows
