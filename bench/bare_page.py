"""A bare Streamlit app that draws the Overview's cards and rows as static texts: what Streamlit and the browser cost for them.

BARE_CONTENT names a file of JSON: period → {"cards": [HTML], "rows": [Markdown]}, written down from the Overview itself by bench.painted.
Without it, 41 cards of a few words are drawn (bench.sessions).
"""

import json
import os
from pathlib import Path

import streamlit as st

from pages.ui.theme import CARD_STYLE

BODY = '<div class="kb-card"><p>Conversion rate</p><p>7.24%</p><p>down 0.19 points vs period before</p><p>up 0.11 points vs last year</p><p>Target 7.00%</p></div>'
Content = dict[str, dict[str, list[str]]]


@st.cache_resource(show_spinner=False)
def content() -> Content:
    """Read what is drawn."""
    file = os.environ.get("BARE_CONTENT")
    found: Content = json.loads(Path(file).read_text(encoding="utf-8")) if file else {"Last 28 days": {"cards": [BODY] * 41, "rows": []}}
    return found


def overview() -> None:
    """Draw the cards and the rows."""
    st.title("Overview")
    everything = content()
    chosen = everything[str(st.selectbox("Period", list(everything)))]
    for place, column in enumerate(st.columns(3)):
        with column:
            for n, body in list(enumerate(chosen["cards"]))[place::3]:
                with st.container(border=True, key=f"card_{n}"):
                    st.html(body)
                    with st.container(horizontal=True):
                        st.page_link(CATALOG, label="In depth")
                        with st.popover("Definition", type="tertiary"):
                            st.write("What it means")
            for n, words in list(enumerate(chosen["rows"]))[place::3]:
                with st.container(key=f"row_{n}"):
                    st.page_link(CATALOG, label=words)


def catalog() -> None:
    """Draw next to nothing."""
    st.title("Catalog")


st.set_page_config(layout="wide")
CATALOG = st.Page(catalog, title="Catalog", icon=":material/menu_book:", url_path="catalog")
page = st.navigation([st.Page(overview, title="Overview", icon=":material/dashboard:", default=True), CATALOG])
st.html(CARD_STYLE)
page.run()
