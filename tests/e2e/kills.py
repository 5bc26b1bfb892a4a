"""Kills a sync at random moments, again and again, while the vendors restate their past; counts what that broke."""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from errors import StoreError
from sandbox.world import World, make_world, restate
from settings import Workspace
from store.digest import digest
from store.warehouse import Warehouse
from tests.e2e.forks import Forks, sync_once
from tests.shop import Shop, open_shop

KILLS_A_ROUND = 20
LEAST_SECONDS = 0.3
DAYS = 3
START = date(2026, 3, 9)


@dataclass(slots=True)
class Outcome:
    """What the kills did. landed: kills that met a running sync; early: syncs that were over before their kill; wrong: findings."""

    landed: int = 0
    early: int = 0
    rounds: int = 0
    wrong: list[str] = field(default_factory=list)


def run(kills: int, folder: Path, seed: int = 5) -> Outcome:
    """Kill `kills` syncs of one workspace; what it serves must always be a state that an undisturbed workspace served, too."""
    rng, outcome = random.Random(seed), Outcome()
    with ExitStack() as stack:
        forks = stack.enter_context(Forks())
        world = make_world(11, start=START, days=DAYS)
        past = _Past(world.company.visits, world.company.actions)
        disturbed = open_shop(stack, _made(folder / "disturbed"), world)
        calm = _calm(disturbed, folder / "calm")
        before: str | None = None
        seconds = _measured(forks, _calm(disturbed, folder / "measured"), world)
        after = _synced(calm, world)
        while outcome.landed < kills:
            for _ in range(min(KILLS_A_ROUND, kills - outcome.landed)):
                if forks.killed(disturbed.space.home, _now(world), rng.uniform(0, seconds)):
                    outcome.landed, seconds = outcome.landed + 1, seconds * 1.02
                    _check(outcome, "a killed sync", _served(disturbed.space), {before, after})
                else:
                    outcome.early, seconds = outcome.early + 1, max(LEAST_SECONDS, seconds * 0.85)
                    _check(outcome, "a sync that was over", _served(disturbed.space), {after})
                    past.change(disturbed, world, 1_000 + outcome.early)
                    before, after = after, _synced(calm, world)
            _check(outcome, "the sync after the kills", _synced(disturbed.space, world), {after})
            _check_ledger(outcome, disturbed.space)
            outcome.rounds += 1
            past.change(disturbed, world, outcome.rounds)
            before, after = after, _synced(calm, world)
            seconds = _measured(forks, disturbed.space, world) if outcome.rounds == 1 else seconds
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
    sync_once(space.home, _now(world))
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


def _measured(forks: Forks, space: Workspace, world: World) -> float:
    """Return how long a sync takes in a process of its own."""
    began = time.monotonic()
    assert not forks.killed(space.home, _now(world))
    return time.monotonic() - began


@dataclass(slots=True)
class _Past:
    """What the vendors said of the past at first. Every change starts from it, so that the company never runs dry of visitors."""

    visits: Any
    actions: Any

    def change(self, shop: Shop, world: World, seed: int) -> None:
        """Restate one of the last three days anew, so that every sync has something to write."""
        world.company.visits, world.company.actions = self.visits.copy(), self.actions.copy()
        restate(world.company, world.end - timedelta(days=seed % 3), seed=seed)
        shop.servers[0].refill()  # a thousand syncs would use up the property's hour
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
