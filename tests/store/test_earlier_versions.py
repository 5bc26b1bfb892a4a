"""Stores that an earlier version wrote are read, lose nothing and go on; those of a later version are refused.

The texts in `earlier/` are the tables as each version made them, and never change. Run as a script, this prints those of today.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from alembic import command
from alembic.config import Config
from duckdb_sqlalchemy import Dialect
from sqlalchemy.schema import CreateTable

from cli import main
from errors import StoreError
from metrics.types import Question
from sandbox.world import make_world
from settings import Workspace
from store.build import SCHEMA_VERSION, UPGRADES
from store.digest import digest
from store.ledger import HEAD, MIGRATIONS, Ledger
from store.schema import FACTS, warehouse
from store.sprint_freezes import read_freezes
from store.warehouse import Warehouse
from tests.shop import Shop, open_shop

EARLIER = Path(__file__).parent / "earlier"
TEXTS = sorted(path.stem.removeprefix("warehouse_") for path in EARLIER.glob("warehouse_*.sql"))
PACKED = re.compile(r" USING COMPRESSION \w+")
REVISIONS = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def ddl() -> str:
    """Return the tables of today as text; how a column is packed is no part of a version, because every one reads every packing."""
    texts = (PACKED.sub("", str(CreateTable(table).compile(dialect=Dialect()))).strip() for table in warehouse.sorted_tables)
    return "".join("\n".join(line.rstrip().replace("\t", "    ") for line in text.splitlines() if line.strip()) + ";\n" for text in texts)


def test_every_version_has_its_frozen_text_and_a_changed_table_needs_a_new_version() -> None:
    assert {text.partition("_")[0] for text in TEXTS} == {*UPGRADES, SCHEMA_VERSION}
    assert (EARLIER / f"warehouse_{SCHEMA_VERSION}.sql").read_text() == ddl(), (
        "The tables differ from those of their version. Raise SCHEMA_VERSION, add its statement to UPGRADES, and freeze the new text: "
        f"python -m tests.store.test_earlier_versions > tests/store/earlier/warehouse_{int(SCHEMA_VERSION) + 1}.sql"
    )


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A small synced company; its stores are copied, never changed."""
    with ExitStack() as stack:
        shop = open_shop(stack, tmp_path_factory.mktemp("synced"), make_world(11, start=date(2026, 3, 9), days=6))
        assert shop.sync().exit_code == 0
        yield shop


def copied(synced: Shop, home: Path) -> Shop:
    """Return another workspace of the same company with copies of its stores."""
    shutil.copytree(synced.space.home, home, dirs_exist_ok=True)
    return Shop(synced.world, synced.servers, Workspace(home))


def as_earlier(shop: Shop, text: str) -> None:
    """Rewrite the served generation as the version of a frozen text would have: its tables, with the rows and columns it knew."""
    file = shop.space.data / "warehouse" / "000001.duckdb"
    newest = file.rename(file.with_name("newest"))
    with duckdb.connect(str(file)) as made:
        made.execute((EARLIER / f"warehouse_{text}.sql").read_text())
        made.execute(f"ATTACH '{newest}' AS newest (READ_ONLY)")
        for table, columns in made.execute(
            "SELECT table_name, string_agg('\"' || column_name || '\"', ', ') FROM duckdb_columns() WHERE database_name = '000001' GROUP BY ALL"
        ).fetchall():
            made.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM newest.main.{table}")
        made.execute("UPDATE _meta SET value = ? WHERE key = 'schema_version'", [text.partition("_")[0]])
    newest.unlink()


