"""KPI: one KPI in depth. Signal or noise since when, why it changed, what happened at the same time, its targets, notes and definition."""

import streamlit as st

from metrics.stories import around
from metrics.verdict import sentence
from pages.ui import (
    cards,
    data,
    definition,
    depth,
    export,
    filters,
    forecast,
    happened,
    heading,
    ledger,
    lineage,
    notes,
    period,
    signal,
    states,
    table,
    targets,
    why,
)
from pages.ui.numbers import day_words
from pages.ui.text import markdown

if states.ready():
    covered, kpi = period.covered(), filters.one_kpi("conversion_rate")
    if kpi is None or covered is None:
        states.nothing("No KPI has a whole day yet. The first complete day appears after the next sync.")
    else:
        catalog = data.catalog()
        st.title(markdown(kpi.label), anchor=False)
        currency, found = catalog.calendar.currency, data.signals()[kpi.name]
        heading.lead(sentence(found, day_words))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            choice = period.choose(covered)
        st.caption(f"{markdown(period.words(choice))}. All numbers are of one state of the data, generation {catalog.generation}.")
        told = catalog.told(kpi.name, choice.days) or choice.days
        meanwhile = depth.at_the_time(kpi.name, told.period if found.since is None else around(found.since))
        left, right = st.columns([1, 2])
        with left:
            cards.draw(cards.card(kpi, choice), choice, links=False)
        with right:
            st.header("Signal or noise", anchor=False)
            signal.draw(found, kpi, happened.marks(meanwhile, ledger.notes(kpi.name)))
            export.of_kpi(kpi, told.period)

        st.header("Why did it change", anchor=False)
        options = {name: name.replace("_", " ").capitalize() for name in kpi.dimensions}
        asked = filters.choice("Split by", "by", {"": "Most telling", **options}, "") if options else ""
        why.draw(data.why(kpi.name, told, asked or None), kpi)

        st.header("At the same time", anchor=False)
        happened.draw(meanwhile, kpi, found.since)

        st.header("Targets", anchor=False)
        then = depth.targets(kpi.name)
        if then:
            table.show(targets.table(then, kpi, currency), f"{kpi.name}_targets")
        else:
            st.write("No target is set, so it is neither on nor off target. Targets are written into the definition.")

        st.header("Where it is likely to end", anchor=False)
        forecast.draw(data.forecast(kpi.name), kpi)

        st.header("Notes", anchor=False)
        notes.draw(kpi, covered)

        st.header("Data behind it", anchor=False)
        lineage.draw(kpi)
        st.dataframe(lineage.freshness(kpi), hide_index=True, width="stretch")
        reserved = lineage.flagged(kpi, told.period)
        if reserved:
            table.show(reserved, f"{kpi.name}_reservations")
        else:
            st.caption("● No day of the shown period is flagged or was restated.")

        st.header("Definition", anchor=False)
        definition.draw(kpi, most=50)
        with st.expander("As it is written"):
            st.code(definition.written(kpi), language="yaml", wrap_lines=True)
        with st.expander("SQL"):
            st.code(data.sql(kpi.name), language="sql", wrap_lines=True)
