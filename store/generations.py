"""Whole, read-only states of the warehouse side by side on disk. Knows files and locks, no table.

A generation is one finished DuckDB file; CURRENT names the one that readers open. Publishing is two renames, so a
reader sees the old state or the new one and nothing between, and a crash leaves the old one in force. A reader holds a
shared lock on the generation's lease file, which keeps the file from being removed while anybody reads it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from errors import StoreError

KEPT_GENERATIONS = 3
"""How many finished generations stay at least, so that a pinned link survives a few syncs."""


class Lease:
    """Keeps one generation on disk until `release`; the operating system releases it when the process dies."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Give the generation up; may be called twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Generations:
    """The folder of generations."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def building(self) -> Path:
        """The file in which a sync prepares the next generation."""
        return self.folder / "building.duckdb"

    def path(self, number: int) -> Path:
        """Return the file of a generation."""
        return self.folder / f"{number:06d}.duckdb"

    def current(self) -> int | None:
        """Return the published generation, or None for an empty store.

        Raises: StoreError when CURRENT is there but does not hold a number.
        """
        pointer = self.folder / "CURRENT"
        try:
            text = pointer.read_text(encoding="ascii")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{pointer}: cannot be read ({error.strerror}). Check the permissions of the data folder.") from error
        if not text.strip().isdigit():
            raise StoreError(
                f"{pointer}: holds '{text.strip()[:40]}', not a generation number. Run './kpi sync --full' to rebuild the warehouse."
            )
        return int(text)

    def published_at(self, number: int) -> datetime | None:
        """Return when a generation was published (aware UTC), None when it is not kept; nothing changes its file afterwards."""
        try:
            return datetime.fromtimestamp(self.path(number).stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def numbers(self) -> list[int]:
        """Return the finished generations on disk, oldest first."""
        return sorted(int(p.stem) for p in self.folder.glob("*.duckdb") if p.stem.isdigit())

    def following(self) -> int:
        """Return the number that the next published generation gets."""
        return max(self.numbers(), default=0) + 1

    def lease(self, number: int | None = None) -> tuple[int, Lease]:
        """Return a generation (the current one for None) and a lease on it.

        Raises: StoreError when the store is empty or the asked generation is gone.
        """
        while True:
            wanted = self.current() if number is None else number
            if wanted is None:
                raise StoreError("The warehouse is empty: nothing was synced yet. Run './kpi sync', or './kpi demo' for a living example.")
            lease = self._lock_shared(wanted)
            if lease is not None:
                return wanted, lease
            if number is not None or wanted == self.current():
                kept = ", ".join(map(str, self.numbers())) or "none"
                raise StoreError(f"Generation {wanted} is not in the warehouse any more. Generations kept: {kept}. Ask without 'as of'.")

    def _lock_shared(self, number: int) -> Lease | None:
        """Return a lease, or None when the generation was removed before the lock was held."""
        if not self.path(number).exists():
            return None
        try:
            descriptor = os.open(self._lease_file(number), os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except PermissionError:
            descriptor = os.open(self.path(number), os.O_RDONLY | os.O_CLOEXEC)
            return Lease(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if self.path(number).exists():
            return Lease(descriptor)
        os.close(descriptor)
        return None

    def copy_current(self) -> None:
        """Begin the file to build as a copy of the current generation; nothing when the store is empty."""
        base = self.current()
        if base is not None and self.path(base).exists():
            shutil.copyfile(self.path(base), self.building)

    def discard(self) -> None:
        """Remove the file being built."""
        self.building.unlink(missing_ok=True)
        Path(f"{self.building}.wal").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "spill", ignore_errors=True)

    def publish(self) -> int:
        """Make the built file the current generation and return its number; it must be closed and checkpointed."""
        number = self.following()
        _flush(self.building)
        self.building.rename(self.path(number))
        _flush(self.folder)
        pointer = self.folder / "CURRENT.new"
        pointer.write_text(f"{number}\n", encoding="ascii")
        _flush(pointer)
        pointer.rename(self.folder / "CURRENT")
        _flush(self.folder)
        self._remove_unread(number)
        return number

    def _remove_unread(self, current: int) -> None:
        for number in self.numbers():
            if number > current - KEPT_GENERATIONS:
                return
            descriptor = os.open(self._lease_file(number), os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.path(number).unlink()
                self._lease_file(number).unlink()
            except BlockingIOError:
                continue
            finally:
                os.close(descriptor)

    def _lease_file(self, number: int) -> Path:
        return self.folder / f"{number:06d}.lease"


def _flush(path: Path) -> None:
    """Force a file or a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
