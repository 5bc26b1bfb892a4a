"""What a page shows when there is nothing to show, or something is wrong: the reason and the next step."""

from __future__ import annotations

import streamlit as st

from errors import DashboardError, DefinitionError, StoreError
from pages.ui import data
from pages.ui.text import markdown

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


def ready(problems: bool = True) -> bool:
    """Return whether there is a generation to show; draw the onboarding otherwise, problems as there."""
    if data.catalog().generation is not None:
        definition_issues()
        return True
    onboarding(problems)
    return False


def definition_issues() -> None:
    """Say which KPIs are missing because of their definition; the others are not touched."""
    issues = data.catalog().issues
    if issues:
        more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
        st.warning(f"{markdown(str(issues[0]))}{more} Run `./kpi check`; the other KPIs are not touched.", icon=":material/rule:")


def problem(error: DashboardError) -> None:
    """Show a deliberate error as it is, and where to go."""
    titles = {DefinitionError: "The KPI definitions do not hold", StoreError: "The store cannot be read"}
    st.title(titles.get(type(error), "This page cannot be shown"))
    st.error(markdown(str(error)), icon=":material/error:")
    st.write("`./kpi doctor` checks everything and says what to do next.")


def nothing(reason: str) -> None:
    """Say why there is nothing to draw here."""
    st.info(markdown(reason), icon=":material/info:")
