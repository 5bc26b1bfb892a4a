"""The warehouse: whole generations, replaced slices, coverage without gaps, readers that are never disturbed."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from errors import BusyError, ConfigError, QueryError, StoreError
from settings import Workspace
from store import partitions
from store.commits import Changes
from store.schema import coverage, warehouse, web_traffic
from store.types import Batch
from store.warehouse import Warehouse
from tests.store.facts import FIRST, TRAFFIC, batch, days


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def put(space: Workspace, batches: Iterable[Batch], *, source: str = "web", zone: str = "Europe/Vienna") -> tuple[Changes, int | None]:
    with Warehouse(space).build(reporting_zone=zone) as build:
        changes = build.replace(source=source, connector="ga4", stream=TRAFFIC, batches=batches)
        return changes, build.publish()


def totals(space: Workspace, generation: int | None = None) -> dict[date, int]:
    with Warehouse(space).open(generation) as opened, opened.engine.connect() as connection:
        return {d: int(n) for d, n in connection.execute(select(web_traffic.c.day, func.sum(web_traffic.c.sessions)).group_by("day"))}


def covered(space: Workspace) -> tuple[date, datetime]:
    with Warehouse(space).open() as opened, opened.engine.connect() as connection:
        return tuple(connection.execute(select(coverage.c.covered_from, coverage.c.complete_through)).one())


def test_the_first_sync_publishes_generation_1(space: Workspace) -> None:
    assert Warehouse(space).current() is None
    changes, generation = put(space, days(40))
    assert (changes.rows_read, changes.rows_changed, changes.slices, generation) == (40, 40, 40, 1)
    assert sum(totals(space).values()) == 400


def test_the_same_rows_again_change_nothing_and_publish_nothing(space: Workspace) -> None:
    put(space, days(40))
    changes, generation = put(space, days(40))
    assert (changes.rows_read, changes.rows_changed, generation) == (40, 0, None)
    assert Warehouse(space).current() == 1
    assert not list((space.data / "warehouse").glob("building*"))


def test_a_restated_day_is_replaced_and_its_vanished_rows_are_gone(space: Workspace) -> None:
    put(space, [batch(FIRST, [5, 6, 7]), batch(FIRST + timedelta(days=1), [1])])
    changes, generation = put(space, [batch(FIRST, [5, 9])])
    assert (changes.rows_changed, generation) == (2, 2)
    assert totals(space) == {FIRST: 14, FIRST + timedelta(days=1): 1}


def test_a_day_that_became_empty_is_empty(space: Workspace) -> None:
    put(space, days(2))
    put(space, [batch(FIRST, [])])
    assert totals(space) == {FIRST + timedelta(days=1): 10}


def test_a_slice_that_is_never_closed_leaves_its_rows_as_they_were(space: Workspace) -> None:
    put(space, days(2))
    changes, generation = put(space, [batch(FIRST, [99], closes=False)])
    assert (changes.rows_read, generation) == (0, None)
    assert totals(space)[FIRST] == 10


def test_a_slice_in_several_batches_is_one_partition(space: Workspace) -> None:
    put(space, [batch(FIRST, [1, 2], closes=False), batch(FIRST, [3])])
    assert totals(space) == {FIRST: 6}


def test_slices_closed_before_an_error_stay_and_the_error_goes_on(space: Workspace) -> None:
    def broken() -> Iterable[Batch]:
        yield from days(3)
        raise StoreError("the vendor hung up")

    with Warehouse(space).build(reporting_zone="Europe/Vienna") as build:
        with pytest.raises(StoreError, match="hung up"):
            build.replace(source="web", connector="ga4", stream=TRAFFIC, batches=broken())
        assert build.publish() == 1
    assert len(totals(space)) == 3


def test_two_sources_of_one_table_do_not_touch_each_other(space: Workspace) -> None:
    put(space, [batch(FIRST, [5])], source="web")
    put(space, [batch(FIRST, [7])], source="shop")
    put(space, [batch(FIRST, [1])], source="shop")
    assert totals(space) == {FIRST: 6}


def test_a_source_that_left_the_settings_is_forgotten(space: Workspace) -> None:
    put(space, [batch(FIRST, [5])], source="web")
    put(space, [batch(FIRST, [7])], source="renamed")
    with Warehouse(space).build(reporting_zone="Europe/Vienna") as build:
        assert build.forget(["renamed"]) == 1
        assert build.publish() == 3
    assert totals(space) == {FIRST: 7}


def test_coverage_reaches_to_the_local_end_of_the_last_day_without_a_gap(space: Workspace) -> None:
    put(space, days(3))
    # 29 March 2026 has 23 hours in Vienna: it ends at 22:00 UTC, one hour earlier than the days before
    assert covered(space) == (FIRST, datetime(2026, 3, 29, 22, 0))
    put(space, [batch(FIRST + timedelta(days=10), [1])])
    assert covered(space)[0] == FIRST + timedelta(days=10)


def test_a_stopped_build_goes_on_where_it_stopped(space: Workspace) -> None:
    put(space, days(2))
    with Warehouse(space).build(reporting_zone="Europe/Vienna") as build:
        build.replace(source="web", connector="ga4", stream=TRAFFIC, batches=[batch(FIRST + timedelta(days=2), [7])])
    with Warehouse(space).build(reporting_zone="Europe/Vienna") as build:
        assert build.held("web", "traffic")[0] == FIRST
        assert build.publish() == 2
    assert totals(space)[FIRST + timedelta(days=2)] == 7


def test_a_build_in_which_a_write_was_refused_is_thrown_away(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody promises what a full disk leaves in a file; the next sync begins from what is published."""
    put(space, days(2))

    def full(*_arguments: object) -> None:
        raise OperationalError("INSERT", {}, OSError("No space left on device"))

    with monkeypatch.context() as patch:
        patch.setattr(partitions, "record", full)
        with pytest.raises(StoreError, match="No space left on device"):
            put(space, days(9))
    assert not list((space.data / "warehouse").glob("building*"))
    assert len(totals(space)) == 2
    put(space, days(9))
    assert len(totals(space)) == 9


