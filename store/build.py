"""The next generation under construction: takes slices of rows, replaces what changed, publishes or leaves no trace."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, delete, event, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from errors import BusyError, SourceError, StoreError
from store import coverage, keyed, partitions
from store.commits import Changes, Commits, Pending
from store.earlier import require_known
from store.gate import Gate
from store.generations import Generations
from store.held import SourceHeld
from store.lines import RefusedLines, Unreadable
from store.partitions import Written
from store.schema import PULLED, arrow_schema, meta, slices, warehouse
from store.schema import coverage as coverage_table
from store.stage import Stage
from store.types import Batch, Lines, Stream

SCHEMA_VERSION = "3"
UPGRADES: dict[str, tuple[str, ...]] = {
    "1": (
        "ALTER TABLE events ADD COLUMN received_at TIMESTAMP",
        "ALTER TABLE _slices ADD COLUMN pulled_at TIMESTAMP",
        "ALTER TABLE _slices ADD COLUMN context VARCHAR",
        "ALTER TABLE sprint_items ADD COLUMN completed_outside BOOLEAN",
    ),
    "2": (
        "ALTER TABLE events ADD COLUMN drifted BOOLEAN",
        "UPDATE events SET drifted = false WHERE (source, slice) NOT IN (SELECT (source, slice) FROM _slices WHERE contains(flags, 'drift'))",
    ),
}
"""Version → the statements that make it the next one. Tables that are new need none: they are made when the file is opened to build.
What an upgrade leaves empty is filled as the sources are read again."""
MEMORY = "128MB"
"""What DuckDB keeps in memory while building; the rest of a large slice waits on disk."""


@dataclass(frozen=True, slots=True)
class _Work:
    """One stream of one source that is being replaced, and where its rows wait."""

    source: str
    connector: str
    stream: Stream
    stage: Stage
    pulled_at: datetime | None
    on_commit: Callable[[Changes], None] | None


class Build:
    """Holds the workspace's write lock from entry to exit; streams of several sources may be replaced from threads."""

    def __init__(self, generations: Generations, *, reporting_zone: str) -> None:
        self._generations = generations
        self._zone = reporting_zone
        self._lock = FileLock(generations.folder / "sync.lock")
        self._writing = threading.Lock()
        self._engine: Engine | None = None
        self._broken: Exception | None = None

    def __enter__(self) -> Self:
        self._acquire()
        try:
            with self._told():
                self._begin()
        except BaseException:  # Ctrl-C, too: __exit__ does not run for a block that was never entered
            self._lock.release()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._close()
        if self._broken is not None:  # half a write may be in it; a killed one is whole, but nobody promises that of a refused one
            self._generations.discard()
        self._lock.release()

    def _acquire(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise BusyError(
                f"Another sync holds {self._generations.folder}. Wait until it ends ('./kpi status' shows the last one), then run this again."
            ) from error
        except OSError as error:
            raise StoreError(
                f"{self._generations.folder}: cannot be written ({error.strerror}). Make the data folder writable, or name another with --home."
            ) from error

    def _begin(self) -> None:
        """Take up the file a stopped sync left when it began from the same state, else a copy of the current one."""
        shutil.rmtree(self._generations.folder / "spill", ignore_errors=True)
        if self._resumes():
            return
        self._close()
        self._generations.discard()
        self._generations.copy_current()
        self._connect()
        self._require_known()
        upgraded = self._upgrade()
        if not self._matches():
            self._close()
            self._generations.discard()
        self._connect()
        with self.engine.begin() as connection:
            warehouse.create_all(connection)
            self._store(
                connection, schema_version=SCHEMA_VERSION, reporting_zone=self._zone, base=self._base(), dirty="1" if upgraded else "0"
            )

    def _require_known(self) -> None:
        try:
            require_known(self._stored("schema_version"), SCHEMA_VERSION, self._generations.path(self._generations.current() or 0))
        except StoreError:
            self._close()
            self._generations.discard()
            raise

    def _resumes(self) -> bool:
        if not self._generations.building.exists():
            return False
        self._connect()
        return self._matches() and self._stored("base") == self._base()

    def _upgrade(self) -> bool:
        """Bring the copy of an earlier version's facts to this one; return whether it was earlier."""
        before = self._stored("schema_version")
        while (statements := UPGRADES.get(self._stored("schema_version") or "")) is not None:
            following = str(int(self._stored("schema_version") or 0) + 1)
            with self.engine.begin() as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement)
                self._store(connection, schema_version=following)
        return self._stored("schema_version") != before

    def _matches(self) -> bool:
        """Whether the file has this schema and its days are those of the reporting zone; else it is built anew."""
        return self._stored("schema_version") == SCHEMA_VERSION and self._stored("reporting_zone") == self._zone

    def _base(self) -> str:
        return str(self._generations.current() or 0)

    def _connect(self) -> None:
        if self._engine is None:
            self._engine = create_engine(f"duckdb:///{self._generations.building}", poolclass=QueuePool, pool_size=1, max_overflow=0)
            event.listen(self._engine, "connect", self._limit)

    def _limit(self, connection: Any, _record: object) -> None:
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute("SET python_scan_all_frames = true")
        connection.execute("SET threads = 1")  # reading, the other half of the work, has the other core
        connection.execute(f"SET temp_directory = '{self._generations.folder / 'spill'}'")

    def _close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the disk or the driver says into one message of ours."""
        try:
            yield
        except (DBAPIError, OSError) as error:
            self._broken = error
            said = str(error.orig if isinstance(error, DBAPIError) else error.strerror or error).strip().splitlines()[0]
            raise StoreError(
                f"{self._generations.folder}: the next generation cannot be written: {said[:200]} "
                "What was published before stays. Free some space on the disk, then run the sync again."
            ) from error

    @property
    def engine(self) -> Engine:
        """The engine of the state under construction."""
        assert self._engine is not None, "enter the build first"
        return self._engine

    def _stored(self, key: str) -> str | None:
        try:
            with self.engine.connect() as connection:
                return connection.scalar(select(meta.c.value).where(meta.c.key == key))
        except DBAPIError:
            return None

    @staticmethod
    def _store(connection: Connection, **values: str) -> None:
        connection.execute(delete(meta).where(meta.c.key.in_(values)))
        connection.execute(insert(meta), [{"key": key, "value": value} for key, value in values.items()])

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._writing, self._told(), self.engine.connect() as connection:
            yield connection

    def held(self, source: str, stream: str) -> tuple[date | None, datetime | None]:
        """Return the first day and the instant (naive UTC) between which the stream is held without a gap."""
        with self._reading() as connection:
            return coverage.held(connection, source, stream)

    def unsettled(self, source: str, stream: Stream) -> date | None:
        """Return the first complete day that may still change at the vendor: it was pulled less than the lookback after its end."""
        with self._reading() as connection:
            return coverage.unsettled(connection, source, stream)

    def held_of(self, source: str) -> SourceHeld:
        """Return what a connector may read of its own source."""
        return SourceHeld(source, self._reading)

    def replace(
        self,
        *,
        source: str,
        connector: str,
        stream: Stream,
        batches: Iterable[Batch],
        on_commit: Callable[[Changes], None] | None = None,
        gate: Gate | None = None,
        pulled_at: datetime | None = None,
    ) -> Changes:
        """Replace the slices that `batches` bring, slice by slice; a slice that is not closed leaves its rows as they were.

        A slice that the gate does not admit leaves its rows as they were, too, and is flagged "held".

        Closed slices are committed in groups together with their coverage; when `batches` raises, the slices closed
        before stay committed and the error goes on.
        """
        before: dict[date, int] = {}
        if gate is not None:
            with self._reading() as connection:
                before = coverage.complete_slices(connection, source, stream)
        stage = Stage(self._generations.folder / "spill", source, stream.name, stream.table)
        work = _Work(source, connector, stream, stage, pulled_at, on_commit)
        commits = Commits(lambda pending, changes: self._commit(work, pending, changes))
        pending = Pending()
        with commits:
            try:
                for batch in batches:
                    _require_schema(stream.table, batch.rows)
                    stage.add(batch)
                    if gate is not None and batch.closes and not gate.admits(batch, pending.open_rows + batch.rows.num_rows, before):
                        stage.drop([batch.slice])
                        pending.open_rows = 0
                        self._flag(source, stream, batch.slice)
                        continue
                    pending.add(batch)
                    if batch.closes and batch.complete_through is not None:
                        before[batch.slice] = pending.rows[batch.slice]
                    if batch.closes and pending.is_full:
                        commits.add(pending)
                        pending = Pending()
            finally:
                commits.add(pending)
        stage.clear()
        return commits.changes

    def _flag(self, source: str, stream: Stream, day: date) -> None:
        with self._writing, self._told(), self.engine.begin() as connection:
            if coverage.flag_held(connection, source, stream, day, PULLED[stream.table]):
                self._store(connection, dirty="1")

    def _commit(self, work: _Work, pending: Pending, changes: Changes) -> None:
        """Commit a group of closed slices. Lines that the database refuses are repaired, and the group is written again.

        Raises: SourceError when lines are no records; the slices before theirs are committed then.
        """
        try:
            self._commit_clean(work, pending, changes)
        except Unreadable as refused:
            try:
                work.stage.repair(refused.slice)
            except SourceError:
                self._commit_before(refused.slice, work, pending, changes)
                raise
            self._commit(work, pending, changes)
        except RefusedLines as refused:
            self._commit_before(refused.slice, work, pending, changes)
            raise refused.error from None

    def _commit_before(self, day: date, work: _Work, pending: Pending, changes: Changes) -> None:
        earlier = pending.before(day)
        if earlier.closed:
            self._commit_clean(work, earlier, changes)

    def _commit_clean(self, work: _Work, pending: Pending, changes: Changes) -> None:
        source, stream, connector = work.source, work.stream, work.connector
        with self._writing, self._told(), self.engine.begin() as connection:
            written = self._write(connection, work, pending)
            partitions.record(connection, source, stream, pending.closed, written, work.pulled_at)
            moved = coverage.write_coverage(connection, source, connector, stream, PULLED[stream.table])
            if written.changed or moved:
                self._store(connection, dirty="1")
        work.stage.drop(pending.rows)
        changes.rows_read += written.read
        changes.rows_changed += written.changed
        changes.slices += len(pending.closed)
        changes.last_slice = pending.closed[-1].slice
        if work.on_commit is not None:
            work.on_commit(changes)

    def _write(self, connection: Connection, work: _Work, pending: Pending) -> Written:
        """Put the closed slices into their table."""
        source, stream, stage, table = work.source, work.stream, work.stage, PULLED[work.stream.table]
        if stream.slicing == "keyed":
            last = pending.closed[-1]
            applied = keyed.apply(connection, table, source, stream.key, stage, last.listed)
            return Written(sum(pending.rows.values()), applied.changed, {**pending.rows, last.slice: applied.rows})
        if stream.keeps_deleted and work.pulled_at is not None:
            for day in pending.rows:
                partitions.keep_deleted(connection, table, source, stage, day, work.pulled_at)
        complete = coverage.complete_slices(connection, source, stream)
        replaced = partitions.replace(connection, table, source, stage, pending.rows)
        partitions.log_restatements(connection, source, stream, replaced, complete, self._generations.following())
        return Written(sum(replaced.counts.values()), replaced.rows, replaced.counts, replaced.drifted)

    def publish(self) -> int | None:
        """Publish what was built and return its generation; None when nothing differs from the current one.

        Raises: StoreError when a write was refused on the way; the next sync begins from what is published.
        """
        with self._told():
            if self._broken is not None:
                raise self._broken
            return self._published()

    def _published(self) -> int | None:
        changed = self._stored("dirty") == "1"
        if changed:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("CHECKPOINT")
        self._close()
        if changed:
            return self._generations.publish()
        self._generations.discard()
        return None

    def adopt(self, file: Path) -> int:
        """Publish a finished file of facts instead of what was built; return its generation."""
        self._close()
        self._generations.discard()
        shutil.copyfile(file, self._generations.building)
        return self._generations.publish()

    def forget(self, keep: Sequence[str]) -> int:
        """Remove every row of sources that are not in `keep` (they left sources.yaml); return the rows removed."""
        removed = 0
        with self._writing, self._told(), self.engine.begin() as connection:
            for table in (*PULLED.values(), slices, coverage_table):
                gone = connection.execute(delete(table).where(table.c.source.not_in(keep))).rowcount
                removed += max(gone, 0) if table.name in PULLED else 0
            if removed:
                self._store(connection, dirty="1")
        return removed


def _require_schema(table: str, rows: pa.Table | Lines) -> None:
    if isinstance(rows, Lines):
        return
    wanted = arrow_schema(table)
    if not rows.schema.equals(wanted):
        differing = sorted(set(map(str, wanted)) ^ set(map(str, rows.schema)))
        raise StoreError(f"{table}: a connector brought other columns than declared: {', '.join(differing)}.")
