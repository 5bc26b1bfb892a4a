"""What is kept of an issue: the few fields we use and the whole history of some of them, as text and as values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.jira.agile import naive
from connectors.jira.site import Site

LEGACY = re.compile(r"[\[,]id=(\d+)[,\]]")
"""Older Data Centers write a sprint as Sprint@1a2b[id=7,name=A, B,…], in any order; a name comes after its own key only."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one field, aware UTC. field: status, sprint, points, key or project; from_ and to are ids, the names shown texts."""

    at: datetime
    field: str
    from_: str | None
    from_name: str | None
    to: str | None
    to_name: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """One item that blocks another."""

    id: str
    type: str
    blocker: str
    blocked: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as it was when it was read last, and every kept change, oldest first. parent_is_epic: as the parent's stub says."""

    id: str
    updated: datetime
    created: datetime
    key: str
    project: str
    title: str | None
    type: str
    is_epic: bool
    status: str
    status_name: str
    resolution: str | None
    labels: tuple[str, ...]
    due: str | None
    parent: str | None
    parent_is_epic: bool
    version: str | None
    points: float | None
    sprints: tuple[str, ...]
    links: tuple[Link, ...]
    changes: tuple[Change, ...]

    def of(self, field: str) -> tuple[Change, ...]:
        """Return the changes of one field, oldest first."""
        return tuple(change for change in self.changes if change.field == field)

    @property
    def neighbours(self) -> set[str]:
        """Ids of the issues that this one's fields name."""
        ends = {end for link in self.links for end in (link.blocker, link.blocked)}
        return (ends | {self.parent or self.id}) - {self.id}


def document(raw: Any, changes: Sequence[Change], site: Site) -> dict[str, Any]:
    """Return the row that is kept of an issue as Jira shows it."""
    fields, key = raw["fields"], str(raw["key"])
    parent, versions = fields.get("parent") or {}, fields.get("fixVersions") or []
    kept = {
        "key": key,
        "project": fields["project"]["key"],
        "created": _text(instant(fields["created"])),
        "title": fields.get("summary"),
        "type": fields["issuetype"]["name"],
        "is_epic": _is_epic(fields["issuetype"]),
        "status": str(fields["status"]["id"]),
        "status_name": fields["status"]["name"],
        "resolution": (fields.get("resolution") or {}).get("name"),
        "labels": sorted(map(str, fields.get("labels") or [])),
        "due": fields.get("duedate"),
        "parent": parent.get("id"),
        "parent_is_epic": (parent.get("fields") or {}).get("issuetype", {}).get("hierarchyLevel") == 1,
        "version": versions[0]["id"] if versions else None,
        "points": None if site.points_field is None else fields.get(site.points_field),
        "sprints": sorted(_sprints(fields.get(site.sprint_field or ""))),
        "links": [[link.id, link.type, link.blocker, link.blocked] for link in _links(str(raw["id"]), fields)],
        "changes": [[_text(c.at), c.field, c.from_, c.from_name, c.to, c.to_name] for c in changes],
    }
    updated = instant(fields.get("updated") or fields["created"])
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    return {"id": str(raw["id"]), "updated_at": naive(updated), "document": text}


def issue(row: Mapping[str, Any]) -> Issue:
    """Return the issue that a kept row holds."""
    kept = json.loads(row["document"])
    kept["created"] = datetime.fromisoformat(kept["created"])
    kept["labels"], kept["sprints"] = tuple(kept["labels"]), tuple(kept["sprints"])
    kept["links"] = tuple(Link(*link) for link in kept["links"])
    kept["changes"] = tuple(Change(datetime.fromisoformat(at), *rest) for at, *rest in kept["changes"])
    return Issue(id=row["id"], updated=row["updated_at"].replace(tzinfo=UTC), **kept)


def _text(at: datetime) -> str:
    return at.isoformat()


def _is_epic(kind: Mapping[str, Any]) -> bool:
    return bool(kind.get("hierarchyLevel") == 1 or kind.get("name") == "Epic")


def _sprints(listed: Any) -> set[str]:
    """Return the ids in the sprint field: objects, old texts, a mixture, or nothing."""
    plain = {str(sprint["id"]) for sprint in listed or () if isinstance(sprint, dict)}
    return plain | {match[1] for sprint in listed or () if isinstance(sprint, str) and (match := LEGACY.search(sprint))}


def _links(own: str, fields: Mapping[str, Any]) -> Iterator[Link]:
    """Yield the links by which something blocks something, in a lasting order."""
    for link in sorted(fields.get("issuelinks") or (), key=lambda link: str(link["id"])):
        if link["type"].get("outward") != "blocks":
            continue
        other = str((link.get("outwardIssue") or link.get("inwardIssue") or {}).get("id"))
        ends = (own, other) if "outwardIssue" in link else (other, own)
        yield Link(str(link["id"]), link["type"]["name"], *ends)


def instant(text: object) -> datetime:
    """Return an instant as aware UTC; Jira writes offsets without a colon, and in some answers epoch milliseconds."""
    if isinstance(text, int | float):
        return datetime.fromtimestamp(text / 1000, UTC)
    return datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", str(text))).astimezone(UTC)
