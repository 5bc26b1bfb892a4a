"""Closed slices in groups: when a group is large or old enough to be committed, and the thread that does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import Self

from store.types import Batch

ROWS_PER_COMMIT = 122_880
"""DuckDB's row group; what is less is written again with the next commit."""
SLICES_PER_COMMIT = 31
SECONDS_PER_COMMIT = 5.0
"""How much work a kill may cost when a vendor is slow."""


@dataclass(slots=True)
class Changes:
    """What one stream brought: rows read from the vendor, rows that differ from before, slices closed."""

    rows_read: int = 0
    rows_changed: int = 0
    slices: int = 0
    last_slice: date | None = None


@dataclass(slots=True)
class Pending:
    """Closed slices that wait for the next commit, and the one still open."""

    closed: list[Batch] = field(default_factory=list)
    rows: dict[date, int] = field(default_factory=dict)
    read: int = 0
    open_rows: int = 0
    since: float = field(default_factory=time.monotonic)

    def add(self, batch: Batch) -> None:
        self.open_rows += batch.rows.num_rows
        if batch.closes:
            self.rows[batch.slice] = self.open_rows
            self.read += self.open_rows
            self.closed.append(batch)
            self.open_rows = 0

    def before(self, day: date) -> Pending:
        """Return the closed slices that come before one of them."""
        closed = self.closed[: [batch.slice for batch in self.closed].index(day)]
        return Pending(closed, {batch.slice: self.rows[batch.slice] for batch in closed})

    @property
    def is_full(self) -> bool:
        """Whether it is time to commit; asked when a slice has closed."""
        is_old = time.monotonic() - self.since >= SECONDS_PER_COMMIT
        return len(self.closed) >= SLICES_PER_COMMIT or self.read >= ROWS_PER_COMMIT or (is_old and bool(self.closed))


class Commits:
    """Commits one group of slices in a thread while the next is being read; at most one at a time. A context manager."""

    def __init__(self, commit: Callable[[Pending, Changes], None]) -> None:
        self.changes = Changes()
        self._commit = commit
        self._running: Future[None] | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="commit")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        with self._pool:
            if self._running is not None:
                self._running.result()

    def add(self, pending: Pending) -> None:
        """Commit this group as soon as the one before is done; raises what went wrong with that one."""
        if self._running is not None:
            self._running.result()
        self._running = self._pool.submit(self._commit, pending, self.changes) if pending.closed else None
