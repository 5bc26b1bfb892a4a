"""The live strip: who is on the site right now, by the vendor's realtime report. Never compared with the daily numbers.

What is not recent is not shown as live: a small line says since when it is silent, and why. Where nobody asked for live
numbers there is no strip.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import streamlit as st

from metrics.live import LiveNow
from pages.ui import data, ledger
from pages.ui.numbers import instant_words, value_words
from pages.ui.text import markup
from pages.ui.theme import SERIES
from store.live import Live, Minute, Part

REFRESH_SECONDS = 60
LABEL = "Live, last 30 minutes, Google Analytics realtime; not comparable with the daily numbers"
BAR, GAP, HEIGHT, TOP = 6.0, 2.0, 44.0, 9.0
STYLE = """
<style>
.kb-live { display: flex; flex-wrap: wrap; gap: .35rem 1.75rem; align-items: center; border-top: 1px solid rgb(107 124 147 / .35); border-bottom: 1px solid
  rgb(107 124 147 / .35); padding: .5rem 0; line-height: 1.35; font-variant-numeric: tabular-nums; }
.kb-live p { margin: 0; }
.kb-live-users { display: flex; gap: .5rem; align-items: baseline; }
.kb-live-users b { font-size: 1.75rem; font-weight: 650; letter-spacing: -.01em; line-height: 1.1; }
.kb-live-dot { width: .5rem; height: .5rem; border-radius: 50%; background: #009E73; align-self: center; flex: none; }
.kb-live-line, .kb-live-part { font-size: .8125rem; }
.kb-live-part { overflow-wrap: anywhere; }
.kb-live-pages { flex: 1 1 12rem; }
.kb-live-spark { width: 190px; height: 44px; flex: none; }
.kb-live-label { font-size: .75rem; opacity: .78; flex-basis: 100%; }
.kb-live-silent { font-size: .75rem; opacity: .78; margin: 0; }
@media print { .kb-live, .kb-live-silent { display: none; } }
</style>
"""


@st.fragment(run_every=REFRESH_SECONDS)
def strip() -> None:
    """Draw what goes on right now, one strip a source that is asked for it; nothing where none is."""
    found = ledger.live()
    if found:
        zone = data.catalog().calendar.timezone
        st.html(STYLE + "".join(body(one, zone, len(found) > 1) for one in found))


def body(one: LiveNow, zone: ZoneInfo, named: bool) -> str:
    """Return the strip of one source; named: it says which source it is."""
    source = f" · {one.source}" if named else ""
    return silent_words(one, zone, source) if one.live is None else _strip(one.live, zone, source)


def silent_words(one: LiveNow, zone: ZoneInfo, source: str = "") -> str:
    """Return the small line that says that there is nothing live, since when, and why."""
    since = "are not available" if one.silent_since is None else f"are silent since {instant_words(one.silent_since, zone)}"
    return f'<p class="kb-live-silent">{markup(f"Live numbers{source} {since}: {one.reason}")}</p>'


def _strip(live: Live, zone: ZoneInfo, source: str) -> str:
    people = "active user" if live.users == 1 else "active users"
    parts = [
        f'<p class="kb-live-users"><span class="kb-live-dot" aria-hidden="true"></span><b>{_count(live.users)}</b> {people}</p>',
        f'<img class="kb-live-spark" alt="{markup(alt_text(live, zone))}" src="{bars(live.minutes)}">',
        f'<p class="kb-live-line">{_count(live.users_5)} in the last 5 minutes<br>{_events(live)}</p>',
        _parts("Devices (users)", live.devices),
        _parts("Pages (views)", live.pages, " kb-live-pages"),
    ]
    label = f"{LABEL}{source} · as of {live.as_of.astimezone(zone):%H:%M}"
    return f'<section class="kb-live" aria-label="Live">{"".join(parts)}<p class="kb-live-label">{markup(label)}</p></section>'


def _count(number: int) -> str:
    return markup(value_words(number, "", ""))


def _events(live: Live) -> str:
    keys = "key event" if live.key_events == 1 else "key events"
    return f"{_count(live.events)} events, {_count(live.key_events)} {keys}{' ◆' if live.key_events else ''}"


def _parts(title: str, parts: Sequence[Part], style: str = "") -> str:
    if not parts:
        return ""
    listed = " · ".join(f"{markup(part.name)} <b>{_count(part.count)}</b>" for part in parts)
    return f'<p class="kb-live-part{style}"><span class="kb-quiet">{title}</span><br>{listed}</p>'


def alt_text(live: Live, zone: ZoneInfo) -> str:
    """Return in one sentence what the bars show."""
    most = max(live.minutes, key=lambda minute: minute.users)
    keyed = [f"{minute.at.astimezone(zone):%H:%M}" for minute in live.minutes if minute.key_events]
    peak = f"; most in one minute: {most.users} at {most.at.astimezone(zone):%H:%M}" if most.users else ""
    keys = f"; key events at {', '.join(keyed)}" if keyed else "; no key event"
    return f"Active users by minute over the last 30 minutes: {live.users} in all{peak}; {live.events} events{keys}; the last minute still runs."


def bars(minutes: Sequence[Minute]) -> str:
    """Return a data address of an SVG: a bar of users for each minute, a diamond above where a key event was; the running minute is hollow."""
    high = max((minute.users for minute in minutes), default=0) or 1
    drawn = [
        f'<line x1="0" x2="{len(minutes) * (BAR + GAP):g}" y1="{HEIGHT - 0.5}" y2="{HEIGHT - 0.5}" stroke="#6B7C93" stroke-width="1"/>'
    ]
    for place, minute in enumerate(minutes):
        x, size = place * (BAR + GAP), minute.users / high * (HEIGHT - TOP)
        look = f'fill="{SERIES[0]}"' if place < len(minutes) - 1 else f'fill="none" stroke="{SERIES[0]}" stroke-dasharray="2 1"'
        if size:
            drawn.append(f'<rect x="{x:g}" y="{HEIGHT - size:.1f}" width="{BAR:g}" height="{size:.1f}" {look}/>')
        if minute.key_events:
            drawn.append(f'<path d="M{x + BAR / 2:g} {HEIGHT - size - TOP:.1f}l3 4-3 4-3-4z" fill="{SERIES[1]}"/>')
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {len(minutes) * (BAR + GAP):g} {HEIGHT:g}">{"".join(drawn)}</svg>'
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
