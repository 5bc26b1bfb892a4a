"""Answers for the pages, kept by generation and question.

Keys are scalars alone: a frame as a key can return a wrong number. What is kept never changes, so all sessions share it without a copy:
Streamlit's own caches look at the signature of the function at each call, two thirds of a drawn-again Overview of 200 KPIs (cProfile).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from threading import Condition
from typing import Any

from cachetools import LRUCache, TTLCache, cached

from errors import StoreError
from metrics import KPI, Catalog, numerals, open_catalog, open_definitions, record_definitions
from metrics.bases import Base
from metrics.days import Days
from metrics.delivery_types import Delivery, Team
from metrics.entry import Entry, newest_rows, sql_of
from metrics.entry import entries as read_entries
from metrics.events import note_events
from metrics.force import InForce, in_force_then
from metrics.forecast import Forecast
from metrics.forecast import forecast as look_ahead
from metrics.impact import ImpactReport
from metrics.impact import impacts as all_impacts
from metrics.members import members as read_members
from metrics.preview import Preview
from metrics.preview import preview as compare_versions
from metrics.relation_types import Relation
from metrics.signal_types import Signal
from metrics.signals import signals as judge
from metrics.trust import Trust
from metrics.types import Answer, Comparison, Event, Freshness, Period, Question, Row, SpeedConversion
from metrics.why import Why
from metrics.why import why as explain_change
from pages.ui.ledger import FRESH_SECONDS, notes
from pages.ui.state import State, pin, present_state, space, state

__all__ = ["State", "pin", "present_state", "space", "state"]

MOST_CATALOGS = 6
"""The present state, the one before while its last visitors leave, and pinned ones; each keeps its generation on disk."""


def catalog() -> Catalog:
    """Return the catalog of the state that is shown, shared by all sessions; one without facts when they cannot be read."""
    shown = state()
    if shown.problem:
        return _definitions(shown.key, shown.problem)
    try:
        return _catalog(shown.key, shown)
    except StoreError as error:
        if shown.is_pinned:
            raise
        return _definitions(shown.key, str(error))


def store_problem() -> str | None:
    """Return why the facts cannot be read, and what to do; None when they can."""
    return catalog().problem


class _Catalogs(LRUCache[str, Catalog]):
    """Few: that of before is still read while the first page asks the new one, and links may be pinned to earlier ones."""

    def popitem(self) -> tuple[str, Catalog]:
        """Close what is let go."""
        key, opened = super().popitem()
        opened.close()
        return key, opened


@cached(_Catalogs(MOST_CATALOGS), key=lambda key, _shown: key, condition=Condition())
def _catalog(key: str, _shown: State) -> Catalog:
    if _shown.is_pinned:
        return open_catalog(space(), _shown.generation, _definitions_of(_shown))
    opened = open_catalog(space())
    if opened.generation is not None and not opened.force.broken:
        with suppress(StoreError):  # who may only read the ledger still sees the numbers
            record_definitions(space(), opened.force.definitions)
    return opened


def _definitions_of(pinned: State) -> InForce | None:
    """Return the definitions that a link is pinned to, None when they are those of the file."""
    then = in_force_then(space(), pinned.definitions)
    if then is None and pinned.definitions != present_state().definitions:
        raise StoreError(
            "The definitions that this link is pinned to do not hold in this version of the dashboard. Show the current numbers."
        )
    return then


@cached(LRUCache(2), condition=Condition())
def _definitions(key: str, problem: str) -> Catalog:
    return open_definitions(space(), problem)


@cached(LRUCache(4_000), key=lambda key, what, _compute: (key, what), condition=Condition())  # who asks the same meanwhile waits for it
def _answer(key: str, what: str, _compute: Callable[[], Any]) -> Any:
    return _compute()


def kept(what: str, compute: Callable[[], Any]) -> Any:
    """Return what was worked out once for the present state. what: names it and everything that it depends on."""
    return _answer(f"{state().key}|{numerals.locale()}", what, compute)  # what is kept may hold sentences


def ask(question: Question) -> Answer:
    """Return the answer to a question. The catalog itself keeps what was asked before."""
    return catalog().ask(question)


def compare(kpi: str, days: Days, to: Base) -> Comparison:
    """Return a comparison."""
    opened = catalog()
    found: Comparison = kept(f"compare {kpi} {days!r} {to}", lambda: opened.compare_many((kpi,), days, (to,))[kpi, to])
    return found


def last_sprint(kpi: str) -> tuple[Row, Comparison, tuple[Row, ...]]:
    """Return the last closed sprint, its comparison, and its board's closed sprints."""
    opened = catalog()
    found: tuple[Row, Comparison, tuple[Row, ...]] = kept(f"sprint {kpi}", lambda: opened.last_sprint(kpi))
    return found


