"""The runner: asks every source for what is missing, stages it, publishes one generation. Knows no vendor.

A source that fails never stops the others; what it had closed before stays. Only the runner sees the clock, waits and
tries again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors import base
from connectors.base import Connector
from connectors.budget import Metered
from connectors.outcome import Progress, SourceResult, StreamResult, SyncResult
from connectors.schedule import next_allowed
from errors import ConfigError, ContractError, DashboardError, HeldError, QuotaError, TransientSourceError, place, suggest
from settings import SourceEntry, Workspace
from store.build import Build
from store.commits import Changes
from store.gate import Gate
from store.ledger import Ledger, SourceRun
from store.sprint_freezes import freeze_sprints
from store.types import Batch, Held, Stream, Window, day_start
from store.warehouse import Warehouse

LOG = logging.getLogger("kpi.sync")
ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Order:
    """What to sync. since: read again from this day; full: read everything again from every source's start.

    accept: take what the quality gate would hold back.
    """

    sources: tuple[str, ...] = ()
    since: date | None = None
    full: bool = False
    accept: bool = False


Report = Callable[[Progress], None]


def sync(space: Workspace, entries: Sequence[SourceEntry], zone: ZoneInfo, order: Order, *, now: datetime, report: Report) -> SyncResult:
    """Pull the ordered sources, publish one generation when anything changed, and record it in the ledger.

    Raises: ConfigError (unknown source, wrong settings), BusyError (another sync runs), StoreError.
    """
    chosen = _choose(entries, order)
    connectors = {entry.name: base.build(entry, zone) for entry in chosen}
    warehouse, ledger = Warehouse(space), Ledger(space)
    with warehouse.build(reporting_zone=str(zone)) as build:
        sync_id = ledger.begin_sync(now)
        _log("sync_started", sync=sync_id, sources=list(connectors), full=order.full, since=order.since)
        results = _paused(ledger, connectors, now)
        results |= _pull_all({n: c for n, c in connectors.items() if n not in results}, build, order, now, report, zone, ledger)
        build.forget([entry.name for entry in entries])
        published = build.publish()
    seen = ledger.last_good()
    for name, result in results.items():
        ledger.record_source(sync_id, _record(name, result))
        _log_source(sync_id, name, result)
    if warehouse.current() is not None:
        with warehouse.open() as facts:
            freeze_sprints(ledger, facts, now, seen)
    outcome = SyncResult(warehouse.current(), published is not None, results)
    words = {0: "ok", 3: "partial"}
    ledger.end_sync(sync_id, finished_at=datetime.now(UTC), generation=published, status=words.get(outcome.exit_code, "failed"))
    _log("sync_finished", sync=sync_id, generation=outcome.generation, published=outcome.published, exit_code=outcome.exit_code)
    return outcome


def _log(event: str, **fields: object) -> None:
    LOG.info(event, extra={"fields": fields})


def _log_source(sync_id: int, name: str, result: SourceResult) -> None:
    seconds = ((result.finished_at or result.started_at) - result.started_at).total_seconds()
    _log(
        "source_finished", sync=sync_id, source=name, connector=result.connector, status=result.status, rows_read=result.rows_read,
        rows_changed=result.rows_changed, seconds=round(seconds, 3), error_kind=result.error_kind, error=result.error,
        not_before=result.not_before, quota=result.quota,
    )  # fmt: skip


def _choose(entries: Sequence[SourceEntry], order: Order) -> list[SourceEntry]:
    known = [entry.name for entry in entries]
    for name in order.sources:
        if name not in known:
            hint = suggest(name, known) or "Compare sources.yaml."
            raise ConfigError(f"There is no source '{name}'. Known sources: {', '.join(known) or 'none'}. {hint}")
    return [entry for entry in entries if not order.sources or entry.name in order.sources]


def _paused(ledger: Ledger, connectors: dict[str, Connector], now: datetime) -> dict[str, SourceResult]:
    """Return the sources that their vendors asked us to leave alone for a while; the wish outlives our process."""
    waiting = {run.source: run for run in ledger.last_runs() if run.not_before is not None and run.not_before > now}
    return {
        name: SourceResult(connectors[name].name, now, "paused", run.error, run.error_kind, now, run.not_before)
        for name, run in waiting.items()
        if name in connectors
    }


def _pull_all(
    connectors: dict[str, Connector], build: Build, order: Order, now: datetime, report: Report, zone: ZoneInfo, ledger: Ledger
) -> dict[str, SourceResult]:
    """Pull the sources side by side; reading waits on the network, writing takes turns."""
    stop = threading.Event()
    if not connectors:
        return {}
    with ThreadPoolExecutor(len(connectors), thread_name_prefix="sync") as pool:
        futures = {name: pool.submit(_Pull(name, c, build, order, now, report, stop, zone, ledger).run) for name, c in connectors.items()}
        try:
            return {name: future.result() for name, future in futures.items()}
        except BaseException:  # Ctrl-C, too: without the sign the other threads would pull on, and the pool would wait for them
            stop.set()
            for name, future in futures.items():
                if not future.done():
                    report(Progress(name, "", 0, 0, 0, "stops when the request that is under way has ended"))
            raise


class _Stopped(BaseException):
    """The sync was interrupted: leave the thread without recording a failure."""


@dataclass(slots=True)
class _Pull:
    """One source in one sync."""

    source: str
    connector: Connector
    build: Build
    order: Order
    now: datetime
    report: Report
    stop: threading.Event
    reporting_zone: ZoneInfo
    ledger: Ledger

    def run(self) -> SourceResult:
        result = SourceResult(self.connector.name, datetime.now(UTC))
        budget = Metered(self.ledger, self.source, self.connector.limits, self.now, self.stop.wait)
        self.connector.use(budget)
        for stream in self.connector.streams():
            if result.status == "auth" or result.error_kind == "quota":
                break
            result.streams[stream.name] = self._missing_base(stream, result) or self._stream(stream, result)
        result.finished_at, result.quota = datetime.now(UTC), budget.quota
        return result

    @staticmethod
    def _missing_base(stream: Stream, result: SourceResult) -> StreamResult | None:
        """Return how a stream ends whose base did not come whole: as that one did, without a call. None when it may be read."""
        base = None if stream.derived_from is None else result.streams[stream.derived_from]
        return None if base is None or base.status == "ok" else StreamResult(base.status, error=base.error)

    def _stream(self, stream: Stream, result: SourceResult) -> StreamResult:
        outcome, closed = StreamResult(), Changes()
        try:
            backfill = self.build.held(self.source, stream.name)[1] is None
            # A vendor that stayed away through all attempts of one stream gets a single one for each of the others.
            attempts = 1 if result.error_kind == "transient" else ATTEMPTS
            for left in reversed(range(attempts)):
                try:
                    self._attempt(stream, outcome, closed, backfill)
                    break
                except TransientSourceError as error:
                    self._wait(stream, error, left)
        except DashboardError as error:
            self._end(stream, outcome, result, error)
        except Exception as error:  # noqa: BLE001  # a fault of one connector, ours too, must not end the others
            unexpected = ContractError(
                f"{self.source}: stream {stream.name} met a fault that nobody foresaw ({type(error).__name__} at {place(error)}). "
                "Its earlier data stays and the other sources go on. Please report this line."
            )
            self._end(stream, outcome, result, unexpected)
        return outcome

    def _end(self, stream: Stream, outcome: StreamResult, result: SourceResult, error: DashboardError) -> None:
        """Take over why a stream ended before its end; of an optional one the source takes no notice."""
        if stream.is_optional:
            outcome.status, outcome.error, outcome.error_kind = "unavailable", str(error), getattr(error, "kind", "config")
            return
        result.fail(error, outcome)
        self._respect(error, result)

    def _respect(self, error: DashboardError, result: SourceResult) -> None:
        """Keep the instant before which the vendor does not want to be asked again."""
        spent = (datetime.now(UTC) - result.started_at).total_seconds()
        moment = self.now + timedelta(seconds=max(0.0, spent))
        again = next_allowed(error, moment)
        if again is not None:
            result.not_before = max(again, result.not_before or again)

    def _wait(self, stream: Stream, error: TransientSourceError, left: int) -> None:
        """Wait before the next attempt; give the error on when none is left, or when the vendor asks for too long."""
        wanted = error.retry_after_seconds
        seconds = float(2 ** (ATTEMPTS - left - 1)) if wanted is None else wanted
        if left == 0 or seconds > LONGEST_WAIT_SECONDS or (isinstance(error, QuotaError) and wanted is None):
            raise error
        _log("trying_again", source=self.source, stream=stream.name, seconds=seconds, error_kind=error.kind, error=str(error))
        self.report(Progress(self.source, stream.name, 0, 0, 0, f"trying again in {seconds:.0f} s: {error}"))
        if self.stop.wait(seconds):
            raise _Stopped

    def _attempt(self, stream: Stream, outcome: StreamResult, closed: Changes, backfill: bool) -> None:
        window = self._window(stream, closed)
        if window is None:
            return
        total = len(window.days(self._zone(stream))) if stream.slicing == "day" else 1
        before = Changes(outcome.rows_read, outcome.rows_changed, closed.slices)

        def committed(now: Changes) -> None:
            outcome.rows_read, outcome.rows_changed = before.rows_read + now.rows_read, before.rows_changed + now.rows_changed
            closed.slices, closed.last_slice = before.slices + now.slices, now.last_slice

        batches = self._watched(stream, self.connector.read(stream, window), before.slices + total)
        gate = None if self.order.accept else Gate(self.source, stream, backfill)
        self.build.replace(
            source=self.source,
            connector=self.connector.name,
            stream=stream,
            batches=batches,
            on_commit=committed,
            gate=gate,
            pulled_at=self.now,
        )
        if gate is not None and gate.kept:
            raise HeldError(gate.words())

    def _watched(self, stream: Stream, batches: Iterator[Batch], total: int) -> Iterator[Batch]:
        """Pass the batches on, telling where the stream stands at most five times a second."""
        slices = rows = 0
        told = 0.0
        for batch in batches:
            if self.stop.is_set():
                raise _Stopped
            yield batch
            slices, rows = slices + batch.closes, rows + batch.rows.num_rows
            if time.monotonic() - told > 0.2 or slices == total:
                told = time.monotonic()
                self.report(Progress(self.source, stream.name, slices, total, rows))

    def _window(self, stream: Stream, closed: Changes) -> Window | None:
        """Return what is missing: from the source's start, or from the first day that may still change at the vendor."""
        start = self.connector.start
        if stream.slicing != "day":
            first_instant = datetime(start.year, start.month, start.day, tzinfo=UTC)
            held = self.build.held_of(self.source)
            return Window(self._since_pull(stream, held) or first_instant, self.now, held)
        zone = self._zone(stream)
        # the vendor's day that holds the first hours of our first day may be the one before
        since = min(day_start(start, zone), day_start(start, self.reporting_zone))
        if closed.last_slice is not None:
            since = day_start(closed.last_slice + timedelta(days=1), zone)
        elif not self.order.full:
            first, through = self.build.held(self.source, stream.name)
            if first is not None and through is not None and first <= start:
                following = through.replace(tzinfo=UTC).astimezone(zone).date()
                since = max(since, self._again_from(min(following, self.build.unsettled(self.source, stream) or following), zone))
        return Window(since, self.now) if since < self.now else None

    def _since_pull(self, stream: Stream, held: Held) -> datetime | None:
        """Return from when a keyed stream is read on: the lookback before its last pull began; None for everything.

        A pull that seems to lie in the future began by a clock that was wrong, so nothing can be built on it.
        """
        if stream.slicing != "keyed" or self.order.full or self.order.since is not None:
            return None
        last = held.pulled_at(stream)
        return None if last is None or last > self.now else last - stream.lookback

    def _zone(self, stream: Stream) -> ZoneInfo:
        return stream.zone or self.connector.zone()

    def _again_from(self, first: date, zone: ZoneInfo) -> datetime:
        return day_start(first if self.order.since is None else min(first, self.order.since), zone)


def _record(source: str, result: SourceResult) -> SourceRun:
    return SourceRun(
        source=source,
        connector=result.connector,
        status=result.status,
        started_at=result.started_at,
        finished_at=result.finished_at,
        rows_read=result.rows_read,
        rows_changed=result.rows_changed,
        streams=result.stream_documents(),
        error_kind=result.error_kind,
        error=result.error,
        generation=None,
        not_before=result.not_before,
        quota=result.quota,
    )
