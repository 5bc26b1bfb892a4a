"""Jira: work items, their history, sprints, releases and dependencies through the jira library. Knows no table beyond those it fills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import pyarrow as pa

from connectors.base import option
from connectors.budget import Budget, Limits
from connectors.jira import agile, items, membership, reports
from connectors.jira.client import Client
from connectors.jira.document import Issue, issue
from connectors.jira.portions import portions
from connectors.jira.pull import Pull
from connectors.jira.site import Site
from connectors.jira.worklogs import Worklogs
from errors import ConfigError
from settings import Secret
from store.schema import arrow_schema
from store.types import WHOLE, Batch, Held, Stream, Window, day_start

BEGINNING = date(2000, 1, 1)
OVERLAP = timedelta(minutes=15)
"""How far behind the start of the last pull to ask again: the search lags behind, and clocks differ."""
ROWS_AT_ONCE = 5_000
DOCUMENTS = Stream("documents", "_documents", "keyed", OVERLAP, key="id")
LISTS = (Stream("releases", "releases", "whole"), Stream("sprints", "sprints", "whole"))
DERIVED = (
    Stream("work_items", "work_items", "whole", keeps_deleted=True, derived_from="documents"),
    Stream("status_changes", "status_changes", "whole", derived_from="documents"),
    Stream("sprint_items", "sprint_items", "whole", derived_from="documents"),
    Stream("dependencies", "dependencies", "whole", derived_from="documents"),
    Stream("item_keys", "item_keys", "whole", derived_from="documents"),
)
SPRINT_REPORTS = Stream("sprint_reports", "sprint_reports", "keyed", key="sprint_id", is_optional=True)
WORKLOGS = Stream("worklogs", "worklogs", "keyed", OVERLAP, key="id", derived_from="documents")


@dataclass(frozen=True, slots=True, kw_only=True)
class JiraSettings:
    """Some projects of one Jira site."""

    projects: tuple[str, ...] = option("keys of the projects to read", example="[WEB, APP]")
    server: str | None = option("address of the site", default=None, example="https://example.atlassian.net")
    email: Secret | None = option("e-mail address of the account (Cloud)", default=None, secret=True, example="${JIRA_EMAIL}")
    token: Secret | None = option("API token of the account (Cloud)", default=None, secret=True, example="${JIRA_TOKEN}")
    pat: Secret | None = option("personal access token (Data Center)", default=None, secret=True, example="${JIRA_PAT}")
    points_field: str | None = option("id of the estimate field, when it is not found by itself", default=None, example="customfield_10016")
    endpoint: str | None = option("replaces server; http:// is a local server", default=None, example="http://127.0.0.1:8083")
    sprint_report: bool = option("read Jira's own report of each closed sprint, once", default=False, example="true")
    worklogs: bool = option("read the time that was booked on items, without names", default=False, example="true")
    token_expires: date | None = option("when the token ends; 'kpi doctor' warns 30 days before", default=None, example="2027-06-30")
    timeout_seconds: float = option("longest wait for one answer", default=60.0, example="60")

    def __post_init__(self) -> None:
        if not self.projects:
            raise ConfigError("projects is empty. List the keys of the projects to read, for example 'projects: [WEB, APP]'.")
        if self.server is None and self.endpoint is None:
            raise ConfigError("there is no 'server'. Add the address of the site, for example 'server: https://example.atlassian.net'.")
        if not self.is_local and self.pat is None and (self.email is None or self.token is None):
            raise ConfigError(
                "credentials are missing. Add 'email: ${JIRA_EMAIL}' and 'token: ${JIRA_TOKEN}', or 'pat: ${JIRA_PAT}' on Data Center."
            )

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is a local server, which takes the sandbox's account when none is given."""
        return self.endpoint is not None and self.endpoint.startswith("http://")

    @property
    def address(self) -> str:
        """Where requests go, without a final slash."""
        return (self.endpoint or self.server or "").rstrip("/")


