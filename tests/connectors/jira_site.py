"""Tiny Jira sites, written by hand, for tests of the connector."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from sandbox.tables import POINTS_FIELD, SPRINT_FIELD, STATUSES, BoardRecord, Change, Company, IssueRecord, JiraSite, SprintRecord

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
