"""The frame: page config, navigation, and the one place where a page's deliberate error is shown. No numbers."""

from pathlib import Path

import streamlit as st

from errors import DashboardError
from pages.ui import data, kiosk, locale, paper, share, states, theme
from settings import workspace

VIEWS = Path(__file__).resolve().parents[1] / "views"
ICON = VIEWS.parent / "ui" / "icon.svg"
PAGES = [
    st.Page(VIEWS / "overview.py", title="Overview", icon=":material/dashboard:", default=True),
    st.Page(VIEWS / "side_by_side.py", title="Side by side", icon=":material/stacked_line_chart:", url_path="side_by_side"),
    st.Page(VIEWS / "kpi.py", title="KPI", icon=":material/monitoring:", url_path="kpi"),
    st.Page(VIEWS / "speed_conversion.py", title="Speed × conversion", icon=":material/speed:", url_path="speed_conversion"),
    st.Page(VIEWS / "delivery.py", title="Delivery", icon=":material/local_shipping:", url_path="delivery"),
    st.Page(VIEWS / "impact.py", title="Impact", icon=":material/rocket_launch:", url_path="impact"),
    st.Page(VIEWS / "catalog.py", title="Catalog", icon=":material/menu_book:", url_path="catalog"),
    st.Page(VIEWS / "data_health.py", title="Data health", icon=":material/health_and_safety:", url_path="data_health"),
]

# Before the navigation: else the browser fetches the page's icon from a host of Google as the tab's icon.
st.set_page_config(page_icon=str(ICON), layout="wide")
page = st.navigation(PAGES)
st.set_page_config(page_title=f"{page.title} · KPI Bridge")
theme.style()
has_begun = False
try:
    link = data.pin()
    locale.begin(data.catalog().calendar.locale)
    if workspace().is_demo:
        st.sidebar.badge("Demo data", icon=":material/science:", color="orange")
        st.sidebar.caption("A made-up company, pulled through the real client libraries.")
    paper.style(page.title)
    states.banner()
    if kiosk.is_on():
        kiosk.show(page.url_path)
    has_begun = True
    if states.follow(link):
        page.run()
        share.draw()
    states.watch()
except DashboardError as error:
    states.problem(error, below_title=has_begun)
