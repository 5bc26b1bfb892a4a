"""What sources.yaml may say of a Mixpanel project. Knows no call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from connectors.base import option
from errors import ConfigError
from settings import Secret

LOOKBACK = timedelta(days=5)
"""Events may arrive as late as this."""
LONGEST_TIMEOUT_SECONDS = 3_600.0
LONGEST_FUNNEL_WINDOW = timedelta(days=90)
MOST_INTERVALS = 90
CALLS_AN_HOUR = 50
UTC_ZONE = ZoneInfo("UTC")
TYPED_COLUMNS = ("device", "channel", "page", "lcp_ms", "revenue")
UNITS = {"day": timedelta(days=1), "week": timedelta(days=7)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionReport:
    """Who did `event` in each of `intervals` days or weeks after having done `born_event` for the first time."""

    name: str
    born_event: str
    event: str
    unit: Literal["day", "week"]
    intervals: int

    def __post_init__(self) -> None:
        if not 1 <= self.intervals <= MOST_INTERVALS:
            raise ValueError(f"intervals of '{self.name}' is {self.intervals}; it must lie between 1 and {MOST_INTERVALS}.")

    @property
    def length(self) -> timedelta:
        """How long one interval is."""
        return UNITS[self.unit]

    def cohort_of(self, day: date) -> date:
        """Return the first day of the cohort that holds a day; weeks begin on Monday."""
        return day - timedelta(days=day.weekday() if self.unit == "week" else 0)

    def first_cohort(self, start: date) -> date:
        """Return the first cohort all of whose days lie at or after `start`."""
        cohort = self.cohort_of(start)
        return cohort if cohort == start else cohort + self.length

    def settles_after(self) -> timedelta:
        """Return how long after its first day a cohort may still change: the last of its people has the last interval before them."""
        return self.length * (self.intervals + 1)


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
    timezone: ZoneInfo | None = option(
        "the project's time zone; profiles, funnels and retention need it, UTC when absent", default=None, example="Europe/Vienna"
    )
    created_before_2023: bool = option("the project was made before 2023: its times are local, not UTC", default=False, example="true")
    properties: Mapping[str, str] | None = option("event property → column of events", default=None, example="{lcp_ms: lcp_ms, page: page}")
    profiles: bool = option("read the profiles: id and when last seen", default=False, example="true")
    profile_properties: tuple[str, ...] = option(
        "properties of a profile to keep; no other is asked for", default=(), example="[plan, country]"
    )
    funnels: tuple[str, ...] = option("ids of saved funnels to read", default=(), example='["7509"]')
    funnel_window: timedelta = option("longest conversion window of these funnels", default=timedelta(days=30), example="14d")
    retention: tuple[RetentionReport, ...] = option(
        "retention reports to read",
        default=(),
        example="[{name: bought, born_event: signup, event: purchase, unit: week, intervals: 8}]",
    )
    endpoint: str | None = option("another address; http:// is a local server", default=None, example="http://127.0.0.1:8082")
    timeout_seconds: float = option("longest silence of the vendor", default=120.0, example="120")
    exports_per_hour: int | None = option(
        "most calls an hour, exports and queries; 50 unless the endpoint is a local server", default=None, example="50"
    )

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
        self._check_optional()

    def _check_optional(self) -> None:
        if self.timezone is None and (self.profiles or self.funnels or self.retention):
            raise ConfigError(
                "timezone is missing: profiles, funnels and retention are told in the days of the project's zone. "
                "Look it up under Project settings and add 'timezone: Europe/Vienna'."
            )
        if self.profile_properties and not self.profiles:
            raise ConfigError("profile_properties is set, but profiles are not read. Add 'profiles: true', or leave it out.")
        for funnel in self.funnels:
            if not funnel.isdigit():
                raise ConfigError(f"funnels names '{funnel}', but the id of a funnel has digits only. Copy it from the funnel's address.")
        if not timedelta(0) < self.funnel_window <= LONGEST_FUNNEL_WINDOW:
            raise ConfigError(f"funnel_window is {self.funnel_window}; it must lie above 0 and at most {LONGEST_FUNNEL_WINDOW.days}d.")
        _require_unique("funnels", self.funnels)
        _require_unique("retention", [report.name for report in self.retention])

    @property
    def zone(self) -> ZoneInfo:
        """The project's zone."""
        return self.timezone or UTC_ZONE

    @property
    def most_calls(self) -> int | None:
        """Calls an hour, None for no limit."""
        return self.exports_per_hour if self.exports_per_hour is not None or self.is_local else CALLS_AN_HOUR

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is a local server, which takes the sandbox's account when none is given."""
        return self.endpoint is not None and self.endpoint.startswith("http://")


def _require_unique(setting: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{setting} names {', '.join(twice)} twice. Keep one of them.")


def _is_address(endpoint: str | None) -> bool:
    if endpoint is None:
        return True
    try:
        parts = urlsplit(endpoint)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
