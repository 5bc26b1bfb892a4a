"""What a perfect observer would report about the company: computed straight from its records, with no vendor in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from sandbox import plan
from sandbox.tables import POINTS_FIELD, SPRINT_FIELD, STATUSES, Company, IssueRecord, SprintRecord

DONE, DROPPED, BLOCKED = "10003", "10005", "10004"
CATEGORY = {"new": "todo", "indeterminate": "doing", "done": "done"}


@dataclass(frozen=True, slots=True)
class CampaignTruth:
    """One campaign with its real days and the sessions a day that it brought on average."""

    name: str
    channel: str
    first: date
    last: date
    sessions_a_day: float


@dataclass(frozen=True, slots=True)
class Truth:
    """The true effects, and the facts as tables."""

    company: Company
    start: date

    @property
    def elasticity(self) -> float:
        """Change of conversion in percent for one percent more LCP on the landing page."""
        return plan.ELASTICITY

    @property
    def release_effects(self) -> list[tuple[str, date, dict[str, float]]]:
        """(version id, release day, page → change of the desktop median LCP in ms) of each release that is live."""
        return [(v.id, v.released_on, v.effect_ms) for v in self.company.jira.versions if v.released_on is not None]

    @property
    def campaigns(self) -> list[CampaignTruth]:
        """The campaigns that have begun."""
        today = self.company.now.astimezone(self.company.zone).date()
        found = [CampaignTruth(c.name, c.channel, *c.days(self.start), c.sessions_a_day) for c in plan.CAMPAIGNS]
        return [campaign for campaign in found if campaign.first < today]

    def work_items(self) -> pd.DataFrame:
        """Return the items as they are now, with the instants at which they were begun and done."""
        return pd.DataFrame([_item(issue, self.company.now) for issue in self.company.jira.issues])

    def sprint_items(self) -> pd.DataFrame:
        """Return who belonged to which sprint, and how it stood at its start and at its end."""
        return pd.DataFrame(list(self._memberships()))

    def _memberships(self) -> Iterator[dict[str, object]]:
        now = self.company.now
        for sprint in self.company.jira.sprints:
            for issue in self.company.jira.issues:
                row = _membership(issue, sprint, now)
                if row is not None:
                    yield row


def value_at(issue: IssueRecord, field_id: str, at: datetime) -> str | None:
    """Return the status id, the sprint list or the estimate (as text) that an issue had at an instant."""
    initial = {"status": issue.status, SPRINT_FIELD: issue.sprint, POINTS_FIELD: None if issue.points is None else str(issue.points)}[
        field_id
    ]
    for change in issue.changes:
        if change.field_id == field_id and change.at <= at:
            initial = change.to_name if field_id == POINTS_FIELD else change.to
    return initial


def was_in(issue: IssueRecord, sprint_id: str, at: datetime) -> bool:
    """Whether an issue was in a sprint at an instant."""
    return issue.created <= at and sprint_id in [part.strip() for part in (value_at(issue, SPRINT_FIELD, at) or "").split(",")]


def points_at(issue: IssueRecord, at: datetime) -> float | None:
    """Return the estimate at an instant."""
    text = value_at(issue, POINTS_FIELD, at)
    return None if text is None else float(text)


def _entries(issue: IssueRecord, statuses: set[str], until: datetime) -> list[datetime]:
    """Return the instants up to `until` at which an issue entered one of the statuses from outside them."""
    return [c.at for c in issue.changes if c.field_id == "status" and c.at <= until and c.to in statuses and c.from_ not in statuses]


def _item(issue: IssueRecord, now: datetime) -> dict[str, object]:
    status = value_at(issue, "status", now) or ""
    category = {BLOCKED: "blocked", DROPPED: "cancelled"}.get(status, CATEGORY[STATUSES[status][1]])
    working = {key for key, (_, kind) in STATUSES.items() if kind == "indeterminate"}
    started = min(_entries(issue, working, now), default=None)
    done = max(_entries(issue, {DONE}, now), default=None) if status == DONE else None
    kpis = sorted(label.removeprefix("kpi:") for label in issue.labels if label.startswith("kpi:"))
    return {
        "id": issue.id, "key": issue.key, "type": issue.type, "project": issue.project, "status_category": category, "points": points_at(issue, now),
        "created_at": issue.created, "started_at": started, "done_at": done, "cycle_days": _days(started, done), "lead_days": _days(issue.created, done),
        "kpi": kpis[0] if kpis else None, "labels": ",".join(sorted(issue.labels)),
    }  # fmt: skip


def _days(first: datetime | None, last: datetime | None) -> float | None:
    return None if first is None or last is None else (last - first).total_seconds() / 86_400


def _membership(issue: IssueRecord, sprint: SprintRecord, now: datetime) -> dict[str, object] | None:
    """Return how an issue stood in a sprint, or None when it was never in it between its start and its end."""
    if sprint.start_at > now:
        return _planned(issue, sprint, now)
    end = min(sprint.completed_at or now, now)
    moments = [sprint.start_at, *(c.at for c in issue.changes if c.field_id == SPRINT_FIELD and sprint.start_at < c.at <= end)]
    member_at = [at for at in moments if was_in(issue, sprint.id, at)]
    if not member_at:
        return None
    joined = _joined(issue, sprint.id, end)
    in_at_end = was_in(issue, sprint.id, end)
    left = None if in_at_end else max(at for at in moments if not was_in(issue, sprint.id, at))
    done_at_start = STATUSES[value_at(issue, "status", sprint.start_at) or issue.status][1] == "done"
    finished = max(_entries(issue, {DONE}, end), default=None)
    committed = was_in(issue, sprint.id, sprint.start_at) and not done_at_start
    completed = in_at_end and value_at(issue, "status", end) == DONE and finished is not None and finished > sprint.start_at
    reference = sprint.start_at if was_in(issue, sprint.id, sprint.start_at) else joined
    return {
        "sprint_id": sprint.id, "sprint_name": sprint.name, "item_id": issue.id, "added_at": joined, "removed_at": left, "committed": committed,
        "completed": completed, "points_at_start": points_at(issue, reference), "points_at_end": points_at(issue, left or end),
    }  # fmt: skip


def sprint_memberships(company: Company, sprint: SprintRecord) -> Iterator[dict[str, Any]]:
    """Yield the rows of one closed sprint with their outcome (completed, not_completed, removed, completed_elsewhere), and whether they came late."""
    for issue in company.jira.issues:
        row = _membership(issue, sprint, company.now)
        if row is None:
            continue
        is_done = value_at(issue, "status", min(sprint.completed_at or company.now, company.now)) == DONE
        rest = "completed_elsewhere" if is_done else "not_completed"
        outcome = "removed" if row["removed_at"] is not None else "completed" if row["completed"] else rest
        yield {**row, "outcome": outcome, "added_during": not was_in(issue, sprint.id, sprint.start_at)}


def _joined(issue: IssueRecord, sprint_id: str, until: datetime) -> datetime:
    """Return the latest instant at which an issue entered a sprint."""
    entered = [issue.created] if was_in(issue, sprint_id, issue.created) else []
    for change in issue.changes:
        if change.field_id == SPRINT_FIELD and change.at <= until:
            before = sprint_id in [part.strip() for part in (change.from_ or "").split(",")]
            after = sprint_id in [part.strip() for part in (change.to or "").split(",")]
            if after and not before:
                entered.append(change.at)
    return entered[-1]


def _planned(issue: IssueRecord, sprint: SprintRecord, now: datetime) -> dict[str, object] | None:
    if not was_in(issue, sprint.id, now):
        return None
    return {
        "sprint_id": sprint.id, "sprint_name": sprint.name, "item_id": issue.id, "added_at": _joined(issue, sprint.id, now), "removed_at": None,
        "committed": False, "completed": False, "points_at_start": points_at(issue, now), "points_at_end": points_at(issue, now),
    }  # fmt: skip
