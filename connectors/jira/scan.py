"""One reading of the configured projects: issues with their whole history, sprints, and which field holds the estimate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors.jira import agile
from connectors.jira.client import Client
from errors import ConfigError, ContractError

if TYPE_CHECKING:
    from connectors.jira import JiraSettings

SPRINT_TYPE = "com.pyxis.greenhopper.jira:gh-sprint"
POINTS_TYPE = "com.pyxis.greenhopper.jira:jsw-story-points"
FLOAT_TYPE = "com.atlassian.jira.plugin.system.customfieldtypes:float"
PLAIN_FIELDS = (
    "summary",
    "status",
    "issuetype",
    "project",
    "created",
    "labels",
    "duedate",
    "parent",
    "fixVersions",
    "issuelinks",
    "resolution",
)
ISSUES_PER_BULK = 1_000


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one field, aware UTC. from_ and to are ids; the names are shown texts."""

    at: datetime
    field: str
    from_: str | None
    from_name: str | None
    to: str | None
    to_name: str | None


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as it is now, and every change of its status, sprints and estimate, oldest first."""

    id: str
    key: str
    fields: dict[str, Any]
    created: datetime
    changes: tuple[Change, ...]

    def of(self, field: str) -> tuple[Change, ...]:
        """Return the changes of one field, oldest first."""
        return tuple(change for change in self.changes if change.field == field)


@dataclass(frozen=True, slots=True)
class Scan:
    """What one sync knows of the site. categories: status id → new, indeterminate, done; names: status id → name."""

    issues: tuple[Issue, ...]
    sprints: tuple[agile.Sprint, ...]
    sprint_field: str | None
    points_field: str | None
    categories: dict[str, str]
    names: dict[str, str]

    @classmethod
    def read(cls, client: Client, settings: JiraSettings) -> Scan:
        """Read the site."""
        client.require_account()
        client.require_projects()
        boards = agile.boards(client, settings.projects)
        fields = client.get("/rest/api/2/field")
        sprint_field = next((f["id"] for f in fields if f.get("schema", {}).get("custom") == SPRINT_TYPE), None)
        points_field = settings.points_field or _points_field(client, fields, boards)
        statuses = client.get("/rest/api/2/status")
        wanted = [*PLAIN_FIELDS, *(f for f in (sprint_field, points_field) if f)]
        histories = ["status", *(f for f in (sprint_field, points_field) if f)]
        return cls(
            issues=tuple(_issues(client, settings.projects, wanted, histories)),
            sprints=tuple(agile.sprints(client, boards)),
            sprint_field=sprint_field,
            points_field=points_field,
            categories={str(s["id"]): str(s["statusCategory"]["key"]) for s in statuses},
            names={str(s["id"]): str(s["name"]) for s in statuses},
        )


def _points_field(client: Client, fields: list[Any], boards: list[agile.Board]) -> str | None:
    """Return the field that holds the estimate: the only candidate, else the one the boards estimate with."""
    candidates = [f["id"] for f in fields if f.get("schema", {}).get("custom") == POINTS_TYPE]
    candidates += [
        f["id"] for f in fields if f.get("schema", {}).get("custom") == FLOAT_TYPE and str(f.get("name", "")).lower() == "story points"
    ]
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    used = {agile.estimation_field(client, board) for board in boards} & set(candidates)
    if len(used) == 1:
        return str(used.pop())
    raise ConfigError(
        f"{client.source}: the fields {', '.join(candidates)} could all hold the estimate. Say which with 'points_field' in sources.yaml."
    )


def _issues(client: Client, projects: tuple[str, ...], wanted: list[str], histories: list[str]) -> Iterator[Issue]:
    found: dict[str, Any] = {}
    for project in projects:
        for raw in client.search(f'project = "{project}" ORDER BY created ASC', wanted):
            found[str(raw["id"])] = raw
    logs = _bulk(client, list(found), histories) if client.is_cloud else {key: _embedded(client, raw) for key, raw in found.items()}
    for key, raw in sorted(found.items(), key=lambda pair: int(pair[0])):
        changes = sorted((c for history in logs.get(key, {}).values() for c in history if c.field in histories), key=lambda c: c.at)
        yield Issue(key, str(raw["key"]), raw.get("fields") or {}, instant(raw["fields"]["created"]), tuple(changes))


def _bulk(client: Client, ids: list[str], histories: list[str]) -> dict[str, dict[str, list[Change]]]:
    """Return issue → history id → changes, page by page until the vendor names no next one.

    The changelog inside a search result is cut after the newest 40 entries, so it is not used here.
    """
    found: dict[str, dict[str, list[Change]]] = {}
    for start in range(0, len(ids), ISSUES_PER_BULK):
        token, seen = None, set()
        while True:
            body = {
                "issueIdsOrKeys": ids[start : start + ISSUES_PER_BULK],
                "fieldIds": histories,
                "maxResults": 1_000,
                "nextPageToken": token,
            }
            page = client.post("/rest/api/3/changelog/bulkfetch", {k: v for k, v in body.items() if v is not None})
            for log in page.get("issueChangeLogs", []):
                _add(found.setdefault(str(log["issueId"]), {}), log["changeHistories"])
            token = page.get("nextPageToken")
            if not token:
                break
            if token in seen:
                raise ContractError(f"{client.source}: the changelogs repeat the page token '{str(token)[:20]}' and would never end.")
            seen.add(token)
    return found


def _embedded(client: Client, raw: Any) -> dict[str, list[Change]]:
    log = raw.get("changelog") or {}
    if int(log.get("total", 0)) > len(log.get("histories", [])):
        raise ContractError(f"{client.source}: the changelog of {raw['key']} holds {len(log['histories'])} of {log['total']} entries.")
    found: dict[str, list[Change]] = {}
    _add(found, log.get("histories", []))
    return found


def _add(found: dict[str, list[Change]], histories: list[Any]) -> None:
    for history in histories:
        at = instant(history["created"])
        found[str(history["id"])] = [
            Change(at, str(i.get("fieldId") or i.get("field")), i.get("from"), i.get("fromString"), i.get("to"), i.get("toString"))
            for i in history["items"]
        ]


def instant(text: object) -> datetime:
    """Return an instant as aware UTC; Jira writes offsets without a colon, and in some answers epoch milliseconds."""
    if isinstance(text, int | float):
        return datetime.fromtimestamp(text / 1000, UTC)
    return datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", str(text))).astimezone(UTC)
