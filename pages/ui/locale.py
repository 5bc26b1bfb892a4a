"""How numbers and days are written for a visitor: as the organisation writes them, or as the visitor chose. Words stay English."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from metrics import numerals
from metrics.numerals import DEFAULT, NAMES, Name
from pages.ui.filters import write_url
from pages.ui.text import markdown

URL, CHOSEN, SHOWN, USUAL, WIDGET = "locale", "viewer_locale", "shown_locale", "usual_locale", "locale_choice"


def current() -> Name:
    """Return the locale of the visitor whose page is being made; outside of a page, that of commands."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return DEFAULT
    found: Name = st.session_state.get(SHOWN, DEFAULT)
    return found


numerals.follow(current)


def begin(usual: Name) -> None:
    """Settle how this run writes: as the address asks, as the visitor chose before on any page, or as usual (the organisation's way)."""
    asked = st.query_params.get(URL)
    known = next((name for name in NAMES if asked is not None and name == asked.replace("-", "_")), None)
    if known is not None:
        st.session_state[CHOSEN] = known
    elif asked is not None:
        st.info(markdown(f"Numbers and dates cannot be written as in '{asked}'; the usual way is kept."), icon=":material/info:")
    shown = st.session_state.get(CHOSEN, usual)
    st.session_state[SHOWN], st.session_state[USUAL] = shown, usual
    _remember(shown, usual)


def choose() -> None:
    """Draw the choice."""
    usual = st.session_state.get(USUAL, DEFAULT)
    st.session_state[WIDGET] = current()
    names = [usual, *(name for name in NAMES if name != usual)]
    st.selectbox(
        "Numbers and dates as in", names, format_func=lambda name: f"{numerals.label(name)}{', as usual here' if name == usual else ''}",
        key=WIDGET, on_change=_chosen,
    )  # fmt: skip


def _chosen() -> None:
    st.session_state[CHOSEN] = st.session_state[WIDGET]
    _remember(st.session_state[WIDGET], st.session_state[USUAL])


def _remember(shown: Name, usual: Name) -> None:
    write_url({URL: [] if shown == usual else [shown]})
