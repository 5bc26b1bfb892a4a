"""Our own small chart: panels under each other on one time axis, drawn with ECharts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import streamlit as st

from metrics.types import Event, Row
from pages.ui.numbers import day_words, value_words
from pages.ui.theme import NEUTRAL, SERIES

PANEL_PX, GAP_PX, LANE_PX, FOOT_PX = 150, 46, 22, 64
LEFT, RIGHT = 72, 24
LANES = ("campaign", "sprint")


@dataclass(frozen=True, slots=True)
class Panel:
    """One KPI over time. target: a line to draw, when there is one."""

    label: str
    unit: str
    rows: tuple[Row, ...]
    target: float | None = None


def timeline(panels: Sequence[Panel], events: Sequence[Event], currency: str, alt: str, key: str) -> None:
    """Draw the panels, releases as lines through all of them, campaigns and sprints as bars below."""
    options = timeline_options(panels, events, currency)
    st.echarts_chart(options, height=options["_height"], alt=alt, key=key)


def timeline_options(panels: Sequence[Panel], events: Sequence[Event], currency: str) -> dict[str, Any]:
    """Return the ECharts options of a timeline.

    Shape: one grid, axis pair and pair of series (whole, and dashed where it is unfinished or settling) for each panel; one last grid
    with a lane for each kind of event that lasts. `_height` is the height in px.
    """
    lanes = [kind for kind in LANES if any(event.kind == kind for event in events)]
    tops = [28 + n * (PANEL_PX + GAP_PX) for n in range(len(panels))]
    floor = 28 + len(panels) * (PANEL_PX + GAP_PX)
    height = floor + len(lanes) * LANE_PX + FOOT_PX
    grids = [{"left": LEFT, "right": RIGHT, "top": top, "height": PANEL_PX} for top in tops]
    grids.append({"left": LEFT, "right": RIGHT, "top": floor, "height": max(1, len(lanes) * LANE_PX)})
    first, last = _ends(panels)
    axis = {"type": "time", "min": first, "max": last, "axisLine": {"lineStyle": {"color": NEUTRAL}}, "splitLine": {"show": False}}
    x_axes = [{**axis, "gridIndex": n, "axisLabel": {"show": True, "hideOverlap": True}} for n in range(len(panels))]
    x_axes.append(
        {**axis, "gridIndex": len(panels), "axisLabel": {"show": False}, "axisTick": {"show": False}, "axisLine": {"show": False}}
    )
    y_axes = [_value_axis(n, panel, currency) for n, panel in enumerate(panels)]
    y_axes.append(
        {
            "type": "category",
            "gridIndex": len(panels),
            "data": [_LANE_NAMES[k] for k in lanes],
            "inverse": True,
            "axisLine": {"show": False},
            "axisTick": {"show": False},
        }
    )
    series = [one for n, panel in enumerate(panels) for one in _lines(n, panel, events)]
    series += [_lane(kind, lanes.index(kind), len(panels), events) for kind in lanes]
    return {
        "_height": height,
        "animation": False,
        "title": [
            {"text": p.label, "left": LEFT - 4, "top": top - 26, "textStyle": {"fontSize": 13}} for p, top in zip(panels, tops, strict=True)
        ],
        "grid": grids,
        "xAxis": x_axes,
        "yAxis": y_axes,
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "tooltip": {"trigger": "axis", "confine": True},
        "dataZoom": [{"type": "slider", "xAxisIndex": list(range(len(panels) + 1)), "height": 18, "bottom": 10, "filterMode": "none"}],
        "series": series,
    }


_LANE_NAMES = {"campaign": "Campaigns", "sprint": "Sprints"}


def _ends(panels: Sequence[Panel]) -> tuple[str, str]:
    rows = [row for panel in panels for row in panel.rows]
    return min(r.period.start for r in rows).isoformat(), max(r.period.end for r in rows).isoformat()


def _value_axis(place: int, panel: Panel, currency: str) -> dict[str, Any]:
    """Name the ticks in the KPI's unit; the scale need not begin at 0, because lines compare by place, not by length."""
    if panel.unit == "%":
        label = {"formatter": "{value} %"}
    elif len(panel.unit) == 3 and panel.unit.isupper():
        label = {"formatter": "{value}"}
    else:
        label = {}
    return {
        "type": "value",
        "gridIndex": place,
        "scale": True,
        "splitNumber": 3,
        "axisLabel": label,
        "name": "" if panel.unit == "%" else panel.unit,
        "nameGap": 8,
        "nameTextStyle": {"align": "right"},
    }


