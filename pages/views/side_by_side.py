"""Side by side: several KPIs on one time axis, with releases, campaigns and sprints."""

import streamlit as st

from metrics.types import Question
from pages.ui import data, export, filters, states
from pages.ui.chart import Panel, by_board, panel_words, timeline
from pages.ui.numbers import day_words, value_words
from pages.ui.text import markdown

DEFAULT = ["site_speed", "conversion_rate", "signups"]

if states.ready():
    st.title("Side by side")
    st.caption(
        "What happened at the same time? Releases and changes of a definition are vertical lines, campaigns and sprints are bars. Values that may still move are dashed; a period that still runs is in the table only."
    )
    covered = filters.last_covered()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        grain = filters.grain()
        period = None if covered is None else filters.span(covered)
    chosen = filters.several_kpis(DEFAULT)
    if period is None:
        states.nothing("No source holds a whole day yet. The first complete day appears after the next sync.")
    elif not chosen:
        states.nothing("Choose at least one KPI.")
    else:
        catalog = data.catalog()
        currency = catalog.calendar.currency
        panels, left_out, answers = [], [], []
        for name in chosen:
            kpi = catalog.kpi(name)
            if grain not in kpi.grains:
                left_out.append(kpi.label)
                continue
            answer = data.ask(Question(name, grain, period))
            answers.append(answer)
            status = catalog.target_status(name, None, period.end)
            panel = Panel(kpi.label, kpi.unit, answer.rows, status.target, name)
            panels += by_board(panel, data.boards()) if grain == "sprint" else [panel]
        if left_out:
            states.nothing(f"{', '.join(left_out)} exists by sprint only. Choose the grain Sprint to see it.")
        shown = [panel for panel in panels if panel.rows]
        if shown:
            alt = "; ".join(panel_words(panel, currency) for panel in shown)
            happened = data.events(period)
            timeline(shown, happened, currency, alt, key="timeline")
            for event in happened:
                if event.kind == "definition" and event.id in chosen:
                    st.caption(f":material/edit_note: {day_words(event.start)}: the definition changed. {markdown(event.name)}")
            with st.expander("The numbers"):
                rows = [
                    {
                        "period": row.label,
                        "KPI": panel.label,
                        "value": value_words(row.value, panel.unit, currency),
                        "state": "complete" if row.complete else "incomplete",
                        "why": row.reason or "",
                    }
                    for panel in shown
                    for row in reversed(panel.rows)
                ]
                st.dataframe(rows, hide_index=True, width="stretch")
                export.buttons(answers, "side_by_side")
            with st.expander("How it is computed"):
                for name in chosen:
                    kpi = catalog.kpi(name)
                    if grain in kpi.grains:
                        st.markdown(f"**{markdown(kpi.label)}** · `{kpi.formula}`")
                        st.code(data.ask(Question(name, grain, period)).sql, language="sql", wrap_lines=True)
