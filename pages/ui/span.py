"""How far back to look: a preset, or days of one's own, chosen in a calendar or dragged over on the chart. All of it is in the URL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from metrics.types import Period, Row
from pages.ui.filters import write_url
from pages.ui.numbers import day_words

OWN = "own"
SPANS = {"90d": "90 days", "180d": "180 days", "365d": "1 year", "all": "All", OWN: "Dates"}
SPAN, DAYS, KEPT, SEEN = "span", "days", "kept_days", "url_days"
FROM, TO = "from", "to"


def choose(covered: Period, default: str = "180d") -> Period:
    """Draw the choice and return it. In the URL both days of `from` and `to` are included."""
    _follow_url(covered, default)
    chosen = st.segmented_control("Span", list(SPANS), required=True, format_func=SPANS.__getitem__, key=SPAN)
    found = _own(covered) if chosen == OWN else _preset(chosen or default, covered)
    st.session_state[KEPT] = found
    _to_url(chosen or default, found, default)
    return found


def zoom(key: str, rows: Sequence[Row]) -> None:
    """Show the periods that were dragged over on the chart with this key; nothing when none lies there."""
    event = st.session_state.get(key)
    found = dragged(event.selection.areas if event else (), rows, _viewer_zone())
    if found is not None:
        st.session_state[SPAN], st.session_state[DAYS] = OWN, (found.start, found.end - timedelta(days=1))


def dragged(areas: Iterable[Any], rows: Sequence[Row], zone: ZoneInfo) -> Period | None:
    """Return the whole periods whose points lie in the dragged area, None for no area or no point in it.

    areas: as Streamlit reports them, with milliseconds since 1970; zone: the viewer's, in which the browser draws days.
    """
    area = next(iter(areas), None)
    if area is None:
        return None
    first, last = (datetime.fromtimestamp(at / 1000, UTC) for at in sorted(area["coord_range"]))
    inside = [row.period for row in rows if first <= datetime.combine(row.period.start, time.min, zone) <= last]
    return Period(min(p.start for p in inside), max(p.end for p in inside)) if inside else None


def _viewer_zone() -> ZoneInfo:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _preset(name: str, covered: Period) -> Period:
    start = covered.start if name == "all" else max(covered.start, covered.end - timedelta(days=int(name.removesuffix("d"))))
    return Period(start, covered.end)


def _own(covered: Period) -> Period:
    """Draw the two days. While only the first one is chosen, what was shown before stays."""
    before = st.session_state.get(KEPT, covered)
    last = covered.end - timedelta(days=1)
    held = st.session_state.get(DAYS, (before.start, before.end - timedelta(days=1)))
    inside = tuple(min(max(day, covered.start), last) for day in held)
    if DAYS not in st.session_state or inside != tuple(held):
        st.session_state[DAYS] = inside
    chosen: Any = st.date_input("Days, both included", min_value=covered.start, max_value=last, key=DAYS, format="YYYY-MM-DD")
    return Period(chosen[0], chosen[1] + timedelta(days=1)) if len(chosen) == 2 else before


def _follow_url(covered: Period, default: str) -> None:
    """Begin with what the URL says, and follow when it changes under the page: a link, the back button."""
    asked = tuple(st.query_params.get(name, "") for name in (SPAN, FROM, TO))
    if SPAN in st.session_state and st.session_state.get(SEEN) == asked:
        return
    days, problem = _parsed(asked[1], asked[2], covered)
    st.session_state[SPAN] = OWN if days else asked[0] if asked[0] in SPANS and asked[0] != OWN else default
    if days:
        st.session_state[DAYS] = days.start, days.end - timedelta(days=1)
        st.session_state[KEPT] = days
    if problem:
        st.info(problem, icon=":material/info:")


def _parsed(first: str, last: str, covered: Period) -> tuple[Period | None, str]:
    """Return the days of a link, cut to those that are covered, and what of them cannot be shown."""
    if not first and not last:
        return None, ""
    reach = f"The data reach from {day_words(covered.start)} to {day_words(covered.end - timedelta(days=1))}"
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None, "The link's days cannot be read; the usual span is shown."
    found = Period(max(start, covered.start), min(end, covered.end))
    if start >= end or found.start >= found.end:
        return None, f"{reach}; the link's days are left out."
    return found, "" if found == Period(start, end) else f"{reach}; the link's days are cut to them."


def _to_url(chosen: str, found: Period, default: str) -> None:
    own = {FROM: found.start.isoformat(), TO: (found.end - timedelta(days=1)).isoformat()} if chosen == OWN else {FROM: "", TO: ""}
    wanted = {SPAN: "" if chosen in (OWN, default) else chosen, **own}
    write_url({name: [value] if value else [] for name, value in wanted.items()})
    st.session_state[SEEN] = tuple(wanted[name] for name in (SPAN, FROM, TO))
