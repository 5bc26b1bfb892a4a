"""Who was in which sprint, replayed from the changelog: committed, added, removed, completed, and the estimates then.

Rules: Jira's sprint report as Atlassian describes it for Cloud. Committed is what is in the sprint at its start and not done by
then; completed is what is in it and done at its end, with its last entry to done inside the sprint; what was done before its
start, or while in another sprint, is completed outside; later additions, removals and estimates do not change what was committed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.jira.agile import Sprint, naive
from connectors.jira.items import category, entered
from connectors.jira.scan import Change, Issue, Scan

LEGACY = re.compile(r"[\[,]id=(\d+)[,\]]")
"""Older Data Centers write a sprint as Sprint@1a2b[id=7,name=A, B,…], in any order; a name comes after its own key only."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One uninterrupted time in a sprint: [joined, left); left None while it lasts."""

    joined: datetime
    left: datetime | None

    def covers(self, at: datetime) -> bool:
        """Whether the stay includes an instant."""
        return self.joined <= at and (self.left is None or at < self.left)


def sprint_items(scan: Scan, now: datetime, zone: ZoneInfo) -> Iterator[dict[str, object]]:
    """Yield the rows of the table sprint_items, sprint by sprint."""
    by_sprint: dict[str, list[tuple[Issue, list[Stay]]]] = {}
    for issue in scan.issues:
        for sprint_id, stays in _stays(scan, issue).items():
            by_sprint.setdefault(sprint_id, []).append((issue, stays))
    for sprint in scan.sprints:
        for issue, stays in by_sprint.get(sprint.id, []):
            row = _row(scan, sprint, issue, stays, now, zone)
            if row is not None:
                yield row


def _stays(scan: Scan, issue: Issue) -> dict[str, list[Stay]]:
    """Return sprint → stays, from the lists of sprint ids before and after each change."""
    changes = issue.of(scan.sprint_field) if scan.sprint_field else ()
    found: dict[str, list[Stay]] = {}
    began: dict[str, datetime] = dict.fromkeys(_ids(changes[0].from_) if changes else _ids_now(scan, issue), issue.created)
    for change in changes:
        before, after = _ids(change.from_), _ids(change.to)
        for sprint_id in before - after:
            found.setdefault(sprint_id, []).append(Stay(began.pop(sprint_id, issue.created), change.at))
        for sprint_id in after - before:
            began[sprint_id] = change.at
    for sprint_id, at in began.items():
        found.setdefault(sprint_id, []).append(Stay(at, None))
    return found


def _ids(text: str | None) -> set[str]:
    return {part.strip() for part in (text or "").split(",") if part.strip()}


def _ids_now(scan: Scan, issue: Issue) -> set[str]:
    """Return the sprints of an issue that was created in them and never changed them."""
    listed = issue.fields.get(scan.sprint_field or "") or []
    plain = {str(sprint["id"]) for sprint in listed if isinstance(sprint, dict)}
    return plain | {match[1] for sprint in listed if isinstance(sprint, str) and (match := LEGACY.search(sprint))}


def _row(scan: Scan, sprint: Sprint, issue: Issue, stays: list[Stay], now: datetime, zone: ZoneInfo) -> dict[str, object] | None:
    if sprint.start_at is None or sprint.start_at > now:
        return _planned(scan, sprint, issue, stays, now, zone)
    start, end = sprint.start_at, min(sprint.completed_at or now, now)
    inside = [stay for stay in stays if stay.joined <= end and (stay.left is None or stay.left > start)]
    if not inside:
        return None
    last = inside[-1]
    at_start = any(stay.covers(start) for stay in inside)
    removed = None if last.covers(end) else last.left
    moves = [change.at for change in entered(scan, issue, "done") if change.at <= end]
    is_done = removed is None and _category_at(scan, issue, end) == "done"
    here = bool(moves) and moves[-1] > start and any(stay.covers(moves[-1]) for stay in inside)
    return {
        **_base(sprint, issue, zone),
        "added_at": naive(last.joined),
        "removed_at": naive(removed),
        "committed": at_start and _category_at(scan, issue, start) not in ("done", "cancelled"),
        "completed": is_done and here,
        "completed_outside": is_done and not here,
        "points_at_start": _points_at(scan, issue, start if at_start else last.joined),
        "points_at_end": _points_at(scan, issue, removed or end),
    }


def _planned(scan: Scan, sprint: Sprint, issue: Issue, stays: list[Stay], now: datetime, zone: ZoneInfo) -> dict[str, object] | None:
    current = [stay for stay in stays if stay.covers(now)]
    if not current:
        return None
    points = _points_at(scan, issue, now)
    return {
        **_base(sprint, issue, zone), "added_at": naive(current[-1].joined), "removed_at": None, "committed": False, "completed": False, "completed_outside": False,
        "points_at_start": points, "points_at_end": points,
    }  # fmt: skip


def _base(sprint: Sprint, issue: Issue, zone: ZoneInfo) -> dict[str, object]:
    end = sprint.completed_at or sprint.end_at
    return {"sprint_id": sprint.id, "item_id": issue.id, "day": None if end is None else end.astimezone(zone).date()}


def _at(changes: tuple[Change, ...], at: datetime) -> Change | None:
    """Return the last change up to an instant."""
    return next((change for change in reversed(changes) if change.at <= at), None)


def _category_at(scan: Scan, issue: Issue, at: datetime) -> str:
    changes = issue.of("status")
    change = _at(changes, at)
    status = change.to if change else changes[0].from_ if changes else str(issue.fields["status"]["id"])
    return category(scan, status)


def _points_at(scan: Scan, issue: Issue, at: datetime) -> float | None:
    """Return the estimate at an instant; its history holds texts, not numbers."""
    if scan.points_field is None:
        return None
    changes = issue.of(scan.points_field)
    change = _at(changes, at)
    if change is None and not changes:
        now = issue.fields.get(scan.points_field)
        return None if now is None else float(now)
    text = change.to_name if change else changes[0].from_name
    return None if not text else float(text)
