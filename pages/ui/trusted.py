"""How far a number may be trusted now: freshness, flags, and sources with a problem. What depends on the clock is kept for seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Condition

from cachetools import TTLCache, cached

from metrics import KPI
from metrics.flags import Reservations, flags_of
from metrics.lateness import Lateness, SourceProblem, lateness, problems, worst
from metrics.types import Freshness, Row
from pages.ui import data
from pages.ui.ledger import FRESH_SECONDS


@dataclass(frozen=True, slots=True)
class Moment:
    """What holds for some seconds from `at` on: KPI → its sources, KPI → how late the latest of them is, problems of sources, flags of days."""

    at: datetime
    fresh: Mapping[str, tuple[Freshness, ...]]
    late: Mapping[str, Lateness]
    problems: tuple[SourceProblem, ...]
    reservations: Reservations


def moment() -> Moment:
    """Return what holds now; looked at once for all cards of a page."""
    return _moment(data.state().key)


@cached(TTLCache(4, FRESH_SECONDS), condition=Condition())
def _moment(key: str) -> Moment:
    opened, now, sources = data.catalog(), datetime.now(UTC), data.trust().sources
    every = {one.source: one.every for one in sources}
    fresh = opened.freshness_many([kpi.name for kpi in opened.kpis()])
    late = {name: worst(lateness(one, now, opened.calendar, every.get(one.source)) for one in ones) for name, ones in fresh.items()}
    found = problems(sources, now, opened.calendar)
    held = frozenset(one.source for one in found if one.is_held)
    return Moment(now, fresh, late, found, Reservations(opened.flagged(), opened.restatements(), held))


def flags(kpi: KPI, row: Row) -> tuple[str, ...]:
    """Return what to know before trusting a row."""
    opened = data.catalog()
    return flags_of(row, opened.plan(kpi.name), opened.streams(kpi.name), moment().reservations)
