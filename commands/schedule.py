"""Keeps the data fresh beside the dashboard: a process of its own that syncs every source when its time has come, and asks for what goes on."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from commands.common import Home, open_space, say
from commands.logs import logged
from commands.sync import pull, record_in_force, summary
from connectors.live import LivePull
from connectors.schedule import due
from connectors.sync import Order
from errors import BusyError, DashboardError, place
from metrics import reporting_zone
from settings import PROJECT_ROOT, Workspace, child_environment, load_sources
from store.ledger import Ledger

TICK_SECONDS = 20.0


def schedule(
    context: typer.Context,
    sync: Annotated[bool, typer.Option(help="Sync, and not only ask for what goes on right now.")] = True,
    home: Home = None,
) -> None:
    """Sync every source when it is due, and ask for live numbers, until stdin closes."""
    space, over = open_space(context, home), threading.Event()
    threading.Thread(target=_wait_for_parent, args=(over,), daemon=True).start()
    # a thread of its own: a long sync must not make the live numbers old
    threading.Thread(target=keep_live, args=(space, over), daemon=True).start()
    said = ""
    with logged(space):
        while not over.is_set():
            said = tick(space, datetime.now(UTC), said) if sync else ""
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


def keep_live(space: Workspace, over: threading.Event) -> None:
    """Ask for what goes on right now until it is over. A problem of one round is said once, and the next round tries again."""
    pull, said = LivePull(Ledger(space), over), ""
    while not over.is_set():
        lines, rest = "", TICK_SECONDS
        try:
            rest = pull.round(load_sources(space), reporting_zone(space), datetime.now(UTC))
        except DashboardError as error:
            lines = f"Live numbers: {error}"
        except Exception as error:  # noqa: BLE001  # one bad round must not end the thread that asks for live numbers
            lines = f"Live numbers met a fault that nobody foresaw ({type(error).__name__} at {place(error)}). Please report this line."
        if lines and lines != said:
            say(lines)
        said = lines
        over.wait(min(max(rest, 1.0), TICK_SECONDS))


def _wait_for_parent(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


@contextmanager
def scheduler(space: Workspace, *, sync: bool = True) -> Iterator[None]:
    """Run the scheduler in a process of its own; it ends with this one, because its stdin closes. sync: not only live numbers."""
    command = [sys.executable, str(PROJECT_ROOT / "cli.py"), "schedule", "--home", str(space.home), *([] if sync else ["--no-sync"])]
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