def _drawn(value: float | None, unit: str) -> float | None:
    """Rates are drawn in percent, so that the axis reads 5 % and not 0.05."""
    if value is None:
        return None
    return round(value * 100, 6) if unit == "%" else value


def _lines(place: int, panel: Panel, events: Sequence[Event]) -> list[dict[str, Any]]:
    colour = SERIES[place % len(SERIES)]
    base = {
        "type": "line",
        "name": panel.label,
        "xAxisIndex": place,
        "yAxisIndex": place,
        "showSymbol": len(panel.rows) < 40,
        "symbolSize": 5,
        "color": colour,
    }
    whole, open_ = [], []
    for n, row in enumerate(panel.rows):
        at, value = row.period.start.isoformat(), _drawn(row.value, panel.unit)
        unfinished = row.settling or not row.complete
        follows = n + 1 < len(panel.rows) and (panel.rows[n + 1].settling or not panel.rows[n + 1].complete)
        whole.append([at, None if unfinished else value])
        open_.append([at, value if unfinished or follows else None])
    marks = [{"xAxis": e.start.isoformat(), "name": e.name} for e in events if e.kind == "release"]
    lines: list[dict[str, Any]] = [
        {**m, "label": {"show": place == 0, "formatter": m["name"], "fontSize": 10, "position": "end", "rotate": 0}} for m in marks
    ]
    if panel.target is not None:
        lines.append(
            {
                "yAxis": _drawn(panel.target, panel.unit),
                "lineStyle": {"type": "dotted", "color": colour},
                "label": {"show": True, "formatter": "target", "position": "insideEndTop", "fontSize": 10},
            }
        )
    mark = {"symbol": "none", "silent": True, "lineStyle": {"color": NEUTRAL, "type": "solid", "width": 1}, "data": lines}
    first = {**base, "data": whole, "lineStyle": {"width": 2}, "markLine": mark}
    second = {
        **base,
        "name": f"{panel.label} (unfinished)",
        "data": open_,
        "lineStyle": {"width": 2, "type": "dashed"},
        "symbol": "emptyCircle",
    }
    return [first, second] if any(value is not None for _, value in open_) else [first]


def _lane(kind: str, lane: int, place: int, events: Sequence[Event]) -> dict[str, Any]:
    """Draw the events of a kind as bars in its lane: a marked area for each, from its first to its last day."""
    areas = []
    for n, event in enumerate(e for e in events if e.kind == kind):
        shade = {"color": SERIES[1] if kind == "campaign" else SERIES[2], "opacity": 0.28 if n % 2 else 0.16}
        ends = [{"xAxis": event.start.isoformat(), "yAxis": lane - 0.45}, {"xAxis": event.end.isoformat(), "yAxis": lane + 0.45}]
        show = (event.end - event.start) >= timedelta(days=6)
        areas.append(
            [
                {
                    **ends[0],
                    "name": event.name,
                    "itemStyle": shade,
                    "label": {"show": show, "position": "inside", "fontSize": 10, "overflow": "truncate"},
                },
                ends[1],
            ]
        )
    return {
        "type": "line",
        "name": _LANE_NAMES[kind],
        "xAxisIndex": place,
        "yAxisIndex": place,
        "data": [],
        "markArea": {"silent": False, "data": areas},
    }


def panel_words(panel: Panel, currency: str) -> str:
    """Return what a panel shows, in words."""
    known = [row for row in panel.rows if row.value is not None]
    if not known:
        return f"{panel.label}: no values"
    first, last = known[0], known[-1]
    return f"{panel.label}: from {value_words(first.value, panel.unit, currency)} ({day_words(first.period.start)}) to {value_words(last.value, panel.unit, currency)} ({day_words(last.period.start)})"
