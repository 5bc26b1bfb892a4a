"""The whole way once: sandbox company → wire → client libraries → connectors → warehouse → metrics."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from commands.demo import SOURCES
from connectors.outcome import SyncResult
from connectors.sync import Order, sync
from metrics import Catalog, open_catalog, reporting_zone
from sandbox.ga4 import Ga4Server
from sandbox.jira import JiraServer
from sandbox.mixpanel import MixpanelServer
from sandbox.world import World, make_world
from settings import Workspace, load_sources

START = date(2025, 9, 1)
DAYS = 200


@dataclass(slots=True)
class Shop:
    """A company, its vendors on loopback, and a workspace that syncs from them."""

    world: World
    servers: tuple[Ga4Server, MixpanelServer, JiraServer]
    space: Workspace

    def sync(self, order: Order = Order(), *, now: datetime | None = None) -> SyncResult:  # noqa: B008  # Order is frozen
        clock = now or self.world.company.now + timedelta(hours=9)
        return sync(self.space, load_sources(self.space), reporting_zone(self.space), order, now=clock, report=lambda _progress: None)

    def catalog(self) -> Catalog:
        return open_catalog(self.space)


def open_shop(stack: ExitStack, home: Path, world: World) -> Shop:
    """Start the vendors of a company and point a fresh workspace at them."""
    company = world.company
    ga4, mixpanel, jira = (stack.enter_context(kind(company)) for kind in (Ga4Server, MixpanelServer, JiraServer))
    space = Workspace(home)
    space.sources_file.write_text(SOURCES.format(ga4=ga4.url, mixpanel=mixpanel.url, jira=jira.url, start=world.start), encoding="utf-8")
    return Shop(world, (ga4, mixpanel, jira), space)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A synced shop that no test changes. The test processes share one sync: the first one makes it, the others copy what it made."""
    shared = tmp_path_factory.getbasetemp().parent / "shared-shop"
    with ExitStack() as stack:
        opened = open_shop(stack, tmp_path_factory.mktemp("shop"), make_world(7, start=START, days=DAYS))
        with FileLock(f"{shared}.lock"):
            if os.environ.get("PYTEST_XDIST_WORKER") and shared.exists():
                shutil.copytree(shared, opened.space.data)
            else:
                result = opened.sync()
                assert result.exit_code == 0, result
                if os.environ.get("PYTEST_XDIST_WORKER"):
                    shutil.copytree(opened.space.data, shared)
        yield opened


@pytest.fixture
def small_shop(tmp_path: Path) -> Iterator[Shop]:
    """Three weeks of a company of its own, not synced yet: the test may change it."""
    with ExitStack() as stack:
        yield open_shop(stack, tmp_path, make_world(11, start=date(2026, 3, 9), days=21))
