"""Work items, their status changes, their dependencies and their keys, from the documents that are held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime

from connectors.jira.agile import naive
from connectors.jira.document import Change, Issue, Link
from connectors.jira.site import Site

BLOCKED = ("blocked", "on hold", "impeded", "waiting")
CANCELLED = ("won't do", "won't fix", "wont do", "cancelled", "canceled", "duplicate", "declined", "rejected", "abandoned")
PORTABLE = {"new": "todo", "indeterminate": "doing", "done": "done"}
Issues = Callable[[], Iterable[Issue]]
"""Reads all issues once more; they are too many to be kept."""
Row = dict[str, object]


def category(site: Site, status: str | None) -> str:
    """Return todo, doing, blocked, done or cancelled; Jira itself knows only new, indeterminate and done."""
    name = site.names.get(status or "", "").lower()
    kind = PORTABLE.get(site.categories.get(status or "", "new"), "todo")
    if kind == "done":
        return "cancelled" if any(word in name for word in CANCELLED) else "done"
    return "blocked" if any(word in name for word in BLOCKED) else kind


def work_items(site: Site, issues: Issues, address: str) -> Iterator[Row]:
    """Yield the rows of the table work_items.

    Notes: whether the parent is an epic is asked of the parent itself, when it is held: what stands of it on the child may be old.
    """
    is_epic = {issue.id: issue.is_epic for issue in issues()}
    for issue in issues():
        epic = issue.parent if is_epic.get(issue.parent or "", issue.parent_is_epic) else None
        yield _work_item(site, issue, epic, address)


def _work_item(site: Site, issue: Issue, epic: str | None, address: str) -> Row:
    kpis = [label.removeprefix("kpi:") for label in issue.labels if label.startswith("kpi:")]
    began, done = started_at(site, issue), done_at(site, issue)
    return {
        "id": issue.id,
        "key": issue.key,
        "url": f"{address}/browse/{issue.key}",
        "title": issue.title,
        "type": issue.type,
        "project": issue.project,
        "status": site.names.get(issue.status, issue.status_name),
        "status_category": _category_now(site, issue),
        "points": issue.points,
        "epic": epic,
        "labels": ",".join(issue.labels),
        "kpi": kpis[0] if kpis else None,
        "release_id": issue.version,
        "created_at": naive(issue.created),
        "started_at": naive(began),
        "done_at": naive(done),
        "due_date": None if issue.due is None else date.fromisoformat(issue.due),
        "deleted_at": None,
        "cycle_days": _days(began, done),
        "lead_days": _days(issue.created, done),
    }


def _category_now(site: Site, issue: Issue) -> str:
    """The resolution may say that a done item was in truth cancelled."""
    found, resolution = category(site, issue.status), (issue.resolution or "").lower()
    return "cancelled" if found == "done" and any(word in resolution for word in CANCELLED) else found


def _days(first: datetime | None, last: datetime | None) -> float | None:
    return None if first is None or last is None else (last - first).total_seconds() / 86_400


def entered(site: Site, issue: Issue, *categories: str) -> list[Change]:
    """Return the changes by which an issue entered one of the categories from outside them, oldest first."""
    moves = issue.of("status")
    return [c for c in moves if category(site, c.to) in categories and category(site, c.from_) not in categories]


def started_at(site: Site, issue: Issue) -> datetime | None:
    """Return the first entry to an in-progress status."""
    return next((change.at for change in entered(site, issue, "doing", "blocked")), None)


def done_at(site: Site, issue: Issue) -> datetime | None:
    """Return the last entry to a done status of an item that is done now; resolutiondate survives reopening, so it is not used."""
    if _category_now(site, issue) != "done":
        return None
    moves = entered(site, issue, "done")
    return moves[-1].at if moves else issue.created


def status_changes(site: Site, issues: Issues) -> Iterator[Row]:
    """Yield the rows of the table status_changes; a status has the name that it has today, as long as it exists."""
    for issue in issues():
        for change in issue.of("status"):
            yield {
                "item_id": issue.id,
                "at": naive(change.at),
                "from_status": site.names.get(change.from_ or "", change.from_name or ""),
                "to_status": site.names.get(change.to or "", change.to_name or ""),
                "from_category": category(site, change.from_),
                "to_category": category(site, change.to),
            }


def dependencies(issues: Issues) -> Iterator[Row]:
    """Yield the rows of the table dependencies; a link stands on both issues and counts once.

    Notes: making or removing a link need not count as an update of both, so of two that are held the one updated last is believed.
    """
    updated: dict[str, datetime] = {}
    listed: dict[str, tuple[Link, set[str]]] = {}
    for issue in issues():
        updated[issue.id] = issue.updated
        for link in issue.links:
            listed.setdefault(link.id, (link, set()))[1].add(issue.id)
    for link, tellers in listed.values():
        ends = [end for end in (link.blocker, link.blocked) if end in updated]
        last = max(updated[end] for end in ends)
        if any(updated[teller] == last for teller in tellers):
            yield {"blocker_id": link.blocker, "blocked_id": link.blocked, "type": link.type}


def item_keys(site: Site, issues: Issues) -> Iterator[Row]:
    """Yield the rows of the table item_keys: which key an item had when, and in which project."""
    for issue in issues():
        moves = issue.of("key") or issue.of("project")
        since = issue.created
        for move in moves:
            yield {"item_id": issue.id, **_left(site, move), "since_at": naive(since), "until_at": naive(move.at)}
            since = move.at
        yield {"item_id": issue.id, "key": issue.key, "project": issue.project, "since_at": naive(since), "until_at": None}


def _left(site: Site, move: Change) -> Row:
    """Return the key and the project that an item left; where only the project's change is told, the key is not known."""
    if move.field == "key":
        return {"key": move.from_name, "project": (move.from_name or "").rsplit("-", 1)[0] or None}
    return {"key": None, "project": site.projects.get(move.from_ or "", move.from_name)}
