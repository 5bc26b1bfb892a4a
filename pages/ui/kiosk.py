"""Wall mode, `?kiosk=1`: no navigation, one board after the other, large enough for a room, and the age of what is shown.

A board shows what fits on one screen; what comes first on a page is the most important, and no card is cut. Nothing scrolls.
The line at the bottom lives in a fragment that comes again by itself; when it does not, the style sheet alone says since when.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from pages.ui import data
from pages.ui.numbers import day_words, instant_words
from pages.ui.text import markup

VIEWS = Path(__file__).resolve().parents[1] / "views"
BOARDS = {"overview.py": "Overview", "speed_conversion.py": "Speed × conversion", "delivery.py": "Delivery", "impact.py": "Impact"}
"""The pages that take turns, in this order."""
SECONDS, FEWEST, MOST = 60, 10, 3_600
"""How long a board stays: by default, at least, at most (`&seconds=`)."""
TURN = "kiosk_turn"
STYLE = """
<style>
section[data-testid="stSidebar"], header[data-testid="stHeader"], [data-testid="stSidebarCollapsedControl"], [data-testid="stSkipToContent"],
[data-testid="stToolbar"], [data-testid="stElementToolbar"], [data-testid="stMain"] [data-testid="stButtonGroup"], [data-testid="stMain"] [data-testid="stSelectbox"],
[data-testid="stMain"] [data-testid="stMultiSelect"], [data-testid="stMain"] [data-testid="stTextInput"], [data-testid="stPopover"], [data-testid="stPageLink"]:not([class*="st-key-row_"] *, .st-key-attention *),
[data-testid="stDownloadButton"], [data-testid="stExpander"]:has(> details:not([open])), [data-testid="stLayoutWrapper"]:has(> [data-testid="stExpander"] >
details:not([open])), [data-testid="stMain"] [data-testid="stDataFrame"], [class*="st-key-card_"] > [data-testid="stLayoutWrapper"]:has([data-testid="stPopover"]),
[data-testid="stElementContainer"]:has(> [data-testid="stButtonGroup"], > [data-testid="stSelectbox"], > [data-testid="stMultiSelect"]),
[data-testid="stElementContainer"]:has([data-testid="stDataFrame"]) { display: none; }
[data-testid="stMain"] { overflow: hidden; }
/* a board is the first of the columns that its page is broken into, as if for paper: a card that does not fit is not begun */
[data-testid="stMainBlockContainer"] { --screen: 1.1; zoom: var(--screen); max-width: none; padding: 0 1.5rem; margin-top: .75rem; overflow: hidden;
  height: calc(100vh / var(--screen) - 3.25rem); column-width: calc(100vw / var(--screen)); column-gap: 4rem; column-fill: auto; }
@media (min-width: 2500px) { [data-testid="stMainBlockContainer"] { --screen: 1.5; } }
@media (min-width: 3800px) { [data-testid="stMainBlockContainer"] { --screen: 2.2; } }
@media (max-width: 900px) { [data-testid="stMainBlockContainer"] { --screen: 1; padding: 0 1rem; } }
[class*="st-key-card_"], [class*="st-key-row_"], [data-testid="stVerticalBlock"][overflow]:not(:has([class*="st-key-card_"], [class*="st-key-row_"])), .stEChartsChart, [data-testid="stAlert"],
  [data-testid="stMarkdown"], [data-testid="stHtml"] { break-inside: avoid; }
