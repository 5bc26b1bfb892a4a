"""How a page looks on paper: black on white, without controls, nothing cut, and every sheet says what it shows and as of when.

All of it is style sheet: the browser prints, and no page has a second form. What a choice was set to is printed as words.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import streamlit as st

from pages.ui import data
from pages.ui.numbers import day_words, instant_words
from pages.ui.text import plain

STYLE = """
<style>
@page { margin: 13mm 12mm 15mm;
  @bottom-left { content: "%(foot)s"; font: 7.5pt sans-serif; color: #444444; white-space: nowrap; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 7.5pt sans-serif; color: #444444; } }
@media print {
  :root, .stApp { color-scheme: light; }
  html, body, #root { background: #FFFFFF !important; }
  .stApp, .stApp *:not(img, canvas) { background: transparent !important; box-shadow: none !important; text-shadow: none !important; }
  .stApp *:not([style*="color:"]) { color: #000000 !important; }
  .stApp * { border-color: #8C8C8C !important; }
  [data-testid="stCaptionContainer"], .kb-quiet, .kb-foot { opacity: 1 !important; }
  [data-testid="stCaptionContainer"] * { color: #404040 !important; }
  .stApp, [data-testid="stMain"], [data-testid="stAppViewContainer"], [data-testid="stMainBlockContainer"] { overflow: visible !important; }
  [data-testid="stMainBlockContainer"] { padding: 0 !important; max-width: none !important; zoom: .75; }
  [data-testid="stMainBlockContainer"]::before { content: "%(head)s"; white-space: pre-line; display: block; border-bottom: 1px solid #000000; padding-bottom: .5rem;
    margin-bottom: .75rem; font: 12px/1.5 sans-serif; }

  section[data-testid="stSidebar"], header[data-testid="stHeader"], [data-testid="stSkipToContent"], [data-testid="stToolbar"], [data-testid="stElementToolbar"],
  [data-testid="stSidebarCollapsedControl"], [data-testid="stStatusWidget"], [data-testid="stHeaderActionElements"], [data-testid="stTooltipIcon"],
  [data-testid="stPopoverBody"], [data-testid="stDialog"], [data-testid="stToast"], [data-testid="stSpinner"],
  [data-testid="stElementContainer"]:has(> [data-testid="stPopover"], > [data-testid="stButton"],
    > [data-testid="stDownloadButton"], > [data-testid="stLinkButton"], > [data-testid="stTextInput"], > [data-testid="stTextArea"]),
  [data-testid="stPopover"], [data-testid="stPageLink"]:not([class*="st-key-row_"] *, .st-key-attention *), [data-testid="stButton"], [data-testid="stDownloadButton"], [data-testid="stLinkButton"],
  [data-testid="stTextInput"], [data-testid="stTextArea"], [data-testid="stChatInput"],
  [data-testid="stLayoutWrapper"]:has(> [data-testid="stExpander"] > details:not([open])), [data-testid="stExpander"]:has(> details:not([open])),
  [data-testid="stLayoutWrapper"]:has(> [data-testid="stPopover"]),
  [class*="st-key-card_"] > [data-testid="stLayoutWrapper"]:has([data-testid="stPopover"]) { display: none !important; }

  /* a choice is printed as the words that were chosen */
  [data-testid="stButtonGroup"] button:not([aria-checked="true"], [aria-pressed="true"], [kind$="Active"]) { display: none !important; }
  [data-testid="stButtonGroup"] button, .react-aria-ComboBox > div, [data-tag] { border: 0 !important; padding: 0 !important; min-height: 0 !important; font-weight: 600;
    overflow: visible !important; max-width: none !important; }
  [data-testid="stButtonGroup"] * { overflow: visible !important; text-overflow: clip !important; max-width: none !important; }
  [data-testid="stButtonGroup"], [data-testid="stSelectbox"], [data-testid="stMultiSelect"] { display: flex; gap: .5rem; align-items: baseline; }
  [data-testid="stWidgetLabel"] { min-height: 0 !important; margin: 0 !important; }
  [data-testid="stWidgetLabel"] p::after { content: ":"; }
  [data-testid="stSelectbox"] svg, [data-testid="stMultiSelect"] svg, [data-testid="stMultiSelect"] button, [data-testid="stMultiSelect"] input, [data-testid="stSelectbox"] button,
  [data-testid="stMultiSelect"]:not(:has([data-tag])) { display: none !important; }

  /* nothing is cut: neither at the edge of the paper, nor between two sheets */
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]) { display: flex !important; flex-flow: row nowrap !important; }
  [data-testid="stColumn"] { min-width: 0 !important; }
  [data-testid="stDataFrame"] { zoom: .85; }
  [class*="st-key-card_"], [class*="st-key-row_"], .kb-card, .stEChartsChart, [data-testid="stAlert"], [data-testid="stDataFrame"], [data-testid="stElementContainer"]:has(> .stEChartsChart),
  [data-testid="stVerticalBlock"][overflow]:not(:has([class*="st-key-card_"], [class*="st-key-row_"])), img { break-inside: avoid; }
  h1, h2, h3, h4, h5, [data-testid="stHeading"], [data-testid="stElementContainer"]:has(h1, h2, h3, h4, h5) { break-after: avoid; }
  p, li { orphans: 3; widows: 3; }
  .stEChartsChart, .stEChartsChart > div:first-child { width: 100%% !important; max-width: 100%% !important; height: auto !important; }
  .stEChartsChart canvas:first-child { position: static !important; width: auto !important; max-width: 100%% !important; height: auto !important; }
  .stEChartsChart canvas ~ canvas { display: none; }
  [data-testid="stExpander"] details, [data-testid="stAlertContainer"] { border: 1px solid #767676 !important; }
  [data-testid="stCode"] pre, code { white-space: pre-wrap !important; }
  %(dark)s
}
</style>
"""
DARK = """
  .stEChartsChart canvas { filter: invert(1) hue-rotate(180deg); }
  [data-testid="stDataFrame"] canvas { filter: invert(1) hue-rotate(180deg) brightness(1.12); }"""
"""Charts and tables are pictures in the colours of the screen: those of the dark one are turned around."""
_SAFE = re.compile(r"[^A-Za-z0-9 ]")


def style(title: str) -> None:
    """Bring the style sheet for paper onto the page. title: of the page."""
    foot = " · ".join(["KPI Bridge", title, *_as_of()[:1], *_demo()])
    head = "\n".join(["KPI Bridge", " · ".join([*_as_of(), *_drawn(), *_demo()])])
    dark = DARK if st.context.theme.type == "dark" else ""
    st.html(STYLE % {"foot": quoted(foot), "head": quoted(head), "dark": dark})


def quoted(text: str) -> str:
    """Return a text for between the quotes of a style sheet; nothing in it can end the quotes or the sheet."""
    lines = [plain(line) for line in text.split("\n")]
    return r"\a ".join(_SAFE.sub(lambda found: rf"\{ord(found[0]):x} ", line) for line in lines)


def _as_of() -> list[str]:
    catalog = data.catalog()
    if catalog.generation is None:
        return ["no data yet"]
    fresh = data.freshness()
    reach = min((one.covered_through for one in fresh if one.covered_through is not None), default=None)
    synced = min((one.synced_at for one in fresh if one.synced_at is not None), default=None)
    said = [f"generation {catalog.generation}"]
    said += [f"data to {day_words(reach)}"] if reach else []
    return said + ([f"synced {instant_words(synced, catalog.calendar.timezone)}"] if synced else [])


def _drawn() -> list[str]:
    zone = data.catalog().calendar.timezone
    return [f"page of {instant_words(datetime.now(UTC), zone)} ({zone})"]


def _demo() -> list[str]:
    return ["DEMO DATA of a made-up company"] if data.space().is_demo else []
