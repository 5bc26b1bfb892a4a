"""Notes on a KPI: those that were written, and the form to write one. What is written stays."""

from __future__ import annotations

import streamlit as st

from errors import DashboardError
from metrics import KPI
from metrics.types import Period
from pages.ui import data, ledger
from pages.ui.numbers import day_words, instant_words
from pages.ui.text import markdown
from store.notes import LONGEST, LONGEST_NAME

WRITTEN = "note_written"


def draw(kpi: KPI, known: Period) -> None:
    """Draw the notes, the newest first, and the form. known: the days that a note may be about, by default the last of them."""
    zone = data.catalog().calendar.timezone
    found = ledger.notes(kpi.name)
    for note in found:
        st.markdown(f"**{day_words(note.day)}** {markdown(note.text)}")
        st.caption(f"{markdown(note.author)}, written {instant_words(note.at, zone)}")
    if not found:
        st.caption("No note yet. What a chart cannot know belongs here: an outage, a price change, a campaign that began late.")
    said = st.session_state.pop(WRITTEN, None)
    if said:
        st.success(said, icon=":material/check_circle:")
    with st.expander("Write a note", icon=":material/edit_note:"):
        _form(kpi, known)


def _form(kpi: KPI, known: Period) -> None:
    last = known.last
    with st.form(f"note_{kpi.name}", clear_on_submit=True, border=False):
        with st.container(horizontal=True):
            day = st.date_input("Day", last, min_value=known.start, format="YYYY-MM-DD")
            author = st.text_input("Your name", _user(), max_chars=LONGEST_NAME)
        text = st.text_area("What happened", max_chars=LONGEST, height=90)
        st.caption("It is seen by everybody, stays in the ledger and cannot be changed; write another one to correct it.")
        if not st.form_submit_button("Keep the note"):
            return
    try:
        ledger.note(kpi.name, day, author, text)
    except DashboardError as error:
        st.error(markdown(str(error)), icon=":material/error:")
        return
    st.session_state[WRITTEN] = f"Kept: a note on {day_words(day)}."
    st.rerun()


def _user() -> str:
    """Return who is signed in, as far as that is known."""
    try:
        return str(st.user.get("name") or st.user.get("email") or "")
    except (AttributeError, KeyError):
        return ""
