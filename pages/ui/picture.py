"""The timeline as a picture that stands on its own: title, days, filter, state of the data. Drawn by Vega-Lite, without a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from babel import Locale

from metrics import numerals
from metrics.types import Event
from pages.ui.chart import Panel, drawn_lines, lanes_of, panel_title
from pages.ui.text import plain
from pages.ui.theme import NEUTRAL, SERIES

Kind = Literal["png", "svg"]
WIDTH, PANEL_PX, LANE_PX, SCALE = 900, 130, 22, 2
MONTHS_FROM = 100
"""From so many days on the axis names months."""
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": "#FFFFFF",
    "padding": 16,
    "title": {"anchor": "start", "fontSize": 18, "subtitleFontSize": 12, "subtitleColor": "#595959", "subtitlePadding": 6, "offset": 14},
    "axis": {
        "labelFontSize": 11,
        "titleFontSize": 11,
        "labelColor": "#1A1A1A",
        "domainColor": NEUTRAL,
        "tickColor": NEUTRAL,
        "gridColor": "#E6E9ED",
    },
    "view": {"stroke": None},
}
PARTS = re.compile(r"'[^']*'|([A-Za-z])(?:\1)*|.")
D3 = {"d": "%-d", "dd": "%d", "M": "%-m", "MM": "%m", "MMM": "%b", "LLL": "%b", "MMMM": "%B", "LLLL": "%B", "y": "%Y"}
DAY = {"field": "day", "type": "temporal", "timeUnit": "utcyearmonthdate"}


@dataclass(frozen=True, slots=True)
class Heading:
    """What a picture says of itself. lines: period and filter, state of the data."""

    title: str
    lines: tuple[str, ...]


def draw(heading: Heading, panels: Sequence[Panel], events: Sequence[Event], kind: Kind) -> bytes:
    """Return the picture as a file; SVG keeps the text as text."""
    import vl_convert  # half a second and 100 MB: only who asks for a picture pays

    spec = picture_spec(heading, panels, events)
    ways: dict[str, Any] = {"format_locale": _numbers(), "time_format_locale": _days(), "allowed_base_urls": []}
    if kind == "svg":
        text: str = vl_convert.vegalite_to_svg(spec, **ways)
        return text.encode()
    found: bytes = vl_convert.vegalite_to_png(spec, scale=SCALE, **ways)
    return found


def _numbers() -> dict[str, Any]:
    """Return how the axes write numbers, in the words of d3-format."""
    signs = Locale.parse(numerals.locale()).number_symbols["latn"]
    return {"decimal": signs["decimal"], "thousands": signs["group"], "grouping": [3], "currency": ["", ""], "minus": numerals.MINUS}


def _days() -> dict[str, Any]:
    """Return how the axes write days, in the words of d3-time-format; its weeks begin with Sunday, Babel's with Monday."""
    known = Locale.parse(numerals.locale())
    week, months = known.days["format"], known.months["format"]
    of = {"days": week["wide"], "shortDays": week["abbreviated"]}
    named = {name: [words[(n + 6) % 7] for n in range(7)] for name, words in of.items()}
    years = {"months": months["wide"], "shortMonths": months["abbreviated"]}
    named |= {name: [words[n] for n in range(1, 13)] for name, words in years.items()}
    return {"dateTime": "%Y-%m-%d %H:%M", "date": "%Y-%m-%d", "time": "%H:%M", "periods": ["AM", "PM"], **named}


def _written(skeleton: str) -> str:
    """Return how a locale puts a day or a month together, in the words of d3-time-format."""
    name = numerals.locale()
    pattern = "d MMM y" if (name, skeleton) == ("en", "yMMMd") else str(Locale.parse(name).datetime_skeletons[skeleton])
    parts = [found[0] for found in PARTS.finditer(pattern)]
    return "".join(D3.get(part, part.strip("'")) for part in parts)


def picture_spec(heading: Heading, panels: Sequence[Panel], events: Sequence[Event]) -> dict[str, Any]:
    """Return the Vega-Lite chart: one view for each panel, all over the same days, and the campaigns and sprints below."""
    rows = [row for panel in panels for row in panel.rows]
    days = [min(row.period.start for row in rows).isoformat(), max(row.period.end for row in rows).isoformat()]
    of_months = (max(row.period.end for row in rows) - min(row.period.start for row in rows)).days > MONTHS_FROM
    ticks: dict[str, Any] = (
        {"tickCount": {"interval": "month", "step": 1}, "format": _written("yMMM")}
        if of_months
        else {"tickCount": 8, "format": _written("yMMMd")}
    )
    axis = {"title": None, "labelOverlap": True, "grid": False, **ticks}
    x: dict[str, Any] = {**DAY, "scale": {"type": "utc", "domain": days, "nice": False}, "axis": axis}
    bare = {**x, "axis": {**axis, "labels": False, "ticks": False}}
    views = [_panel(place, panel, events, x if place == len(panels) - 1 else bare) for place, panel in enumerate(panels)]
    lanes = lanes_of(events)
    if lanes:
        views.append(_lanes(lanes, x))
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {"text": plain(heading.title), "subtitle": [plain(line) for line in heading.lines]},
        "vconcat": views,
        "config": CONFIG,
    }


