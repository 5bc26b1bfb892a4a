"""Segments that a campaign did not touch: the other channels, as a control and as the other side of a difference in differences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select

from metrics.formula import Name, Operation
from metrics.impact.measure import mapped
from metrics.impact.rules import Windows
from metrics.impact.series import Days, is_counted
from metrics.plan import Plan
from metrics.stats import did
from metrics.stats.gls import NoFit
from metrics.stats.mixture import Estimate
from metrics.types import Event
from store.schema import campaigns, web_traffic

if TYPE_CHECKING:
    from metrics.catalog import Catalog

Array = Any


@dataclass(frozen=True, slots=True)
class Touched:
    """The values of a dimension that an event touched; the others are taken to be untouched."""

    dimension: str
    values: tuple[str, ...]

    @property
    def untouched_words(self) -> tuple[str, ...]:
        """What is compared with, in words."""
        return (f"every {self.dimension} but {', '.join(self.values)}",)


def touched_by(catalog: Catalog, event: Event, kpi: str) -> Touched | None:
    """Return the channels of a campaign, where a KPI is made of counts and can be split by channel; None otherwise.

    A release names no segment in any column, so that everyone counts as touched.
    """
    if event.kind != "campaign" or "channel" not in catalog.kpi(kpi).dimensions or not is_counted(catalog.plan(kpi)):
        return None
    seen = select(web_traffic.c.channel).where(web_traffic.c.campaign == event.name, web_traffic.c.channel.is_not(None)).distinct()
    planned = select(campaigns.c.channel).where(campaigns.c.id == event.id, campaigns.c.channel.is_not(None)).distinct()
    found = tuple(sorted({channel for (channel,) in catalog.read(seen)} or {channel for (channel,) in catalog.read(planned)}))
    return Touched("channel", found) if found else None


def control_of(plan: Plan, days: Days, touched: Touched) -> Array | None:
    """Return the KPI over all untouched segments by day; None when it never varies. Only for a KPI that adds up."""
    leaves = days.total(touched.values)
    values = np.where(days.known, sum(np.nan_to_num(leaves[leaf.key]) for leaf in plan.leaves), np.nan)
    seen = values[np.isfinite(values)]
    return values if len(seen) and np.ptp(seen) > 0 else None


def panel_of(plan: Plan, days: Days, touched: Touched, windows: Windows) -> Estimate | None:
    """Return the relative effect on the touched segments against the others; None when the days are too few or the KPI is no count.

    A sum or count is compared as it is, a ratio of two of them with the denominator as the exposure.
    """
    match plan.expression:
        case Name(key):
            sides: tuple[Mapping[str, Array], Mapping[str, Array] | None] = days.leaves[key], None
        case Operation("/", Name(above), Name(below)):
            sides = days.leaves[above], days.leaves[below]
        case _:
            return None
    names = sorted(sides[0] if sides[1] is None else set(sides[0]) & set(sides[1]))
    after = np.arange(len(days.known)) >= windows.before.days
    counts = np.column_stack([np.nan_to_num(sides[0][name]) for name in names]) if names else np.zeros((len(after), 0))
    exposure = np.ones_like(counts) if sides[1] is None else np.column_stack([np.nan_to_num(sides[1][name]) for name in names])
    kept = days.known
    panel = did.Panel(counts[kept], exposure[kept], np.array([name in touched.values for name in names]), after[kept])
    if not panel.touched.any() or panel.touched.all() or (counts < 0).any():
        return None
    try:
        return mapped(did.estimate(panel), math.expm1)
    except NoFit:
        return None
