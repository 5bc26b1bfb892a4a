"""A bare Streamlit page with as many static cards as the Overview of the demo has: what Streamlit itself costs."""

import streamlit as st

CARDS = 41
BODY = '<div class="card"><p>Conversion rate</p><p>7.24%</p><p>down 0.19 points vs period before</p><p>up 0.11 points vs last year</p><p>Target 7.00%</p></div>'

st.set_page_config(layout="wide")
st.title("Bare")
for place, column in enumerate(st.columns(3)):
    with column:
        for n in range(place, CARDS, 3):
            with st.container(border=True, key=f"card_{n}"):
                st.html(BODY)
                with st.container(horizontal=True):
                    with st.popover("Definition", type="tertiary"):
                        st.write("What it means")
                    st.link_button("In depth", "/kpi", type="tertiary")
