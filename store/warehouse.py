"""The warehouse as readers and the sync see it: open a generation, build the next. Knows no vendor and no KPI."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from errors import ConfigError, StoreError
from settings import Workspace
from store.build import SCHEMA_VERSION, Build
from store.damage import explain_errors
from store.earlier import complete
from store.generations import Generations, Lease


class Generation:
    """One whole state of the facts, read-only. Close it when done: it stays on disk as long as it is open."""

    def __init__(self, number: int, path: Path, lease: Lease) -> None:
        self.number = number
        self.engine: Engine = create_engine(f"duckdb:///{path}", connect_args={"read_only": True}, poolclass=QueuePool)
        event.listen(self.engine, "connect", lambda connection, _record: complete(connection, SCHEMA_VERSION, path))
        explain_errors(self.engine, number, path)
        self._path, self._lease = path, lease

    @property
    def identity(self) -> str:
        """A text that no other state of any workspace has, also after the numbers began anew."""
        state = self._path.stat()
        return f"{self._path}|{state.st_ino}|{state.st_mtime_ns}"

    def close(self) -> None:
        """Close all connections and give the generation up; may be called twice."""
        self.engine.dispose()
        self._lease.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Warehouse:
    """The facts of one workspace: by default DuckDB files in data/warehouse."""

    def __init__(self, space: Workspace) -> None:
        self.generations = Generations(_folder(space))

    def current(self) -> int | None:
        """Return the published generation, or None for an empty store."""
        return self.generations.current()

    def open(self, generation: int | None = None) -> Generation:
        """Return one generation for reading, the current one for None.

        Raises: StoreError when the store is empty or the generation is gone.
        """
        number, lease = self.generations.lease(generation)
        return Generation(number, self.generations.path(number), lease)

    def build(self, *, reporting_zone: str = "UTC") -> Build:
        """Return the next generation under construction; one process at a time may hold it.

        Raises: BusyError when another sync holds the workspace, StoreError when the folder cannot be written.
        """
        folder = self.generations.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{folder}: cannot be created ({error.strerror}). Make the data folder writable, or name another with --home."
            ) from error
        return Build(self.generations, reporting_zone=reporting_zone)


def _folder(space: Workspace) -> Path:
    """Return the folder of the generations: data/warehouse, or the path in KPI_WAREHOUSE_URL."""
    if space.warehouse_url is None:
        return space.data / "warehouse"
    try:
        url = make_url(space.warehouse_url)
    except ArgumentError as error:
        raise ConfigError("KPI_WAREHOUSE_URL is not a database URL. Known form: duckdb:////path/to/folder.") from error
    if url.get_backend_name() != "duckdb" or not url.database:
        raise ConfigError(f"KPI_WAREHOUSE_URL names the engine '{url.get_backend_name()}'. Known form: duckdb:////path/to/folder.")
    return Path(url.database)
