"""One pull of the issues: those that changed, then a census of those that exist, then what the census asks for by id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from connectors.jira.bounds import updated_since
from connectors.jira.changelog import histories
from connectors.jira.client import Client
from connectors.jira.document import document, issue
from connectors.jira.portions import portions
from connectors.jira.site import Site
from store.gate import LEAST_ROWS, LEAST_SHARE
from store.schema import arrow_schema
from store.types import WHOLE, Batch, Held, Stream

ISSUES_AT_ONCE = 500
"""Issues that are in memory as Jira shows them."""


@dataclass(slots=True)
class Pull:
    """since: only what was updated at or after it; None: everything. read: the ids that came so far."""

    client: Client
    site: Site
    projects: tuple[str, ...]
    since: datetime | None
    held: Held
    documents: Stream
    read: set[str] = field(default_factory=set)

    def batches(self, complete_through: datetime) -> Iterator[Batch]:
        """Yield the documents that came, then the list of what exists.

        The census comes last: what is created meanwhile is in it, and is fetched by its id.
        """
        yield from self._documents(self._changed())
        held = self.held.keys(self.documents)
        census = set(self._census())
        known = held | self.read
        existing: set[str] = set()
        if not _collapsed(census, known):
            missing = census - (self.read if self.since is None else known)
            # the search may lag behind; the issues themselves do not
            yield from self._documents(self._noted(self._by_id(known - census), existing))
            gone = known - census - existing
            yield from self._documents(self._by_id(missing | self._neighbours(gone)))
        listed = frozenset(census | existing)
        yield Batch(WHOLE, _table([]), complete_through, context=self.site.asked, listed=listed)

    def _changed(self) -> Iterator[Any]:
        is_cloud = self.client.is_cloud
        bound = "" if self.since is None else f" AND {updated_since(self.since, self.site.zone, is_cloud=is_cloud)}"
        for project in self.projects:
            yield from self.client.search(f'project = "{project}"{bound} ORDER BY created ASC', self.site.fields)

    def _census(self) -> Iterator[str]:
        for project in self.projects:
            for raw in self.client.search(f'project = "{project}" ORDER BY created ASC', ("id",)):
                yield str(raw["id"])

    def _by_id(self, ids: Iterable[str]) -> Iterator[Any]:
        """Yield the issues that exist of these and are in one of our projects."""
        for raw in self.client.issues(sorted(ids), self.site.fields):
            if raw["fields"]["project"]["key"] in self.projects:
                yield raw

    @staticmethod
    def _noted(raws: Iterable[Any], found: set[str]) -> Iterator[Any]:
        for raw in raws:
            found.add(str(raw["id"]))
            yield raw

    def _neighbours(self, gone: AbstractSet[str]) -> set[str]:
        """Return the held issues that name one that is gone: losing a link or a parent need not count as an update of theirs."""
        if not gone or self.since is None:
            return set()
        kept = map(issue, self.held.rows(self.documents))
        return {one.id for one in kept if one.id not in gone and one.neighbours & gone} - self.read

    def _documents(self, raws: Iterable[Any]) -> Iterator[Batch]:
        """Yield the documents of issues in portions, each issue once: what changes meanwhile is found by the next pull."""
        for portion in portions(self._unread(raws), ISSUES_AT_ONCE):
            changes = histories(self.client, self.site, portion)
            rows = [document(raw, changes.get(str(raw["id"]), ()), self.site) for raw in portion]
            yield Batch(WHOLE, _table(rows), closes=False)

    def _unread(self, raws: Iterable[Any]) -> Iterator[Any]:
        for raw in raws:
            if str(raw["id"]) not in self.read:
                self.read.add(str(raw["id"]))
                yield raw


def _collapsed(census: AbstractSet[str], known: AbstractSet[str]) -> bool:
    """Whether so much is gone that the gate holds it back: then nothing of it is asked for one by one."""
    return len(known) >= LEAST_ROWS and len(census) < len(known) * LEAST_SHARE


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema("_documents"))
