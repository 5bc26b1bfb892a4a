"""Delivery: when will it be done, how does the sprint stand, how does work flow? One board at a time."""

import streamlit as st

from metrics.delivery_words import alike
from pages.ui import data, delivery, delivery_words, filters, heading, states, table
from pages.ui.text import drawn, markdown

SHOWN_SPRINTS = 8
WEEKS = {"8": "8 weeks", "12": "12 weeks", "26": "26 weeks", "52": "1 year"}

if states.ready():
    st.title("Delivery", anchor=False)
    teams = data.teams()
    if not teams:
        states.nothing("No source holds boards or projects. Connect Jira in sources.yaml, then run './kpi sync'.")
    else:
        board = filters.choice("Board", "board", {team.name: markdown(drawn(team.name)) for team in teams}, teams[0].name)
        weeks = filters.choice("Weeks", "weeks", WEEKS, "12")
        found = data.delivery(board, int(weeks))
        flow, sprints = found.flow, alike(found.sprints, SHOWN_SPRINTS)
        heading.lead(found.sentence)

        st.header("When will it be done?", anchor=False)
        delivery.finish_dates(found.forecast.outlooks, found.today)
        for note in found.forecast.notes:
            st.caption(markdown(note))
        with st.expander("The dates"):
            table.show(delivery_words.outlook_rows(found.forecast.outlooks), "when_done")

        st.header("The sprint", anchor=False)
        st.markdown(delivery_words.state_words(found))
        if found.current is not None:
            left, right = st.columns(2)
            with left:
                delivery.burndown(found.current)
            with right:
                delivery.burnup(found.current)
            for note in found.current.notes:
                st.caption(markdown(note))
        if sprints:
            st.header("Closed sprints", anchor=False)
            st.markdown(delivery_words.velocity(found))
            delivery.history(sprints)
            with st.expander("The numbers"):
                table.show(delivery_words.sprint_rows(found.sprints), "closed_sprints")

        st.header("Cycle time", anchor=False)
        st.markdown(delivery_words.cycle_words(flow))
        if flow.cycle is not None:
            delivery.cycle_times(flow)
        left, right = st.columns(2)
        with left:
            st.header("Items finished a week", anchor=False)
            delivery.throughput(flow)
        with right:
            st.header("Work in progress", anchor=False)
            delivery.in_progress(flow)
        delivery.flow_line(found)
        if flow.ageing:
            st.header(f"In progress now: {flow.in_progress}", anchor=False)
            table.show(delivery_words.ageing_rows(flow), "ageing_items")
        with st.expander("How it is computed"):
            st.markdown(delivery_words.METHOD)
            st.caption(f"Whole weeks through {delivery_words.last_week(flow)}. Generation {found.generation}.")
