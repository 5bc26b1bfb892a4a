"""What needs attention now, on top of the Overview: one sentence each, the worst first, each the way to the KPI in depth."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from metrics.attention import Trouble, ranked
from metrics.lateness import SourceProblem
from metrics.verdict import short
from pages.ui import cards, data, trusted
from pages.ui.cards import Card
from pages.ui.health import WORDS
from pages.ui.numbers import age_words, day_words, value_words
from pages.ui.text import markdown

DATA_HEALTH = Path(__file__).resolve().parents[1] / "views" / "data_health.py"
SHAPE: dict[Trouble, str] = {"missed_and_worsening": "▲", "missed": "▲", "worsening": "↘", "absent": "?"}
FIRST = 8
"""As many are seen without a click; the others are counted, and one click away."""


def band(shown: Mapping[str, Card]) -> None:
    """Draw what needs attention; "All calm" when nothing does."""
    problems = trusted.moment().problems
    found = ranked(card.state for card in shown.values())
    if not found and not problems:
        st.success(
            "All calm: no target is missed, nothing moves the wrong way beyond its usual variation, and the data are fresh.",
            icon=":material/check_circle:",
        )
        return
    many = len(found) + len(problems)
    with st.container(border=True, key="attention", gap="xxsmall"):
        st.markdown(f"**{many} need{'s' if many == 1 else ''} attention now**")
        for problem in problems:
            _source(problem, shown)
        for state, kind in found[:FIRST]:
            _line(shown[state.kpi], kind)
        if len(found) > FIRST:
            with st.expander(f"{len(found) - FIRST} more"):
                for state, kind in found[FIRST:]:
                    _line(shown[state.kpi], kind)


def _line(card: Card, kind: Trouble) -> None:
    with st.container(key=f"attention_{card.kpi.name}"):
        cards.link(card.kpi, f"{SHAPE[kind]} {sentence(card, kind)}")


def sentence(card: Card, kind: Trouble) -> str:
    """Return why a KPI needs attention, as Markdown: what it is, how far off, and whether that is noise."""
    name = f"**{markdown(card.kpi.label)}**"
    if kind == "absent":
        return f"{name}: no value, {markdown(card.row.reason or 'no reason is known')}."
    currency, status = data.catalog().calendar.currency, card.standing.status
    value = value_words(card.row.value, card.kpi.unit, currency)
    parts = [value]
    if status.verdict in ("missed", "near"):
        goal = "" if status.target is None else f" ({value_words(status.target, card.kpi.unit, currency)})"
        parts.append(f"{status.sentence[0].lower()}{status.sentence[1:].rstrip('.')}{goal}")
    if card.signal is not None:
        words = short(card.signal, day_words)
        parts.append(f"{words[0].lower()}{words[1:]}")
    return f"{name} {markdown('; '.join(parts))}."


def _source(problem: SourceProblem, shown: Mapping[str, Card]) -> None:
    many = sum(problem.source in {one.source for one in card.freshness} for card in shown.values())
    with st.container(key=f"attention_source_{problem.source}"):
        st.page_link(DATA_HEALTH, label=source_sentence(problem, many))


def source_sentence(problem: SourceProblem, kpis: int) -> str:
    """Return what is wrong with a source, as Markdown, and how many KPIs stand on it."""
    words = [] if problem.status == "ok" else [WORDS.get(problem.status, ("", problem.status))[1].lower()]
    words.append(f"data to {day_words(problem.through)}, last good sync {age_words(problem.synced_at)}")
    shape = "▲" if problem.lateness == "stale" or problem.status != "ok" else "◆"
    late = "" if problem.lateness == "fresh" else f" {problem.lateness}"
    return f"{shape} **Data of {markdown(problem.source)}{late}**: {markdown('; '.join(words))}. {kpis} KPIs stand on them."
