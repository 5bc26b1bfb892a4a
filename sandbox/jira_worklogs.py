"""The worklogs of the site: the feed of what changed, the feed of what was deleted, and the entries themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.jira_issue import AUTHOR, stamp
from sandbox.server import Reply, Request
from sandbox.tables import WorklogRecord

if TYPE_CHECKING:
    from sandbox.jira import JiraServer

PAGE = 1_000
EXCLUDED = timedelta(minutes=1)
"""The feed leaves out the last minute."""


def feed(server: JiraServer, request: Request, kind: str) -> Reply:
    """Return one page of ids, from `since` (included) on; `until` is the time of the page's last row."""
    since = int(request.query.get("since") or 0)
    rows = sorted((_millis(at), int(log.id)) for log in server.company.jira.worklogs if (at := _moment(log, kind, server.now)) is not None)
    found = [row for row in rows if row[0] >= since]
    shown, is_last = found[:PAGE], len(found) <= PAGE
    until = shown[-1][0] if shown else since
    page: dict[str, Any] = {
        "values": [{"worklogId": number, "updatedTime": at, "properties": []} for at, number in shown],
        "since": since, "until": until, "lastPage": is_last, "self": f"http://elsewhere.example{request.path}?since={since}",
    }  # fmt: skip
    return Reply.of(page | ({} if is_last else {"nextPage": f"http://elsewhere.example{request.path}?since={until}"}))


def listed(server: JiraServer, request: Request) -> Reply:
    """Return the asked entries that still exist."""
    wanted = set(map(str, request.json()["ids"]))
    if len(wanted) > PAGE:
        return Reply.of({"errorMessages": ["ids holds at most 1000 entries."], "errors": {}}, status=400)
    return Reply.of([_json(server, log) for log in _existing(server) if log.id in wanted])


def of_issue(server: JiraServer, request: Request, issue_id: str) -> Reply:
    """Return one page of an issue's entries."""
    start = int(request.query.get("startAt") or 0)
    found = [log for log in _existing(server) if log.issue_id == issue_id]
    shown = [_json(server, log) for log in found[start : start + 20]]
    return Reply.of({"startAt": start, "maxResults": 20, "total": len(found), "worklogs": shown})


def _existing(server: JiraServer) -> list[WorklogRecord]:
    issues = {issue.id for issue in server.company.jira.issues}
    logs = server.company.jira.worklogs
    return [log for log in logs if log.issue_id in issues and log.updated <= server.now and not _is_deleted(log, server.now)]


def _is_deleted(log: WorklogRecord, now: datetime) -> bool:
    return log.deleted_at is not None and log.deleted_at <= now


def _moment(log: WorklogRecord, kind: str, now: datetime) -> datetime | None:
    """Return when an entry counts for a feed, None for never (yet)."""
    at = log.deleted_at if kind == "deleted" else log.updated
    if at is None or at > now - EXCLUDED or (kind == "updated" and _is_deleted(log, now)):
        return None
    return at


def _millis(at: datetime) -> int:
    return round((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


def _json(server: JiraServer, log: WorklogRecord) -> dict[str, Any]:
    zone = server.account_zone
    return {
        "id": log.id, "issueId": log.issue_id, "author": AUTHOR, "started": stamp(log.started, zone), "timeSpentSeconds": log.seconds,
        "updated": stamp(log.updated, zone), "self": f"http://elsewhere.example/rest/api/3/issue/{log.issue_id}/worklog/{log.id}",
    }  # fmt: skip
