"""Side by side: several KPIs on one time axis, with releases, campaigns and sprints."""

import streamlit as st

from pages.ui import data, export, filters, panels, span, states
from pages.ui.chart import panel_words, timeline
from pages.ui.numbers import day_words
from pages.ui.text import markdown

DEFAULT = ["site_speed", "conversion_rate", "signups"]

if states.ready():
    st.title("Side by side", anchor=False)
    st.caption(
        "What happened at the same time? Releases and changes of a definition are vertical lines, campaigns and sprints are bars. Values that may still move are dashed; a period that still runs is in the table only. "
        "To zoom, press the button at the top right of the chart and drag over the days, or choose Dates."
    )
    covered = filters.last_covered()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        grain = filters.grain()
        period = None if covered is None else span.choose(covered)
    chosen = filters.several_kpis(DEFAULT)
    with st.container(horizontal=True):
        where = filters.parts()
    if period is None:
        states.nothing("No source holds a whole day yet. The first complete day appears after the next sync.")
    elif not chosen:
        states.nothing("Choose at least one KPI.")
    else:
        currency = data.catalog().calendar.currency
        shown = panels.ask(chosen, grain, period, where)
        for reason in shown.absent:
            states.nothing(reason)
        if shown.panels:
            happened = data.events(period)
            alt = "; ".join(panel_words(panel, currency) for panel in shown.panels)
            key = f"timeline_{grain}_{period.start}_{period.end}"
            timeline(shown.panels, happened, currency, alt, key, lambda: span.zoom(key, shown.rows))
            for event in happened:
                if event.kind == "definition" and event.id in chosen:
                    st.caption(f":material/edit_note: {day_words(event.start)}: the definition changed. {markdown(event.name)}")
            export.draw("side_by_side", "Side by side", period, shown.answers, shown.panels, happened)
            with st.expander("The numbers"):
                panels.numbers(shown, currency)
            with st.expander("How it is computed"):
                panels.computed(shown.answers)
