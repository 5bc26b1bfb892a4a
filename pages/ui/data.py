"""Answers for the pages, kept by generation and question.

Keys are scalars alone: a frame as a key can return a wrong number. A parameter whose name begins with _ is no part of the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import streamlit as st

from errors import StoreError
from metrics import KPI, Catalog, open_catalog, record_definitions
from metrics.delivery_types import Delivery, Team
from metrics.entry import Entry, newest_rows, sql_of
from metrics.entry import entries as read_entries
from metrics.forecast import Forecast
from metrics.forecast import forecast as look_ahead
from metrics.impact import ImpactReport
from metrics.impact import impacts as all_impacts
from metrics.preview import Preview
from metrics.preview import preview as compare_versions
from metrics.relation_types import Relation
from metrics.signal_types import Signal
from metrics.signals import signals as judge
from metrics.trust import Trust
from metrics.types import Answer, Comparison, Event, Freshness, Period, Question, Row, SpeedConversion
from metrics.why import Why
from metrics.why import why as explain_change
from settings import Workspace, workspace
from store.ledger import Ledger, SourceRun
from store.sprint_freezes import SprintFreeze, read_freezes
from store.warehouse import Warehouse

FRESH_SECONDS = 30
PINNED = "pinned_state"


@dataclass(frozen=True, slots=True)
class State:
    """What decides every answer: the workspace, the generation and the text of the definitions."""

    home: str
    generation: int | None
    definitions: str

    @property
    def key(self) -> str:
        """The state as one text."""
        return f"{self.home}|{self.generation}|{self.definitions}"


def space() -> Workspace:
    """Return the workspace of this process."""
    return workspace()


def state() -> State:
    """Return the state that this run of a page shows from its first number to its last."""
    pinned: State | None = st.session_state.get(PINNED)
    return pinned or present_state()


def pin() -> None:
    """Let this run, and the fragments of it that run again, show the present state throughout."""
    st.session_state[PINNED] = present_state()


def present_state() -> State:
    """Return the present state; cheap enough for every run, not for every number of it."""
    here = space()
    text = here.definitions_file.read_bytes() if here.definitions_file.exists() else b""
    return State(str(here.home), Warehouse(here).current(), hashlib.sha256(text).hexdigest()[:16])


def catalog() -> Catalog:
    """Return the catalog of the present state, shared by all sessions."""
    return _catalog(state().key)


@st.cache_resource(max_entries=2, show_spinner=False, on_release=lambda opened: opened.close())
def _catalog(key: str) -> Catalog:
    opened = open_catalog(space())
    if opened.generation is not None and not opened.force.broken:
        with suppress(StoreError):  # who may only read the ledger still sees the numbers
            record_definitions(space(), opened.force.definitions)
    return opened


def _kept(opened: Catalog, what: str, compute: Callable[[], Any]) -> Any:
    return _answer(state().key, what, compute)


@st.cache_resource(max_entries=4_000, show_spinner=False)  # what is kept never changes, so it is handed over without a copy
def _answer(key: str, what: str, _compute: Callable[[], Any]) -> Any:
    return _compute()


def ask(question: Question) -> Answer:
    """Return the answer to a question. The catalog itself keeps what was asked before."""
    return catalog().ask(question)


def compare(
    kpi: str, period: Period, to: Literal["previous_period", "previous_year"], where: tuple[tuple[str, tuple[str, ...]], ...] = ()
) -> Comparison:
    """Return a comparison."""
    opened = catalog()
    found: Comparison = _kept(opened, f"compare {kpi} {period!r} {to} {where!r}", lambda: opened.compare(kpi, period, to, where))
    return found


def last_sprint(kpi: str) -> tuple[Row, Comparison, tuple[Row, ...]]:
    """Return the last closed sprint, its comparison, and its board's closed sprints."""
    opened = catalog()
    found: tuple[Row, Comparison, tuple[Row, ...]] = _kept(opened, f"sprint {kpi}", lambda: opened.last_sprint(kpi))
    return found


def signals() -> dict[str, Signal]:
    """Return KPI → what its variation says, of all KPIs, asked at once."""
    opened = catalog()
    found: dict[str, Signal] = _kept(opened, "signals", lambda: judge(opened, [kpi.name for kpi in kpis()]))
    return found


def forecast(kpi: str) -> Forecast:
    """Return where the running period of a KPI is likely to end."""
    opened = catalog()
    found: Forecast = _kept(opened, f"forecast {kpi}", lambda: look_ahead(opened, kpi))
    return found


def why(kpi: str, period: Period, by: str | None = None) -> Why:
    """Return what the change of a KPI is made of."""
    opened = catalog()
    found: Why = _kept(opened, f"why {kpi} {period!r} {by}", lambda: explain_change(opened, kpi, period, by))
    return found


