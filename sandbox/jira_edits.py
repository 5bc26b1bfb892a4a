"""What people do to issues after the fact: edit, estimate, plan, move, link, delete. Each edit happens at an instant."""

from __future__ import annotations

from datetime import datetime

from sandbox.jira_issue import KEY_FIELD, RenderedIssue
from sandbox.tables import POINTS_FIELD, SPRINT_FIELD, STATUSES, Change, Company, IssueRecord, LinkRecord, WorklogRecord


def _append(company: Company, issue: IssueRecord, at: datetime, field: str, field_id: str, *values: str | None) -> None:
    """Write one history entry; values are from, its name, to, its name."""
    number = 1 + max((int(change.id) for other in company.jira.issues for change in other.changes), default=0)
    issue.changes.append(Change(str(number), at, field, field_id, *values))
    issue.changes.sort(key=lambda change: (change.at, int(change.id)))


def _now(company: Company, issue: IssueRecord) -> RenderedIssue:
    return RenderedIssue(issue, company)


def key_now(company: Company, issue: IssueRecord) -> str:
    """Return the key that an issue has at the company's clock."""
    return _now(company, issue).key


def rename(issue: IssueRecord, summary: str, at: datetime) -> None:
    """Change the summary, which leaves no entry in the histories that matter."""
    issue.summary, issue.touched = summary, at


def set_status(company: Company, issue: IssueRecord, status: str, at: datetime) -> None:
    """Move an issue to another status."""
    before = _now(company, issue).status
    _append(company, issue, at, "status", "status", before, STATUSES[before][0], status, STATUSES[status][0])


def estimate(company: Company, issue: IssueRecord, points: float, at: datetime) -> None:
    """Give another estimate."""
    before = _now(company, issue).points
    _append(company, issue, at, "Story point estimate", POINTS_FIELD, None, None if before is None else f"{before:g}", None, f"{points:g}")


def plan(company: Company, issue: IssueRecord, sprints: str, at: datetime) -> None:
    """Put an issue into these sprints and out of all others; ids, comma separated."""
    before = _now(company, issue).sprints or ""
    _append(company, issue, at, "Sprint", SPRINT_FIELD, before, before, sprints, sprints)


def move(company: Company, issue: IssueRecord, project: str, at: datetime) -> str:
    """Move an issue to another project; return its new key."""
    before = _now(company, issue)
    taken = [int(_now(company, other).key.rsplit("-", 1)[1]) for other in company.jira.issues]
    key = f"{project}-{max(taken) + 1}"
    projects = list(company.jira.projects)
    ids = [str(10_000 + projects.index(p)) if p in projects else None for p in (before.project, project)]
    _append(company, issue, at, "project", "project", ids[0], before.project, ids[1], project)
    _append(company, issue, at, "Key", KEY_FIELD, None, before.key, None, key)
    return key


def link(company: Company, blocker: IssueRecord, blocked: IssueRecord, at: datetime) -> None:
    """Let one issue block another."""
    number = 1 + max((int(known.id) for known in company.jira.links), default=30_000)
    company.jira.links.append(LinkRecord(str(number), blocker.id, blocked.id, at))


def unlink(company: Company, gone: LinkRecord, at: datetime) -> None:
    """Take a link away; only the blocked side counts as updated. The other keeps the update that making it was."""
    company.jira.links.remove(gone)
    for issue in company.jira.issues:
        if issue.id == gone.blocked_id:
            issue.touched = at
        elif issue.id == gone.blocker_id:
            issue.touched = max(issue.touched or gone.created, gone.created)


def delete(company: Company, issue: IssueRecord) -> None:
    """Delete an issue. Nothing else counts as updated by it."""
    company.jira.issues.remove(issue)


def book(company: Company, issue: IssueRecord, seconds: int, at: datetime) -> WorklogRecord:
    """Book time on an issue."""
    number = 1 + max((int(log.id) for log in company.jira.worklogs), default=70_000)
    company.jira.worklogs.append(WorklogRecord(str(number), issue.id, at, seconds, at))
    return company.jira.worklogs[-1]
