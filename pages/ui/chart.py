"""Our own small chart: panels under each other on one time axis, drawn with ECharts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from metrics.types import Event, Row
from pages.ui.numbers import day_words, value_words
from pages.ui.theme import NEUTRAL, SERIES

PANEL_PX, GAP_PX, LANE_PX, FOOT_PX, HEAD_PX = 140, 40, 24, 64, 34
LEFT, RIGHT = 96, 24


@dataclass(frozen=True, slots=True)
class Panel:
    """One KPI over time. target: a line to draw, when there is one; name: the KPI's, for events that concern it alone."""

    label: str
    unit: str
    rows: tuple[Row, ...]
    target: float | None = None
    name: str = ""


def by_board(panel: Panel, boards: Mapping[str, str]) -> list[Panel]:
    """Return one panel for each board, because sprints of two boards overlap; one alone when all boards show the same."""
    names = sorted({boards.get(row.label, "") for row in panel.rows})
    parts = {name: tuple(row for row in panel.rows if boards.get(row.label, "") == name) for name in names}
    shown = {tuple((row.period, row.value) for row in rows) for rows in parts.values()}
    if len(shown) < 2:
        return [replace(panel, rows=next(iter(parts.values()), ()))]
    return [replace(panel, label=f"{panel.label}, {name}", rows=rows) for name, rows in parts.items()]


def timeline(panels: Sequence[Panel], events: Sequence[Event], currency: str, alt: str, key: str) -> None:
    """Draw the panels, releases as lines through all of them, campaigns and sprints as bars below."""
    options = timeline_options(panels, events, currency)
    st.echarts_chart(options, height=options["_height"], alt=alt, key=key)


def timeline_options(panels: Sequence[Panel], events: Sequence[Event], currency: str) -> dict[str, Any]:
    """Return the ECharts options of a timeline.

    Shape: one grid, one pair of axes and one or two series (whole, and dashed where values may still move) for each panel; one last
    grid with a lane for the campaigns and one for each board's sprints. `_height` is the height in px.
    """
    lanes = _lanes(events)
    tops = [HEAD_PX + n * (PANEL_PX + GAP_PX) for n in range(len(panels))]
    floor = tops[-1] + PANEL_PX + 34
    grids = [{"left": LEFT, "right": RIGHT, "top": top, "height": PANEL_PX} for top in tops]
    grids.append({"left": LEFT, "right": RIGHT, "top": floor, "height": max(1, len(lanes) * LANE_PX)})
    return {
        "_height": floor + len(lanes) * LANE_PX + FOOT_PX,
        "animation": False,
        "title": [
            {"text": _title(p), "left": LEFT - 6, "top": top - 28, "textStyle": {"fontSize": 13}}
            for p, top in zip(panels, tops, strict=True)
        ],
        "grid": grids,
        "xAxis": _time_axes(panels),
        "yAxis": [*(_value_axis(n, panel) for n, panel in enumerate(panels)), _lane_axis(len(panels), lanes)],
        "graphic": [_lane_name(name, floor + n * LANE_PX) for n, name in enumerate(lanes)],
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "tooltip": {"trigger": "axis", "confine": True},
        "dataZoom": [
            {
                "type": "slider",
                "xAxisIndex": list(range(len(panels) + 1)),
                "height": 16,
                "bottom": 10,
                "filterMode": "none",
                "showDataShadow": False,
            }
        ],
        "series": [
            *(one for n, panel in enumerate(panels) for one in _lines(n, panel, events)),
            *(_lane(name, place, len(panels), shown) for place, (name, shown) in enumerate(lanes.items())),
        ],
    }


def _title(panel: Panel) -> str:
    return f"{panel.label}, {panel.unit}" if panel.unit else panel.label


def _lanes(events: Sequence[Event]) -> dict[str, list[Event]]:
    """Return the lanes: campaigns together, sprints of each board apart."""
    found: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda e: (e.kind, e.detail if e.kind == "sprint" else "", e.start)):
        if event.kind not in ("release", "definition"):
            found.setdefault("Campaigns" if event.kind == "campaign" else event.detail or "Sprints", []).append(event)
    return found


