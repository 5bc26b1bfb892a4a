"""Everything of a workspace in one file, and back: the served generation, the ledger, the definitions, the sources."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from errors import ConfigError, StoreError
from settings import Workspace
from store.digest import digest
from store.warehouse import Warehouse

FORMAT = 1
FACTS, LEDGER, MANIFEST = "warehouse.duckdb", "ledger.sqlite", "manifest.json"
TEXTS = ("kpi_definitions.yaml", "sources.yaml")
MEMBERS = (FACTS, LEDGER, *TEXTS)
RESTORING = "ledger.sqlite.restoring"


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds. made_at: UTC; generation None = the warehouse was empty."""

    file: Path
    made_at: datetime
    generation: int | None
    members: tuple[str, ...]
    size: int


def make_backup(space: Workspace, file: Path, made_at: datetime) -> Backup:
    """Write a backup and return what it holds; readers and a running sync are not disturbed.

    Notes: the facts are one published generation under a lease, the ledger is copied by SQLite's own online backup: a plain
        copy of a database in use is not a backup.
    Raises: StoreError when a store or the file cannot be read or written.
    """
    if space.ledger_url:
        raise ConfigError("KPI_LEDGER_URL names a database server: back it up with its own tools; './kpi backup' covers the SQLite ledger.")
    try:
        with tempfile.TemporaryDirectory(prefix="kpi-backup-") as scratch:
            return _packed(Path(scratch), space, file, made_at)
    except OSError as error:
        raise StoreError(f"{file}: the backup cannot be written ({error.strerror}). Name another file with --to.") from error


def _packed(scratch: Path, space: Workspace, file: Path, made_at: datetime) -> Backup:
    generation, mark = _copy_facts(space, scratch / FACTS)
    _copy_ledger(space, scratch / LEDGER)
    for name in TEXTS:
        if (space.home / name).exists():
            shutil.copyfile(space.home / name, scratch / name)
    members = tuple(name for name in MEMBERS if (scratch / name).exists())
    manifest = {
        "format": FORMAT,
        "made_at": made_at.isoformat(timespec="seconds"),
        "generation": generation,
        "digest": mark,
        "files": {name: _hash(scratch / name) for name in members},
    }
    _write(file, scratch, members, manifest)
    return Backup(file, made_at, generation, members, file.stat().st_size)


def _copy_facts(space: Workspace, to: Path) -> tuple[int | None, str | None]:
    warehouse = Warehouse(space)
    if warehouse.current() is None:
        return None, None
    with warehouse.open() as opened:
        shutil.copyfile(warehouse.generations.path(opened.number), to)
        with opened.engine.connect() as connection:
            return opened.number, digest(connection)


def _copy_ledger(space: Workspace, to: Path) -> None:
    origin = space.data / LEDGER
    if not origin.exists():
        return
    try:
        with closing(sqlite3.connect(f"file:{origin}?mode=rw", uri=True)) as source, closing(sqlite3.connect(to)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        raise StoreError(f"{origin}: the ledger cannot be copied: {error}.") from error


def _write(file: Path, scratch: Path, members: tuple[str, ...], manifest: Mapping[str, Any]) -> None:
    """Write the archive beside its place and rename it when it is whole on the disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + ".unfinished")
    with unfinished.open("wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as archive:
            text = json.dumps(manifest, indent=2).encode()
            entry = tarfile.TarInfo(MANIFEST)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
            for name in members:
                archive.add(scratch / name, arcname=name)
        raw.flush()
        os.fsync(raw.fileno())
    unfinished.replace(file)


def restore_backup(space: Workspace, file: Path) -> Backup:
    """Bring a workspace back to a backup, after every part of it proved whole; return what it held.

    The facts become a new generation, so pinned readers keep theirs; the present ledger stays beside the restored one. Definitions and
    sources that the workspace has are not touched.
    Raises: ConfigError when the file is no backup, StoreError when it is damaged, BusyError while a sync runs.
    """
    with tempfile.TemporaryDirectory(prefix="kpi-restore-") as scratch:
        folder = Path(scratch)
        manifest = _unpacked(file, folder)
        _prove(file, folder, manifest)
        try:
            with Warehouse(space).build() as build:
                if (folder / LEDGER).exists():
                    shutil.copyfile(folder / LEDGER, space.data / RESTORING)
                if (folder / FACTS).exists():
                    build.adopt(folder / FACTS)
                _put_back(space, folder)
        except OSError as error:
            raise StoreError(f"{space.home}: cannot be written ({error.strerror}). Nothing of the backup is served yet.") from error
    made_at = datetime.fromisoformat(manifest["made_at"])
    return Backup(file, made_at, manifest["generation"], tuple(manifest["files"]), file.stat().st_size)


def _put_back(space: Workspace, folder: Path) -> None:
    present, restored = space.data / LEDGER, space.data / RESTORING
    if restored.exists():
        if present.exists():
            shutil.copyfile(present, present.with_name(LEDGER + ".before-restore"))
        restored.replace(present)
    for name in TEXTS:
        if (folder / name).exists() and not (space.home / name).exists():
            shutil.copyfile(folder / name, space.home / name)


def _unpacked(file: Path, folder: Path) -> dict[str, Any]:
    """Take the known members out, by name; whatever else an archive holds is not looked at."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            manifest = json.loads(_member(archive, MANIFEST).read())
            if manifest.get("format") != FORMAT:
                raise ConfigError(f"{file}: a backup of format {manifest.get('format')}; known: {FORMAT}. Restore it with a newer version.")
            for name in MEMBERS:
                if name in manifest["files"]:
                    with (folder / name).open("wb") as to:
                        shutil.copyfileobj(_member(archive, name), to)
            return dict(manifest)
    except FileNotFoundError as error:
        raise ConfigError(f"{file}: there is no such file. './kpi backup' says where it wrote.") from error
    except (tarfile.TarError, EOFError, OSError, KeyError, ValueError, AttributeError) as error:
        raise StoreError(f"{file}: is no whole backup ({type(error).__name__}). Nothing was changed; try an earlier one.") from error


def _member(archive: tarfile.TarFile, name: str) -> Any:
    found = archive.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found


def _prove(file: Path, folder: Path, manifest: Mapping[str, Any]) -> None:
    for name, wanted in manifest["files"].items():
        if name not in MEMBERS or _hash(folder / name) != wanted:
            raise StoreError(f"{file}: {name} is damaged (its SHA-256 differs). Nothing was changed; try an earlier backup.")
    if (folder / LEDGER).exists():
        with closing(sqlite3.connect(folder / LEDGER)) as connection:
            if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise StoreError(f"{file}: the ledger in it is damaged. Nothing was changed; try an earlier backup.")
    if (folder / FACTS).exists() and _digest(folder / FACTS) != manifest["digest"]:
        raise StoreError(f"{file}: the facts in it are not those that were backed up. Nothing was changed; try an earlier backup.")


def _digest(facts: Path) -> str | None:
    engine = create_engine(f"duckdb:///{facts}", connect_args={"read_only": True}, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return digest(connection)
    except DBAPIError:
        return None
    finally:
        engine.dispose()


def _hash(file: Path) -> str:
    with file.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()
