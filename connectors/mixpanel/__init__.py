"""Mixpanel: raw events, one export a day, through mixpanel-utils. Knows no table beyond the one it fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import ClassVar, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from connectors.base import option
from connectors.budget import Budget, Limits
from connectors.mixpanel.client import Client
from connectors.mixpanel.rows import DayReader
from connectors.mixpanel.rows import Mapping as Columns
from errors import ConfigError
from settings import Secret
from store.types import Batch, Lines, Stream, Window, day_end

LOOKBACK = timedelta(days=5)
LONGEST_TIMEOUT_SECONDS = 3_600.0
EXPORTS_AN_HOUR = 50
UTC_ZONE = ZoneInfo("UTC")
TYPED_COLUMNS = ("device", "channel", "page", "lcp_ms", "revenue")
DEFAULT_PROPERTIES = {name: name for name in TYPED_COLUMNS}


@dataclass(frozen=True, slots=True, kw_only=True)
class MixpanelSettings:
    """One Mixpanel project, read by one service account."""

    project_id: str = option("project id, from Project settings", example="77")
    start: date = option("first day to pull", example="2025-10-01")
    service_account: Secret | None = option(
        "user name of the service account", default=None, secret=True, example="${MIXPANEL_SERVICE_ACCOUNT}"
    )
    secret: Secret | None = option("secret of the service account", default=None, secret=True, example="${MIXPANEL_SECRET}")
    residency: Literal["us", "eu", "in"] = option("where the project's data lie", default="us", example="eu")
    timezone: ZoneInfo = option("the project's time zone", default=UTC_ZONE, example="Europe/Vienna")
    created_before_2023: bool = option("the project was made before 2023: its times are local, not UTC", default=False, example="true")
    properties: Mapping[str, str] | None = option("event property → column of events", default=None, example="{lcp_ms: lcp_ms, page: page}")
    endpoint: str | None = option("another address; http:// is a local server", default=None, example="http://127.0.0.1:8082")
    timeout_seconds: float = option("longest silence of the vendor", default=120.0, example="120")
    exports_per_hour: int | None = option("most exports an hour; 50 unless the endpoint is a local server", default=None, example="50")

    def __post_init__(self) -> None:
        if not self.project_id.isdigit():
            raise ConfigError(f"project_id is '{self.project_id}', but a project id has digits only. Look it up under Project settings.")
        if not self.is_local and (self.service_account is None or self.secret is None):
            raise ConfigError(
                "service_account and secret are both needed. Add 'service_account: ${MIXPANEL_SERVICE_ACCOUNT}' and 'secret: ${MIXPANEL_SECRET}'."
            )
        wrong = sorted(set((self.properties or {}).values()) - set(TYPED_COLUMNS))
        if wrong:
            raise ConfigError(f"properties names the unknown column {', '.join(wrong)}. Known columns: {', '.join(TYPED_COLUMNS)}.")
        columns = list((self.properties or {}).values())
        twice = sorted({column for column in columns if columns.count(column) > 1})
        if twice:
            raise ConfigError(f"properties fills the column {', '.join(twice)} from two properties. Keep one of them.")
        if not _is_address(self.endpoint):
            raise ConfigError(f"endpoint is '{self.endpoint}', which is no address. Write it as http://127.0.0.1:8082 or https://….")
        if not 0 < self.timeout_seconds <= LONGEST_TIMEOUT_SECONDS:
            raise ConfigError(f"timeout_seconds is {self.timeout_seconds:g}; it must lie above 0 and at most {LONGEST_TIMEOUT_SECONDS:g}.")

    @property
    def most_exports(self) -> int | None:
        """Exports an hour, None for no limit."""
        return self.exports_per_hour if self.exports_per_hour is not None or self.is_local else EXPORTS_AN_HOUR

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is a local server, which takes the sandbox's account when none is given."""
        return self.endpoint is not None and self.endpoint.startswith("http://")


def _is_address(endpoint: str | None) -> bool:
    if endpoint is None:
        return True
    try:
        parts = urlsplit(endpoint)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


class Connector:
    """Reads one project, a vendor day at a time."""

    name: ClassVar[str] = "mixpanel"
    Settings: ClassVar[type[MixpanelSettings]] = MixpanelSettings

    def __init__(self, source: str, settings: MixpanelSettings, reporting_zone: ZoneInfo) -> None:
        self._settings = settings
        self._client = Client(source, settings)
        local = settings.timezone if settings.created_before_2023 else None
        self._columns = Columns(source, settings.properties or DEFAULT_PROPERTIES, reporting_zone, local)

    @property
    def start(self) -> date:
        """First day to pull."""
        return self._settings.start

    @property
    def limits(self) -> Limits:
        """Of the vendor's 60 exports an hour and 3 a second, which all tools share, ten an hour are left to people."""
        return Limits(self._settings.most_exports, None if self._settings.is_local else 3)

    def use(self, budget: Budget) -> None:
        """Take every call from now on out of this budget."""
        self._client.budget = budget

    def zone(self) -> ZoneInfo:
        """Return the zone of the export's days: UTC, or the project's for projects made before 2023 (docs.mixpanel.com, time zones, 2026-08)."""
        return self._settings.timezone if self._settings.created_before_2023 else UTC_ZONE

    def check(self) -> str:
        """Ask for one event of the first day, and say what was reached."""
        day, settings = self._settings.start, self._settings
        found = "has events" if self._client.reaches(day) else "has no events"
        return f"project {settings.project_id} ({settings.residency}) answers: {day} {found}."

    def streams(self) -> Sequence[Stream]:
        """Return the one stream; events may arrive five days late, so as many days are read again."""
        return (Stream("events", "events", "day", LOOKBACK),)

    def read(self, stream: Stream, window: Window) -> Iterator[Batch]:
        """Yield the window's days, one export each: both bounds of an export are included, so days never overlap."""
        for day in window.days(self.zone()):
            end = day_end(day, self.zone()).astimezone(UTC)
            over = end <= window.until
            reader, last = DayReader(self._columns, day), b""
            for block in self._client.export(day):
                if last:
                    yield Batch(day, Lines(last, reader), closes=False)
                last = block
            yield Batch(day, Lines(last, reader), end if over else None, () if over else ("provisional",))
