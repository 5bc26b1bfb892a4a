"""Catalog: what each number means, where it comes from, who answers for it, and whether its definition holds."""

import streamlit as st

from metrics.entry import STATUS_WORDS
from pages.ui import catalog, data, filters, states
from pages.ui.text import markdown

TEAMS = {"all": "All teams", "marketing": "Marketing", "product": "Product", "development": "Development", "both": "Both"}
STATES = {"all": "Any state", **{str(name): words.capitalize() for name, words in STATUS_WORDS.items()}}

st.title("Catalog", anchor=False)
opened, entries = data.catalog(), data.entries()
unread = data.store_problem()
if unread is not None:
    st.error(f"**The store cannot be read: definitions are shown, values are not.** {markdown(unread)}", icon=":material/error:")
elif opened.generation is None:
    states.nothing(
        "Nothing was synced yet: definitions are shown, values are not. './kpi sync' pulls the data, './kpi demo' shows a living example."
    )
loose = [issue for issue in opened.force.broken or opened.issues if issue.kpi is None or opened.force.broken]
if len(loose) > len(opened.force.broken[:1]):  # the banner shows the first problem of a broken file
    with st.expander(f"Problems of the file ({len(loose)})", icon=":material/rule:", expanded=True):
        for issue in loose[:20]:
            st.markdown(f"- {markdown(str(issue))}")
        st.caption("'./kpi check' shows all of them with the line they stand in.")
text = filters.search("Search by name, description, synonym, tag or owner")
team, status = filters.choice("Team", "team", TEAMS, "all"), filters.choice("State", "state", STATES, "all")
shown = catalog.found(entries, text, team, status)
st.caption(f"{len(shown)} of {len(entries)} KPIs. A change of the file shows here by itself within seconds.")
if not shown:
    states.nothing("No KPI fits. Take a word out of the search, or choose all teams and any state.")
page = shown if len(shown) <= catalog.PAGE else filters.part(shown, catalog.PAGE)
rows = data.last_rows(tuple(entry.name for entry in page if entry.holds))
for entry in page:
    catalog.draw(entry, rows.get(entry.name))
catalog.legend()
