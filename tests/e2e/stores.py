"""Workspaces in every state that a page may meet, and the real server on each of them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb

from metrics import in_force, record_definitions
from settings import PROJECT_ROOT, Workspace
from tests.e2e.processes import free_port

PAGES = {
    "": "Overview",
    "side_by_side": "Side by side",
    "kpi": "KPI",
    "speed_conversion": "Speed × conversion",
    "delivery": "Delivery",
    "impact": "Impact",
    "catalog": "Catalog",
    "data_health": "Data health",
}
"""Path → title in the navigation."""
FACTS = Path("data") / "warehouse" / "000001.duckdb"


def whole(home: Path) -> None:
    """Leave the store as it is."""


def cut(home: Path) -> None:
    """Cut the published file in the middle, as a full disk or a broken copy does."""
    os.truncate(home / FACTS, (home / FACTS).stat().st_size // 2)


def overwrite(home: Path) -> None:
    """Overwrite a part of the published file, as a broken disk does: it opens, and fails when that part is read."""
    size = (home / FACTS).stat().st_size
    with (home / FACTS).open("r+b") as file:
        file.seek(size // 3)
        file.write(b"\xaa" * (size // 3))


def unread_ledger(home: Path) -> None:
    """Put rubbish in the place of the ledger."""
    (home / "data" / "ledger.sqlite").write_bytes(b"rubbish" * 1_000)


def misfit(home: Path) -> None:
    """Take away a column that sprint KPIs alone read: their definitions hold, and their questions fail when they are asked."""
    with duckdb.connect(str(home / FACTS)) as connection:
        connection.execute("ALTER TABLE sprint_items RENAME COLUMN points_at_end TO gone")


def broken_file(home: Path) -> None:
    """Break the definitions as a whole; the last good version is known to the ledger, as after every './kpi sync'."""
    space = Workspace(home)
    record_definitions(space, in_force(space).definitions)
    (home / "kpi_definitions.yaml").write_text("kpis: [\n", encoding="utf-8")


def one_wrong(home: Path) -> None:
    """Misspell a measure of one KPI."""
    text = (PROJECT_ROOT / "kpi_definitions.yaml").read_text(encoding="utf-8")
    (home / "kpi_definitions.yaml").write_text(text.replace("value: sessions\n", "value: sesions\n", 1), encoding="utf-8")


def empty(home: Path) -> None:
    """Take everything away."""
    shutil.rmtree(home / "data")


STATES: dict[str, Callable[[Path], None]] = {
    "whole": whole,
    "empty": empty,
    "cut": cut,
    "overwritten": overwrite,
    "unread ledger": unread_ledger,
    "misfit": misfit,
    "broken file": broken_file,
    "one wrong": one_wrong,
}


def copied(home: Path, origin: Path, change: Callable[[Path], None] = whole) -> Path:
    """Return a copy of a workspace in another state; pages record the definitions that they show, so nobody shares one."""
    home.mkdir(parents=True)
    shutil.copytree(origin / "data", home / "data", ignore=shutil.ignore_patterns("logs", "spill", "*.lock"))
    shutil.copy(origin / "sources.yaml", home / "sources.yaml")
    change(home)
    return home


@contextmanager
def served(*homes: Path) -> Iterator[list[str]]:
    """Serve workspaces, each by a server of its own; return their addresses. All start at once."""
    with ExitStack() as stack:
        addresses = [stack.enter_context(_started(home)) for home in homes]
        for address in addresses:
            _await(address)
        yield addresses


@contextmanager
def _started(home: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, str(PROJECT_ROOT / "cli.py"), "serve", "--no-sync", "--port", str(port), "--home", str(home)]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=log, stderr=log, start_new_session=True)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=30)
        finally:
            server.kill()
            server.wait()


def _await(address: str, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < deadline, f"{address} does not answer"
            time.sleep(0.1)
        else:
            return
