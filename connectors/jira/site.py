"""What one sync knows of a site beside its issues: fields, statuses, projects, boards, and the account that asks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.jira import agile
from connectors.jira.client import Client
from errors import ConfigError

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
    "updated",
    "labels",
    "duedate",
    "parent",
    "fixVersions",
    "issuelinks",
    "resolution",
)
KEPT_FORMAT = 1
"""What documents look like; another number makes every issue be read again."""


@dataclass(frozen=True, slots=True)
class Site:
    """categories: status id → new, indeterminate, done; names: status id → name; projects: project id → key.

    fields: what is asked of every issue; histories: field id → our word for it, of the fields whose history is kept.
    asked: a fingerprint of what documents are made of; when it changes, every issue has to be read again.
    zone: the account's zone, in which Data Center reads times; None when it is not told.
    """

    sprint_field: str | None
    points_field: str | None
    categories: dict[str, str]
    names: dict[str, str]
    projects: dict[str, str]
    boards: tuple[agile.Board, ...]
    fields: tuple[str, ...]
    histories: dict[str, str]
    asked: str
    zone: ZoneInfo | None

    @classmethod
    def read(cls, client: Client, settings: JiraSettings) -> Site:
        """Read the site."""
        account = client.require_account()
        projects = client.require_projects()
        boards = tuple(agile.boards(client, settings.projects))
        fields = client.get("/rest/api/2/field")
        sprint_field = next((f["id"] for f in fields if f.get("schema", {}).get("custom") == SPRINT_TYPE), None)
        points_field = settings.points_field or _points_field(client, fields, boards)
        statuses = client.get("/rest/api/2/status")
        custom = {field: word for field, word in ((sprint_field, "sprint"), (points_field, "points")) if field}
        known = {f["id"] for f in fields}
        moves = {field: word for field, word in (("issuekey", "key"), ("project", "project")) if field in known}
        return cls(
            sprint_field=sprint_field,
            points_field=points_field,
            categories={str(s["id"]): str(s["statusCategory"]["key"]) for s in statuses},
            names={str(s["id"]): str(s["name"]) for s in statuses},
            projects=projects,
            boards=boards,
            fields=(*PLAIN_FIELDS, *custom),
            histories={"status": "status"} | custom | moves,
            asked=_fingerprint(
                KEPT_FORMAT, settings.projects, custom, sorted(moves), _names(client, "issuetype"), _names(client, "resolution")
            ),
            zone=_zone(account),
        )


def _names(client: Client, kind: str) -> list[Any]:
    """Return the names that documents repeat: renaming one does not count as an update of the issues that have it."""
    return sorted([str(one["id"]), one.get("name"), one.get("hierarchyLevel")] for one in client.get(f"/rest/api/2/{kind}"))


def _fingerprint(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _zone(account: Any) -> ZoneInfo | None:
    try:
        return ZoneInfo(account["timeZone"])
    except (KeyError, TypeError, ValueError, ZoneInfoNotFoundError):
        return None


def _points_field(client: Client, fields: list[Any], boards: tuple[agile.Board, ...]) -> str | None:
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
