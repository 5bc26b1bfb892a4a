"""The shape of the sandbox company: what the world makes and the vendors' doubles serve. No logic, no randomness."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pandas as pd

REPORTING_ZONE = ZoneInfo("Europe/Vienna")

VISIT_COLUMNS = {
    "session_id": "string, unique",
    "user_id": "string, the same id as in actions",
    "time": "int64, start of the session, UTC epoch seconds",
    "day": "datetime64[s], calendar day of the start in Europe/Vienna; a session never crosses midnight there",
    "device": "desktop, mobile, tablet",
    "channel": "GA4 default channel group: Organic Search, Paid Search, Paid Social, Email, Direct, Referral",
    "campaign": "campaign name, or (organic), (direct), (referral), (not set)",
    "landing_page": "path of the first page view",
    "engaged": "bool",
    "new_user": "bool, first session ever of this user",
    "purchases": "int64, key events in this session",
    "revenue_cents": "int64, EUR cents",
}

ACTION_COLUMNS = {
    "insert_id": "string, unique",
    "session_id": "string",
    "user_id": "string",
    "time": "int64, UTC epoch seconds",
    "event": "page_view, signup, activation, purchase",
    "device": "as in visits",
    "channel": "as in visits",
    "page": "page path",
    "lcp_ms": "float64, whole milliseconds, page_view only, NaN otherwise (and for the few views left before paint)",
    "inp_ms": "float64, page_view only, seen by GA4 only",
    "cls": "float64, three decimals, page_view only, seen by GA4 only",
    "revenue_cents": "int64, EUR cents, purchase only, 0 otherwise",
}

MORE_ACTION_COLUMNS = {
    "rating": "string or None, what the site itself calls the measurements of this view, instead of good, needs-improvement, poor",
    "properties": "dict or None, further properties that Mixpanel receives with the event",
}
"""Columns that the world does not make and that tests may add."""


@dataclass(slots=True)
class Change:
    """One history entry of an issue: ids in from_/to, names in from_name/to_name, as Jira's changelog has them."""

    id: str
    at: datetime
    field: str
    field_id: str
    from_: str | None
    from_name: str | None
    to: str | None
    to_name: str | None


@dataclass(slots=True)
class IssueRecord:
    """One Jira issue at its creation; `changes` (oldest first) lead to any later state. Instants are aware UTC.

    touched: the last edit that left no change here (of the summary, a label, a parent); it counts as an update.
    """

    id: str
    key: str
    project: str
    type: str
    summary: str
    created: datetime
    status: str
    points: float | None = None
    labels: tuple[str, ...] = ()
    epic: str | None = None
    sprint: str | None = None
    version: str | None = None
    due: date | None = None
    changes: list[Change] = field(default_factory=list)
    touched: datetime | None = None


@dataclass(slots=True)
class SprintRecord:
    """One sprint of a scrum board; completed_at None while it is active or future. state follows from the clock."""

    id: str
    board_id: str
    name: str
    start_at: datetime
    end_at: datetime
    completed_at: datetime | None
    goal: str = ""


@dataclass(slots=True)
class VersionRecord:
    """One version (release). effect_ms: page path → true change of the median LCP in ms on desktop from released_on on."""

    id: str
    project: str
    name: str
    planned_on: date | None
    released_on: date | None
    description: str = ""
    effect_ms: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class LinkRecord:
    """One "Blocks" link: outward blocks inward."""

    id: str
    blocker_id: str
    blocked_id: str
    created: datetime
    type: str = "Blocks"


@dataclass(slots=True)
class WorklogRecord:
    """Time that somebody booked on an issue; deleted_at: when the entry was deleted."""

    id: str
    issue_id: str
    started: datetime
    seconds: int
    updated: datetime
    deleted_at: datetime | None = None


@dataclass(slots=True)
class BoardRecord:
    """One agile board of a project."""

    id: str
    name: str
    project: str
    type: str = "scrum"


STATUSES: dict[str, tuple[str, str]] = {
    "10000": ("To Do", "new"),
    "10001": ("In Progress", "indeterminate"),
    "10002": ("In Review", "indeterminate"),
    "10004": ("Blocked", "indeterminate"),
    "10003": ("Done", "done"),
    "10005": ("Won't Do", "done"),
}
"""Status id → (name, statusCategory key). IssueRecord.status and status changes use these ids."""

POINTS_FIELD = "customfield_10016"
SPRINT_FIELD = "customfield_10020"


@dataclass(slots=True)
class JiraSite:
    """Everything Jira knows, over all time; the double serves its state at `now`."""

    projects: dict[str, str]
    boards: list[BoardRecord]
    sprints: list[SprintRecord]
    versions: list[VersionRecord]
    issues: list[IssueRecord]
    links: list[LinkRecord]
    worklogs: list[WorklogRecord] = field(default_factory=list)


@dataclass(slots=True)
class Company:
    """The one company behind all vendors. Tests may build tiny ones by hand, or change the frames in place to restate.

    visits, actions: columns as in VISIT_COLUMNS and ACTION_COLUMNS, sorted by time.
    now: the company's clock, aware UTC; nothing later than it exists.
    """

    visits: pd.DataFrame
    actions: pd.DataFrame
    jira: JiraSite
    now: datetime
    zone: ZoneInfo = REPORTING_ZONE
    currency: str = "EUR"
