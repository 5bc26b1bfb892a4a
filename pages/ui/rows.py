"""KPIs as compact rows: what is calm takes one line, and is one click away from all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.ui import cards, changes, data, period, theme
from pages.ui.cards import Card
from pages.ui.numbers import arrow, value_words
from pages.ui.period import Choice
from pages.ui.text import markdown


def draw(shown: Sequence[Card], choice: Choice, team: str) -> None:
    """Draw one row a KPI."""
    currency, days = data.catalog().calendar.currency, period.handed_on()
    with st.container(key=f"rows_{team}"):
        for card in shown:
            with st.container(key=f"row_{card.kpi.name}"):
                cards.link(card.kpi, words(card, choice, currency), wide=True, days=days)


def words(card: Card, choice: Choice, currency: str) -> str:
    """Return a row as Markdown: status, name, value, and how it changed against what was chosen."""
    status = card.standing.status
    value = value_words(card.row.value, card.kpi.unit, currency)
    return f"{theme.SHAPE[status.verdict]} {markdown(card.kpi.label)} **{markdown(value)}** *{markdown(_aside(card, choice, currency))}*"


def _aside(card: Card, choice: Choice, currency: str) -> str:
    if card.row.value is None:
        return "not yet"
    if choice.versus == "target":
        return theme.WORD[card.standing.status.verdict]
    if choice.versus == "none":
        return " "
    found = card.year if choice.versus == "year" else card.previous
    if found is None or found.change is None:
        return changes.NONE
    return f"{arrow(found)} {changes.short(found, card.kpi.unit, currency)}"
