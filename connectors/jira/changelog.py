"""Histories of issues, whole or not at all: in bulk on Cloud, inside the search results on Data Center."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.jira.client import Client
from connectors.jira.document import Change, instant
from connectors.jira.site import Site
from errors import ContractError

ISSUES_PER_BULK = 1_000
Entries = dict[str, list[Change]]
"""History id → its changes. An entry that comes twice, on two pages, counts once."""


def histories(client: Client, site: Site, raws: Sequence[Any]) -> dict[str, list[Change]]:
    """Return issue id → every kept change, oldest first."""
    if client.is_cloud:
        found = _bulk(client, site, [str(raw["id"]) for raw in raws])
    else:
        found = {str(raw["id"]): _embedded(client, site, raw) for raw in raws}
    return {key: _ordered(entries) for key, entries in found.items()}


def _ordered(entries: Mapping[str, list[Change]]) -> list[Change]:
    """Entries of one instant are told apart by their id, so that the order is the same whenever they are read."""
    known = sorted((key for key in entries if entries[key]), key=lambda key: (entries[key][0].at, len(key), key))
    return [change for key in known for change in entries[key]]


def _bulk(client: Client, site: Site, ids: Sequence[str]) -> dict[str, Entries]:
    """Read page by page until the vendor names no next one.

    The changelog inside a search result is cut after the newest 40 entries, so it is not used here.
    """
    found: dict[str, Entries] = {}
    for start in range(0, len(ids), ISSUES_PER_BULK):
        token, seen = None, set()
        while True:
            body = {
                "issueIdsOrKeys": ids[start : start + ISSUES_PER_BULK],
                "fieldIds": list(site.histories),
                "maxResults": 1_000,
                "nextPageToken": token,
            }
            page = client.post("/rest/api/3/changelog/bulkfetch", {k: v for k, v in body.items() if v is not None})
            for log in page.get("issueChangeLogs", []):
                _add(found.setdefault(str(log["issueId"]), {}), log["changeHistories"], site)
            token = page.get("nextPageToken")
            if not token:
                break
            if token in seen:
                raise ContractError(f"{client.source}: the changelogs repeat the page token '{str(token)[:20]}' and would never end.")
            seen.add(token)
    return found


def _embedded(client: Client, site: Site, raw: Any) -> Entries:
    log = raw.get("changelog") or {}
    if int(log.get("total", 0)) > len(log.get("histories", [])):
        raise ContractError(f"{client.source}: the changelog of {raw['key']} holds {len(log['histories'])} of {log['total']} entries.")
    found: Entries = {}
    _add(found, log.get("histories", []), site)
    return found


def _add(found: Entries, listed: Sequence[Any], site: Site) -> None:
    for history in listed:
        at = instant(history["created"])
        words = [(_word(item, site), item) for item in history["items"]]
        found[str(history["id"])] = [
            Change(at, word, i.get("from"), i.get("fromString"), i.get("to"), i.get("toString")) for word, i in words if word is not None
        ]


def _word(item: Mapping[str, Any], site: Site) -> str | None:
    """Return our word for the changed field, None for one that is not kept. Older entries name the field, not its id."""
    field = str(item.get("field"))
    return "key" if field == "Key" else site.histories.get(str(item.get("fieldId") or field))
