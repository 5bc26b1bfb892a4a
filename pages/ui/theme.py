"""Colours and the style sheet of the cards. Colour never carries a meaning alone: a shape and a word stand beside it."""

from __future__ import annotations

import streamlit as st

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8C6D00", "#56B4E9")
"""Okabe and Ito's palette without its yellow, which no eye tells from white."""
NEUTRAL = "#6B7C93"
STATUS = {"met": "#0072B2", "near": "#B26F00", "missed": "#D55E00", "unknown": NEUTRAL, "no_target": NEUTRAL}
SHAPE = {"met": "●", "near": "◆", "missed": "▲", "unknown": "?", "no_target": "○"}
SIGNAL_COLOUR = {"common": NEUTRAL, "improvement": "#0072B2", "concern": "#D55E00", "high": "#B26F00", "low": "#B26F00"}
WORD = {"met": "On target", "near": "Near target", "missed": "Off target", "unknown": "Unknown", "no_target": "No target"}

CARD_STYLE = """
<style>
[data-testid="stMainBlockContainer"] { padding-top: 4.2rem; padding-bottom: 3rem; }
/* white on the dark theme's accent is 1.9 : 1; a bordered tag reads well on both grounds */
[data-testid="stMultiSelect"] [data-tag] { background: transparent; border: 1px solid currentColor; color: inherit; }
[data-testid="stMultiSelect"] [data-tag] * { color: inherit; }
.kb-card { line-height: 1.35; }
.kb-name { font-size: .875rem; font-weight: 600; margin: 0; display: flex; justify-content: space-between; gap: .5rem; align-items: baseline; }
.kb-status { font-size: .75rem; font-weight: 600; white-space: nowrap; }
.kb-value { font-size: 1.75rem; font-weight: 650; letter-spacing: -.01em; font-variant-numeric: tabular-nums; margin: .15rem 0 .1rem; }
.kb-none { font-size: 1rem; font-weight: 500; }
.kb-line { font-size: .8125rem; margin: .1rem 0; font-variant-numeric: tabular-nums; }
.kb-quiet { opacity: .78; }
.kb-foot { font-size: .75rem; opacity: .78; margin: .35rem 0 0; }
.kb-flag { border: 1px solid currentColor; border-radius: .25rem; padding: 0 .25rem; font-size: .6875rem; margin-left: .25rem; }
.kb-spark { display: block; width: 100%; height: 44px; margin: .35rem 0 0; }
.kb-entry { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .1rem 1rem; align-items: baseline; }
.kb-title { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
.kb-title code { font-size: .8125rem; font-weight: 400; }
.kb-figure { margin: 0; font-variant-numeric: tabular-nums; }
.kb-sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media print { section[data-testid="stSidebar"], header[data-testid="stHeader"] { display: none; } }
</style>
"""


def style() -> None:
    """Bring the style sheet onto the page, once a run."""
    st.html(CARD_STYLE)
