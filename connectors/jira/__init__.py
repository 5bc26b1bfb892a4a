"""Jira: work items, their history, sprints, releases and dependencies through the jira library. Knows no table beyond those it fills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

import pyarrow as pa

from connectors.base import option
from connectors.budget import Budget, Limits
from connectors.jira import agile, items, membership
from connectors.jira.client import Client
from connectors.jira.scan import Scan
from errors import ConfigError
from settings import Secret
from store.schema import arrow_schema
from store.types import WHOLE, Batch, Stream, Window, day_start

STREAMS = ("releases", "sprints", "work_items", "status_changes", "sprint_items", "dependencies")


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
    """Reads the projects whole: one scan a sync serves all streams, so that they agree with each other."""

    name: ClassVar[str] = "jira"
    Settings: ClassVar[type[JiraSettings]] = JiraSettings

    def __init__(self, source: str, settings: JiraSettings, reporting_zone: ZoneInfo) -> None:
        self._settings, self._zone = settings, reporting_zone
        self._client = Client(source, settings)
        self._scan: Scan | None = None

    @property
    def start(self) -> date:
        """Issues are read whatever their age."""
        return date(2000, 1, 1)

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
        """Return the streams; each is replaced whole, so what vanished at the vendor vanishes here, but for items, which are marked."""
        return tuple(Stream(name, name, "whole", keeps_deleted=name == "work_items") for name in STREAMS)

    def read(self, stream: Stream, window: Window) -> Iterator[Batch]:
        """Yield the stream's one slice; the history is complete through the last midnight before the sync."""
        scan = self._scanned()
        rows = list(self._rows(stream.name, scan, window.until))
        today = window.until.astimezone(self._zone).date()
        yield Batch(WHOLE, pa.Table.from_pylist(rows, schema=arrow_schema(stream.table)), day_start(today, self._zone))

    def _scanned(self) -> Scan:
        if self._scan is None:
            self._scan = Scan.read(self._client, self._settings)
        return self._scan

    def _rows(self, stream: str, scan: Scan, now: datetime) -> Iterator[dict[str, object]]:
        moment = now.astimezone(UTC)
        match stream:
            case "releases":
                return agile.releases(self._client, self._settings)
            case "sprints":
                return agile.sprint_rows(scan.sprints)
            case "work_items":
                return items.work_items(scan, self._settings.address)
            case "status_changes":
                return items.status_changes(scan)
            case "sprint_items":
                return membership.sprint_items(scan, moment, self._zone)
            case _:
                return items.dependencies(scan)
