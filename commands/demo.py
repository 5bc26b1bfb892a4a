"""kpi demo: the sandbox company, synced through the real connectors and served."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from commands.common import say
from commands.schedule import scheduler, stop
from commands.serve import DEFAULT_PORT, Port, dashboard, require_free, until_interrupted
from commands.sync import pull, summary
from connectors.sync import Order
from errors import StoreError
from sandbox.tables import REPORTING_ZONE
from settings import DEMO_MARKER, PROJECT_ROOT, Workspace

DEMO_HOME = PROJECT_ROOT / "data" / "demo"
SEED = 7
DAYS = 430

SOURCES = """\
# Written anew by './kpi demo' each time it starts: the sandbox vendors on this machine.
version: 1
sources:
  web:
    connector: ga4
    property: "123456"
    endpoint: {ga4}
    start: {start}
  product:
    connector: mixpanel
    project_id: 77
    residency: eu
    endpoint: {mixpanel}
    start: {start}
  delivery:
    connector: jira
    projects: [WEB, APP, OPS]
    endpoint: {jira}
"""


def demo(
    port: Port = DEFAULT_PORT,
    home: Annotated[
        Path | None, typer.Option("--home", metavar="DIR", help="Where the demo keeps its stores (default: data/demo).")
    ] = None,
    serve: Annotated[bool, typer.Option(help="Serve the dashboard after the sync.")] = True,
) -> None:
    """Start the sandbox vendors, sync from them over loopback, serve the dashboard, print its URL."""
    if serve:
        require_free(port)
    space = Workspace(_prepared((home or DEMO_HOME).resolve()))
    with until_interrupted(), sandbox(_world(space)) as addresses:
        start = _world(space)["start"]
        space.sources_file.write_text(SOURCES.format(**addresses, start=start), encoding="utf-8")
        say("Syncing GA4, Mixpanel and Jira from the sandbox …")
        result = pull(space, Order())
        for line in summary(result):
            say(line)
        if not serve:
            raise typer.Exit(result.exit_code)
        with scheduler(space, sync=False), dashboard(space, port) as server:
            say(f"KPI Bridge is served at http://127.0.0.1:{port}. Press Ctrl-C to stop.")
            server.wait()


def _prepared(home: Path) -> Path:
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / DEMO_MARKER).write_text("The data in this workspace come from the sandbox company.\n", encoding="utf-8")
        world = home / "world.json"
        if not world.exists():
            start = datetime.now(UTC).astimezone(REPORTING_ZONE).date() - timedelta(days=DAYS)
            world.write_text(json.dumps({"seed": SEED, "start": str(start)}) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{home}: cannot be written ({error.strerror}). Make it writable, or name another folder with --home.") from error
    return home


def _world(space: Workspace) -> dict[str, str]:
    """Return the seed and first day of this demo's company: fixed at its first start, so that later days only add."""
    stored: dict[str, str] = json.loads((space.home / "world.json").read_text(encoding="utf-8"))
    return stored


@contextmanager
def sandbox(world: dict[str, str]) -> Iterator[dict[str, str]]:
    """Run the vendors in a process of their own; it also ends by itself when this one dies, because its stdin closes."""
    command = [sys.executable, str(PROJECT_ROOT / "cli.py"), "sandbox", "--seed", str(world["seed"]), "--start", world["start"]]
    vendors = subprocess.Popen(command, cwd=PROJECT_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert vendors.stdout is not None
        say("Making the sandbox company and starting its vendors …")
        line = vendors.stdout.readline()
        if not line:
            raise StoreError("The sandbox vendors did not start; their message stands above.")
        yield json.loads(line)
    finally:
        stop(vendors)
        for pipe in (vendors.stdin, vendors.stdout):
            if pipe is not None:
                pipe.close()


def vendors(
    start: Annotated[str, typer.Option(metavar="D", help="First day of the company.")],
    seed: Annotated[int, typer.Option(help="Seed of the company.")] = SEED,
) -> None:
    """Serve the sandbox vendors; print their addresses as one line of JSON; end when stdin closes."""
    from sandbox.ga4 import Ga4Server
    from sandbox.jira import JiraServer
    from sandbox.mixpanel import MixpanelServer
    from sandbox.world import make_world

    first = date.fromisoformat(start)
    yesterday = datetime.now(UTC).astimezone(REPORTING_ZONE).date() - timedelta(days=1)
    company = make_world(seed, start=first, days=(yesterday - first).days + 1).company
    with (
        until_interrupted(),
        Ga4Server(company, clock=lambda: datetime.now(UTC)) as ga4,
        MixpanelServer(company) as mixpanel,
        JiraServer(company) as jira,
    ):
        sys.stdout.write(json.dumps({"ga4": ga4.url, "mixpanel": mixpanel.url, "jira": jira.url}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
