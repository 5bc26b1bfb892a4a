"""The catalogue: what is found, one KPI as a line, and all that is known of it when it is opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import streamlit as st

from errors import DashboardError, Issue
from metrics import KPI
from metrics.entry import STATUS_WORDS, Entry, Status
from metrics.types import Row
from pages.ui import data, table
from pages.ui.numbers import instant_words, period_words, value_words
from pages.ui.text import folded, markdown, markup

SHAPE: dict[Status, str] = {"ok": "○", "certified": "●", "lapsed": "◆", "no_data": "?", "problem": "▲"}
MEANING: dict[Status, str] = {
    "ok": "defined without a problem; nobody has certified it",
    "certified": "somebody vouches for exactly this definition",
    "lapsed": "the definition has changed since it was certified",
    "no_data": "no source behind it holds a whole day yet",
    "problem": "the definition has an error: no value is shown",
}
PAGE = 25
SIDE_BY_SIDE = Path(__file__).resolve().parents[1] / "views" / "side_by_side.py"


def found(entries: Sequence[Entry], text: str, team: str, status: str) -> list[Entry]:
    """Return the entries that hold every word of the search, of one team and one state ("all": of any)."""
    words = folded(text).split()
    return [
        entry
        for entry in entries
        if all(word in folded(entry.search) for word in words) and team in ("all", entry.team) and status in ("all", entry.status)
    ]


def draw(entry: Entry, row: Row | None) -> None:
    """Draw one KPI: its line, and the rest once it is opened."""
    kpi = data.catalog().kpi(entry.name) if entry.holds else None
    with st.container(border=True, key=f"entry_{entry.name}"):
        st.html(_head(entry, kpi, row))
        for issue in entry.issues:
            _issue(issue)
        details = st.expander("Details", key=f"details_{entry.name}", type="compact", on_change="rerun")
        if details.open:
            with details:
                _details(entry, kpi)


def _head(entry: Entry, kpi: KPI | None, row: Row | None) -> str:
    """Return the lines that are seen without opening: name and value, description, state and owner."""
    tags = "".join(f" · #{markup(tag)}" for tag in entry.tags)
    said = f'<p class="kb-line">{markup(entry.description)}</p>' if entry.description else ""
    state = f'<span aria-hidden="true">{SHAPE[entry.status]}</span> {markup(entry.status_words)}'
    return (
        f'<div class="kb-card"><div class="kb-entry"><p class="kb-title">{markup(entry.label)} <code>{markup(entry.name)}</code></p>'
        f'<p class="kb-figure">{_value(kpi, row)}</p></div>{said}'
        f'<p class="kb-foot">{state} · {markup(entry.team)} · {markup(entry.owner) or "no owner yet"}{tags}</p></div>'
    )


def _value(kpi: KPI | None, row: Row | None) -> str:
    """Return the last value with its day as HTML, or why there is none."""
    if kpi is None:
        return "No value: the definition has a problem."
    if kpi.type == "relationship":
        return "A relationship: see Speed × conversion."
    if row is None:
        return "No value yet."
    when = period_words(row.period) if kpi.grains != ("sprint",) else row.label
    if row.value is None:
        return f"No value for {markup(when)}: {markup(row.reason or '')}"
    shown = value_words(row.value, kpi.unit, data.catalog().calendar.currency)
    return f'<strong>{markup(shown)}</strong> <span class="kb-quiet">{markup(when)}</span>'


def _issue(issue: Issue) -> None:
    box = st.error if issue.level == "error" else st.warning
    box(markdown(str(issue)), icon=":material/rule:")


def _details(entry: Entry, kpi: KPI | None) -> None:
    words, origin, yaml, sql, history, change = st.tabs(["In words", "Where it comes from", "YAML", "SQL", "History", "Last change"])
    with words:
        _words(entry, kpi)
    with origin:
        st.dataframe(
            [{"measure": o.part, "column": f"{o.table}.{o.column}", "meaning": o.meaning, "vendor's field": "; ".join(f"{n}: {f}" for n, f in o.fields) or "–"} for o in entry.origins],
            hide_index=True,
            width="stretch",
        )  # fmt: skip
    with yaml:
        st.caption(f"{data.catalog().force.definitions.document.file}, line {entry.line}")
        st.code(entry.yaml, language="yaml", wrap_lines=True)
    with sql:
        st.code(data.sql(entry.name) if entry.holds else "-- no SQL: the definition has a problem", language="sql", wrap_lines=True)
    with history:
        zone = data.catalog().calendar.timezone
        for one in entry.history:
            mark = f" `{one.hash}`" if one.hash else ""
            st.markdown(f"{markdown(instant_words(one.at, zone))}{mark}: {markdown(one.words)}")
        if not entry.history:
            st.write("Nothing is recorded yet. The next sync records the definition that is in force.")
    with change:
        _change(entry.name)


def _words(entry: Entry, kpi: KPI | None) -> None:
    st.markdown("\n".join(f"- {markdown(sentence)}" for sentence in entry.words))
    if entry.synonyms:
        st.caption(f"Also called {markdown(', '.join(entry.synonyms))}.")
    if entry.docs:
        if entry.docs.startswith(("https://", "http://")):
            st.page_link(entry.docs, label=markdown(f"More: {entry.docs}"), icon=":material/open_in_new:")
        else:
            st.caption(f"More: {markdown(entry.docs)}")
    if kpi is not None:
        st.caption(f"Definition {kpi.hash}. {MEANING[entry.status].capitalize()}.")
        if kpi.type != "relationship":
            grain = {"grain": "sprint"} if kpi.grains == ("sprint",) else {}
            st.page_link(SIDE_BY_SIDE, label="Side by side", icon=":material/stacked_line_chart:", query_params={"kpis": kpi.name, **grain})


def _change(name: str) -> None:
    """Show what the newest change of the file does to the values."""
    try:
        preview = data.preview(name)
    except DashboardError as error:
        st.info(markdown(str(error)), icon=":material/info:")
        return
    currency = data.catalog().calendar.currency
    st.markdown(f"**{markdown(preview.words)}**, {markdown(preview.before)} against {markdown(preview.after)}")

    def cell(value: float | None) -> str:
        return value_words(value, preview.unit, currency)

    rows = [
        {
            preview.grain: row.label if preview.grain == "sprint" else date.fromisoformat(row.label),
            "before": cell(row.old.value) if row.old else "no KPI",
            "now": cell(row.new.value) if row.new else "no KPI",
            "change": "differs" if row.differs else "same",
            "why absent": (row.new and row.new.reason) or (row.old and row.old.reason) or "",
        }
        for row in preview.rows
    ]
    table.draw(rows, f"{name}_change")


def legend() -> None:
    """Say what the shapes mean."""
    st.caption("  ".join(f"{SHAPE[name]} {words}: {MEANING[name]}." for name, words in STATUS_WORDS.items()))
