"""Work items, their status changes and their dependencies, from a scan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from connectors.jira.agile import naive
from connectors.jira.scan import Change, Issue, Scan

BLOCKED = ("blocked", "on hold", "impeded", "waiting")
CANCELLED = ("won't do", "won't fix", "wont do", "cancelled", "canceled", "duplicate", "declined", "rejected", "abandoned")
PORTABLE = {"new": "todo", "indeterminate": "doing", "done": "done"}


def category(scan: Scan, status: str | None) -> str:
    """Return todo, doing, blocked, done or cancelled; Jira itself knows only new, indeterminate and done."""
    name = scan.names.get(status or "", "").lower()
    kind = PORTABLE.get(scan.categories.get(status or "", "new"), "todo")
    if kind == "done":
        return "cancelled" if any(word in name for word in CANCELLED) else "done"
    return "blocked" if any(word in name for word in BLOCKED) else kind


def work_items(scan: Scan, address: str) -> Iterator[dict[str, object]]:
    """Yield the rows of the table work_items."""
    epics = {issue.id for issue in scan.issues if _is_epic(issue)}
    for issue in scan.issues:
        yield _work_item(scan, issue, epics, address)


def _work_item(scan: Scan, issue: Issue, epics: set[str], address: str) -> dict[str, object]:
    fields, status = issue.fields, issue.fields["status"]
    labels = sorted(map(str, fields.get("labels") or []))
    kpis = [label.removeprefix("kpi:") for label in labels if label.startswith("kpi:")]
    parent, versions = fields.get("parent") or {}, fields.get("fixVersions") or []
    began, done = started_at(scan, issue), done_at(scan, issue)
    return {
        "id": issue.id,
        "key": issue.key,
        "url": f"{address}/browse/{issue.key}",
        "title": fields.get("summary"),
        "type": fields["issuetype"]["name"],
        "project": fields["project"]["key"],
        "status": status["name"],
        "status_category": _category_now(scan, fields),
        "points": None if scan.points_field is None else fields.get(scan.points_field),
        "epic": parent.get("id") if parent.get("id") in epics or _is_epic_stub(parent) else None,
        "labels": ",".join(labels),
        "kpi": kpis[0] if kpis else None,
        "release_id": versions[0]["id"] if versions else None,
        "created_at": naive(issue.created),
        "started_at": naive(began),
        "done_at": naive(done),
        "due_date": date.fromisoformat(fields["duedate"]) if fields.get("duedate") else None,
        "deleted_at": None,
        "cycle_days": _days(began, done),
        "lead_days": _days(issue.created, done),
    }


def _category_now(scan: Scan, fields: dict[str, Any]) -> str:
    """The resolution may say that a done item was in truth cancelled."""
    found = category(scan, str(fields["status"]["id"]))
    resolution = str((fields.get("resolution") or {}).get("name", "")).lower()
    return "cancelled" if found == "done" and resolution and any(word in resolution for word in CANCELLED) else found


def _is_epic(issue: Issue) -> bool:
    kind = issue.fields["issuetype"]
    return bool(kind.get("hierarchyLevel") == 1 or kind.get("name") == "Epic")


def _is_epic_stub(parent: dict[str, Any]) -> bool:
    return bool((parent.get("fields") or {}).get("issuetype", {}).get("hierarchyLevel") == 1)


def _days(first: datetime | None, last: datetime | None) -> float | None:
    return None if first is None or last is None else (last - first).total_seconds() / 86_400


def entered(scan: Scan, issue: Issue, *categories: str) -> list[Change]:
    """Return the changes by which an issue entered one of the categories from outside them, oldest first."""
    moves = issue.of("status")
    return [c for c in moves if category(scan, c.to) in categories and category(scan, c.from_) not in categories]


def started_at(scan: Scan, issue: Issue) -> datetime | None:
    """Return the first entry to an in-progress status."""
    return next((change.at for change in entered(scan, issue, "doing", "blocked")), None)


def done_at(scan: Scan, issue: Issue) -> datetime | None:
    """Return the last entry to a done status of an item that is done now; resolutiondate survives reopening, so it is not used."""
    if _category_now(scan, issue.fields) != "done":
        return None
    moves = entered(scan, issue, "done")
    return moves[-1].at if moves else issue.created


def status_changes(scan: Scan) -> Iterator[dict[str, object]]:
    """Yield the rows of the table status_changes."""
    for issue in scan.issues:
        for change in issue.of("status"):
            yield {
                "item_id": issue.id,
                "at": naive(change.at),
                "from_status": change.from_name,
                "to_status": change.to_name,
                "from_category": category(scan, change.from_),
                "to_category": category(scan, change.to),
            }


def dependencies(scan: Scan) -> Iterator[dict[str, object]]:
    """Yield the rows of the table dependencies; a link stands on both issues and counts once."""
    seen = set()
    for issue in scan.issues:
        for link in issue.fields.get("issuelinks") or []:
            if link["id"] in seen or link["type"].get("outward") != "blocks":
                continue
            seen.add(link["id"])
            other = link.get("outwardIssue") or link.get("inwardIssue") or {}
            pair = (issue.id, str(other.get("id"))) if "outwardIssue" in link else (str(other.get("id")), issue.id)
            yield {"blocker_id": pair[0], "blocked_id": pair[1], "type": link["type"]["name"]}
