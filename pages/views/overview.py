"""Overview: what needs attention, speed × conversion, then marketing, product and delivery side by side. Exceptions first."""

import streamlit as st

from pages.ui import attention, cards, data, filters, live, period, rows, states
from pages.ui.text import markdown

INTEGRATED = ("site_speed", "conversion_rate", "revenue_per_session")
COLUMNS = {"Marketing": ("marketing",), "Product": ("product", "both"), "Delivery": ("development",)}
VIEWS = {"exceptions": "Exceptions first", "cards": "All as cards"}
CARD_PX, TEAM_PX = 280, 300

if states.ready():
    with st.container(horizontal=True, vertical_alignment="bottom", key="overview_head"):
        st.title("Overview", anchor=False, width="content")
        st.space("stretch")
        covered = period.covered()
        choice = None if covered is None else period.choose(covered)
    live.strip()
    if choice is None:
        states.nothing("No source holds a whole day yet. The first complete day appears after the next sync.")
    else:
        shown = cards.all_cards(choice)
        st.caption(f"{markdown(period.words(choice))}. All numbers are of one state of the data, generation {data.catalog().generation}.")
        attention.band(shown)
        band = [shown[name] for name in INTEGRATED if name in shown]
        if band:
            st.header("Speed × conversion", anchor=False)
            with st.grid(len(band), min_column_width=CARD_PX):
                for card in band:
                    cards.draw(card, choice)
        columns = st.container()
        view = filters.choice("Show", "show", VIEWS, "exceptions")
        with columns, st.grid(len(COLUMNS), min_column_width=TEAM_PX):
            for title, teams in COLUMNS.items():
                with st.container():
                    mine = [card for card in shown.values() if card.kpi.team in teams and card not in band]
                    st.header(title, anchor=False)
                    loud, calm = cards.parted(mine, everything=view == "cards")
                    if loud:
                        with st.grid(min_column_width=CARD_PX):
                            for card in loud:
                                cards.draw(card, choice)
                    if calm:
                        st.caption(f"{len(calm)} {'more' if loud else 'KPIs'}, on target or without a target")
                        rows.draw(calm, choice, title)
