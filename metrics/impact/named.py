"""Which KPIs an event is about: those that its work items name, else those that the company steers by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from metrics.shown import KPI
from metrics.types import Event
from store.schema import work_items

if TYPE_CHECKING:
    from metrics.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Names:
    """items: release id → KPI → keys of the work items that name it. fallback: the KPIs of an event that names none; rule: which those are."""

    items: dict[str, dict[str, tuple[str, ...]]]
    fallback: tuple[str, ...]
    rule: str

    def items_of(self, event: Event, kpi: str) -> tuple[str, ...]:
        """Return the keys of the work items of a release that name a KPI."""
        return self.items.get(event.id, {}).get(kpi, ()) if event.kind == "release" else ()

    def kpis_of(self, catalog: Catalog, event: Event) -> tuple[str, ...]:
        """Return the KPIs that an event names and that have values, in the order of the file; else the fallback."""
        named = self.items.get(event.id, {}) if event.kind == "release" else {}
        found = tuple(kpi.name for kpi in catalog.kpis() if kpi.name in named and kpi.type != "relationship")
        return found or self.fallback

    def expectation(self, event: Event, kpi: KPI) -> str:
        """Return what was expected of an event, as far as anything says it: an item that names a KPI is meant to make it better."""
        if self.items_of(event, kpi.name) and kpi.better in ("higher", "lower"):
            return f"{kpi.better}, by how much is not recorded"
        return "not recorded"


def read_names(catalog: Catalog) -> Names:
    """Return the KPIs that the items of each release name by a label kpi:<name>, and the KPIs for events that name none.

    Campaigns name none: no column links a work item to a campaign.
    """
    found: dict[str, dict[str, list[str]]] = {}
    statement = select(work_items.c.release_id, work_items.c.kpi, work_items.c.key).where(
        work_items.c.release_id.is_not(None), work_items.c.kpi.is_not(None), work_items.c.deleted_at.is_(None)
    )
    for release, kpi, key in catalog.read(statement.order_by(work_items.c.key)):
        found.setdefault(release, {}).setdefault(kpi, []).append(key or "")
    fallback, rule = _fallback(catalog)
    return Names({release: {kpi: tuple(keys) for kpi, keys in kpis.items()} for release, kpis in found.items()}, fallback, rule)


def _fallback(catalog: Catalog) -> tuple[tuple[str, ...], str]:
    known = [kpi for kpi in catalog.kpis() if kpi.type != "relationship" and "day" in kpi.grains]
    certified = tuple(kpi.name for kpi in known if (vouched := catalog.definition(kpi.name).certified) and vouched.hash == kpi.hash)
    if certified:
        return certified, "An event that names no KPI is measured on the certified KPIs."
    steering = tuple(kpi.name for kpi in known if kpi.role == "output" and kpi.targets)
    return steering, "An event that names no KPI is measured on the outputs with a target, because no KPI is certified yet."
