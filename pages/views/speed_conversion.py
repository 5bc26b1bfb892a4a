"""Speed × conversion: do visitors who see a faster page buy more often? Descriptive, within device and on equal terms."""

import streamlit as st

from pages.ui import data, filters, speed, states
from pages.ui.numbers import value_words

if states.ready():
    st.title("Speed × conversion")
    relations = [kpi for kpi in data.catalog().kpis() if kpi.type == "relationship"]
    covered = filters.last_covered()
    if not relations:
        states.nothing(
            "No KPI of the type relationship is defined. Add one with 'relationship: {driver: site_speed, outcome: conversion_rate, per: -100}'."
        )
    elif covered is None:
        states.nothing("No source holds a whole day yet. The first complete day appears after the next sync.")
    else:
        period = filters.span(covered, default="365d")
        found = data.speed_conversion(relations[0].name, period)
        st.markdown(f"#### {speed.headline(found)}")
        st.caption("An association, not proof of cause: people on slow connections may differ in more than speed.")
        left, right = st.columns(2)
        groups = {device.capitalize(): [b for b in found.by_device if b.device == device] for device in found.mix}
        with left:
            st.subheader("Within each device", anchor=False)
            st.echarts_chart(
                speed.lines_options(groups),
                height=340,
                alt=speed.alt_text("Share of visitors who bought, by page speed within device", groups),
                key="within",
            )
        with right:
            st.subheader("All devices together", anchor=False)
            both = {"Same mix of devices": found.standardised, "As they come": found.crude}
            st.echarts_chart(
                speed.lines_options(both),
                height=340,
                alt=speed.alt_text("Share of visitors who bought, by page speed over all devices", both),
                key="together",
            )
        st.write(
            "Devices differ in speed **and** in how often their visitors buy for other reasons. What separates the two curves over all devices is the mix of devices; "
            "what is left on equal terms is closer to what speed itself goes along with."
        )
        share = found.visitors_without_speed / found.visitors if found.visitors else None
        st.caption(
            f"{found.visitors:,} visitor-days; for {found.visitors_without_speed:,} of them ({value_words(share, '%', '')}) no page speed was measured, and they are left out. "
            f"Shaded: 95 % intervals. Ranges with fewer than {speed.LEAST_SHOWN} visitor-days are not drawn. Generation {found.generation}."
        )
        with st.expander("The numbers"):
            st.dataframe(speed.table(found), hide_index=True, width="stretch")
            if found.notes:
                st.caption("On equal terms: " + "; ".join(found.notes) + ".")
        with st.expander("How it is computed"):
            st.write(
                "A visitor-day is a person on a day with at least one page view. Its speed is the LCP of the first page view of that day, because buyers look at more "
                "(and cached) pages; it counts as converted when the same person bought on that day. Rates within a device carry Wilson intervals. The common curve weighs every "
                "device by its share of all visitor-days, and is absent where a device has fewer than 30."
            )
            st.code(found.sql, language="sql", wrap_lines=True)