def rows_of(shop: Shop, generation: int, like: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all facts of a generation in the columns that a frozen text knows, sorted."""
    with duckdb.connect() as scratch:
        scratch.execute((EARLIER / f"warehouse_{like}.sql").read_text())
        scratch.execute(f"ATTACH '{shop.space.data}/warehouse/{generation:06d}.duckdb' AS facts (READ_ONLY)")
        found = {}
        held = {row[0] for row in scratch.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'memory'").fetchall()}
        for table in held & set(FACTS):
            known = [row[0] for row in scratch.execute(f"DESCRIBE {table}").fetchall()]
            selected = ", ".join(f'"{column}"' for column in known)
            found[table] = scratch.execute(f"SELECT {selected} FROM facts.main.{table} ORDER BY ALL").fetchall()
        return found


@pytest.mark.parametrize("text", TEXTS)
def test_facts_of_any_earlier_version_are_read_before_the_first_sync(text: str, synced: Shop, tmp_path: Path) -> None:
    shop = copied(synced, tmp_path)
    as_earlier(shop, text)
    with synced.catalog() as newest, shop.catalog() as opened:
        assert opened.coverage() == newest.coverage()
        assert [one.day for one in opened.flagged()] == [one.day for one in newest.flagged()]
        assert opened.restatements() == ()
        names = [kpi.name for kpi in newest.kpis() if kpi.type != "relationship" and newest.covered(kpi.name)]
        assert len(names) > 15
        for name in names:
            assert opened.ask(Question(name, "total")).rows == newest.ask(Question(name, "total")).rows, name
    for arguments in (["status", "--json"], ["backup", "--to", str(tmp_path / "b.tar.gz")]):
        assert main([*arguments, "--home", str(tmp_path)]) == 0


def columns(shop: Shop, generation: int) -> set[tuple[str, str, str, str]]:
    """Return (table, column, type, nullable) of a generation: what upgrades write by hand must be what the schema says."""
    wanted = "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
    with duckdb.connect(f"{shop.space.data}/warehouse/{generation:06d}.duckdb", read_only=True) as connection:
        return set(connection.execute(wanted).fetchall())


@pytest.mark.parametrize("text", TEXTS)
def test_facts_of_any_earlier_version_are_brought_up_to_date_without_losing_a_row(text: str, synced: Shop, tmp_path: Path) -> None:
    shop = copied(synced, tmp_path)
    as_earlier(shop, text)
    before = rows_of(shop, 1, text)
    assert sum(map(len, before.values())) > 1_000
    with Warehouse(shop.space).build(reporting_zone="Europe/Vienna") as build:
        published = build.publish()
    assert published == (None if text == SCHEMA_VERSION else 2)
    assert rows_of(shop, published or 1, text) == before
    assert columns(shop, published or 1) == columns(synced, 1)


@pytest.mark.parametrize("text", TEXTS)
def test_a_sync_goes_on_from_facts_of_any_earlier_version(text: str, synced: Shop, tmp_path: Path) -> None:
    """It arrives at what a workspace that always had the newest version holds."""
    shop = copied(synced, tmp_path)
    as_earlier(shop, text)
    result = shop.sync()
    assert (result.exit_code, {one.status for one in result.sources.values()}) == (0, {"ok"})
    found = []
    for one in (shop, synced):
        with Warehouse(one.space).open() as opened, opened.engine.connect() as connection:
            found.append(digest(connection))
    assert found[0] == found[1]
    assert shop.catalog().restatements() == ()


def test_facts_of_a_later_version_are_refused_and_stay_as_they_are(
    synced: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = copied(synced, tmp_path)
    file = shop.space.data / "warehouse" / "000001.duckdb"
    with duckdb.connect(str(file)) as later:
        later.execute("UPDATE _meta SET value = '99' WHERE key = 'schema_version'")
    before = file.read_bytes()
    refusals: tuple[Callable[[], object], ...] = (shop.catalog, shop.sync)
    for refused in refusals:
        with pytest.raises(StoreError, match=rf"a newer version of the dashboard wrote these facts \(schema 99, known {SCHEMA_VERSION}\)"):
            refused()
    assert main(["sync", "--home", str(tmp_path)]) == 1
    assert "Update the dashboard" in capsys.readouterr().err
    assert file.read_bytes() == before
    assert Warehouse(shop.space).current() == 1
    assert not list(file.parent.glob("building*"))


def ledger_of(home: Path, revision: str) -> dict[str, list[tuple[Any, ...]]]:
    """Make a ledger at a revision, fill every table that it has, and return the rows by table."""
    (home / "data").mkdir(exist_ok=True)
    file = home / "data" / "ledger.sqlite"
    file.unlink(missing_ok=True)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with Ledger(Workspace(home)).transaction() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    with sqlite3.connect(file) as made:
        for table in tables(made):
            columns = made.execute(f"PRAGMA table_info({table})").fetchall()
            for n in (1, 2, 3):
                values = [n if column[5] else FILLED.get(column[1], lambda n, kind=column[2]: sample(kind, n))(n) for column in columns]
                made.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)
        return held(made, {table: names(made, table) for table in tables(made)})


FILLED: dict[str, Callable[[int], object]] = {
    "sync_id": lambda n: n,
    "source": lambda n: f"source{n}",
    "status": lambda _n: "ok",
    "streams": lambda _n: '{"traffic": {"status": "ok"}}',
    "quota": lambda n: f'{{"tokens_per_day": {n}}}',
    "moment": lambda _n: "start",
    "origin": lambda _n: "shipped",
    "items": lambda n: f'[{{"item_id": "{n}", "points": 3.0, "committed": true, "completed": false, "added": false, "removed": false, "reestimated": false}}]',
}  # fmt: skip


def sample(kind: str, n: int) -> object:
    """Return a value of a column's type."""
    if kind == "DATE":
        return f"2026-11-{n:02}"
    if kind == "DATETIME":
        return f"2026-11-{n:02} 12:00:00.000000"
    return n if "INT" in kind or kind == "BOOLEAN" else f"text {n}"


def tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('alembic_version', 'sqlite_sequence')")
    return sorted(row[0] for row in found)


def names(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def held(connection: sqlite3.Connection, known: dict[str, list[str]]) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1").fetchall() for table, columns in known.items()
    }


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_ledger_of_any_earlier_revision_keeps_every_row_and_takes_a_sync(revision: str, synced: Shop, tmp_path: Path) -> None:
    shop = copied(synced, tmp_path)
    before = ledger_of(tmp_path, revision)
    ledger = Ledger(shop.space)
    assert {run.source: run.rows_read for run in ledger.last_runs()} == {f"source{n}": n for n in (1, 2, 3)}
    assert [freeze.items[0].points for freeze in read_freezes(ledger)] == ([3.0] * 3 if revision >= "0003" else [])
    assert shop.sync().exit_code == 0
    with sqlite3.connect(tmp_path / "data" / "ledger.sqlite") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
        after = held(connection, {table: names(connection, table) for table in before})
        old = {table: before_names(revision, table, connection) for table in before}
    for table, rows in before.items():
        if table == "vendor_calls":  # what is older than two hours is forgotten when its source calls again; these sources do not
            assert len(after[table]) >= len(rows)
        kept = [tuple(row[n] for n in old[table]) for row in after[table][: len(rows)]]
        assert kept == rows, table
    assert len(after["sync_runs"]) == 4


def before_names(revision: str, table: str, connection: sqlite3.Connection) -> list[int]:
    """Return the places, among today's columns, of those that a table had at a revision."""
    later = {"0001": {"not_before", "quota"}, "0002": {"quota"}, "0003": {"quota"}}.get(revision, set())
    return [n for n, name in enumerate(names(connection, table)) if name not in later]


if __name__ == "__main__":
    print(ddl(), end="")
