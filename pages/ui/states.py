"""What a page shows when there is nothing to show, or something is wrong: the reason and the next step."""

from __future__ import annotations

import streamlit as st

from errors import DashboardError, DefinitionError, StoreError
from pages.ui import data
from pages.ui.numbers import instant_words
from pages.ui.text import markdown

WATCH_SECONDS = 15
MOST_ISSUES = 8

STEPS = """
#### See a living example

```sh
./kpi demo
```

#### Or connect your own sources

1. Copy `sources.example.yaml` to `sources.yaml` and keep the sources you have. The README says which rights each one needs and where to click.
2. Check them: `./kpi doctor`
3. Pull the data: `./kpi sync`

This page shows the numbers as soon as the first sync has published them.
"""


def onboarding(problems: bool = True) -> None:
    """Say how to get the first numbers; problems: also why the last sync brought none."""
    st.title("Welcome to KPI Bridge")
    st.write("There are no numbers yet: nothing was synced into this workspace.")
    for run in data.runs() if problems else ():
        if run.error:
            st.warning(
                f"The last sync of **{markdown(run.source)}** brought nothing: {markdown(run.error)} Data health says more.",
                icon=":material/warning:",
            )
    st.markdown(STEPS)


def banner() -> None:
    """Say on every page when the file is broken as a whole and an earlier version of it is in force."""
    force = data.catalog().force
    if force.broken and force.since is not None:
        zone = force.definitions.calendar.timezone
        st.error(
            f"**{markdown(force.broken[0].file)} is broken as a whole; the version of {instant_words(force.since, zone)} stays in force.** "
            f"{markdown(str(force.broken[0]))} Run `./kpi check`.",
            icon=":material/rule:",
        )


@st.fragment(run_every=WATCH_SECONDS)
def watch() -> None:
    """Draw the page anew when the definitions or the generation changed under it."""
    now = data.present_state().key
    if st.session_state.setdefault("seen_state", now) != now:
        st.session_state["seen_state"] = now
        st.rerun()


def ready(problems: bool = True) -> bool:
    """Return whether there is a generation to show; draw the onboarding otherwise, problems as there."""
    if data.catalog().generation is not None:
        definition_issues()
        return True
    onboarding(problems)
    return False


def definition_issues() -> None:
    """Say which KPIs are missing because of their definition; the others are not touched."""
    issues = [issue for issue in data.catalog().issues if issue.level == "error"]
    if issues:
        more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
        st.warning(
            f"{markdown(str(issues[0]))}{more} The page Catalog and `./kpi check` show where; the other KPIs are not touched.",
            icon=":material/rule:",
        )


def problem(error: DashboardError) -> None:
    """Show a deliberate error as it is, and where to go."""
    titles = {DefinitionError: "The KPI definitions do not hold", StoreError: "The store cannot be read"}
    st.title(titles.get(type(error), "This page cannot be shown"))
    issues = error.issues if isinstance(error, DefinitionError) else ()
    for words in [str(issue) for issue in issues[:MOST_ISSUES]] or [str(error)]:
        st.error(markdown(words), icon=":material/error:")
    if len(issues) > MOST_ISSUES:
        st.write(f"And {len(issues) - MOST_ISSUES} more: `./kpi check` shows all of them.")
    st.write("`./kpi doctor` checks everything and says what to do next.")


def nothing(reason: str) -> None:
    """Say why there is nothing to draw here."""
    st.info(markdown(reason), icon=":material/info:")
