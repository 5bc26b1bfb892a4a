"""Colours and the style sheet of the cards. Colour never carries a meaning alone: a shape and a word stand beside it."""

from __future__ import annotations

from typing import Any

import streamlit as st

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8C6D00", "#56B4E9")
"""Okabe and Ito's palette without its yellow, which no eye tells from white."""
NEUTRAL = "#6B7C93"
STATUS = {"met": "#0072B2", "near": "#B26F00", "missed": "#D55E00", "unknown": NEUTRAL, "no_target": NEUTRAL}
SHAPE = {"met": "●", "near": "◆", "missed": "▲", "unknown": "?", "no_target": "○"}
SIGNAL_COLOUR = {"common": NEUTRAL, "improvement": "#0072B2", "concern": "#D55E00", "high": "#B26F00", "low": "#B26F00"}
WORD = {"met": "On target", "near": "Near target", "missed": "Off target", "unknown": "Unknown", "no_target": "No target"}

TIP: dict[str, Any] = {
    "confine": True,
    "extraCssText": "box-sizing: border-box; max-width: calc(100vw - 2rem); white-space: normal; overflow-wrap: anywhere;",
}
"""Of every tooltip: it stays inside its chart and is no wider than a phone, however long a name in it is."""

TOKENS = {
    "met": ("#0072B2", "#6BBBF0"), "near": ("#8A5A00", "#F0B429"), "missed": ("#B3400F", "#FF8F57"), "unknown": ("#5B6B80", "#9FB0C3"),
}  # fmt: skip
"""Status → its colour on the light and on the dark ground, each at least 4.5 : 1."""
SAME = {
    "no_target": "unknown", "common": "unknown", "improvement": "met", "concern": "missed", "high": "near", "low": "near", "late": "near", "stale": "missed",
}  # fmt: skip
"""What else is drawn in the colour of a status."""


def token_rules() -> str:
    """Return the style of every status and signal, for both grounds."""
    every = {**TOKENS, **{name: TOKENS[like] for name, like in SAME.items()}}
    return "\n".join(f".kb-is-{name} {{ color: light-dark({light}, {dark}); }}" for name, (light, dark) in every.items())


CARD_STYLE = """
<style>
[data-testid="stMainBlockContainer"] { padding-top: 4.2rem; padding-bottom: 3rem; }
/* white on the dark theme's accent is 1.9 : 1; a bordered tag reads well on both grounds */
[data-testid="stMultiSelect"] [data-tag] { background: transparent; border: 1px solid currentColor; color: inherit; }
[data-testid="stMultiSelect"] [data-tag] * { color: inherit; }
/* Streamlit's own download of a table does not guard text that a spreadsheet would run as a formula; ours does (table.py) */
[data-testid="stElementToolbarButton"]:has([aria-label^="Download as CSV"]) { display: none; }
.st-key-pinned > :first-child { min-width: 18rem; }
/* Streamlit shows the focus on links by a change of colour at most, which nobody sees from a chair */
[data-testid="stApp"] :focus-visible:not(main, input, textarea) { outline: 2px solid currentColor !important; outline-offset: 2px; }
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
[data-testid="stMainBlockContainer"] h1 { font-size: 2rem; padding: .25rem 0 .5rem; }
.kb-lead { font-size: 1.25rem; font-weight: 600; line-height: 1.4; margin: 0; overflow-wrap: anywhere; }
[data-testid="stMainBlockContainer"] h2 { font-size: 1.375rem; padding: .5rem 0 .4rem; }
[class*="st-key-row_"] p, [class*="st-key-attention_"] p { white-space: normal; overflow: visible; font-size: .875rem; line-height: 1.35; font-variant-numeric: tabular-nums; }
[class*="st-key-row_"] p { display: grid; grid-template-columns: 1fr auto 5.2rem; gap: 0 .4rem; align-items: baseline; width: 100%; }
[class*="st-key-row_"] p > strong { white-space: nowrap; }
[class*="st-key-row_"] p > em { font-style: normal; opacity: .8; text-align: right; font-size: .8125rem; white-space: nowrap; }
[class*="st-key-row_"] :is(.stPageLink, .stPageLink > div, a, a > span, [data-testid="stMarkdownContainer"]) { width: 100%; max-width: none; }
[class*="st-key-row_"] { border-bottom: 1px solid light-dark(#E6EAEF, #262D38); min-height: 1.9375rem; justify-content: center; }
[class*="st-key-attention_"] { min-height: 1.9375rem; justify-content: center; }
:is([class*="st-key-row_"], [class*="st-key-attention_"]) .stElementContainer { height: auto; min-height: 1.875rem; }
[class*="st-key-row_"] a, [class*="st-key-attention"] a { padding: .15rem .25rem; min-height: 1.625rem; }
[class*="st-key-rows_"] { gap: 0; }
.kb-steps { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
.kb-step { border: 1px solid light-dark(#D9DEE4, #343B47); border-radius: .5rem; padding: .3rem .7rem .45rem; }
.kb-step p { margin: 0; font-size: .875rem; overflow-wrap: anywhere; }
.kb-entry { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .1rem 1rem; align-items: baseline; }
.kb-title { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
.kb-title code { font-size: .8125rem; font-weight: 400; }
.kb-figure { margin: 0; font-variant-numeric: tabular-nums; }
.kb-sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
</style>
"""


def style() -> None:
    """Bring the style sheet onto the page, once a run."""
    st.html(CARD_STYLE.replace("</style>", f"{token_rules()}\n</style>"))
