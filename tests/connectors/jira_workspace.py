"""A workspace on one Jira site, synced through the runner."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.outcome import SourceResult
from connectors.sync import Order, sync
from sandbox.jira import JiraServer
from settings import Workspace, load_sources
from store.digest import digest
from store.schema import PULLED
from store.warehouse import Warehouse
from tests.connectors.jira_site import NOW, VIENNA

SOURCES = "version: 1\nsources:\n  delivery:\n    connector: jira\n    projects: [{projects}]\n    endpoint: {url}\n{more}"
FULL = Order(full=True)


class Site:
    """The site's clock follows the sync's: what happened before `now` can be seen."""

    def __init__(self, server: JiraServer, home: Path, more: str = "", projects: str = "WEB") -> None:
        self.server, self.space = server, Workspace(home)
        home.mkdir(exist_ok=True)
        self.configure(more, projects)

    def configure(self, more: str = "", projects: str = "WEB") -> None:
        self.space.sources_file.write_text(SOURCES.format(url=self.server.url, more=more, projects=projects))

    def sync(self, now: datetime = NOW, order: Order = Order()) -> SourceResult:  # noqa: B008  # Order is frozen
        self.server.company.now = now
        result = sync(self.space, load_sources(self.space), VIENNA, order, now=now, report=lambda _progress: None)
        return result.sources["delivery"]

    def calls(self, now: datetime, order: Order = Order()) -> list[str]:  # noqa: B008  # Order is frozen
        """Sync, and return the paths that were asked."""
        before = len(self.server.calls)
        assert self.sync(now, order).status == "ok"
        return [call.path for call in self.server.calls[before:]]

    def table(self, name: str) -> list[dict[str, Any]]:
        with Warehouse(self.space).open() as facts, facts.engine.connect() as connection:
            return [dict(row) for row in connection.execute(PULLED[name].select()).mappings()]

    def items(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.table("work_items")}

    def digest(self) -> str:
        with Warehouse(self.space).open() as facts, facts.engine.connect() as connection:
            return digest(connection)
