"""The one way to draw a chart with ECharts: its axes and its tooltips are written as the visitor reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.ui import axes, tooltips


def show(options: dict[str, Any], *, height: int, alt: str, key: str, on_select: Callable[[], None] | None = None) -> None:
    """Draw a chart. height: in px; alt: what it shows, in words; on_select: called when something of it was selected."""
    st.echarts_chart(localised(options), height=height, alt=alt, key=key, on_select=on_select or "ignore")


def localised(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with numbers and days as the visitor reads them."""
    return axes.localised(tooltips.worded(options))
