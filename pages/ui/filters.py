"""The choices at the top of a page. Every choice is in the URL, so that a link shows the same page to everyone."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from metrics.calendar import Calendar
from metrics.types import Grain, Period
from pages.ui import data
from pages.ui.numbers import range_words

PRESETS = {"7d": "Last 7 days", "28d": "Last 28 days", "90d": "Last 90 days", "week": "Last full week", "month": "Last full month"}
SPANS = {"90d": "90 days", "180d": "180 days", "365d": "1 year", "all": "All"}
GRAINS: dict[Grain, str] = {"day": "Day", "week": "Week", "month": "Month", "sprint": "Sprint"}


def last_covered() -> Period | None:
    """Return the days that all daily KPIs cover: one calendar for the whole page."""
    found = [data.covered(kpi.name) for kpi in data.kpis() if kpi.grains != ("sprint",)]
    known = [period for period in found if period is not None]
    if not known:
        return None
    end = min(period.end for period in known)
    start = min(period.start for period in known)
    return Period(start, end) if start < end else None


def preset(name: str, covered: Period, calendar: Calendar) -> Period:
    """Return the days of a preset, ending with what is wholly covered."""
    if name in ("week", "month"):
        grain: Grain = "week" if name == "week" else "month"
        end = calendar.floor(covered.end, grain)
        return Period(calendar.floor(end - timedelta(days=1), grain), end)
    days = int(name.removesuffix("d"))
    return Period(covered.end - timedelta(days=days), covered.end)


def period(covered: Period) -> Period:
    """Draw the choice of the period and return it."""
    chosen = st.segmented_control(
        "Period",
        list(PRESETS),
        default="28d",
        required=True,
        format_func=PRESETS.__getitem__,
        key="period",
        bind="query-params",
        label_visibility="collapsed",
    )
    found = preset(chosen or "28d", covered, data.catalog().calendar)
    st.caption(
        f"{range_words(found.start, found.end - timedelta(days=1))}, whole days only, compared with the {found.days} days before and with the same weekdays a year before."
    )
    return found


def span(covered: Period, default: str = "180d") -> Period:
    """Draw the choice of how far back to look and return it."""
    chosen = (
        st.segmented_control(
            "Span", list(SPANS), default=default, required=True, format_func=SPANS.__getitem__, key="span", bind="query-params"
        )
        or default
    )
    start = covered.start if chosen == "all" else max(covered.start, covered.end - timedelta(days=int(chosen.removesuffix("d"))))
    return Period(start, covered.end)


def grain(default: Grain = "week") -> Grain:
    """Draw the choice of the grain and return it."""
    return st.segmented_control(
        "Grain", list(GRAINS), default=default, required=True, format_func=GRAINS.__getitem__, key="grain", bind="query-params"
    )


def several_kpis(default: list[str]) -> list[str]:
    """Draw the choice of KPIs and return their names."""
    labels = {kpi.name: kpi.label for kpi in data.kpis()}
    known = [name for name in default if name in labels]
    return st.multiselect(
        "KPIs",
        list(labels),
        default=known,
        format_func=labels.__getitem__,
        key="kpis",
        bind="query-params",
        max_selections=6,
        placeholder="Choose KPIs to compare",
    )
