"""Asks sources for what goes on right now, each when its time has come. Knows no vendor.

What comes is worth minutes: it goes into the ledger's one row of the source, never into a generation.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from connectors import base
from connectors.budget import Budget, Limits, Metered
from connectors.schedule import next_allowed
from errors import ContractError, DashboardError, SourceError, place
from settings import SourceEntry
from store.attempts import CLOCK_SLACK
from store.ledger import Ledger
from store.live import Live, LiveState, forget_live, read_live, write_live

LOG = logging.getLogger("kpi.live")
LONGEST_REST = timedelta(minutes=30)
"""How long a source that fails again and again rests at most, when the vendor names no wait."""


@runtime_checkable
class LiveConnector(Protocol):
    """A connector whose vendor also tells what goes on right now."""

    @property
    def live_every(self) -> timedelta | None:
        """How often to ask; None: it is not wanted."""

    @property
    def live_limits(self) -> Limits:
        """How much the vendor may be asked for it; counted apart from the syncs."""

    def use(self, budget: Budget) -> None:
        """Take every call from now on out of this budget."""

    def live(self, now: datetime) -> Live:
        """Return what goes on as of now; raise ConfigError or SourceError otherwise."""


def live_connector(entry: SourceEntry, zone: ZoneInfo) -> LiveConnector | None:
    """Return the connector of an entry when it is to be asked for what goes on.

    Raises: ConfigError as base.build.
    """
    made = base.build(entry, zone)
    return made if isinstance(made, LiveConnector) and made.live_every is not None else None


class LivePull:
    """Asks all sources of one workspace, again and again; connections are kept between the rounds."""

    def __init__(self, ledger: Ledger, stop: threading.Event) -> None:
        self._ledger, self._stop = ledger, stop
        self._made: dict[str, tuple[SourceEntry, LiveConnector | None]] = {}
        self._asked: set[str] = set()

    def round(self, entries: Iterable[SourceEntry], zone: ZoneInfo, now: datetime) -> float:
        """Ask every source whose time has come, write down how it went, and return the seconds until the next one is due.

        Raises: ConfigError when the settings of a source do not hold, StoreError when the ledger cannot be used.
        """
        chosen = {entry.name: made for entry in entries if (made := self._connector(entry, zone)) is not None}
        forget_live(self._ledger, chosen)
        states = {state.source: state for state in read_live(self._ledger)}
        for name, connector in chosen.items():
            before = states.get(name)
            if self._is_due(before, now, name):
                if before is None:
                    self._ledger.upgrade()
                self._asked.add(name)
                states[name] = state = self._ask(name, connector, before, now)
                write_live(self._ledger, state)
                _tell(state, before)
                if state.error is not None:
                    self._made.pop(name, None)  # a client remembers that its quota was low
        return min(((states[name].next_at - now).total_seconds() for name in chosen), default=LONGEST_REST.total_seconds())

    def _connector(self, entry: SourceEntry, zone: ZoneInfo) -> LiveConnector | None:
        kept = self._made.get(entry.name)
        if kept is None or kept[0] != entry:
            self._made[entry.name] = kept = (entry, live_connector(entry, zone))
        return kept[1]

    def _is_due(self, state: LiveState | None, now: datetime, name: str) -> bool:
        """A new start asks at once, because somebody may have mended what was wrong; but the vendor's own wait outlives our process."""
        if state is None or state.tried_at > now + CLOCK_SLACK:
            return True
        if name not in self._asked and state.error_kind not in (None, "quota"):
            return True
        return state.next_at <= now

    def _ask(self, name: str, connector: LiveConnector, before: LiveState | None, now: datetime) -> LiveState:
        every = connector.live_every or LONGEST_REST
        budget = Metered(self._ledger, f"{name} live", connector.live_limits, now, self._stop.wait)
        connector.use(budget)
        try:
            return LiveState(name, now, now + every, every, live=connector.live(now), quota=budget.quota)
        except SourceError as error:
            return _failed(name, error, error.kind, before, now, every, budget)
        except DashboardError as error:
            return _failed(name, error, "config", before, now, every, budget)
        except Exception as error:  # noqa: BLE001  # a fault of one connector, ours too, must not end the others
            words = ContractError(f"{name}: the live report met a fault that nobody foresaw ({type(error).__name__} at {place(error)}).")
            return _failed(name, words, words.kind, before, now, every, budget)


def _failed(
    name: str, error: DashboardError, kind: str, before: LiveState | None, now: datetime, every: timedelta, budget: Metered
) -> LiveState:
    failures = 1 + (before.failures if before else 0)
    own = now + min(every * 2 ** min(failures, 10), max(LONGEST_REST, every))
    wanted = next_allowed(error, now)
    return LiveState(
        name, now, max(own, wanted or own), every, failures, kind, str(error), before.live if before else None,
        budget.quota or (before.quota if before else {}),
    )  # fmt: skip


def _tell(state: LiveState, before: LiveState | None) -> None:
    """Log that it stopped, or works again; not that it goes on."""
    if state.error_kind != (before.error_kind if before else None):
        shown = replace(state, live=None)
        fields = {"source": shown.source, "error_kind": shown.error_kind, "error": shown.error, "next_at": shown.next_at}
        LOG.info("live_stopped" if state.error else "live_works_again", extra={"fields": fields})