class Connector:
    """Reads what changed, keeps it as documents, and derives all tables of items from those that are held."""

    name: ClassVar[str] = "jira"
    Settings: ClassVar[type[JiraSettings]] = JiraSettings

    def __init__(self, source: str, settings: JiraSettings, reporting_zone: ZoneInfo) -> None:
        self._settings, self._zone = settings, reporting_zone
        self._client = Client(source, settings)
        self._site: Site | None = None
        self._sprints: list[agile.Sprint] | None = None

    @property
    def start(self) -> date:
        """Issues are read whatever their age."""
        return BEGINNING

    @property
    def limits(self) -> Limits:
        """Eight requests a second at most: above, a tenant's burst limit answers 429 (Atlassian, rate limiting, 2026-03)."""
        return Limits(calls_a_second=None if self._settings.is_local else 8)

    def use(self, budget: Budget) -> None:
        """Take every call from now on out of this budget."""
        self._client.budget = budget

    def zone(self) -> ZoneInfo:
        """Return the reporting zone: Jira's history has instants, no days of its own."""
        return self._zone

    def check(self) -> str:
        """Read the account and the project roster, and say what was reached."""
        account = self._client.get("/rest/api/2/myself")
        self._client.require_projects()
        return f"{self._settings.address} answers as {account.get('displayName', 'an account')}; projects {', '.join(self._settings.projects)} are visible."

    def streams(self) -> Sequence[Stream]:
        """Return the streams, the documents first: what is derived from them is replaced whole on every sync."""
        extras = ((SPRINT_REPORTS, self._settings.sprint_report), (WORKLOGS, self._settings.worklogs))
        return (DOCUMENTS, *LISTS, *DERIVED, *(stream for stream, is_wanted in extras if is_wanted))

    def read(self, stream: Stream, window: Window) -> Iterator[Batch]:
        """Yield the stream's one slice; the history is complete through the last midnight before the sync."""
        today = window.until.astimezone(self._zone).date()
        complete_through = day_start(today, self._zone)
        match stream.name:
            case "documents":
                yield from self._pull(window).batches(complete_through)
            case "sprint_reports":
                yield from reports.batches(self._client, self._listed_sprints(), stream, _held(window), window.until, complete_through)
            case "worklogs":
                yield from self._worklogs(window).batches(complete_through, self._asked_of_worklogs())
            case _:
                schema = arrow_schema(stream.table)
                for portion in portions(self._rows(stream.name, window), ROWS_AT_ONCE):
                    yield Batch(WHOLE, pa.Table.from_pylist(portion, schema=schema), closes=False)
                yield Batch(WHOLE, schema.empty_table(), complete_through)

    def _read_site(self) -> Site:
        if self._site is None:
            self._site = Site.read(self._client, self._settings)
        return self._site

    def _listed_sprints(self) -> list[agile.Sprint]:
        if self._sprints is None:
            self._sprints = list(agile.sprints(self._client, self._read_site().boards))
        return self._sprints

    def _pull(self, window: Window) -> Pull:
        site, held = self._read_site(), _held(window)
        since = _since(window, DOCUMENTS, site.asked)
        return Pull(self._client, site, self._settings.projects, since, held, DOCUMENTS)

    def _asked_of_worklogs(self) -> str:
        return ",".join(self._settings.projects)

    def _worklogs(self, window: Window) -> Worklogs:
        since = _since(window, WORKLOGS, self._asked_of_worklogs())
        return Worklogs(self._client, since, _held(window), DOCUMENTS, WORKLOGS)

    def _rows(self, stream: str, window: Window) -> Iterator[dict[str, object]]:
        site, held = self._read_site(), _held(window)

        def issues() -> Iterator[Issue]:
            return map(issue, held.rows(DOCUMENTS))

        match stream:
            case "releases":
                return agile.releases(self._client, self._settings)
            case "sprints":
                return agile.sprint_rows(self._listed_sprints())
            case "work_items":
                return items.work_items(site, issues, self._settings.address)
            case "status_changes":
                return items.status_changes(site, issues)
            case "sprint_items":
                return membership.sprint_items(site, issues, self._listed_sprints(), window.until.astimezone(UTC), self._zone)
            case "dependencies":
                return items.dependencies(issues)
            case _:
                return items.item_keys(site, issues)


def _held(window: Window) -> Held:
    assert window.held is not None, "documents build on what is held"
    return window.held


def _since(window: Window, stream: Stream, asked: str) -> datetime | None:
    """Return from when a keyed stream may be read on; None when everything is to be read: at first, by order, or for other fields."""
    is_first = window.since.date() <= BEGINNING
    return None if is_first or _held(window).context(stream) != asked else window.since
