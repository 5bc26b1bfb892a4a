"""Google Analytics 4: daily traffic and web vitals through google-analytics-data. Knows no table beyond the two it fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.base import option
from connectors.budget import Budget, Limits
from connectors.ga4.client import Client, ReportSpec
from connectors.ga4.realtime import fetch_live
from connectors.ga4.reports import TRAFFIC, VITAL_EVENTS, VITALS, ReportKind, table_of
from errors import ConfigError, ContractError
from store.live import Live
from store.types import Batch, Stream, Window, day_end

LOOKBACK = timedelta(days=4)
DAYS_PER_CALL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ga4Settings:
    """One GA4 property."""

    property: str = option("property id: digits only, from Admin → Property details", example='"123456"')
    start: date = option("first day to pull", example="2025-10-01")
    credentials_file: str | None = option(
        "service-account JSON; Application Default Credentials when absent", default=None, example="${GA4_CREDENTIALS_FILE}"
    )
    endpoint: str | None = option(
        "another address of the Data API; http:// is a local server without credentials", default=None, example="http://127.0.0.1:8081"
    )
    transport: Literal["rest", "grpc"] = option("how to speak to Google", default="rest", example="grpc")
    rating_dimension: str = option(
        "custom dimension that holds the web vital's rating", default="customEvent:metric_rating", example="customEvent:metric_rating"
    )
    vital_events: Mapping[str, str] | None = option(
        "web vital → name of its event, where it differs", default=None, example="{LCP: web_vitals_lcp}"
    )
    vital_factors: Mapping[str, str] | None = option(
        "web vital → factor that makes its value ms, or CLS as is", default=None, example='{CLS: "0.001"}'
    )
    live: bool = option(
        "show the last 30 minutes on the Overview; the realtime report has a quota of its own", default=True, example="false"
    )
    live_every: timedelta = option("how often 'kpi serve' asks for them", default=timedelta(minutes=1), example="5m")
    timeout_seconds: float = option("longest wait for one answer", default=60.0, example="60")

    def __post_init__(self) -> None:
        if not self.property.isdigit():
            hint = "G-… is a measurement id and UA-… an old one. " if self.property.upper().startswith(("G-", "UA-")) else ""
            raise ConfigError(
                f"property is '{self.property}', but a property id has digits only. {hint}Look it up under Admin → Property details."
            )
        strange = sorted(set(self.vital_events or {}) ^ (set(self.vital_events or {}) & set(VITAL_EVENTS)))
        strange += sorted(set(self.vital_factors or {}) - set(VITAL_EVENTS))
        if strange:
            raise ConfigError(
                f"vital_events or vital_factors names the unknown metric {', '.join(strange)}. Known metrics: {', '.join(VITAL_EVENTS)}."
            )
        for metric, factor in (self.vital_factors or {}).items():
            if not _is_factor(factor):
                raise ConfigError(f"vital_factors: the factor of {metric} is '{factor}', which is no positive number.")


def _is_factor(text: str) -> bool:
    try:
        return Decimal(text) > 0
    except ArithmeticError:
        return False


class Connector:
    """Reads one property, a day at a time."""

    name: ClassVar[str] = "ga4"
    Settings: ClassVar[type[Ga4Settings]] = Ga4Settings

    def __init__(self, source: str, settings: Ga4Settings, reporting_zone: ZoneInfo) -> None:
        self._source, self._settings = source, settings
        self._client = Client(source, settings)
        self._zone: ZoneInfo | None = None

    @property
    def start(self) -> date:
        """First day to pull."""
        return self._settings.start

    @property
    def limits(self) -> Limits:
        """Ten server errors an hour block a project's access to a property, so half of them are enough (Data API quotas, 2026-11)."""
        return Limits(faults_an_hour=5)

    def use(self, budget: Budget) -> None:
        """Take every call from now on out of this budget."""
        self._client.budget = budget

    @property
    def live_every(self) -> timedelta | None:
        """How often to ask for the last 30 minutes; None: they are not wanted."""
        return self._settings.live_every if self._settings.live else None

    @property
    def live_limits(self) -> Limits:
        """Realtime reports have quotas of their own, of the same sizes."""
        return self.limits

    def live(self, now: datetime) -> Live:
        """Return the last 30 minutes."""
        return fetch_live(self._source, f"properties/{self._settings.property}", self._client.realtime, now)

    def zone(self) -> ZoneInfo:
        """Return the property's zone, as an answer of the property names it."""
        if self._zone is None:
            start = self._settings.start.isoformat()
            name = self._client.report(ReportSpec((), ("sessions",)), self._settings.start).time_zone
            try:
                self._zone = ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise ContractError(
                    f"{self._source}: the report of {start} names the time zone '{name}', which is not known here."
                ) from error
        return self._zone

    def check(self) -> str:
        """Read the property's metadata and one row, and say what was reached."""
        known = self._client.dimension_names()
        missing = [name for name in (*TRAFFIC.dimensions, *VITALS.dimensions) if name not in known and name != "customEvent:metric_rating"]
        if missing:
            raise ContractError(f"{self._source}: the property does not know the dimensions {', '.join(missing)}.")
        rating = self._settings.rating_dimension
        note = "" if rating in known else f" The custom dimension {rating} is not registered: web vitals cannot be read."
        for report in (TRAFFIC, *([self._vitals()] if rating in known else [])):
            self._client.check_compatible(report.spec)
        return f"property {self._settings.property} answers, its zone is {self.zone()}.{note}"

    def streams(self) -> Sequence[Stream]:
        """Return both streams; vendors' days are replaced one by one, and the last four are read again."""
        return (Stream("traffic", "web_traffic", "day", LOOKBACK), Stream("vitals", "web_vitals", "day", LOOKBACK))

    def read(self, stream: Stream, window: Window) -> Iterator[Batch]:
        """Yield the window's days; GA4 keeps revising a day for up to 72 hours (support.google.com/analytics/answer/11198161)."""
        report = TRAFFIC if stream.name == "traffic" else self._vitals()
        zone, days = self.zone(), window.days(self.zone())
        for first in range(0, len(days), DAYS_PER_CALL):
            wanted = days[first : first + DAYS_PER_CALL]
            for day, result in zip(wanted, self._client.reports(report.spec, wanted), strict=True):
                end = day_end(day, zone).astimezone(UTC)
                over = end <= window.until
                rows, flags = table_of(self._source, report, day, result)
                context = f"{result.currency} {result.time_zone}".strip()
                yield Batch(day, rows, end if over else None, flags if over else (*flags, "provisional"), context=context)

    def _vitals(self) -> ReportKind:
        settings = self._settings
        return VITALS.rated_by(settings.rating_dimension).measured_as(settings.vital_events or {}, settings.vital_factors or {})