def test_a_build_that_began_before_another_was_published_is_dropped(space: Workspace) -> None:
    with Warehouse(space).build(reporting_zone="Europe/Vienna") as build:
        build.replace(source="web", connector="ga4", stream=TRAFFIC, batches=days(1))
    building = space.data / "warehouse" / "building.duckdb"
    stale = building.read_bytes()
    put(space, days(2))
    building.write_bytes(stale)
    assert put(space, days(2))[1] is None
    assert len(totals(space)) == 2


def test_another_reporting_zone_builds_the_days_anew(space: Workspace) -> None:
    put(space, days(5))
    assert put(space, days(2), zone="Asia/Tokyo")[1] == 2
    assert len(totals(space)) == 2


NEW_COLUMNS = {
    "1": (("events", "received_at"), ("_slices", "pulled_at"), ("_slices", "context"), ("sprint_items", "completed_outside")),
    "2": (("events", "drifted"),),
}
NEW_TABLES = ("_documents", "item_keys", "sprint_reports", "worklogs", "profiles", "funnel_steps", "retention_cohorts")


@pytest.mark.parametrize("version", ["1", "2"])
def test_facts_of_an_earlier_version_are_brought_up_to_date_and_kept(space: Workspace, version: str) -> None:
    put(space, days(3))
    with duckdb.connect(str(space.data / "warehouse" / "000001.duckdb")) as connection:
        for table in NEW_TABLES:
            connection.execute(f"DROP TABLE {table}")
        for table, column in [added for later in NEW_COLUMNS if later >= version for added in NEW_COLUMNS[later]]:
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute(f"UPDATE _meta SET value = '{version}' WHERE key = 'schema_version'")
    with Warehouse(space).build(reporting_zone="Europe/Vienna") as build:
        assert build.publish() == 2
    assert totals(space) == {day.slice: 10 for day in days(3)}
    changes, generation = put(space, [batch(FIRST, [11])])
    assert (changes.rows_changed, generation) == (1, 3)
    with Warehouse(space).open() as opened, opened.engine.connect() as connection:
        for table in warehouse.tables.values():
            connection.execute(table.select())


def test_a_second_sync_is_refused_while_one_runs(space: Workspace) -> None:
    with Warehouse(space).build() as build:
        build.replace(source="web", connector="ga4", stream=TRAFFIC, batches=days(1))
        with pytest.raises(BusyError, match="Another sync holds"), Warehouse(space).build():
            pass
        assert build.publish() == 1