def _panel(place: int, panel: Panel, events: Sequence[Event], x: dict[str, Any]) -> dict[str, Any]:
    whole, moving = drawn_lines(panel)
    colour = SERIES[place % len(SERIES)]
    points, sign = len(panel.rows) < 60, numerals.percent(0).replace("0", "")
    y = {
        "field": "value",
        "type": "quantitative",
        "scale": {"zero": False, "nice": True},
        "axis": {"title": None, "tickCount": 4, **({"labelExpr": f"datum.label + {json.dumps(sign)}"} if panel.unit == "%" else {})},
    }
    layers = [
        {
            "data": {"values": [{"day": e.start.isoformat(), "name": plain(e.name)} for e in events if e.kind == "release"]},
            "layer": _releases(place, x),
        },
        _line(whole, colour, x, y, [], points),
        _line(moving, colour, x, y, [6, 4], points),
    ]
    changed = [{"day": e.start.isoformat()} for e in events if e.kind == "definition" and e.id == panel.name]
    if changed:
        layers.append({"data": {"values": changed}, "mark": {"type": "rule", "strokeDash": [6, 4], "color": colour}, "encoding": {"x": x}})
    if panel.target is not None:
        value = panel.target * 100 if panel.unit == "%" else panel.target
        rule = {"mark": {"type": "rule", "strokeDash": [2, 3], "strokeWidth": 1.5, "color": colour}, "encoding": {"y": y}}
        word = {
            "mark": {"type": "text", "align": "right", "dy": -7, "fontSize": 10, "color": NEUTRAL, "text": "target"},
            "encoding": {"y": y, "x": {"value": WIDTH}},
        }
        layers.append({"data": {"values": [{"value": value}]}, "layer": [rule, word]})
    return {
        "title": {"text": plain(panel_title(panel)), "fontSize": 13, "frame": "group", "offset": 20 if place == 0 else 6},
        "width": WIDTH,
        "height": PANEL_PX,
        "layer": layers,
    }


def _line(
    points: Sequence[Sequence[Any]], colour: str, x: dict[str, Any], y: dict[str, Any], dash: list[int], dots: bool
) -> dict[str, Any]:
    mark = {"type": "line", "color": colour, "strokeWidth": 2, "strokeDash": dash, "invalid": "break-paths-show-domains"}
    values = [{"day": day, "value": value} for day, value in points]
    line = {"mark": mark, "encoding": {"x": x, "y": y}}
    dot = {
        "mark": {"type": "point", "size": 18, "filled": not dash, "color": colour},
        "transform": [{"filter": {"field": "value", "valid": True}}],
        "encoding": {"x": x, "y": y},
    }
    return {"data": {"values": values}, "layer": [line, dot] if dots else [line]}


def _releases(place: int, x: dict[str, Any]) -> list[dict[str, Any]]:
    rule = {"mark": {"type": "rule", "color": NEUTRAL, "opacity": 0.7}, "encoding": {"x": x}}
    name = {
        "mark": {"type": "text", "align": "center", "baseline": "bottom", "dy": -3, "fontSize": 10, "color": NEUTRAL},
        "encoding": {"x": x, "y": {"value": 0}, "text": {"field": "name"}},
    }
    return [rule, name] if place == 0 else [rule]


def _lanes(lanes: dict[str, list[Event]], x: dict[str, Any]) -> dict[str, Any]:
    values = [
        {"day": event.start.isoformat(), "until": event.end.isoformat(), "middle": (event.start + (event.end - event.start) / 2).isoformat(),
         "lane": plain(lane), "name": plain(event.name if event.kind == "campaign" else event.name.rsplit(" ", 1)[-1]), "odd": n % 2}
        for lane, shown in lanes.items()
        for n, event in enumerate(shown)
    ]  # fmt: skip
    y = {
        "field": "lane",
        "type": "nominal",
        "sort": list(lanes),
        "axis": {"title": None, "domain": False, "ticks": False, "labelLimit": 90},
    }
    bare = {**x, "axis": None}
    bar = {
        "mark": {"type": "bar", "clip": True, "height": LANE_PX - 4},
        "encoding": {
            "x": bare,
            "x2": {"field": "until"},
            "y": y,
            "color": {"condition": {"test": "datum.lane === 'Campaigns'", "value": SERIES[1]}, "value": SERIES[2]},
            "opacity": {"condition": {"test": "datum.odd === 1", "value": 0.45}, "value": 0.28},
        },
    }
    name = {
        "mark": {"type": "text", "fontSize": 10, "color": "#1A1A1A", "clip": True},
        "encoding": {"x": {**bare, "field": "middle"}, "y": y, "text": {"field": "name"}},
    }
    return {"width": WIDTH, "height": {"step": LANE_PX}, "data": {"values": values}, "layer": [bar, name]}
