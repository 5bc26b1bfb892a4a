"""Mixpanel: raw events, one export a day, and on request profiles and reports, through mixpanel-utils. Knows no table beyond those it fills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date
from typing import ClassVar
from zoneinfo import ZoneInfo

from connectors.budget import Budget, Limits
from connectors.mixpanel.client import Client
from connectors.mixpanel.profiles import Profiles
from connectors.mixpanel.reports import Funnels, Retention
from connectors.mixpanel.rows import DayReader
from connectors.mixpanel.rows import Mapping as Columns
from connectors.mixpanel.settings import LOOKBACK, TYPED_COLUMNS, UTC_ZONE, MixpanelSettings
from errors import PlanError, SourceError
from store.types import Batch, Lines, Stream, Window, day_end

__all__ = ["Connector", "MixpanelSettings"]

DEFAULT_PROPERTIES = {name: name for name in TYPED_COLUMNS}


class Connector:
    """Reads one project, a vendor day at a time."""

    name: ClassVar[str] = "mixpanel"
    Settings: ClassVar[type[MixpanelSettings]] = MixpanelSettings

    def __init__(self, source: str, settings: MixpanelSettings, reporting_zone: ZoneInfo) -> None:
        self._settings = settings
        self._client = Client(source, settings)
        local = settings.zone if settings.created_before_2023 else None
        self._columns = Columns(source, settings.properties or DEFAULT_PROPERTIES, reporting_zone, local)
        streams = (
            Funnels(source, settings, self._client),
            Retention(source, settings, self._client),
            Profiles(source, settings, self._client),
        )
        self._optional = {one.stream.name: one for one in streams if one.is_asked_for}

    @property
    def start(self) -> date:
        """First day to pull."""
        return self._settings.start

    @property
    def limits(self) -> Limits:
        """Of the vendor's 60 exports and 60 queries an hour, which all tools share, 50 calls in all: the rest is left to people."""
        return Limits(self._settings.most_calls, None if self._settings.is_local else 3)

    def use(self, budget: Budget) -> None:
        """Take every call from now on out of this budget."""
        self._client.budget = budget

    def zone(self) -> ZoneInfo:
        """Return the zone of the export's days: UTC, or the project's for projects made before 2023 (docs.mixpanel.com, time zones, 2026-08)."""
        return self._settings.zone if self._settings.created_before_2023 else UTC_ZONE

    def check(self) -> str:
        """Ask for one event of the first day and once for each optional stream, and say what was reached.

        Raises: the first failure of an optional stream, with what is to be said of all of them.
        """
        day, settings = self._settings.start, self._settings
        found = "has events" if self._client.reaches(day) else "has no events"
        said, failed = [f"project {settings.project_id} ({settings.residency}) answers: {day} {found}."], None
        for name, stream in self._optional.items():
            try:
                said.append(f"{name}: {stream.check()}.")
            except PlanError as error:
                said.append(f"{name}: unavailable: {error}")
            except SourceError as error:
                failed = failed or error
                said.append(f"{name}: {error}")
        if failed is not None:
            raise type(failed)(" ".join(said))
        return " ".join(said)

    def streams(self) -> Sequence[Stream]:
        """Return the events, and what sources.yaml asks for beside them; events may arrive five days late, so as many days are read again."""
        return (Stream("events", "events", "day", LOOKBACK), *(one.stream for one in self._optional.values()))

    def read(self, stream: Stream, window: Window) -> Iterator[Batch]:
        """Yield the window's days, one export each: both bounds of an export are included, so days never overlap."""
        if stream.name in self._optional:
            yield from self._optional[stream.name].read(window)
            return
        for day in window.days(self.zone()):
            end = day_end(day, self.zone()).astimezone(UTC)
            over = end <= window.until
            reader, last = DayReader(self._columns, day), b""
            for block in self._client.export(day):
                if last:
                    yield Batch(day, Lines(last, reader), closes=False)
                last = block
            yield Batch(day, Lines(last, reader), end if over else None, () if over else ("provisional",))
