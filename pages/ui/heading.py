"""The sentence that a page begins with. Titles are h1, sections h2 (`st.header`), parts of a section h3: readers by ear go by them."""

from __future__ import annotations

import streamlit as st

from pages.ui.text import markup


def lead(text: str) -> None:
    """Draw the sentence to be read aloud, large; a sentence is no heading."""
    st.html(f'<p class="kb-lead">{markup(text)}</p>')
