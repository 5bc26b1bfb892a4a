"""Keeps the data fresh beside the dashboard: a process of its own that syncs every source when its time has come."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import typer

from commands.common import Home, open_space, say
from commands.sync import pull, record_in_force, summary
from connectors.schedule import due
from connectors.sync import Order
from errors import BusyError, DashboardError, place
from settings import PROJECT_ROOT, Workspace, child_environment, load_sources
from store.ledger import Ledger

TICK_SECONDS = 20.0


def schedule(context: typer.Context, home: Home = None) -> None:
    """Sync every source when it is due, until stdin closes."""
    space, over = open_space(context, home), threading.Event()
    threading.Thread(target=_wait_for_parent, args=(over,), daemon=True).start()
    said = ""
    while not over.is_set():
        said = tick(space, datetime.now(UTC), said)
        over.wait(TICK_SECONDS)


def tick(space: Workspace, now: datetime, said: str = "") -> str:
    """Sync what is due and say how it went; a problem that was said before is not repeated. Return what was said last."""
    try:
        runs = {run.source: run for run in Ledger(space).last_runs()}
        record_in_force(space)
        wanted = due(load_sources(space), runs, now)
        if not wanted:
            return said
        lines = "\n".join(summary(pull(space, Order(wanted))))
    except BusyError:
        return said
    except DashboardError as error:
        lines = str(error)
    except Exception as error:  # noqa: BLE001  # one bad round must not leave the data to grow old beside a living dashboard
        lines = f"The sync met a fault that nobody foresaw ({type(error).__name__} at {place(error)}); it is tried again. Please report this line."
    if lines != said:
        say(lines)
    return lines


def _wait_for_parent(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


@contextmanager
def scheduler(space: Workspace) -> Iterator[None]:
    """Run the scheduler in a process of its own; it ends with this one, because its stdin closes."""
    command = [sys.executable, str(PROJECT_ROOT / "cli.py"), "schedule", "--home", str(space.home)]
    child = subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=child_environment(space), stdin=subprocess.PIPE, stdout=sys.stderr.fileno(), start_new_session=True
    )
    try:
        yield
    finally:
        assert child.stdin is not None
        child.stdin.close()
        stop(child)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a child: ask first, then insist."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