def _time_axes(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """One axis a panel, all from the first to the last day; only the lowest panel names the days."""
    rows = [row for panel in panels for row in panel.rows]
    first, last = min(r.period.start for r in rows).isoformat(), max(r.period.end for r in rows).isoformat()
    axis = {"type": "time", "min": first, "max": last, "axisLine": {"lineStyle": {"color": NEUTRAL}}, "splitLine": {"show": False}}
    names = [{"show": n == len(panels) - 1, "hideOverlap": True} for n in range(len(panels))]
    bare = {"gridIndex": len(panels), "axisLabel": {"show": False}, "axisTick": {"show": False}, "axisLine": {"show": False}}
    return [*({**axis, "gridIndex": n, "axisLabel": name} for n, name in enumerate(names)), {**axis, **bare}]


def _value_axis(place: int, panel: Panel) -> dict[str, Any]:
    """The scale need not begin at 0, because lines compare by place, not by length."""
    label = {"formatter": "{value} %"} if panel.unit == "%" else {}
    return {"type": "value", "gridIndex": place, "scale": True, "splitNumber": 3, "axisLabel": label}


def _lane_axis(place: int, lanes: dict[str, list[Event]]) -> dict[str, Any]:
    """Lanes lie on a number axis from the top down, named in the middle of each."""
    bare = {"axisLine": {"show": False}, "axisTick": {"show": False}, "axisLabel": {"show": False}, "splitLine": {"show": False}}
    return {"type": "value", "gridIndex": place, "min": 0, "max": max(1, len(lanes)), "inverse": True, **bare}


def _lane_name(name: str, top: int) -> dict[str, Any]:
    """Stand before the lane; a long board name is cut."""
    text = name if len(name) <= 13 else name[:12] + "…"
    return {"type": "text", "left": 6, "top": top + 7, "style": {"text": text, "fontSize": 11, "fill": NEUTRAL}}


def _drawn(value: float | None, unit: str) -> float | None:
    """Rates are drawn in percent, so that the axis reads 5 % and not 0.05."""
    if value is None:
        return None
    return round(value * 100, 6) if unit == "%" else value


def _lines(place: int, panel: Panel, events: Sequence[Event]) -> list[dict[str, Any]]:
    """Draw whole periods; a period that still runs is left out, because a part of it beside whole ones looks like a fall."""
    colour, rows = SERIES[place % len(SERIES)], panel.rows
    whole, moving = [], []
    for n, row in enumerate(rows):
        at, value = row.period.start.isoformat(), _drawn(row.value, panel.unit) if row.complete else None
        leads = n + 1 < len(rows) and rows[n + 1].settling and rows[n + 1].complete
        whole.append([at, None if row.settling else value])
        moving.append([at, value if row.settling or leads else None])
    base = {
        "type": "line",
        "xAxisIndex": place,
        "yAxisIndex": place,
        "showSymbol": len(rows) < 60,
        "symbol": "circle",
        "symbolSize": 5,
        "color": colour,
    }
    first = {**base, "name": panel.label, "data": whole, "lineStyle": {"width": 2}, "markLine": _marks(place, panel, events, colour)}
    second = {
        **base,
        "name": f"{panel.label} (may still move)",
        "data": moving,
        "lineStyle": {"width": 2, "type": "dashed"},
        "symbol": "emptyCircle",
    }
    return [first, second] if any(row.settling and row.complete for row in rows) else [first]


def _marks(place: int, panel: Panel, events: Sequence[Event], colour: str) -> dict[str, Any]:
    """Draw releases as lines through every panel, named in the first; changes of the KPI's definition in its own; and the target."""
    plain = {"fontSize": 10, "color": NEUTRAL}
    lines: list[dict[str, Any]] = [
        {"xAxis": e.start.isoformat(), "label": {**plain, "show": place == 0, "formatter": e.name, "position": "end"}}
        for e in events
        if e.kind == "release"
    ]
    changed = {
        "lineStyle": {"type": "dashed", "color": colour},
        "label": {**plain, "show": True, "formatter": "definition changed", "position": "insideStartTop"},
    }
    lines += [{"xAxis": e.start.isoformat(), **changed} for e in events if e.kind == "definition" and e.id == panel.name]
    if panel.target is not None:
        style = {
            "lineStyle": {"type": "dotted", "color": colour, "width": 1.5},
            "label": {**plain, "show": True, "formatter": "target", "position": "insideEndTop"},
        }
        lines.append({"yAxis": _drawn(panel.target, panel.unit), **style})
    return {"symbol": "none", "silent": True, "lineStyle": {"color": NEUTRAL, "type": "solid", "width": 1, "opacity": 0.7}, "data": lines}


def _lane(name: str, lane: int, place: int, events: Sequence[Event]) -> dict[str, Any]:
    """Draw events as bars from their first to their last day; a short bar shows the last word of its name."""
    areas = []
    for n, event in enumerate(events):
        shade = {"color": SERIES[1] if event.kind == "campaign" else SERIES[2], "opacity": 0.45 if n % 2 else 0.28}
        text = event.name if event.kind == "campaign" else event.name.rsplit(" ", 1)[-1]
        label = {"show": True, "formatter": text, "position": "inside", "fontSize": 10, "color": "inherit", "textBorderWidth": 0}
        begin = {
            "xAxis": event.start.isoformat(),
            "yAxis": lane + 0.1,
            "name": event.name,
            "itemStyle": shade,
            "label": {**label, "color": NEUTRAL},
        }
        areas.append([begin, {"xAxis": event.end.isoformat(), "yAxis": lane + 0.9}])
    return {
        "type": "line",
        "name": name,
        "xAxisIndex": place,
        "yAxisIndex": place,
        "data": [],
        "markArea": {"silent": True, "data": areas},
    }


def panel_words(panel: Panel, currency: str) -> str:
    """Return what a panel shows, in words."""
    known = [row for row in panel.rows if row.value is not None]
    if not known:
        return f"{panel.label}: no values"
    first, last = known[0], known[-1]
    return f"{panel.label}: from {value_words(first.value, panel.unit, currency)} ({day_words(first.period.start)}) to {value_words(last.value, panel.unit, currency)} ({day_words(last.period.start)})"
