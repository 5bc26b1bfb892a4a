"""The ledger: what people write and what cannot be fetched again. Here: the history of syncs. Knows no vendor.

The SQLite driver of Python begins transactions late and commits DDL by itself; both are switched off here and every
transaction is begun explicitly, so that a rolled back migration leaves nothing and a reader sees one state.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, event, func, insert, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from errors import StoreError
from settings import Workspace
from store.ledger_schema import source_runs, sync_runs

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATING = threading.Lock()
"""Alembic keeps the migration that runs in a global, and pages run in threads."""
HEAD = max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


@dataclass(frozen=True, slots=True)
class SourceRun:
    """How the sync of one source went. Instants are aware UTC; generation None = nothing was published.

    not_before: the vendor named a wait, and is not asked again before this instant.
    """

    source: str
    connector: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    rows_read: int
    rows_changed: int
    streams: Mapping[str, Any]
    error_kind: str | None
    error: str | None
    generation: int | None
    not_before: datetime | None = None
    quota: Mapping[str, int] | None = None


class Ledger:
    """The ledger of one workspace: SQLite in data/ledger.sqlite unless KPI_LEDGER_URL names another database."""

    problem: str | None = None

    def __init__(self, space: Workspace) -> None:
        self._file = None if space.ledger_url else space.data / "ledger.sqlite"
        self._url = space.ledger_url or f"sqlite:///{self._file}"

    def last_runs(self) -> tuple[SourceRun, ...]:
        """Return the newest run of each source, by source name; () when there is no ledger yet."""
        newest = select(func.max(source_runs.c.id)).group_by(source_runs.c.source)
        return self._runs(select(source_runs, sync_runs.c.generation).where(source_runs.c.id.in_(newest)))

    def last_good(self, generation: int | None = None) -> dict[str, datetime]:
        """Return source → end of its newest successful run (aware UTC); generation: only while this one was the newest, or before."""
        newest = select(func.max(source_runs.c.id)).where(source_runs.c.status == "ok").group_by(source_runs.c.source)
        if generation is not None:
            made = select(func.max(sync_runs.c.id)).where(sync_runs.c.generation == generation).scalar_subquery()
            later = select(func.min(sync_runs.c.id)).where(sync_runs.c.generation.is_not(None), sync_runs.c.id > made).scalar_subquery()
            newest = newest.where(or_(later.is_(None), source_runs.c.sync_id < later))
        runs = self._runs(select(source_runs, sync_runs.c.generation).where(source_runs.c.id.in_(newest)))
        return {run.source: run.finished_at for run in runs if run.finished_at is not None}

    def _runs(self, statement: Any) -> tuple[SourceRun, ...]:
        joined = statement.join(sync_runs, sync_runs.c.id == source_runs.c.sync_id).order_by(source_runs.c.source)
        return tuple(_source_run(row) for row in self.rows(joined))

    def rows(self, statement: Any) -> list[Any]:
        """Return the rows of a SELECT over the ledger's tables; [] when there is no ledger yet."""
        if self._file is not None and not self._file.exists():
            return []
        with self.transaction(read_only=True) as connection:
            version = self._version(connection)
            if version == HEAD:
                return list(connection.execute(statement))
        if version is None:  # another process is making it
            return []
        self.upgrade()
        with self.transaction(read_only=True) as connection:
            return list(connection.execute(statement))

    def begin_sync(self, started_at: datetime) -> int:
        """Record that a sync began and return its id; brings the ledger's schema up to date first.

        Raises: StoreError when the ledger cannot be written.
        """
        self.upgrade()
        with self.transaction() as connection:
            key = connection.execute(insert(sync_runs).values(started_at=_naive(started_at))).inserted_primary_key
        assert key is not None
        return int(key[0])

    def record_source(self, sync_id: int, run: SourceRun) -> None:
        """Record how one source went."""
        values = {
            "sync_id": sync_id,
            "source": run.source,
            "connector": run.connector,
            "status": run.status,
            "started_at": _naive(run.started_at),
            "finished_at": None if run.finished_at is None else _naive(run.finished_at),
            "rows_read": run.rows_read,
            "rows_changed": run.rows_changed,
            "streams": json.dumps(dict(run.streams), sort_keys=True),
            "error_kind": run.error_kind,
            "error": run.error,
            "not_before": None if run.not_before is None else _naive(run.not_before),
            "quota": json.dumps(dict(run.quota), sort_keys=True) if run.quota else None,
        }
        with self.transaction() as connection:
            connection.execute(insert(source_runs).values(**values))

    def end_sync(self, sync_id: int, *, finished_at: datetime, generation: int | None, status: str) -> None:
        """Record the outcome of the whole sync; generation None when nothing was published."""
        ended = {"finished_at": _naive(finished_at), "generation": generation, "status": status}
        with self.transaction() as connection:
            connection.execute(update(sync_runs).where(sync_runs.c.id == sync_id).values(**ended))

    def _version(self, connection: Connection) -> str | None:
        """Return the revision of the tables, None when there are none.

        Raises: StoreError for a ledger that a later version of the dashboard wrote.
        """
        version = MigrationContext.configure(connection).get_current_revision()
        if version is not None and version > HEAD:
            raise StoreError(
                f"{self._file or 'KPI_LEDGER_URL'}: a newer version of the dashboard wrote this ledger (schema {version}, known {HEAD}). Update the dashboard."
            )
        return version

    def upgrade(self) -> None:
        """Bring the tables up to date, making them when there are none.

        Raises: StoreError when the ledger cannot be written.
        """
        if self._file is not None:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(
                    f"{self._file.parent}: cannot be created ({error.strerror}). Make the data folder writable, or name another with --home."
                ) from error
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with _MIGRATING, self.transaction() as connection:
            self._version(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Connection]:
        """One transaction; errors of the driver become StoreError."""
        engine = self._engine(read_only=read_only)
        try:
            with engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise StoreError(
                f"{self._file or 'KPI_LEDGER_URL'}: the ledger cannot be used: {error.orig}. Check the permissions and the free space."
            ) from error
        finally:
            engine.dispose()

    def _engine(self, *, read_only: bool) -> Engine:
        if self._file is None:
            return create_engine(self._url, poolclass=NullPool)
        # readers may not be opened "ro": after a writer was killed in its commit, whoever comes first has to undo the half of it
        mode = "rw" if read_only else "rwc"
        engine = create_engine(f"sqlite:///file:{self._file}?mode={mode}&uri=true", poolclass=NullPool)
        event.listen(engine, "connect", _take_over_transactions)
        if read_only:
            event.listen(engine, "connect", _refuse_writes)
        event.listen(engine, "begin", _begin_reading if read_only else _begin_writing)
        return engine


def _take_over_transactions(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _refuse_writes(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    """Take the lock at once: a transaction that reads first and writes later is refused, without a wait, when another wrote between."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _naive(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)


def _source_run(row: Any) -> SourceRun:
    return SourceRun(
        source=row.source,
        connector=row.connector,
        status=row.status,
        started_at=row.started_at.replace(tzinfo=UTC),
        finished_at=None if row.finished_at is None else row.finished_at.replace(tzinfo=UTC),
        rows_read=row.rows_read,
        rows_changed=row.rows_changed,
        streams=json.loads(row.streams),
        error_kind=row.error_kind,
        error=row.error,
        generation=row.generation,
        not_before=None if row.not_before is None else row.not_before.replace(tzinfo=UTC),
        quota=json.loads(row.quota) if row.quota else None,
    )
