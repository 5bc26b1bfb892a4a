"""Three ways to get days of events from a server; each runs in a process of its own. Arguments: way, url, days, folder."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from mixpanel_utils import MixpanelUtils

import connectors.mixpanel  # noqa: F401  # imported before the clock starts
from bench.measured import measure
from bench.mixpanel_server import START
from connectors.sync import Order, sync
from settings import Workspace, load_sources


def library(url: str, days: int, _folder: Path) -> int:
    """mixpanel-utils' own export into a list."""
    client = MixpanelUtils("sandbox", service_account_username="svc", project_id=77, timeout=60, max_retries=1)
    client.raw_api = f"{url}/api"
    last = START + timedelta(days=days - 1)
    listed = []
    for n in range(days):
        day = str(min(START + timedelta(days=n), last))
        listed += client.query_export({"from_date": day, "to_date": day})
    return len(listed)


def duckdb_alone(url: str, days: int, folder: Path) -> int:
    """The bodies to disk, then one CREATE TABLE AS by DuckDB into a file, checkpointed."""
    client = MixpanelUtils("sandbox", service_account_username="svc", project_id=77, timeout=60, max_retries=1)
    client.raw_api = f"{url}/api"
    for n in range(days):
        day = str(START + timedelta(days=n))
        answer = client.query_export({"from_date": day, "to_date": day}, raw_stream=True)
        with answer, (folder / f"fetched-{n}.jsonl").open("wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)
    return loaded(folder, f"{folder}/fetched-*.jsonl")


def duckdb_from_disk(_url: str, _days: int, folder: Path) -> int:
    """Only the CREATE TABLE AS, of bodies that lie on disk already."""
    return loaded(folder, f"{folder}/20*.jsonl")


def loaded(folder: Path, files: str) -> int:
    (folder / "alone.duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(folder / "alone.duckdb")) as connection:
        connection.execute(f"CREATE TABLE events AS SELECT * FROM read_json('{files}')")
        connection.execute("CHECKPOINT")
        found = connection.execute("SELECT count(*) FROM events").fetchone()
    assert found is not None
    return int(found[0])


def bridge(url: str, days: int, folder: Path) -> int:
    """A sync into a published generation."""
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    space = Workspace(home)
    space.sources_file.write_text(
        f"version: 1\nsources:\n  product:\n    connector: mixpanel\n    project_id: 77\n    endpoint: {url}\n    start: {START}\n"
    )
    now = datetime(START.year, START.month, START.day, tzinfo=UTC) + timedelta(days=days)
    result = sync(space, load_sources(space), ZoneInfo("UTC"), Order(), now=now, report=lambda _progress: None)
    assert result.published, result
    return result.sources["product"].rows_read


WAYS = {"library": library, "duckdb_alone": duckdb_alone, "duckdb_from_disk": duckdb_from_disk, "bridge": bridge}

if __name__ == "__main__":
    way, url, days, folder = sys.argv[1:]
    measure(lambda: WAYS[way](url, int(days), Path(folder)))
