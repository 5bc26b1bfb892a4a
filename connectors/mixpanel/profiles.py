"""Mixpanel's profiles: the people of a project, page by page, whole or not at all. Knows no property by itself.

Profiles hold names and e-mail addresses. Only what sources.yaml names is asked for, and only that is kept.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from connectors.mixpanel import queries
from connectors.mixpanel.client import Client
from connectors.mixpanel.settings import MixpanelSettings
from errors import ContractError, SourceConfigError, TransientSourceError
from store.schema import arrow_schema
from store.types import WHOLE, Batch, Stream, Window, day_start

LAST_SEEN = "$last_seen"
MOST_PAGES = 10_000
"""Where nothing limits the calls; a list without end stops here."""


class Profiles:
    """The stream of profiles; replaced whole on every sync, at one call a page."""

    def __init__(self, source: str, settings: MixpanelSettings, client: Client) -> None:
        self._source, self._settings, self._client = source, settings, client
        self._most_pages = min(settings.most_calls or MOST_PAGES, MOST_PAGES)
        self.stream = Stream("profiles", "profiles", "whole", zone=settings.zone)

    @property
    def is_asked_for(self) -> bool:
        """Whether sources.yaml wants profiles."""
        return self._settings.profiles

    def check(self) -> str:
        """Ask for the first page and say how many there are."""
        page = self._page(0, None)
        held = page.get("total", len(page["results"]))
        return f"answers with {held:,} profiles" if isinstance(held, int) else "answers"

    def read(self, window: Window) -> Iterator[Batch]:
        """Yield the one slice, a portion a page; it closes only when the last page has come and nobody is in it twice."""
        waiting = None
        for page in self._pages():
            if waiting is not None:
                yield Batch(WHOLE, waiting, closes=False)
            waiting = pa.Table.from_pylist([self._row(profile) for profile in page], schema=arrow_schema("profiles"))
        assert waiting is not None, "the first page comes or raises"
        yield Batch(WHOLE, waiting, day_start(window.until.astimezone(self._settings.zone).date(), self._settings.zone))

    def _pages(self) -> Iterator[list[Any]]:
        """Yield the profiles of each page (its own rule for the end: docs.mixpanel.com, engage query, 2026-11).

        Raises: ContractError for a page that comes again or a list without end, TransientSourceError when fewer profiles came than
            were announced, SourceConfigError for more pages than the hour has calls.
        """
        first = self._page(0, None)
        total, size, session = first.get("total"), self._size(first), first.get("session_id")
        self._require_affordable(total, size)
        seen, ids, number, page = set(), array("q"), 0, first
        while True:
            names = [hash(self._id(profile)) for profile in page["results"]]
            if names and hash(tuple(names)) in seen:
                raise ContractError(
                    f"{self._source}: page {number + 1} of the profiles is one that came before. The earlier profiles stay."
                )
            seen.add(hash(tuple(names)))
            ids.extend(names)
            yield page["results"]
            is_short = len(names) < (size or 1)
            if is_short if total is None else len(ids) >= total:
                break
            if is_short:
                raise TransientSourceError(
                    f"{self._source}: only {len(ids):,} of {total:,} profiles came. The earlier profiles stay; sync again."
                )
            number += 1
            if number >= self._most_pages:
                raise ContractError(
                    f"{self._source}: the profiles have no end within {number:,} pages. The earlier profiles stay. "
                    "Leave profiles out, or raise exports_per_hour."
                )
            page = self._page(number, session)
        if len(np.unique(np.frombuffer(ids, dtype=np.int64))) != len(ids):
            raise ContractError(f"{self._source}: a profile came twice, so another may be missing. The earlier profiles stay.")

    def _page(self, number: int, session: object) -> dict[str, Any]:
        """Ask as the library's own pager does, but for one page at a time."""
        query: dict[str, Any] = {"output_properties": [LAST_SEEN, *self._settings.profile_properties]}
        if number:
            query |= {"page": number, "session_id": session}
        page = queries.document(self._client, ["engage"], query, "profiles", self._source)
        queries.sequence(page.get("results"), "the list of profiles", self._source)
        return page

    def _size(self, page: dict[str, Any]) -> int | None:
        """Return how many profiles a full page has; only a total can do without it."""
        size, total = page.get("page_size"), page.get("total")
        if total is not None:
            queries.count(total, "the total of profiles", self._source)
        elif not isinstance(size, int) or size < 1:
            raise ContractError(f"{self._source}: the profiles have neither a total nor a page size, so their end is unknown.")
        return size if isinstance(size, int) and size > 0 else None

    def _require_affordable(self, total: int | None, size: int | None) -> None:
        """Refuse a set that no hour can hold before it eats up the calls of every hour."""
        pages = math.ceil((total or 0) / (size or 1)) if size else 0
        if pages > self._most_pages:
            raise SourceConfigError(
                f"{self._source}: {total:,} profiles are {pages:,} pages, but an hour has {self._most_pages:,} calls and profiles are read whole. "
                "Leave profiles out, or raise exports_per_hour."
            )

    def _id(self, profile: object) -> str:
        found = profile.get("$distinct_id") if isinstance(profile, dict) else None
        if found is None:
            raise ContractError(f"{self._source}: a profile has no $distinct_id. The earlier profiles stay.")
        return queries.text(found)

    def _row(self, profile: dict[str, Any]) -> dict[str, object]:
        held = queries.mapping(profile.get("$properties") or {}, "a profile's properties", self._source)
        kept = {name: held[name] for name in sorted(self._settings.profile_properties) if name in held}
        return {
            "id": self._id(profile),
            "last_seen_at": _instant(held.get(LAST_SEEN), self._settings.zone),
            "properties": json.dumps(kept) if self._settings.profile_properties else None,
        }


def _instant(written: object, zone: ZoneInfo) -> datetime | None:
    """Return a time without a zone, which is in the project's, as naive UTC; None for what is no time."""
    try:
        moment = datetime.fromisoformat(str(written))
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
