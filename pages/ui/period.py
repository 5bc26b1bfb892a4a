"""Which days a page shows and what they are compared with. Both are in the URL; what is not the default is handed on by links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, cast

import streamlit as st

from metrics.days import Days, chosen, fixed, shared
from metrics.types import Period
from pages.ui import data, filters
from pages.ui.numbers import day_words, range_words

PRESETS = {
    "7d": "Last 7 days", "28d": "Last 28 days", "90d": "Last 90 days", "wtd": "Week to date", "mtd": "Month to date", "qtd": "Quarter to date",
    "ytd": "Year to date", "week": "Last full week", "month": "Last full month", "quarter": "Last full quarter", "custom": "Chosen days",
}  # fmt: skip
Versus = Literal["all", "previous", "year", "target", "none"]
VERSUS: dict[str, str] = {
    "all": "Before, year, target",
    "previous": "Period before",
    "year": "Same period last year",
    "target": "Target",
    "none": "Nothing",
}
DEFAULT = "28d"
HANDED_ON = ("period", "vs", "from", "to")


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen: the days, and what is shown beside every value."""

    days: Days
    versus: Versus

    @property
    def shows_previous(self) -> bool:
        """Whether values are held against the period before."""
        return self.versus in ("all", "previous")

    @property
    def shows_year(self) -> bool:
        """Whether values are held against the same period last year."""
        return self.versus in ("all", "year")

    @property
    def shows_target(self) -> bool:
        """Whether values are held against their target."""
        return self.versus in ("all", "target")


def covered() -> Period | None:
    """Return the days that the page may show: those of all daily KPIs, but for sources that are far behind the others."""
    opened = data.catalog()
    daily = [kpi.name for kpi in data.kpis() if kpi.grains != ("sprint",)]
    found: Period | None = data.kept("days of the page", lambda: shared(map(opened.covered, daily)))
    return found


def choose(known: Period) -> Choice:
    """Draw the choice of the days and of what to compare with, into a row, and return it."""
    with st.container(width=150):
        name = filters.pick("Period", "period", PRESETS, DEFAULT)
    days = _custom(known) if name == "custom" else chosen(name, known, data.catalog().calendar)
    with st.container(width=190):
        versus = cast(Versus, filters.pick("Compare with", "vs", VERSUS, "all"))
    if name != "custom":
        for key in ("from", "to"):
            st.query_params.pop(key, None)
    return Choice(days, versus)


def _custom(known: Period) -> Days:
    """Draw two days; what is not covered is left out, and said to be."""
    last = known.end - timedelta(days=1)
    asked = [_day(st.query_params.get(key)) for key in ("from", "to")]
    first, end = asked[0] or chosen(DEFAULT, known, data.catalog().calendar).period.start, asked[1] or last
    first, end = min(max(first, known.start), last), min(max(end, known.start), last)
    with st.container(width=250):
        picked = st.date_input("Days", (min(first, end), max(first, end)), min_value=known.start, max_value=last, format="YYYY-MM-DD")
    days = tuple(picked) if isinstance(picked, tuple | list) else (picked,)
    if len(days) == 2:
        st.query_params["from"], st.query_params["to"] = str(days[0]), str(days[1])
    found = fixed(days[0], days[-1], known) if days else None
    if any(day is not None and not known.start <= day <= last for day in asked):
        st.caption(f"Held are {range_words(known.start, last)}: other days are left out.")
    return found or chosen(DEFAULT, known, data.catalog().calendar)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def words(choice: Choice) -> str:
    """Return the days, and what they are compared with, in words."""
    days, calendar = choice.days, data.catalog().calendar
    shown = range_words(days.period.start, days.period.end - timedelta(days=1))
    bases = [days.base(calendar, "previous_period")[1]] if choice.shows_previous else []
    bases += [days.base(calendar, "previous_year")[1]] if choice.shows_year else []
    against = f", compared with {' and '.join(bases)}" if bases else ""
    part = f" ({days.grain} to date: earlier ones are cut to the same days)" if days.is_to_date else ""
    return f"{shown}{part}, whole days in {calendar.timezone}{against}"


def ends(days: Days) -> str:
    """Return the last day in words."""
    return day_words(days.period.end - timedelta(days=1))


def handed_on() -> dict[str, str]:
    """Return the choices that a link has to carry, so that the next page shows the same days."""
    return {key: st.query_params[key] for key in HANDED_ON if key in st.query_params}
