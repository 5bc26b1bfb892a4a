"""Wall mode, `?kiosk=1`: no navigation, one board after the other, large enough for a room, and the age of what is shown."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import streamlit as st

from pages.ui import data
from pages.ui.text import markup

VIEWS = Path(__file__).resolve().parents[1] / "views"
BOARDS = ("overview.py", "speed_conversion.py", "delivery.py", "impact.py")
"""The pages that take turns, in this order."""
SECONDS, FEWEST, MOST = 60, 10, 3_600
"""How long a board stays: by default, at least, at most (`&seconds=`)."""
STYLE = """
<style>
section[data-testid="stSidebar"], header[data-testid="stHeader"], [data-testid="stSidebarCollapsedControl"] { display: none; }
[data-testid="stMainBlockContainer"] { padding: 1.2rem 2rem 3rem; max-width: none; zoom: 1.15; }
.kb-age { position: fixed; right: 1rem; bottom: .5rem; font-size: .8125rem; opacity: .8; font-variant-numeric: tabular-nums; }
.kb-old { position: fixed; left: 0; right: 0; bottom: 0; padding: .6rem; text-align: center; font-weight: 600; background: #D55E00; color: #FFFFFF;
  visibility: hidden; animation: kb-old 0s %ds forwards; }
@keyframes kb-old { to { visibility: visible; } }
</style>
"""
"""What is old is said by the style sheet alone, so that it is said also when the server is gone."""


def is_on() -> bool:
    """Whether the address asks for the wall mode."""
    return st.query_params.get("kiosk") == "1"


def seconds() -> int:
    """Return how long a board stays."""
    asked = st.query_params.get("seconds", "")
    return min(max(int(asked), FEWEST), MOST) if asked.isdecimal() and len(asked) < 9 else SECONDS


def show(path: str) -> None:
    """Hide the navigation, tell the age of the board, and have the next one come when its time is there. path: of the page, as in its address."""
    stay = seconds()
    st.html(STYLE % (3 * stay))
    now = datetime.now(data.catalog().calendar.timezone)
    words = f"Board shown since {now:%H:%M:%S} · data of generation {data.catalog().generation or '–'}"
    st.html(
        f'<div class="kb-age">{markup(words)}</div><div class="kb-old">Not refreshed since {now:%H:%M:%S}: the dashboard cannot be reached.</div>'
    )
    st.fragment(run_every=stay)(_turn)(path, now.timestamp())


def following(path: str) -> str:
    """Return the board after the page with this path; a page that is no board is followed by the first one."""
    names = [name.removesuffix(".py") for name in BOARDS]
    here = path or names[0]
    return BOARDS[(names.index(here) + 1) % len(BOARDS)] if here in names else BOARDS[0]


def _turn(path: str, began: float) -> None:
    """Draw nothing; when the fragment runs again by itself, go on to the next board. began: tells one showing of a board from another."""
    if st.session_state.get("kiosk_began") == began:
        st.switch_page(VIEWS / following(path), query_params={"kiosk": "1", "seconds": str(seconds())})
    st.session_state["kiosk_began"] = began