def test_a_killed_sync_frees_its_lock(space: Workspace) -> None:
    script = (
        "import os, sys; from pathlib import Path; from settings import Workspace; from store.warehouse import Warehouse\n"
        f"Warehouse(Workspace(Path({str(space.home)!r}))).build().__enter__(); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert put(space, days(1))[1] == 1


def test_a_generation_stays_while_it_is_read_and_goes_when_it_is_not(space: Workspace) -> None:
    put(space, [batch(FIRST, [0])])
    reader = Warehouse(space).open()
    for sessions in range(1, 6):
        put(space, [batch(FIRST, [sessions])])
    generations = Warehouse(space).generations
    assert generations.numbers() == [1, 4, 5, 6]
    with reader.engine.connect() as connection:
        assert connection.scalar(select(func.sum(web_traffic.c.sessions))) == 0
    reader.close()
    put(space, [batch(FIRST, [99])])
    assert generations.numbers() == [5, 6, 7]


def test_readers_cannot_write(space: Workspace) -> None:
    put(space, days(1))
    with Warehouse(space).open() as opened, opened.engine.connect() as connection, pytest.raises(DBAPIError, match="read-only"):
        connection.execute(web_traffic.delete())


def test_an_unknown_generation_says_which_are_kept(space: Workspace) -> None:
    put(space, days(1))
    with pytest.raises(StoreError, match=r"Generation 9 is not .* Generations kept: 1"):
        Warehouse(space).open(9)


def test_an_empty_store_names_the_next_step(space: Workspace) -> None:
    with pytest.raises(StoreError, match="kpi sync"):
        Warehouse(space).open()


def test_a_damaged_pointer_is_named(space: Workspace) -> None:
    put(space, days(1))
    (space.data / "warehouse" / "CURRENT").write_text("rubbish")
    with pytest.raises(StoreError, match="CURRENT: holds 'rubbish'"):
        Warehouse(space).current()


def test_a_damaged_current_file_is_rebuilt_by_the_next_sync(space: Workspace) -> None:
    put(space, days(1))
    (space.data / "warehouse" / "000001.duckdb").write_bytes(b"not a database at all" * 400)
    assert put(space, days(2))[1] == 2
    assert len(totals(space)) == 2


def test_a_cut_file_is_a_store_error_that_names_the_way_out(space: Workspace) -> None:
    put(space, days(1))
    file = space.data / "warehouse" / "000001.duckdb"
    os.truncate(file, file.stat().st_size // 2)
    with (
        pytest.raises(StoreError, match=r"000001\.duckdb: the facts cannot be read.*and run './kpi sync'"),
        Warehouse(space).open() as opened,
    ):
        opened.engine.connect()


def test_facts_that_a_statement_does_not_fit_are_a_question_that_cannot_be_answered(space: Workspace) -> None:
    put(space, days(1))
    with Warehouse(space).open() as opened, opened.engine.connect() as connection:
        with pytest.raises(QueryError, match="The facts of generation 1 do not fit: Binder Error"):
            connection.execute(text("SELECT gone FROM releases"))
        with pytest.raises(ProgrammingError):
            connection.execute(text("SELEC"))


def test_an_engine_that_is_not_supported_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="engine 'postgresql'"):
        Warehouse(Workspace(tmp_path, warehouse_url="postgresql://h/db"))


def _read_until(home: str, stop: object, answers: object) -> None:
    """Each answer must be one whole generation: all days of a generation hold the same number."""
    space = Workspace(Path(home))
    while not stop.is_set():  # type: ignore[attr-defined]
        with Warehouse(space).open() as opened, opened.engine.connect() as connection:
            values = {int(v) for (v,) in connection.execute(select(web_traffic.c.sessions))}
        answers.put((opened.number, sorted(values)))  # type: ignore[attr-defined]


def test_other_processes_read_whole_generations_while_syncs_publish(space: Workspace) -> None:
    put(space, days(20, sessions=1))
    context = multiprocessing.get_context("spawn")
    stop, answers = context.Event(), context.Queue()
    readers = [context.Process(target=_read_until, args=(str(space.home), stop, answers)) for _ in range(2)]
    for reader in readers:
        reader.start()
    seen = [answers.get(timeout=60) for _ in range(2)]
    for sessions in range(2, 12):
        put(space, days(20, sessions=sessions))
    stop.set()
    while any(reader.is_alive() for reader in readers) or not answers.empty():
        if not answers.empty():
            seen.append(answers.get())
    assert all(reader.exitcode == 0 for reader in readers)
    assert {number for number, _ in seen} > {1}
    assert all(values == [number] for number, values in seen)
