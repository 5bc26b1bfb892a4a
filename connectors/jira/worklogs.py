"""Time that was booked on the items we hold: read by what changed and what was deleted since the last pull. No names of people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from connectors.jira.agile import naive
from connectors.jira.client import MOST_PAGES, Client
from connectors.jira.document import instant, issue
from connectors.jira.portions import portions
from errors import ContractError
from store.schema import arrow_schema
from store.types import WHOLE, Batch, Held, Stream

ENTRIES_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Worklogs:
    """since: what changed at or after it; None: everything."""

    client: Client
    since: datetime | None
    held: Held
    documents: Stream
    stream: Stream

    def batches(self, complete_through: datetime, asked: str) -> Iterator[Batch]:
        """Yield the entries that came, then the list of those that exist."""
        items = self.held.keys(self.documents)
        changed, deleted = self._feed("updated"), self._feed("deleted")
        before = {row["id"] for row in self.held.rows(self.stream) if row["item_id"] in items}
        listed = before - deleted - changed if self.since is not None else set()
        for portion in portions(self._entries(changed - deleted), ENTRIES_AT_ONCE):
            rows = {row["id"]: row for row in map(_row, portion) if row["item_id"] in items and row["id"] not in listed}
            listed |= rows.keys()
            yield Batch(WHOLE, _table(list(rows.values())), closes=False)
        yield Batch(WHOLE, _table([]), complete_through, context=asked, listed=frozenset(listed))

    def _entries(self, ids: Iterable[str]) -> Iterator[Any]:
        """Yield the entries of these ids that still exist, and every entry of the items that were moved to us."""
        for block in portions(sorted(ids), ENTRIES_AT_ONCE):
            found = self.client.post(self.client.path("worklog/list"), {"ids": [int(key) for key in block]})
            if not isinstance(found, list):
                raise ContractError(f"{self.client.source}: the list of worklogs is none.")
            yield from found
        for item in self._moved():
            yield from self.client.pages(self.client.path(f"issue/{item}/worklog"), "worklogs")

    def _moved(self) -> list[str]:
        """Return the items that came from another project since: their older entries were passed over while they were not ours."""
        if self.since is None:
            return []
        kept = map(issue, self.held.rows(self.documents))
        return [one.id for one in kept if any(move.at >= self.since for move in (*one.of("key"), *one.of("project")))]

    def _feed(self, kind: str) -> set[str]:
        """Return the ids of a feed, page by page; the address of the next page that it names is not followed.

        Notes: a page ends at `until`, and the next begins there, at the same instant, so that none is passed over. When a page does not
            get beyond its own beginning, because it is full of rows of one instant, the next begins a millisecond later.
        """
        found: set[str] = set()
        since = 0 if self.since is None else int(self.since.timestamp() * 1000)
        path = self.client.path(f"worklog/{kind}")
        for _ in range(MOST_PAGES):
            page = self.client.get(path, since=since)
            if not isinstance(page, dict) or not isinstance(page.get("values"), list):
                raise ContractError(f"{self.client.source}: the answer of {path} has no list 'values'.")
            found |= {str(entry["worklogId"]) for entry in page["values"]}
            if page.get("lastPage", not page["values"]):
                return found
            since = max(int(page["until"]), since + 1)
        raise ContractError(f"{self.client.source}: {path} has no last page after {MOST_PAGES} pages.")


def _row(entry: Any) -> dict[str, Any]:
    return {
        "id": str(entry["id"]), "item_id": str(entry["issueId"]), "started_at": naive(instant(entry["started"])),
        "seconds": int(entry["timeSpentSeconds"]), "updated_at": naive(instant(entry["updated"])),
    }  # fmt: skip


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema("worklogs"))
