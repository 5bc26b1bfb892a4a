"""Impact: what did a release or a campaign do to the KPIs, against what was to be expected without it?"""

import streamlit as st

from metrics.impact import words
from metrics.types import Period, Question
from pages.ui import data, echart, filters, heading, impact, states, table
from pages.ui.text import markdown

if states.ready():
    st.title("Impact", anchor=False)
    chosen = tuple(filters.several_kpis([]))
    with st.spinner("Comparing every release and campaign with the weeks before it …"):
        report = data.impacts(chosen)
    if not report.impacts:
        states.nothing(
            "No release or campaign is held. Releases come from Jira's versions, campaigns from Google Analytics' campaign names."
        )
    else:
        heading.lead(words.headline(report))
        st.caption(markdown(words.multiplicity(report)))
        table.show(impact.table(report), "impact", height=300)
        if not chosen:
            st.caption(
                f"A release is measured on the KPIs that its work items name with a label kpi:…; {report.rule[0].lower()}{report.rule[1:]}"
            )
        options = impact.looks(report)
        key = filters.pick("Look", "look", options, impact.first(report).key)
        one = next(look for look in report.impacts if look.key == key)
        st.header(markdown(words.sentence(one)), anchor=False)
        if one.points:
            drawn = impact.chart_options(one)
            echart.show(drawn, height=drawn["_height"], alt=impact.alt_text(one), key="course")
        st.markdown("\n".join(f"- **{name}:** {markdown(text)}" for name, text in impact.facts(one)))
        if one.points:
            st.subheader("Where nothing happened", anchor=False)
            st.caption(impact.placebo_words(one))
            if one.placebos is not None:
                echart.show(impact.placebo_options(one), height=130, alt=impact.placebo_alt(one), key="placebos")
        with st.expander("How it is computed"):
            st.markdown(impact.METHOD)
            if one.window is not None and one.before is not None:
                asked = Question(one.kpi, "day", Period(one.before.start, one.window.end))
                st.code(data.ask(asked).sql, language="sql", wrap_lines=True)
