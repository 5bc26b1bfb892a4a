"""Our own small chart: panels under each other on one time axis, drawn with ECharts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from metrics.types import Event, Row
from pages.ui import echart
from pages.ui.numbers import day_words, signed_words, value_words
from pages.ui.text import drawn
from pages.ui.theme import NEUTRAL, SERIES, TIP

PANEL_PX, GAP_PX, LANE_PX, FOOT_PX, HEAD_PX = 140, 40, 24, 64, 52
LEFT, RIGHT = 96, 24
BRUSH: dict[str, Any] = {
    "brush": {
        "xAxisIndex": "all",
        "brushMode": "single",
        "throttleType": "debounce",
        "throttleDelay": 300,
        "outOfBrush": {"colorAlpha": 1},
    },
    "toolbox": {
        "right": RIGHT,
        "top": 0,
        "itemSize": 18,
        "feature": {"brush": {"type": ["lineX"], "title": {"lineX": "Zoom: drag over the days"}}},
    },
}
"""Dragging begins with the button at the top right: without it a finger on a phone could not scroll past the chart."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One KPI over time. target: a line to draw, when there is one; name: the KPI's, for events that concern it alone; part: the filter;
    verdict: on its last value."""

    label: str
    unit: str
    rows: tuple[Row, ...]
    target: float | None = None
    name: str = ""
    part: str = ""
    verdict: str = ""


def last_drawn(rows: Sequence[Row]) -> float | None:
    """Return the last value that a panel draws: of a whole period."""
    return next((row.value for row in reversed(rows) if row.complete and row.value is not None), None)


def by_board(panel: Panel, boards: Mapping[str, str]) -> list[Panel]:
    """Return one panel for each board, because sprints of two boards overlap; one alone when all boards show the same."""
    names = sorted({boards.get(row.label, "") for row in panel.rows})
    parts = {name: tuple(row for row in panel.rows if boards.get(row.label, "") == name) for name in names}
    shown = {tuple((row.period, row.value) for row in rows) for rows in parts.values()}
    if len(shown) < 2:
        return [replace(panel, rows=next(iter(parts.values()), ()))]
    return [replace(panel, label=f"{panel.label}, {drawn(name)}", rows=rows) for name, rows in parts.items()]


def timeline(panels: Sequence[Panel], events: Sequence[Event], currency: str, alt: str, key: str, zoom: Callable[[], None]) -> None:
    """Draw the panels, releases as lines through all of them, campaigns and sprints as bars below.

    zoom: called when days were dragged over; what was dragged is in the session under key, which has to change with what is shown.
    """
    options = {**timeline_options(panels, events, currency), **BRUSH}
    echart.show(options, height=options["_height"], alt=alt, key=key, on_select=zoom)


def timeline_options(panels: Sequence[Panel], events: Sequence[Event], currency: str) -> dict[str, Any]:
    """Return the ECharts options of a timeline.

    Shape: one grid, one pair of axes and one or two series (whole, and dashed where values may still move) for each panel; one last
    grid with a lane for the campaigns and one for each board's sprints. `_height` is the height in px.
    """
    lanes = lanes_of(events)
    tops = [HEAD_PX + n * (PANEL_PX + GAP_PX) for n in range(len(panels))]
    floor = tops[-1] + PANEL_PX + 34
    grids = [{"left": LEFT, "right": RIGHT, "top": top, "height": PANEL_PX} for top in tops]
    grids.append({"left": LEFT, "right": RIGHT, "top": floor, "height": max(1, len(lanes) * LANE_PX)})
    return {
        "_height": floor + len(lanes) * LANE_PX + FOOT_PX,
        "animation": False,
        "title": [
            {"text": panel_title(p), "left": LEFT - 6, "top": top - 28, "textStyle": {"fontSize": 13}}
            for p, top in zip(panels, tops, strict=True)
        ],
        "grid": grids,
        "xAxis": _time_axes(panels),
        "yAxis": [*(_value_axis(n, panel) for n, panel in enumerate(panels)), _lane_axis(len(panels), lanes)],
        "graphic": [_lane_name(name, floor + n * LANE_PX) for n, name in enumerate(lanes)],
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "tooltip": {"trigger": "axis", **TIP},
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


def panel_title(panel: Panel) -> str:
    """Return the name of a panel with its unit and the part it is filtered to."""
    words = f"{panel.label}, {panel.unit}" if panel.unit else panel.label
    return f"{words} · {panel.part}" if panel.part else words


def lanes_of(events: Sequence[Event]) -> dict[str, list[Event]]:
    """Return the lanes: campaigns together, sprints of each board apart."""
    found: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda e: (e.kind, e.detail if e.kind == "sprint" else "", e.start)):
        if event.kind not in ("release", "definition", "note"):
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
    text = drawn(name, 13)
    return {
        "type": "text",
        "left": 6,
        "top": top + 7,
        "style": {"text": text, "width": LEFT - 12, "overflow": "truncate", "fontSize": 11, "fill": NEUTRAL},
    }


def _drawn(value: float | None, unit: str) -> float | None:
    """Rates are drawn in percent, so that the axis reads 5 % and not 0.05."""
    if value is None:
        return None
    return round(value * 100, 6) if unit == "%" else value


def drawn_lines(panel: Panel) -> tuple[list[list[Any]], list[list[Any]]]:
    """Return the points (day, value or None) of two lines: what is whole, and what may still move with the point that it starts from."""
    rows, whole, moving = panel.rows, [], []
    for n, row in enumerate(rows):
        at, value = row.period.start.isoformat(), _drawn(row.value, panel.unit) if row.complete else None
        leads = n + 1 < len(rows) and rows[n + 1].settling and rows[n + 1].complete
        whole.append([at, None if row.settling else value])
        moving.append([at, value if row.settling or leads else None])
    return whole, moving


def _lines(place: int, panel: Panel, events: Sequence[Event]) -> list[dict[str, Any]]:
    """Draw whole periods; a period that still runs is left out, because a part of it beside whole ones looks like a fall."""
    colour, rows = SERIES[place % len(SERIES)], panel.rows
    whole, moving = drawn_lines(panel)
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
        {"xAxis": e.start.isoformat(), "label": {**plain, "show": place == 0, "formatter": drawn(e.name, 24), "position": "end"}}
        for e in events
        if e.kind == "release"
    ]
    changed = {
        "lineStyle": {"type": "dashed", "color": colour},
        "label": {**plain, "show": True, "formatter": "definition changed", "position": "insideStartTop"},
    }
    lines += [{"xAxis": e.start.isoformat(), **changed} for e in events if e.kind == "definition" and e.id == panel.name]
    noted = {**changed, "label": {**plain, "show": True, "formatter": "note", "position": "insideStartTop"}}
    lines += [{"xAxis": e.start.isoformat(), **noted} for e in events if e.kind == "note" and e.id == panel.name]
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
        text = drawn(event.name if event.kind == "campaign" else event.name.rsplit(" ", 1)[-1])
        label = {"show": True, "formatter": text, "position": "inside", "fontSize": 10, "color": "inherit", "textBorderWidth": 0}
        begin = {
            "xAxis": event.start.isoformat(),
            "yAxis": lane + 0.1,
            "name": drawn(event.name),
            "itemStyle": shade,
            "label": {**label, "color": NEUTRAL},
        }
        areas.append([begin, {"xAxis": event.end.isoformat(), "yAxis": lane + 0.9}])
    return {
        "type": "line",
        "name": drawn(name),
        "xAxisIndex": place,
        "yAxisIndex": place,
        "data": [],
        "markArea": {"silent": True, "data": areas},
    }


def panel_words(panel: Panel, currency: str) -> str:
    """Return what a panel shows, in words: whole periods alone, their first and last value, how far apart, and the target."""
    name = f"{panel.label} ({panel.part})" if panel.part else panel.label
    known = [(row.value, day_words(row.period.start)) for row in panel.rows if row.value is not None and row.complete]
    if not known:
        return f"{name}: no values"
    (first, begin), (last, end) = known[0], known[-1]
    words = f"{name}: from {value_words(first, panel.unit, currency)} ({begin}) to {value_words(last, panel.unit, currency)} ({end}), "
    words += "unchanged" if first == last else signed_words(last - first, panel.unit, currency)
    if panel.target is not None:
        words += f"; target {value_words(panel.target, panel.unit, currency)}"
    return f"{words}; {panel.verdict}" if panel.verdict else words
