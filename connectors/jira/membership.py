"""Who was in which sprint, replayed from the changelog: committed, added, removed, completed, and the estimates then.

Rules: Jira's sprint report as Atlassian describes it for Cloud. Committed is what is in the sprint at its start and not done by
then; completed is what is in it and done at its end, with its last entry to done inside the sprint; what was done before its
start, or while in another sprint, is completed outside; later additions, removals and estimates do not change what was committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.jira.agile import Sprint, naive
from connectors.jira.document import Change, Issue
from connectors.jira.items import Issues, category, entered
from connectors.jira.site import Site


@dataclass(frozen=True, slots=True)
class Stay:
    """One uninterrupted time in a sprint: [joined, left); left None while it lasts."""

    joined: datetime
    left: datetime | None

    def covers(self, at: datetime) -> bool:
        """Whether the stay includes an instant."""
        return self.joined <= at and (self.left is None or at < self.left)


def sprint_items(site: Site, issues: Issues, sprints: Iterable[Sprint], now: datetime, zone: ZoneInfo) -> Iterator[dict[str, object]]:
    """Yield the rows of the table sprint_items, item by item."""
    known = {sprint.id: sprint for sprint in sprints}
    for issue in issues():
        for sprint_id, stays in _stays(issue).items():
            row = _row(site, known[sprint_id], issue, stays, now, zone) if sprint_id in known else None
            if row is not None:
                yield row


def _stays(issue: Issue) -> dict[str, list[Stay]]:
    """Return sprint → stays, from the lists of sprint ids before and after each change."""
    changes = issue.of("sprint")
    found: dict[str, list[Stay]] = {}
    began: dict[str, datetime] = dict.fromkeys(_ids(changes[0].from_) if changes else set(issue.sprints), issue.created)
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


def _row(site: Site, sprint: Sprint, issue: Issue, stays: list[Stay], now: datetime, zone: ZoneInfo) -> dict[str, object] | None:
    if sprint.start_at is None or sprint.start_at > now:
        return _planned(site, sprint, issue, stays, now, zone)
    start, end = sprint.start_at, min(sprint.completed_at or now, now)
    inside = [stay for stay in stays if stay.joined <= end and (stay.left is None or stay.left > start)]
    if not inside:
        return None
    last = inside[-1]
    at_start = any(stay.covers(start) for stay in inside)
    removed = None if last.covers(end) else last.left
    moves = [change.at for change in entered(site, issue, "done") if change.at <= end]
    is_done = removed is None and _category_at(site, issue, end) == "done"
    here = bool(moves) and moves[-1] > start and any(stay.covers(moves[-1]) for stay in inside)
    return {
        **_base(sprint, issue, zone),
        "added_at": naive(last.joined),
        "removed_at": naive(removed),
        "committed": at_start and _category_at(site, issue, start) not in ("done", "cancelled"),
        "completed": is_done and here,
        "completed_outside": is_done and not here,
        "points_at_start": _points_at(issue, start if at_start else last.joined),
        "points_at_end": _points_at(issue, removed or end),
    }


def _planned(site: Site, sprint: Sprint, issue: Issue, stays: list[Stay], now: datetime, zone: ZoneInfo) -> dict[str, object] | None:
    current = [stay for stay in stays if stay.covers(now)]
    if not current:
        return None
    points = _points_at(issue, now)
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


def _category_at(site: Site, issue: Issue, at: datetime) -> str:
    changes = issue.of("status")
    change = _at(changes, at)
    status = change.to if change else changes[0].from_ if changes else issue.status
    return category(site, status)


def _points_at(issue: Issue, at: datetime) -> float | None:
    """Return the estimate at an instant; its history holds texts, not numbers."""
    changes = issue.of("points")
    if not changes:
        return issue.points
    change = _at(changes, at)
    text = change.to_name if change else changes[0].from_name
    return None if not text else float(text)
