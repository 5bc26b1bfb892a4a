"""Kills a sync at random moments, again and again, while the vendors restate their past; counts what that broke."""

from __future__ import annotations

import multiprocessing
import random
import signal
import sqlite3
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.sync import Order, sync
from errors import StoreError
from metrics import reporting_zone
from sandbox.world import World, make_world, restate
from settings import Workspace, load_sources
from store.digest import digest
from store.warehouse import Warehouse
from tests.shop import Shop, open_shop

KILLS_A_ROUND = 10
LEAST_SECONDS = 0.3
DAYS = 8
START = date(2026, 3, 9)


@dataclass(slots=True)
class Outcome:
    """What the kills did. landed: kills that met a running sync; early: syncs that were over before their kill; wrong: findings."""

    landed: int = 0
    early: int = 0
    rounds: int = 0
    wrong: list[str] = field(default_factory=list)


def sync_once(home: str, now: str) -> None:
    """Sync a workspace in a process of its own."""
    space = Workspace(Path(home))
    clock = datetime.fromisoformat(now)
    sync(space, load_sources(space), reporting_zone(space), Order(), now=clock, report=lambda _progress: None)


def run(kills: int, folder: Path, seed: int = 5) -> Outcome:
    """Kill `kills` syncs of one workspace; what it serves must always be a state that an undisturbed workspace served, too."""
    rng, outcome = random.Random(seed), Outcome()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.e2e.kills"])
    with ExitStack() as stack:
        world = make_world(11, start=START, days=DAYS)
        disturbed = open_shop(stack, _made(folder / "disturbed"), world)
        calm = _calm(disturbed, folder / "calm")
        before, seconds = None, _measured(context, disturbed, folder / "measured")
        while outcome.landed < kills:
            after = _synced(calm, world)
            for _ in range(min(KILLS_A_ROUND, kills - outcome.landed)):
                killed = _kill(context, disturbed, rng.uniform(0, seconds))
                _check(outcome, "a disturbed sync", _served(disturbed.space), {before, after} if killed else {after})
                outcome.landed, outcome.early = outcome.landed + killed, outcome.early + (not killed)
                seconds *= 1.02 if killed else 0.9
                if not killed:
                    break
            _check(outcome, "the sync after the kills", _synced(disturbed.space, world), {after})
            _check_ledger(outcome, disturbed.space)
            outcome.rounds += 1
            _change(disturbed, world, outcome.rounds)
            seconds = _measured(context, disturbed) if outcome.rounds == 1 else max(seconds, LEAST_SECONDS)
            before = _served(disturbed.space)
            _synced(calm, world)
        _check(outcome, "a fresh store", _synced(_calm(disturbed, folder / "fresh"), world), {_synced(disturbed.space, world)})
    return outcome


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _calm(shop: Shop, folder: Path) -> Workspace:
    """Return another workspace on the same vendors."""
    space = Workspace(_made(folder))
    space.sources_file.write_text(shop.space.sources_file.read_text())
    return space


def _now(world: World) -> datetime:
    return world.company.now + timedelta(hours=9)


def _synced(space: Workspace, world: World) -> str | None:
    sync_once(str(space.home), _now(world).isoformat())
    return _served(space)


def _served(space: Workspace) -> str | None:
    """Return the fingerprint of what readers see, None for an empty store."""
    try:
        with Warehouse(space).open() as opened, opened.engine.connect() as connection:
            return digest(connection)
    except StoreError as error:
        if "empty" not in str(error):
            raise
        return None


def _measured(context: Any, shop: Shop, folder: Path | None = None) -> float:
    """Return how long a sync takes in a process of its own: of the shop's workspace, or the first one of another."""
    space = shop.space if folder is None else _calm(shop, folder)
    began = time.monotonic()
    child = _started(context, space, shop.world)
    child.join()
    return time.monotonic() - began


def _started(context: Any, space: Workspace, world: World) -> Any:
    child = context.Process(target=sync_once, args=(str(space.home), _now(world).isoformat()))
    child.start()
    return child


def _kill(context: Any, shop: Shop, after: float) -> bool:
    """Start a sync and kill it after so many seconds; return whether it was still running."""
    child = _started(context, shop.space, shop.world)
    child.join(after)
    child.kill()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL), child.exitcode
    return bool(child.exitcode == -signal.SIGKILL)


def _change(shop: Shop, world: World, seed: int) -> None:
    """Restate a day of the last three, so that every sync has something to write."""
    restate(world.company, world.end - timedelta(days=seed % 3), seed=seed)
    for server in shop.servers[:2]:
        server.invalidate()


def _check(outcome: Outcome, what: str, found: object, wanted: set[Any]) -> None:
    if found not in wanted:
        outcome.wrong.append(f"round {outcome.rounds}, {what}: {found} is none of {wanted}")


def _check_ledger(outcome: Outcome, space: Workspace) -> None:
    with sqlite3.connect(space.data / "ledger.sqlite") as connection:
        intact = connection.execute("PRAGMA integrity_check").fetchone()[0]
        torn = connection.execute("SELECT count(*) FROM source_runs WHERE sync_id NOT IN (SELECT id FROM sync_runs)").fetchone()[0]
    _check(outcome, "the ledger", (intact, torn), {("ok", 0)})
