"""The drill: back up, lose everything or go on, restore, and be where the backup was."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from errors import BusyError, ConfigError, StoreError
from settings import Workspace
from store.backup import make_backup, restore_backup
from store.digest import digest
from store.ledger import Ledger, SourceRun
from store.warehouse import Warehouse
from tests.store.facts import TRAFFIC, days

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def fill(space: Workspace, sessions: int) -> None:
    """Publish a generation and record it."""
    with Warehouse(space).build(reporting_zone="Europe/Vienna") as build:
        build.replace(source="web", connector="ga4", stream=TRAFFIC, batches=days(5, sessions))
        generation = build.publish()
    ledger = Ledger(space)
    sync_id = ledger.begin_sync(NOON)
    ledger.record_source(sync_id, SourceRun("web", "ga4", "ok", NOON, NOON, sessions, 0, {}, None, None, None))
    ledger.end_sync(sync_id, finished_at=NOON, generation=generation, status="ok")


def state(space: Workspace) -> tuple[str, int]:
    with Warehouse(space).open() as opened, opened.engine.connect() as connection:
        return digest(connection), Ledger(space).last_runs()[0].rows_read


@pytest.fixture
def backed_up(tmp_path: Path) -> tuple[Workspace, Path, tuple[str, int]]:
    (tmp_path / "shop").mkdir()
    space = Workspace(tmp_path / "shop")
    (space.home / "kpi_definitions.yaml").write_text("version: 1\n")
    fill(space, 10)
    made = make_backup(space, tmp_path / "b.tar.gz", NOON)
    assert (made.generation, made.members) == (1, ("warehouse.duckdb", "ledger.sqlite", "kpi_definitions.yaml"))
    return space, made.file, state(space)


def test_a_lost_workspace_comes_back_as_it_was(backed_up: tuple[Workspace, Path, tuple[str, int]]) -> None:
    space, file, before = backed_up
    shutil.rmtree(space.home)
    space.home.mkdir()
    held = restore_backup(space, file)
    assert (held.made_at, held.generation, state(space)) == (NOON, 1, before)
    assert (space.home / "kpi_definitions.yaml").read_text() == "version: 1\n"


def test_a_living_workspace_goes_back_and_pinned_readers_keep_their_generation(backed_up: tuple[Workspace, Path, tuple[str, int]]) -> None:
    space, file, before = backed_up
    fill(space, 99)
    after = state(space)
    (space.home / "kpi_definitions.yaml").write_text("version: 1\nkpis: {}\n")
    with Warehouse(space).open() as pinned:
        restore_backup(space, file)
        with pinned.engine.connect() as connection:
            assert digest(connection) == after[0]
    assert state(space) == before != after
    assert Warehouse(space).current() == 3
    assert (space.home / "kpi_definitions.yaml").read_text().endswith("kpis: {}\n")
    with sqlite3.connect(space.data / "ledger.sqlite.before-restore") as connection:
        assert connection.execute("SELECT max(rows_read) FROM source_runs").fetchone() == (99,)
    fill(space, 50)
    assert state(space)[1] == 50


@pytest.mark.parametrize("place", [0.02, 0.3, 0.6, 0.9])
def test_a_damaged_or_cut_backup_changes_nothing(backed_up: tuple[Workspace, Path, tuple[str, int]], place: float) -> None:
    space, file, before = backed_up
    whole = file.read_bytes()
    at = int(len(whole) * place)
    for broken in (whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]):
        file.write_bytes(broken)
        with pytest.raises(StoreError, match="Nothing was changed"):
            restore_backup(space, file)
        assert state(space) == before


def test_what_is_no_backup_is_named(backed_up: tuple[Workspace, Path, tuple[str, int]], tmp_path: Path) -> None:
    space, _, _ = backed_up
    (tmp_path / "text").write_text("hello")
    with pytest.raises(StoreError, match="is no whole backup"):
        restore_backup(space, tmp_path / "text")
    with pytest.raises(ConfigError, match="there is no such file"):
        restore_backup(space, tmp_path / "nowhere")


def test_nothing_is_restored_while_a_sync_runs_but_a_backup_is_made(
    backed_up: tuple[Workspace, Path, tuple[str, int]], tmp_path: Path
) -> None:
    space, file, _ = backed_up
    with Warehouse(space).build(reporting_zone="Europe/Vienna"):
        assert make_backup(space, tmp_path / "second.tar.gz", NOON).generation == 1
        with pytest.raises(BusyError):
            restore_backup(space, file)


def test_an_empty_workspace_can_be_backed_up_and_restored(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    assert make_backup(space, tmp_path / "b.tar.gz", NOON).members == ()
    assert restore_backup(space, tmp_path / "b.tar.gz").generation is None
    assert Warehouse(space).current() is None
