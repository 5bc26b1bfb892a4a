"""The ledger: explicit transactions, migrations that leave nothing when they fail, the history of syncs."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text

from errors import StoreError
from settings import Workspace
from store.backup import make_backup
from store.ledger import MIGRATIONS, Ledger, SourceRun
from store.ledger_schema import ledger as schema
from store.unread_ledger import readable

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Workspace(tmp_path))


def run(source: str, status: str, at: datetime) -> SourceRun:
    error = None if status == "ok" else "web: 503 for property 1. Try again later."
    return SourceRun(source, "ga4", status, at, at + timedelta(seconds=9), 10, 2, {"traffic": {"status": status}}, None, error, None)


def test_an_absent_ledger_has_no_history_and_is_not_made_by_reading(ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.last_runs() == ()
    assert ledger.last_good() == {}
    assert list(tmp_path.iterdir()) == []


def test_the_newest_run_and_the_newest_good_run_are_told_apart(ledger: Ledger) -> None:
    for hours, status in ((0, "ok"), (1, "failed")):
        sync_id = ledger.begin_sync(NOON + timedelta(hours=hours))
        ledger.record_source(sync_id, run("web", status, NOON + timedelta(hours=hours)))
        ledger.end_sync(sync_id, finished_at=NOON + timedelta(hours=hours, minutes=1), generation=4 + hours, status=status)
    (last,) = ledger.last_runs()
    assert (last.status, last.generation, last.rows_read, last.streams) == ("failed", 5, 10, {"traffic": {"status": "failed"}})
    assert ledger.last_good() == {"web": NOON + timedelta(seconds=9)}


def test_a_rolled_back_transaction_leaves_no_table_behind(ledger: Ledger) -> None:
    ledger.begin_sync(NOON)
    with pytest.raises(StoreError, match="no such table"), ledger.transaction() as connection:  # noqa: PT012
        connection.execute(text("CREATE TABLE half_done (id INTEGER)"))
        connection.execute(text("SELECT * FROM nowhere"))
    with ledger.transaction(read_only=True) as connection:
        assert "half_done" not in inspect(connection).get_table_names()


def test_two_reads_in_one_transaction_see_one_state(ledger: Ledger) -> None:
    sync_id = ledger.begin_sync(NOON)
    with ledger.transaction(read_only=True) as connection:
        count = text("SELECT count(*) FROM source_runs")
        before = connection.scalar(count)
        with pytest.raises(StoreError, match="locked"):
            ledger.record_source(sync_id, run("web", "ok", NOON))
        assert connection.scalar(count) == before


def test_the_migrations_make_exactly_the_declared_tables(ledger: Ledger) -> None:
    ledger.begin_sync(NOON)
    with ledger.transaction(read_only=True) as connection:
        made = inspect(connection)
        names = set(made.get_table_names()) - {"alembic_version"}
        assert names == set(schema.tables)
        for name in names:
            assert {c["name"] for c in made.get_columns(name)} == set(schema.tables[name].columns.keys())


def test_readers_cannot_write(ledger: Ledger) -> None:
    ledger.begin_sync(NOON)
    with pytest.raises(StoreError, match="readonly"), ledger.transaction(read_only=True) as connection:
        connection.execute(text("DELETE FROM sync_runs"))


def test_a_damaged_ledger_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.sqlite").write_bytes(b"rubbish" * 1000)
    with pytest.raises(StoreError, match=r"ledger\.sqlite: the ledger cannot be used"):
        Ledger(Workspace(tmp_path)).last_runs()
    stand_in = readable(Workspace(tmp_path))
    assert stand_in.last_runs() == ()
    assert "the ledger cannot be used" in str(stand_in.problem)


def old_ledger(home: Path, revision: str) -> Ledger:
    """Return a ledger with one run as the version of `revision` wrote it."""
    made = Ledger(Workspace(home))
    made.begin_sync(NOON)
    made.record_source(1, run("web", "ok", NOON))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with made.transaction() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    return Ledger(Workspace(home))


@pytest.mark.parametrize("revision", sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")))
def test_a_ledger_of_any_earlier_version_is_read_and_keeps_its_history(tmp_path: Path, revision: str) -> None:
    (last,) = old_ledger(tmp_path, revision).last_runs()
    assert (last.source, last.rows_read, last.not_before) == ("web", 10, None)


def test_a_ledger_of_a_later_version_is_refused(ledger: Ledger) -> None:
    ledger.begin_sync(NOON)
    with ledger.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refused in (ledger.last_runs, lambda: ledger.begin_sync(NOON)):
        with pytest.raises(StoreError, match="a newer version of the dashboard wrote this ledger"):
            refused()


def test_a_ledger_that_is_just_being_made_has_no_history_yet(ledger: Ledger, tmp_path: Path) -> None:
    """A page may look while the first sync has made the file and not yet its tables."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.sqlite").touch()
    assert ledger.last_runs() == ()
    with ledger.transaction():
        assert Ledger(Workspace(tmp_path)).last_runs() == ()


@pytest.mark.parametrize("revision", [None, "0001", "0002"])
def test_many_may_find_an_old_ledger_at_once(tmp_path: Path, revision: str | None) -> None:
    """Pages and syncs that start together after an update: one brings the ledger up to date, the others wait for it."""
    if revision is not None:
        old_ledger(tmp_path, revision)

    def look(n: int) -> int:
        ledger = Ledger(Workspace(tmp_path))
        return ledger.begin_sync(NOON) if n % 4 == 0 else len(ledger.last_runs())

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(look, range(24)))
    assert {count for n, count in enumerate(found) if n % 4} == ({0} if revision is None else {1})
    assert len({key for n, key in enumerate(found) if n % 4 == 0}) == 6


HALF_A_COMMIT = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE source_runs SET rows_read = -1")
connection.executemany("INSERT INTO sync_runs (started_at, status) VALUES ('2026-11-20', ?)", [("x" * 500,)] * 2000)
os.kill(os.getpid(), 9)
"""


def test_a_writer_killed_in_the_middle_of_a_commit_leaves_a_ledger_that_everybody_can_read(ledger: Ledger, tmp_path: Path) -> None:
    """Pages of the changed file are on the disk already, and a journal says how they were: readers must be able to undo them."""
    ledger.begin_sync(NOON)
    ledger.record_source(1, run("web", "ok", NOON))
    file = tmp_path / "data" / "ledger.sqlite"
    before = file.read_bytes()
    subprocess.run([sys.executable, "-c", HALF_A_COMMIT, str(file)], check=False)
    assert file.read_bytes() != before
    assert file.with_name("ledger.sqlite-journal").stat().st_size > 0
    for _ in range(2):
        make_backup(Workspace(tmp_path), tmp_path / "b.tar.gz", NOON)
        assert [last.rows_read for last in ledger.last_runs()] == [10]
    assert ledger.begin_sync(NOON) == 2
