"""Links to what a page shows: with its choices and always current, or with its numbers pinned."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from pages.ui import data, kiosk, locale
from pages.ui.numbers import instant_words
from pages.ui.state import AS_OF, DEFINITIONS, mark, published_at
from store.definition_history import digest_of
from store.generations import KEPT_GENERATIONS

STYLE = """
<style>
.st-key-share { position: fixed; top: .55rem; right: 3.4rem; width: auto; z-index: 999991; }
@media print { .st-key-share { display: none; } }
</style>
"""


def draw() -> None:
    """Offer both links at the top of the page, when it has written its choices into the address; nothing on a wall screen."""
    if kiosk.is_on() or data.catalog().generation is None:
        return
    with st.container(key="share"):
        st.html(STYLE)
        with st.popover("Share", icon=":material/share:", type="tertiary"):
            st.markdown("**Link, always current**")
            st.caption("Opens this page with the same choices and the numbers of the day.")
            st.code(live(), language=None, wrap_lines=True)
            st.markdown("**Link with these numbers pinned**")
            st.caption(_kept())
            st.code(pinned(), language=None, wrap_lines=True)
            locale.choose()


def live() -> str:
    """Return the address of what is shown, without the state of the data."""
    return _address({})


def pinned() -> str:
    """Return the address of what is shown, with the generation and the definitions that decide every number of it."""
    opened = data.catalog()
    assert opened.generation is not None
    return _address({AS_OF: mark(opened.generation), DEFINITIONS: digest_of(opened.force.definitions.document.text)[:16]})


def _kept() -> str:
    opened = data.catalog()
    at = published_at(opened.generation or 0)
    when = "" if at is None else f", published {instant_words(at, opened.calendar.timezone)}"
    return (
        f"Opens generation {opened.generation}{when}, and says so, whatever is synced later. The newest {KEPT_GENERATIONS} generations are "
        "kept, and any that somebody looks at; a link to one that is gone says so and shows nothing else."
    )


def _address(more: dict[str, str]) -> str:
    chosen = {name: st.query_params.get_all(name) for name in st.query_params if name not in (AS_OF, DEFINITIONS)}
    text = urlencode({**chosen, **more}, doseq=True)
    return f"{st.context.url or ''}{'?' if text else ''}{text}"
