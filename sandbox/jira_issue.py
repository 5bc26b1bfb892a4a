"""One issue as Jira shows it at the company's clock: its state replayed from its history."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.tables import POINTS_FIELD, SPRINT_FIELD, STATUSES, Change, Company, IssueRecord, SprintRecord

KEY_FIELD = "issuekey"
TYPES = {"Epic": "10000", "Story": "10001", "Task": "10002", "Bug": "10003"}
AUTHOR = {"accountId": "5b10ac8d82e05b22cc7d4ef5", "displayName": "A colleague"}


def stamp(at: datetime, zone: ZoneInfo | None = None) -> str:
    """Return an instant as Jira writes it: an offset without a colon."""
    local = at.astimezone(zone) if zone else at
    return local.strftime("%Y-%m-%dT%H:%M:%S.") + f"{local.microsecond // 1000:03d}" + local.strftime("%z")


def sprint_json(sprint: SprintRecord, now: datetime) -> dict[str, Any]:
    """Return a sprint as the agile API shows it at `now`."""
    state = "closed" if sprint.completed_at and sprint.completed_at <= now else "active" if sprint.start_at <= now else "future"
    shown = {
        "id": int(sprint.id), "state": state, "name": sprint.name, "goal": sprint.goal, "originBoardId": int(sprint.board_id),
        "startDate": _zulu(sprint.start_at), "endDate": _zulu(sprint.end_at),
    }  # fmt: skip
    return shown | ({"completeDate": _zulu(sprint.completed_at)} if state == "closed" and sprint.completed_at else {})


def issue_type(name: str) -> dict[str, Any]:
    """Return a type of issue; one that is not in TYPES was made by the site itself."""
    return {
        "id": TYPES.get(name) or f"2{zlib.crc32(name.encode()):010d}",
        "name": name,
        "subtask": False,
        "hierarchyLevel": 1 if name == "Epic" else 0,
    }


def status_of(key: str) -> dict[str, Any]:
    """Return a status with its category."""
    name, category = STATUSES[key]
    numbers = {"new": 2, "indeterminate": 4, "done": 3}
    return {"id": key, "name": name, "statusCategory": {"id": numbers[category], "key": category, "name": category}}


def _zulu(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass(frozen=True, slots=True)
class History:
    """The changes made at one instant."""

    changes: tuple[Change, ...]
    zone: ZoneInfo

    @property
    def field_ids(self) -> frozenset[str]:
        """Ids of the changed fields."""
        return frozenset(change.field_id for change in self.changes)

    def json(self, only: AbstractSet[str] = frozenset()) -> dict[str, Any]:
        """Return the history, with the items of some fields or all."""
        items = [_item(change) for change in self.changes if not only or change.field_id in only]
        return {"id": self.changes[0].id, "author": AUTHOR, "created": stamp(self.changes[0].at, self.zone), "items": items}


def _item(change: Change) -> dict[str, Any]:
    kind = "custom" if change.field_id.startswith("customfield_") else "jira"
    return {
        "field": change.field, "fieldtype": kind, "fieldId": change.field_id,
        "from": change.from_, "fromString": change.from_name, "to": change.to, "toString": change.to_name,
    }  # fmt: skip


class RenderedIssue:
    """An issue at the clock."""

    def __init__(self, record: IssueRecord, company: Company) -> None:
        self.record, self._company = record, company
        self.changes = [change for change in record.changes if change.at <= company.now]
        self.status, self.points, self.sprints = record.status, record.points, record.sprint
        self.key, self.project = record.key, record.project
        for change in self.changes:
            self._apply(change)

    def _apply(self, change: Change) -> None:
        if change.field_id == "status" and change.to is not None:
            self.status = change.to
        elif change.field_id == POINTS_FIELD:
            self.points = None if change.to_name is None else float(change.to_name)
        elif change.field_id == SPRINT_FIELD:
            self.sprints = change.to
        elif change.field_id == KEY_FIELD and change.to_name is not None:
            self.key, self.project = change.to_name, change.to_name.rsplit("-", 1)[0]

    @property
    def updated(self) -> datetime:
        """The last change. A link that is made counts for the blocker only: nobody promises that it counts for both."""
        links = (k.created for k in self._company.jira.links if k.blocker_id == self.record.id and k.created <= self._company.now)
        touched = [] if self.record.touched is None else [self.record.touched]
        return max([self.record.created, *touched, *links, *(change.at for change in self.changes)])

    def histories(self) -> list[History]:
        """Return the history, oldest first."""
        return [History((change,), self._company.zone) for change in self.changes]

    def fields(self, wanted: Sequence[str]) -> dict[str, Any]:
        """Return the asked fields; unknown ones are left out."""
        every = self._all()
        return every if "*all" in wanted else {name: every[name] for name in wanted if name in every}

    def _all(self) -> dict[str, Any]:
        record, zone = self.record, self._company.zone
        return {
            "summary": record.summary,
            "created": stamp(record.created, zone),
            "updated": stamp(self.updated, zone),
            "resolutiondate": stamp(self.updated, zone) if STATUSES[self.status][1] == "done" else None,
            "status": status_of(self.status),
            "issuetype": issue_type(record.type),
            "project": {"id": "10000", "key": self.project, "name": self._company.jira.projects.get(self.project, self.project)},
            "labels": list(record.labels),
            "duedate": None if record.due is None else str(record.due),
            "parent": self._parent(),
            "fixVersions": self._versions(),
            "issuelinks": self._links(),
            POINTS_FIELD: self.points,
            SPRINT_FIELD: self._sprints(),
        }

    def _parent(self) -> dict[str, Any] | None:
        if self.record.epic is None:
            return None
        epic = next((issue for issue in self._company.jira.issues if issue.id == self.record.epic), None)
        if epic is None:  # it was deleted
            return None
        return {"id": epic.id, "key": epic.key, "fields": {"summary": epic.summary, "issuetype": issue_type(epic.type)}}

    def _versions(self) -> list[dict[str, Any]]:
        known = {version.id: version for version in self._company.jira.versions}
        version = known.get(self.record.version or "")
        return [] if version is None else [{"id": version.id, "name": version.name, "released": version.released_on is not None}]

    def _sprints(self) -> list[dict[str, Any]] | None:
        ids = [part.strip() for part in (self.sprints or "").split(",") if part.strip()]
        known = {sprint.id: sprint for sprint in self._company.jira.sprints}
        shown = [sprint_json(known[key], self._company.now) for key in ids if key in known]
        return [{**s, "boardId": s["originBoardId"]} for s in shown] or None

    def _links(self) -> list[dict[str, Any]]:
        """A link stands on both issues, seen from either side, as long as both exist."""
        keys = {issue.id: issue.key for issue in self._company.jira.issues}
        found = []
        for link in self._company.jira.links:
            if link.created > self._company.now or not {link.blocker_id, link.blocked_id} <= keys.keys():
                continue
            kind = {"id": "10100", "name": link.type, "inward": "is blocked by", "outward": "blocks"}
            if link.blocker_id == self.record.id:
                found.append({"id": link.id, "type": kind, "outwardIssue": {"id": link.blocked_id, "key": keys.get(link.blocked_id)}})
            elif link.blocked_id == self.record.id:
                found.append({"id": link.id, "type": kind, "inwardIssue": {"id": link.blocker_id, "key": keys.get(link.blocker_id)}})
        return found