def signals() -> dict[str, Signal]:
    """Return KPI → what its variation says, of all KPIs, asked at once."""
    opened = catalog()
    found: dict[str, Signal] = kept("signals", lambda: judge(opened, [kpi.name for kpi in kpis()]))
    return found


def forecast(kpi: str) -> Forecast:
    """Return where the running period of a KPI is likely to end."""
    opened = catalog()
    found: Forecast = kept(f"forecast {kpi}", lambda: look_ahead(opened, kpi))
    return found


def why(kpi: str, days: Days, by: str | None = None) -> Why:
    """Return what the change of a KPI is made of."""
    opened = catalog()
    against = days.base(opened.calendar, "previous_period")
    found: Why = kept(f"why {kpi} {days!r} {by}", lambda: explain_change(opened, kpi, days.period, by, (), against))
    return found


def members(dimension: str) -> tuple[str, ...]:
    """Return the values of a dimension in the facts."""
    opened = catalog()
    found: tuple[str, ...] = kept(f"members {dimension}", lambda: read_members(opened, dimension))
    return found


def boards() -> dict[str, str]:
    """Return sprint name → name of its board."""
    opened = catalog()
    found: dict[str, str] = kept("boards", opened.boards)
    return found


def covered(kpi: str) -> Period | None:
    """Return the days behind a KPI that every source covers."""
    opened = catalog()
    found: Period | None = kept(f"covered {kpi}", lambda: opened.covered(kpi))
    return found


def events(period: Period) -> tuple[Event, ...]:
    """Return releases, campaigns, sprints, changes of definitions and notes of a period."""
    opened = catalog()
    found: tuple[Event, ...] = kept(f"events {period!r}", lambda: opened.events(period))
    return (*found, *note_events(notes(), period))


def speed_conversion(kpi: str, period: Period) -> SpeedConversion:
    """Return the descriptive cut of a relationship."""
    opened = catalog()
    found: SpeedConversion = kept(f"speed {kpi} {period!r}", lambda: opened.speed_conversion(kpi, period))
    return found


def teams() -> tuple[Team, ...]:
    """Return whose delivery may be asked about."""
    opened = catalog()
    found: tuple[Team, ...] = kept("teams", opened.teams)
    return found


def delivery(board: str, weeks: int) -> Delivery:
    """Return the delivery of a board."""
    opened = catalog()
    found: Delivery = kept(f"delivery {weeks} {board}", lambda: opened.delivery(board, weeks))
    return found


def impacts(kpis: tuple[str, ...]) -> ImpactReport:
    """Return the impact of all releases and campaigns, on the KPIs that they name or on those given."""
    opened = catalog()
    found: ImpactReport = kept(f"impacts {kpis!r}", lambda: all_impacts(opened, None, kpis))
    return found


def relation(kpi: str, period: Period) -> Relation:
    """Return what is known of a relationship."""
    opened = catalog()
    found: Relation = kept(f"relation {kpi} {period!r}", lambda: opened.relation(kpi, period))
    return found


@cached(TTLCache(4, FRESH_SECONDS), condition=Condition())
def _freshness(key: str) -> tuple[Freshness, ...]:
    return catalog().freshness()


def freshness() -> tuple[Freshness, ...]:
    """Return how far all sources reach."""
    return _freshness(state().key)


@cached(TTLCache(20, FRESH_SECONDS), condition=Condition())
def _trust(key: str) -> Trust:
    return catalog().trust(datetime.now(UTC))


def trust() -> Trust:
    """Return what is known about every source and stream."""
    return _trust(state().key)


def kpis(team: str | None = None) -> tuple[KPI, ...]:
    """Return the KPIs that have values, all or those of one team."""
    return tuple(kpi for kpi in catalog().kpis(team) if kpi.type != "relationship")


def entries() -> tuple[Entry, ...]:
    """Return the catalogue."""
    return _entries(f"{state().key}|{numerals.locale()}")


@cached(TTLCache(4, FRESH_SECONDS), condition=Condition())
def _entries(key: str) -> tuple[Entry, ...]:
    return read_entries(catalog())


def last_rows(kpis: tuple[str, ...]) -> dict[str, Row]:
    """Return KPI → its last whole period, for those that have one."""
    opened = catalog()
    found: dict[str, Row] = kept(f"last rows {kpis!r}", lambda: newest_rows(opened, kpis))
    return found


def sql(kpi: str) -> str:
    """Return the SQL that answers a KPI, or why there is none."""
    return sql_of(catalog(), kpi)


def preview(kpi: str) -> Preview:
    """Return what the newest change of the file did to a KPI."""
    found: Preview = kept(f"preview {kpi}", lambda: compare_versions(space(), kpi))
    return found
