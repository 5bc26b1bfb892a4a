"""What a source may ask of its vendor: calls and server faults an hour, counted over restarts. Knows no vendor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from errors import QuotaError
from store.ledger import Ledger
from store.vendor_calls import count_calls, record_call

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """None: no limit. faults_an_hour: server errors after which a vendor would begin to refuse everything."""

    calls_an_hour: int | None = None
    calls_a_second: float | None = None
    faults_an_hour: int | None = None


class Budget(Protocol):
    """What a connector's client tells before and after each call."""

    def spend(self) -> None:
        """Take one call out of the budget; raise QuotaError, with the wait, when nothing is left."""

    def fault(self) -> None:
        """Count a server error."""

    def note(self, name: str, remaining: int) -> None:
        """Keep what the vendor says is left of one of its own quotas."""


class Unlimited:
    """The budget of a client that nobody watches."""

    def spend(self) -> None:
        """Allow it."""

    def fault(self) -> None:
        """Forget it."""

    def note(self, name: str, remaining: int) -> None:
        """Forget it."""


class Metered:
    """The budget of one source in one sync. pause: waits so many seconds. quota: what the vendor said last."""

    def __init__(self, ledger: Ledger, source: str, limits: Limits, now: datetime, pause: Callable[[float], object]) -> None:
        self._ledger, self._source, self._limits = ledger, source, limits
        self._began, self._now, self._pause = time.monotonic(), now, pause
        self._last = -1e9
        self._turn = threading.Lock()
        self.quota: dict[str, int] = {}

    def _clock(self) -> datetime:
        return self._now + timedelta(seconds=time.monotonic() - self._began)

    def spend(self) -> None:
        """See Budget."""
        with self._turn:
            limits = self._limits
            self._refuse("fault", limits.faults_an_hour, "server errors within an hour; more would make the vendor refuse every call")
            self._refuse("call", limits.calls_an_hour, "calls within an hour; the vendor's quota leaves the rest to people")
            if limits.calls_a_second is not None:
                rest = self._last + 1 / limits.calls_a_second - time.monotonic()
                if rest > 0:
                    self._pause(rest)
                self._last = time.monotonic()
            if limits.calls_an_hour is not None:
                record_call(self._ledger, self._source, "call", self._clock())

    def _refuse(self, kind: str, most: int | None, words: str) -> None:
        if most is None:
            return
        count, oldest = count_calls(self._ledger, self._source, kind, self._clock() - HOUR)
        if count >= most and oldest is not None:
            again = oldest + HOUR
            raise QuotaError(
                f"{self._source}: {count} {words}. What was read is kept; the next sync after {again:%Y-%m-%d %H:%M} UTC goes on.",
                retry_after_seconds=max(1.0, (again - self._clock()).total_seconds()),
            )

    def fault(self) -> None:
        """See Budget."""
        if self._limits.faults_an_hour is not None:
            record_call(self._ledger, self._source, "fault", self._clock())

    def note(self, name: str, remaining: int) -> None:
        """See Budget."""
        self.quota[name] = remaining