def boards() -> dict[str, str]:
    """Return sprint name → name of its board."""
    opened = catalog()
    found: dict[str, str] = _kept(opened, "boards", opened.boards)
    return found


def covered(kpi: str) -> Period | None:
    """Return the days behind a KPI that every source covers."""
    opened = catalog()
    found: Period | None = _kept(opened, f"covered {kpi}", lambda: opened.covered(kpi))
    return found


def events(period: Period) -> tuple[Event, ...]:
    """Return releases, campaigns and sprints of a period."""
    opened = catalog()
    found: tuple[Event, ...] = _kept(opened, f"events {period!r}", lambda: opened.events(period))
    return found


def speed_conversion(kpi: str, period: Period) -> SpeedConversion:
    """Return the descriptive cut of a relationship."""
    opened = catalog()
    found: SpeedConversion = _kept(opened, f"speed {kpi} {period!r}", lambda: opened.speed_conversion(kpi, period))
    return found


def teams() -> tuple[Team, ...]:
    """Return whose delivery may be asked about."""
    opened = catalog()
    found: tuple[Team, ...] = _kept(opened, "teams", opened.teams)
    return found


def delivery(board: str, weeks: int) -> Delivery:
    """Return the delivery of a board."""
    opened = catalog()
    found: Delivery = _kept(opened, f"delivery {weeks} {board}", lambda: opened.delivery(board, weeks))
    return found


def impacts(kpis: tuple[str, ...]) -> ImpactReport:
    """Return the impact of all releases and campaigns, on the KPIs that they name or on those given."""
    opened = catalog()
    found: ImpactReport = _kept(opened, f"impacts {kpis!r}", lambda: all_impacts(opened, None, kpis))
    return found


def relation(kpi: str, period: Period) -> Relation:
    """Return what is known of a relationship."""
    opened = catalog()
    found: Relation = _kept(opened, f"relation {kpi} {period!r}", lambda: opened.relation(kpi, period))
    return found


@st.cache_data(ttl=FRESH_SECONDS, max_entries=50, show_spinner=False)
def _runs(home: str) -> tuple[SourceRun, ...]:
    return Ledger(space()).last_runs()


def runs() -> tuple[SourceRun, ...]:
    """Return the newest run of each source."""
    return _runs(str(space().home))


@st.cache_data(ttl=FRESH_SECONDS, max_entries=200, show_spinner=False)
def _freshness(key: str, kpi: str | None) -> tuple[Freshness, ...]:
    return catalog().freshness(kpi)


def freshness(kpi: str | None = None) -> tuple[Freshness, ...]:
    """Return how far the sources reach, all or those behind one KPI."""
    return _freshness(state().key, kpi)


@st.cache_data(ttl=FRESH_SECONDS, max_entries=20, show_spinner=False)
def _trust(key: str) -> Trust:
    return catalog().trust(datetime.now(UTC))


def trust() -> Trust:
    """Return what is known about every source and stream."""
    return _trust(state().key)


@st.cache_data(ttl=FRESH_SECONDS, max_entries=20, show_spinner=False)
def _freezes(home: str) -> tuple[SprintFreeze, ...]:
    return tuple(reversed(read_freezes(Ledger(space()))))


def freezes() -> tuple[SprintFreeze, ...]:
    """Return the frozen sprints, the newest freeze first."""
    return _freezes(str(space().home))


def kpis(team: str | None = None) -> tuple[KPI, ...]:
    """Return the KPIs that have values, all or those of one team."""
    return tuple(kpi for kpi in catalog().kpis(team) if kpi.type != "relationship")


def entries() -> tuple[Entry, ...]:
    """Return the catalogue."""
    return _entries(state().key)


@st.cache_data(ttl=FRESH_SECONDS, max_entries=4, show_spinner=False)
def _entries(key: str) -> tuple[Entry, ...]:
    return read_entries(catalog())


def last_rows(kpis: tuple[str, ...]) -> dict[str, Row]:
    """Return KPI → its last whole period, for those that have one."""
    opened = catalog()
    found: dict[str, Row] = _kept(opened, f"last rows {kpis!r}", lambda: newest_rows(opened, kpis))
    return found


def sql(kpi: str) -> str:
    """Return the SQL that answers a KPI, or why there is none."""
    return sql_of(catalog(), kpi)


def preview(kpi: str) -> Preview:
    """Return what the newest change of the file did to a KPI."""
    opened = catalog()
    found: Preview = _kept(opened, f"preview {kpi}", lambda: compare_versions(space(), kpi))
    return found
