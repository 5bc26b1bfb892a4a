"""A connector without a vendor, for tests of the runner: says what the test tells it to say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from connectors.base import option
from connectors.budget import Budget, Limits
from store.types import Batch, Stream, Window, day_end
from tests.store.facts import VIENNA, traffic

Script = Callable[[date, int], list[int]]
"""(day, how many times read() was called) → sessions of that day; may raise."""


@dataclass(frozen=True, slots=True)
class ScriptedSettings:
    """Settings of the scripted connector."""

    start: date = option("first day", default=date(2026, 3, 1))


class ScriptedConnector:
    """Fills web_traffic by day with a lookback of two days."""

    name: ClassVar[str] = "scripted"
    Settings: ClassVar[type[ScriptedSettings]] = ScriptedSettings

    def __init__(self, source: str, script: Script, start: date = date(2026, 3, 1)) -> None:
        self.source, self.script, self.first = source, script, start
        self.windows: list[Window] = []

    @property
    def start(self) -> date:
        return self.first

    @property
    def limits(self) -> Limits:
        return Limits()

    def use(self, budget: Budget) -> None:
        return

    def zone(self) -> ZoneInfo:
        return VIENNA

    def check(self) -> str:
        return "reached"

    def streams(self) -> Sequence[Stream]:
        return (Stream("traffic", "web_traffic", "day", timedelta(days=2)),)

    def read(self, stream: Stream, window: Window) -> Iterator[Batch]:
        self.windows.append(window)
        for day in window.days(VIENNA):
            end = day_end(day, VIENNA)
            over = end <= window.until
            yield Batch(day, traffic(day, self.script(day, len(self.windows))), end if over else None, () if over else ("provisional",))
