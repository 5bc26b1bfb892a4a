"""Where a KPI comes from and what stands on it: sources, tables and measures on the left, the KPI, and the KPIs that use it on the right."""

from __future__ import annotations

import streamlit as st

from metrics import KPI
from metrics.history import stands_on
from metrics.reservations import FlaggedSlice
from metrics.types import Period
from metrics.words import used_by
from pages.ui import cards, data, definition, trusted
from pages.ui.card_words import FLAGS, LATE
from pages.ui.numbers import day_words, instant_words, value_words
from pages.ui.text import markdown, markup


def draw(kpi: KPI) -> None:
    """Draw the way from the sources to the KPI and on to what uses it."""
    definitions = data.catalog().force.definitions
    measures, parts = stands_on(kpi.name, definitions)
    users = used_by(kpi.name, definitions)
    sources = sorted({f"{one.source} ({one.connector})" for one in data.catalog().streams(kpi.name)})
    steps = [("Sources", sources), ("Tables", list(kpi.tables)), ("Measures", measures), ("KPIs in it", parts), ("This KPI", [kpi.label])]
    st.html(_steps([(title, names) for title, names in steps if names]))
    if users:
        st.markdown(f"**Used by {len(users)}**")
        with st.container(horizontal=True, gap="small"):
            for name in users:
                cards.link(data.catalog().kpi(name), markdown(data.catalog().kpi(name).label))
    else:
        st.caption("No other KPI is made of it.")
    with st.expander("Columns and the vendors' fields behind them"):
        st.dataframe(definition.origins(kpi), hide_index=True, width="stretch")


def _steps(steps: list[tuple[str, list[str]]]) -> str:
    boxes = (
        f'<div class="kb-step"><p class="kb-foot">{markup(title)}</p>{"".join(f"<p>{markup(name)}</p>" for name in names)}</div>'
        for title, names in steps
    )
    arrow = '<span class="kb-quiet" aria-hidden="true">→</span>'
    return f'<div class="kb-steps">{arrow.join(boxes)}</div>'


def freshness(kpi: KPI) -> list[dict[str, str]]:
    """Return how far every source behind a KPI reaches, as rows of text."""
    zone, now = data.catalog().calendar.timezone, trusted.moment()
    shape, word = LATE[now.late[kpi.name]]
    return [
        {
            "source": f"{one.source} ({one.connector})",
            "whole days until": day_words(one.covered_through),
            "last good sync": "never" if one.synced_at is None else instant_words(one.synced_at, zone),
            "state": f"{shape} {word.rstrip(': ')}" if word else "● fresh",
        }
        for one in now.fresh[kpi.name]
    ]


def flagged(kpi: KPI, period: Period) -> list[dict[str, str]]:
    """Return the flagged days of the streams behind a KPI in a period, and what was restated there, as rows of text."""
    mine = {(one.source, one.stream) for one in data.catalog().streams(kpi.name)}
    known = trusted.moment().reservations
    rows = [
        _flagged(one)
        for one in known.flagged
        if (one.source, one.stream) in mine and (one.day is None or period.start <= one.day < period.end)
    ]
    for changed in known.restated:
        if (changed.source, changed.stream) in mine and period.start <= changed.day < period.end:
            words = f"restated: {changed.what.replace('_', ' ')} was {value_words(changed.before, '', '')}, is {value_words(changed.after, '', '')}"
            rows.append({"day": day_words(changed.day), "stream": f"{changed.source} {changed.stream}", "what to know": words})
    return rows


def _flagged(one: FlaggedSlice) -> dict[str, str]:
    words = "; ".join(FLAGS.get(flag, flag) for flag in one.flags)
    return {"day": "all of it" if one.day is None else day_words(one.day), "stream": f"{one.source} {one.stream}", "what to know": words}
