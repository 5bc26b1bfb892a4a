"""The KPI card: name, value, changes, target, status, course, freshness, flags, owner, definition and links, always in this order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Condition
from typing import Literal

import streamlit as st
from cachetools import LRUCache, cached

from errors import QueryError
from metrics import KPI, numerals
from metrics.attention import State, ranked
from metrics.days import Days
from metrics.lateness import Lateness
from metrics.signal_types import Signal
from metrics.standing import Standing, questions
from metrics.types import Comparison, Freshness, Grain, Period, Question, Row
from pages.ui import card_words, data, definition, depth, period, trusted
from pages.ui.period import Choice

SPARK_DAYS = 28
LEAST_POINTS = 12
LAST_SPRINTS = 12
VIEWS = Path(__file__).resolve().parents[1] / "views"
IN_DEPTH = VIEWS / "kpi.py"


@dataclass(frozen=True, slots=True)
class Card:
    """Everything one card shows. ends: last day it tells of, when that is an earlier one than the page's; course: what its line shows.

    is_waiting: it has no value because nobody's time is over yet, as a conversion's in the first days of a month.
    """

    kpi: KPI
    row: Row
    previous: Comparison | None
    year: Comparison | None
    standing: Standing
    course: tuple[Row, ...]
    freshness: tuple[Freshness, ...]
    late: Lateness
    flags: tuple[str, ...]
    ends: date | None = None
    signal: Signal | None = None
    is_waiting: bool = False

    @property
    def state(self) -> State:
        """What decides whether it needs attention."""
        return State(self.kpi.name, self.standing.status, self.signal, self.row.value is None and not self.is_waiting)


def card(kpi: KPI, choice: Choice) -> Card:
    """Return the card of a KPI; a KPI of sprints shows its last closed sprint. What cannot be answered says why."""
    try:
        return _sprint_card(kpi, choice) if kpi.grains == ("sprint",) else _period_card(kpi, choice)
    except QueryError as error:
        return _absent(kpi, choice.days.period, str(error))


def _absent(kpi: KPI, shown: Period, reason: str, *, is_waiting: bool = False) -> Card:
    row = Row("", shown, {}, None, False, False, reason)
    now, stands = trusted.moment(), depth.stands(kpi.name, None, shown)
    return Card(kpi, row, None, None, stands, (), now.fresh[kpi.name], now.late[kpi.name], (), is_waiting=is_waiting)


def ask_ahead(kpis: Sequence[KPI], days: Days) -> None:
    """Have everything answered at once that the cards of these KPIs will ask for: each table is read once, not once a card."""
    opened = data.catalog()
    wanted: dict[Days, list[KPI]] = {}
    by_sprint = [kpi for kpi in kpis if kpi.grains == ("sprint",) and data.covered(kpi.name) is not None]
    for kpi in kpis:
        told = opened.told(kpi.name, days) if kpi not in by_sprint else None
        if told is not None and "total" in kpi.grains:
            wanted.setdefault(told, []).append(kpi)
    with suppress(QueryError):  # its own card says why, and the others ask for themselves
        opened.ask_many([Question(kpi.name, "sprint") for kpi in by_sprint])
    for told, mine in wanted.items():
        asked = [question for kpi in mine for question in (Question(kpi.name, "total", told.period), _course(kpi, told.period))]
        paced = [question for kpi in mine for question in questions(opened, kpi.name, told.last)]
        with suppress(QueryError):
            opened.ask_many(list(dict.fromkeys([*asked, *paced])))
            opened.compare_many([kpi.name for kpi in mine], told, ("previous_period", "previous_year"))
    data.signals()
    with suppress(QueryError):
        every = [(kpi, data.ask(_course(kpi, told.period)).rows) for told, mine in wanted.items() for kpi in mine]
        opened.ask_many([_weeks(kpi) for kpi, course in every if _is_sparse(kpi, course)])


def _is_sparse(kpi: KPI, course: Sequence[Row]) -> bool:
    """Whether so many days have no value that weeks show the course better."""
    return "week" in kpi.grains and 4 * sum(row.value is not None for row in course) < 3 * len(course)


def _weeks(kpi: KPI) -> Question:
    """Return the question that signals ask, too."""
    return Question(kpi.name, "week")


def _course(kpi: KPI, shown: Period) -> Question:
    """Return the question for the course: as long as the days shown, four weeks or twelve periods at least."""
    grain: Grain = next((grain for grain in ("day", "week", "month", "quarter", "year") if grain in kpi.grains), "total")
    return Question(kpi.name, grain, data.catalog().calendar.back(shown, grain, LEAST_POINTS, SPARK_DAYS))


def _period_card(kpi: KPI, choice: Choice) -> Card:
    opened = data.catalog()
    told = opened.told(kpi.name, choice.days)
    if told is None:
        covered, lag = data.covered(kpi.name), opened.plan(kpi.name).lag_days
        reason = "none of these days is whole yet" + card_words.whole_until(covered, lag)
        return _absent(kpi, choice.days.period, reason, is_waiting=lag > 0)
    row = data.ask(Question(kpi.name, "total", told.period)).rows[0]
    course = tuple(one for one in data.ask(_course(kpi, told.period)).rows if one.complete or one.period.end <= told.period.end)
    if _is_sparse(kpi, course):
        weeks = data.ask(_weeks(kpi)).rows
        course = tuple(one for one in weeks if one.complete and one.period.end <= told.period.end)[-LEAST_POINTS:]
    previous, year = data.compare(kpi.name, told, "previous_period"), data.compare(kpi.name, told, "previous_year")
    ends = told.last if told.last != choice.days.last else None
    return _filled(kpi, row, (previous, year), course, ends)


def _sprint_card(kpi: KPI, _choice: Choice) -> Card:
    row, previous, course = data.last_sprint(kpi.name)
    return _filled(kpi, row, (previous, None), course[-LAST_SPRINTS:], None)


def _filled(kpi: KPI, row: Row, compared: tuple[Comparison, Comparison | None], course: tuple[Row, ...], ends: date | None) -> Card:
    now = trusted.moment()
    stands = depth.stands(kpi.name, row.value, row.period, kpi.grains == ("sprint",))
    marks, signal = trusted.flags(kpi, row), data.signals().get(kpi.name)
    return Card(kpi, row, *compared, stands, course, now.fresh[kpi.name], now.late[kpi.name], marks, ends, signal)


def all_cards(choice: Choice) -> Mapping[str, Card]:
    """Return KPI → its card, everything asked at once; kept for all visitors as long as what is known of freshness is."""
    return _all(f"{data.state().key} {numerals.locale()} {choice.days!r} {trusted.moment().at.isoformat()}", choice.days)


@cached(LRUCache(24), key=lambda key, _days: key, condition=Condition())
def _all(key: str, _days: Days) -> Mapping[str, Card]:
    kpis = data.kpis()
    ask_ahead(kpis, _days)
    return {kpi.name: card(kpi, Choice(_days, "all")) for kpi in kpis}


def draw(shown: Card, choice: Choice, *, links: bool = True) -> None:
    """Draw one card. links: to the KPI in depth, too."""
    kpi = shown.kpi
    with st.container(border=True, key=f"card_{kpi.name}", height="stretch" if links else "content", gap="small"):
        st.html(card_words.body(shown, choice))
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            if links:
                link(kpi, "In depth", icon=":material/monitoring:")
            definition.popover(kpi)


def link(kpi: KPI, label: str, icon: str | None = None, *, wide: bool = False, days: Mapping[str, str] | None = None) -> None:
    """Draw the way to a KPI in depth; label: as Markdown. The days that are shown go with it; days: who draws many links reads them once."""
    width: Literal["stretch", "content"] = "stretch" if wide else "content"
    handed_on = period.handed_on() if days is None else days
    st.page_link(IN_DEPTH, label=label, icon=icon, query_params={"kpi": kpi.name, **handed_on}, width=width)


def parted(shown: Sequence[Card], *, everything: bool = False) -> tuple[list[Card], list[Card]]:
    """Return the cards that are drawn whole, the worst first, and those that a row is enough for: on target or without one, and stable."""
    order = {state.kpi: place for place, (state, _) in enumerate(ranked(card.state for card in shown))}
    near = [
        card for card in shown if card.kpi.name not in order and card.standing.status.verdict in ("near", "unknown") and not card.is_waiting
    ]
    loud = sorted((card for card in shown if card.kpi.name in order), key=lambda card: order[card.kpi.name]) + near
    calm = sorted((card for card in shown if card not in loud), key=lambda card: card.standing.status.verdict == "no_target")
    return (loud + calm, []) if everything else (loud, calm)
