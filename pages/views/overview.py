"""Overview: marketing, product and delivery side by side, exceptions first."""

import streamlit as st

from pages.ui import cards, data, filters, states

INTEGRATED = ("site_speed", "conversion_rate", "revenue_per_session")
COLUMNS = {"Marketing": ("marketing",), "Product": ("product", "both"), "Delivery": ("development",)}

if states.ready():
    st.title("Overview")
    covered = filters.last_covered()
    if covered is None:
        states.nothing("No source holds a whole day yet. The first complete day appears after the next sync.")
    else:
        period = filters.period(covered)
        known = {kpi.name: kpi for kpi in data.kpis()}
        cards.prepare(list(known.values()), period)
        band = [known[name] for name in INTEGRATED if name in known]
        if band:
            st.subheader("Speed × conversion", anchor=False)
            for place, kpi in zip(st.columns(len(band)), band, strict=True):
                with place:
                    cards.draw(cards.card(kpi, period))
        for place, (title, teams) in zip(st.columns(3), COLUMNS.items(), strict=True):
            with place:
                st.subheader(title, anchor=False)
                shown = [cards.card(kpi, period) for kpi in known.values() if kpi.team in teams and kpi not in band]
                for card in sorted(shown, key=lambda c: c.rank):
                    cards.draw(card)
