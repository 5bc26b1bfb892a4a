"""What a page shows when there is nothing to show, or something is wrong: the reason and the next step."""

from __future__ import annotations

import streamlit as st

from errors import DashboardError, DefinitionError, StoreError
from pages.ui import data, ledger
from pages.ui.numbers import instant_words
from pages.ui.state import Link, published_at, release
from pages.ui.text import markdown

WATCH_SECONDS = 15
MOST_ISSUES = 8

STEPS = """
## See a living example

```sh
./kpi demo
```

## Or connect your own sources

1. Copy `sources.example.yaml` to `sources.yaml` and keep the sources you have. The README says which rights each one needs and where to click.
2. Check them: `./kpi doctor`
3. Pull the data: `./kpi sync`

This page shows the numbers as soon as the first sync has published them.
"""


def onboarding(problems: bool = True) -> None:
    """Say how to get the first numbers; problems: also why the last sync brought none."""
    st.title("Welcome to KPI Bridge", anchor=False)
    st.write("There are no numbers yet: nothing was synced into this workspace.")
    for run in ledger.runs() if problems else ():
        if run.error:
            st.warning(
                f"The last sync of **{markdown(run.source)}** brought nothing: {markdown(run.error)} Data health says more.",
                icon=":material/warning:",
            )
    st.markdown(STEPS)


def banner() -> None:
    """Say on every page when the file is broken as a whole and an earlier version of it is in force, and when the ledger cannot be read."""
    unread = ledger.problem()
    if unread is not None:
        st.warning(
            "**When sources were synced, frozen sprints and the history of definitions are not known now; the numbers do not depend on them.** "
            f"{markdown(unread)} `./kpi doctor` says more; `./kpi restore` brings a backup back.",
            icon=":material/history_off:",
        )
    force = data.catalog().force
    if force.broken and force.since is not None:
        zone = force.definitions.calendar.timezone
        st.error(
            f"**{markdown(force.broken[0].file)} is broken as a whole; the version of {instant_words(force.since, zone)} stays in force.** "
            f"{markdown(str(force.broken[0]))} Run `./kpi check`.",
            icon=":material/rule:",
        )


def follow(link: Link) -> bool:
    """Say what became of a pinned link; return whether there is something to show. What is gone is never replaced unasked."""
    if link.note:
        st.info(link.note, icon=":material/info:")
    if link.missing:
        st.title("These numbers are gone")
        st.warning(
            f"The link is pinned to {link.missing}, which is no longer kept. Nothing else is shown in its place.", icon=":material/history:"
        )
        st.button("Show current numbers", on_click=release)
    elif link.state is not None and link.state.is_pinned:
        _pinned(link.state)
    return not link.missing


def _pinned(shown: data.State) -> None:
    now = data.present_state()
    with st.container(horizontal=True, vertical_alignment="center", key="pinned"):
        place = st.container()
        st.button("Show current numbers", on_click=release)
        at, number = published_at(shown.generation or 0), shown.generation
        when = "" if at is None else f"the data as of {instant_words(at, data.catalog().calendar.timezone)}, "
        same = (now.generation, now.definitions) == (number, shown.definitions)
        newer = (
            "They are still the newest." if same else "Newer data exist." if now.generation != number else "The definitions changed since."
        )
        place.info(f"**Pinned:** {when}generation {number}. {newer}", icon=":material/push_pin:")


@st.fragment(run_every=WATCH_SECONDS)
def watch() -> None:
    """Draw the page anew when the definitions or the generation changed under it."""
    now = data.present_state().key
    if st.session_state.setdefault("seen_state", now) != now:
        st.session_state["seen_state"] = now
        st.rerun()


def ready(problems: bool = True) -> bool:
    """Return whether there is a generation to show; otherwise say why the facts cannot be read, or draw the onboarding, problems as there."""
    if data.catalog().generation is not None:
        definition_issues()
        return True
    unread = data.store_problem()
    if unread is None:
        onboarding(problems)
    else:
        problem(StoreError(unread))
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


def problem(error: DashboardError, *, below_title: bool = False) -> None:
    """Show a deliberate error as it is, and where to go. below_title: the page has begun, and the rest of it cannot be shown."""
    titles = {DefinitionError: "The KPI definitions do not hold", StoreError: "The store cannot be read"}
    title = titles.get(type(error), "The rest cannot be shown" if below_title else "This page cannot be shown")
    if below_title:
        st.header(title, anchor=False)
    else:
        st.title(title, anchor=False)
    issues = error.issues if isinstance(error, DefinitionError) else ()
    for words in [str(issue) for issue in issues[:MOST_ISSUES]] or [str(error)]:
        st.error(markdown(words), icon=":material/error:")
    if len(issues) > MOST_ISSUES:
        st.write(f"And {len(issues) - MOST_ISSUES} more: `./kpi check` shows all of them.")
    st.write("`./kpi doctor` checks everything and says what to do next.")


def nothing(reason: str) -> None:
    """Say why there is nothing to draw here."""
    st.info(markdown(reason), icon=":material/info:")