h1, h2, h3, h4, [data-testid="stHeading"], [data-testid="stElementContainer"]:has(h1, h2, h3, h4) { break-after: avoid; }
[data-testid="stMain"] [data-testid="stVerticalBlock"] { gap: .6rem; }
[data-testid="stMain"] h1 { font-size: 1.75rem; padding: 0; }
[data-testid="stMain"] .kb-value { font-size: 2.25rem; }
.kb-wall { position: fixed; left: 0; right: 0; bottom: 0; height: 2rem; padding: 0 1rem 0 6.5rem; display: flex; justify-content: space-between; gap: 1rem;
  align-items: center; font-size: .8125rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.kb-wall span { opacity: .8; overflow: hidden; text-overflow: ellipsis; }
.kb-wall b { font-weight: 600; }
.kb-old { position: fixed; left: 0; right: 0; bottom: 0; padding: .6rem; text-align: center; font-weight: 600; background: #A94600; color: #FFFFFF; z-index: 1000001;
  visibility: hidden; animation: kb-old 0s %ds forwards; }
/* when the browser itself knows that the connection is gone, five seconds are enough; Streamlit's own box would hide the numbers */
[data-testid="stApp"][data-test-connection-state]:not([data-test-connection-state="CONNECTED"]) .kb-old { animation-delay: 5s; }
[data-testid="stDialog"] { display: none; }
@keyframes kb-old { to { visibility: visible; } }
.st-key-kiosk_pause { position: fixed; left: .5rem; bottom: .1rem; width: auto; z-index: 10; }
.st-key-kiosk_pause button { min-height: 1.75rem; padding: 0 .5rem; border: 0; background: transparent; font-size: .8125rem; }
@media (prefers-reduced-motion: reduce) { [data-testid="stMain"] * { transition: none !important; } }
</style>
"""
"""What is old is said by the style sheet alone, so that it is said also when the server is gone."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One showing of one board. path: of the page; began: tells one showing from another, aware UTC."""

    path: str
    began: datetime


def is_on() -> bool:
    """Whether the address asks for the wall mode."""
    return st.query_params.get("kiosk") == "1"


def is_paused() -> bool:
    """Whether somebody stopped the boards' turns."""
    return st.query_params.get("paused") == "1"


def seconds() -> int:
    """Return how long a board stays."""
    asked = st.query_params.get("seconds", "")
    return min(max(int(asked), FEWEST), MOST) if asked.isdecimal() and len(asked) < 9 else SECONDS


def show(path: str) -> None:
    """Hide the navigation, tell the age of the board, and have the next one come when its time is there. path: of the page, as in its address."""
    stay = seconds()
    st.html(STYLE % (3 * stay))
    st.button("Go on" if is_paused() else "Pause", key="kiosk_pause", type="tertiary", icon=_icon(), on_click=_pause)
    st.fragment(run_every=stay)(_turn)(Turn(path, datetime.now(UTC)))


def _icon() -> str:
    return ":material/play_arrow:" if is_paused() else ":material/pause:"


def _pause() -> None:
    """Stop the turns, or go on with them; the address says so, and a link to a paused wall is a paused wall."""
    if is_paused():
        del st.query_params["paused"]
    else:
        st.query_params["paused"] = "1"


def following(path: str) -> str:
    """Return the board after the page with this path; a page that is no board is followed by the first one."""
    names = [name.removesuffix(".py") for name in BOARDS]
    here = path or names[0]
    return list(BOARDS)[(names.index(here) + 1) % len(BOARDS)] if here in names else next(iter(BOARDS))


def _turn(turn: Turn) -> None:
    """Draw the line at the bottom; when the fragment comes again by itself, go on to the next board, or draw the line anew while paused."""
    if st.session_state.get(TURN) == turn and not is_paused():
        st.switch_page(VIEWS / following(turn.path), query_params={"kiosk": "1", "seconds": str(seconds())})
    st.session_state[TURN] = turn
    st.html(_line(turn, datetime.now(UTC)))


def _line(turn: Turn, now: datetime) -> str:
    """Return the line: how old the data are, since when the board stands, what comes next; and under it what is said when it stays away."""
    zone = data.catalog().calendar.timezone
    shown, seen = (f"{at.astimezone(zone):%H:%M:%S}" for at in (turn.began, now))
    demo = "<b>Demo data</b> · " if data.space().is_demo else ""
    comes = "paused" if is_paused() else f"next: {BOARDS[following(turn.path)]}"
    checked = f", checked {seen}" if is_paused() else ""
    return (
        f'<div class="kb-wall"><span>{demo}{markup(_data_words())}</span><span>{markup(f"Board shown since {shown}{checked} · {comes}")}</span></div>'
        f'<div class="kb-old" role="status">Connection lost: nothing new since {seen}. The board comes back by itself.</div>'
    )


def _data_words() -> str:
    catalog = data.catalog()
    if catalog.generation is None:
        return "No data yet"
    fresh = data.freshness()
    reach = min((one.covered_through for one in fresh if one.covered_through is not None), default=None)
    synced = min((one.synced_at for one in fresh if one.synced_at is not None), default=None)
    parts = [f"Data to {day_words(reach)}"] if reach else []
    parts += [f"synced {instant_words(synced, catalog.calendar.timezone)}"] if synced else []
    return " · ".join([*parts, f"data of generation {catalog.generation}"])
