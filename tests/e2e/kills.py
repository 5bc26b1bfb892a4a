"""Kills a sync at random moments, again and again, while the vendors restate their past and issues are edited; counts what that broke."""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from errors import StoreError
from sandbox import jira_edits as edits
from sandbox.tables import STATUSES, Company, IssueRecord
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
        disturbed = open_shop(stack, _made(folder / "disturbed"), world)
        with disturbed.space.sources_file.open("a") as file:
            file.write("    worklogs: true\n")
        past = _Past(disturbed, world)
        calm = _calm(disturbed, folder / "calm")
        before: str | None = None
        seconds = _measured(forks, _calm(disturbed, folder / "measured"), past)
        after = _synced(calm, past)
        while outcome.landed < kills:
            for _ in range(min(KILLS_A_ROUND, kills - outcome.landed)):
                if forks.killed(disturbed.space.home, past.now, rng.uniform(0, seconds)):
                    outcome.landed, seconds = outcome.landed + 1, seconds * 1.02
                    _check(outcome, "a killed sync", _served(disturbed.space), {before, after})
                else:
                    outcome.early, seconds = outcome.early + 1, max(LEAST_SECONDS, seconds * 0.85)
                    _check(outcome, "a sync that was over", _served(disturbed.space), {after})
                    past.change(1_000 + outcome.early)
                    before, after = after, _synced(calm, past)
            _check(outcome, "the sync after the kills", _synced(disturbed.space, past), {after})
            _check_ledger(outcome, disturbed.space)
            outcome.rounds += 1
            past.change(outcome.rounds)
            before, after = after, _synced(calm, past)
            seconds = _measured(forks, disturbed.space, past) if outcome.rounds == 1 else seconds
        past.give_back()  # a fresh store never saw what was deleted
        _check(outcome, "a fresh store", _synced(_calm(disturbed, folder / "fresh"), past), {_synced(disturbed.space, past)})
    return outcome


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _calm(shop: Shop, folder: Path) -> Workspace:
    """Return another workspace on the same vendors."""
    space = Workspace(_made(folder))
    space.sources_file.write_text(shop.space.sources_file.read_text())
    return space


def _synced(space: Workspace, past: _Past) -> str | None:
    sync_once(space.home, past.now)
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


def _measured(forks: Forks, space: Workspace, past: _Past) -> float:
    """Return how long a sync takes in a process of its own."""
    began = time.monotonic()
    assert not forks.killed(space.home, past.now)
    return time.monotonic() - began


class _Past:
    """Changes what the vendors say. Every change of visits starts from how they were at first, so that the company never runs dry.

    now: the clock of the syncs and of the issues; it goes on by a minute with every change.
    """

    def __init__(self, shop: Shop, world: World) -> None:
        self._shop, self._world = shop, world
        self._visits, self._actions = world.company.visits, world.company.actions
        self.now = world.company.now + timedelta(hours=9)
        self._deleted: IssueRecord | None = None
        self._show_issues()

    def _show_issues(self) -> None:
        self._shop.servers[2].company = replace(self._world.company, now=self.now)

    def change(self, seed: int) -> None:
        """Restate one of the last three days anew and edit some issues, so that every sync has something to write."""
        company = self._world.company
        company.visits, company.actions = self._visits.copy(), self._actions.copy()
        restate(company, self._world.end - timedelta(days=seed % 3), seed=seed)
        self._shop.servers[0].refill()  # a thousand syncs would use up the property's hour
        for server in self._shop.servers[:2]:
            server.invalidate()
        edited, self.now = self.now + timedelta(seconds=30), self.now + timedelta(minutes=1)
        self._show_issues()
        self._edit(self._shop.servers[2].company, random.Random(seed), edited)

    def _edit(self, company: Company, rng: random.Random, at: datetime) -> None:
        """Edit, plan, book on and move issues; delete one, and give back the one deleted before."""
        self.give_back()
        edits.rename(rng.choice(company.jira.issues), f"renamed {rng.random()}", at)
        edits.set_status(company, rng.choice(company.jira.issues), rng.choice(list(STATUSES)), at)
        edits.plan(company, rng.choice(company.jira.issues), rng.choice([sprint.id for sprint in company.jira.sprints]), at)
        edits.book(company, rng.choice(company.jira.issues), 600, at - timedelta(minutes=2))
        edits.move(company, rng.choice(company.jira.issues), rng.choice(list(company.jira.projects)), at)
        self._deleted = rng.choice(company.jira.issues)
        edits.delete(company, self._deleted)
        for log in company.jira.worklogs:  # the vendor tells of every entry that goes; an issue that comes back comes without them
            if log.issue_id == self._deleted.id:
                log.deleted_at = log.deleted_at or at - timedelta(minutes=2)

    def give_back(self) -> None:
        """Undo the last deletion; it counts as an update of the issues that belong to the deleted one."""
        if self._deleted is not None:
            gone, self._deleted = self._deleted, None
            site = self._world.company.jira
            site.issues.append(gone)
            ends = {
                end for link in site.links for end in (link.blocker_id, link.blocked_id) if gone.id in (link.blocker_id, link.blocked_id)
            }
            for issue in site.issues:
                if issue.epic == gone.id or issue.id in ends:
                    issue.touched = self.now


def _check(outcome: Outcome, what: str, found: object, wanted: set[Any]) -> None:
    if found not in wanted:
        outcome.wrong.append(f"round {outcome.rounds}, {what}: {found} is none of {wanted}")


def _check_ledger(outcome: Outcome, space: Workspace) -> None:
    with sqlite3.connect(space.data / "ledger.sqlite") as connection:
        intact = connection.execute("PRAGMA integrity_check").fetchone()[0]
        torn = connection.execute("SELECT count(*) FROM source_runs WHERE sync_id NOT IN (SELECT id FROM sync_runs)").fetchone()[0]
    _check(outcome, "the ledger", (intact, torn), {("ok", 0)})
