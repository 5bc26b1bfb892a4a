"""What a chart tells of a point, in the visitor's locale. ECharts itself writes every digit that a number has, and days as a machine does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from metrics import numerals
from pages.ui.axes import SIDES, Axis, coordinates, every, value_words

HELD = {"dimensions": ["x", "y", {"name": "words", "type": "ordinal"}], "encode": {"x": 0, "y": 1, "tooltip": 2}}
"""A point is (x, y, its words), and the tooltip shows the words."""
ABSENT = "–"


def worded(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with words at every point that a tooltip tells of; where it tells of a day, the day stands above."""
    if "tooltip" not in options:
        return options
    x, y = (every(options, side) for side in SIDES)
    is_item = options["tooltip"]["trigger"] == "item"
    series: list[dict[str, Any]] = []
    headed: set[int] = set()
    for one in options["series"]:
        if not one["data"] or not one.get("tooltip", {}).get("show", True):
            series.append(one)
            continue
        place = one.get("xAxisIndex", 0)
        told = _told(one, x[place], y[one.get("yAxisIndex", 0)], is_item)
        if x[place]["type"] == "time" and not is_item and place not in headed:
            headed.add(place)
            series.append(_days(told))
        series.append(told)
    pointer = {"axisPointer": {"label": {"formatter": " "}}} if headed else {}
    return {**options, "series": series, "tooltip": {**options["tooltip"], **pointer}}


def _told(one: Mapping[str, Any], x: Axis, y: Axis, is_item: bool) -> dict[str, Any]:
    value_at = 0 if y["type"] == "category" else 1
    names_day = is_item and x["type"] == "time" and value_at == 1
    data = []
    for number, entry in enumerate(one["data"]):
        at = coordinates(entry, number, value_at)
        words = _words(at[value_at], (x, y)[value_at])
        point = [*at, f"{_day(at[0])}: {words}" if names_day else words]
        data.append({**entry, "value": point} if isinstance(entry, Mapping) else {"value": point})
    return {**one, "data": data, **HELD}


def _days(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line of nothing: nameless and without colour it is the first one that the tooltip of an axis tells of, as a heading."""
    data = [{"value": [day, None, _day(day)]} for day, *_ in (entry["value"] for entry in told["data"])]
    place = {name: told[name] for name in ("xAxisIndex", "yAxisIndex") if name in told}
    return {"type": "line", "symbol": "none", "silent": True, "color": "transparent", **place, "data": data, **HELD}


def _words(value: Any, axis: Axis) -> str:
    if value is None:
        return ABSENT
    return _day(value) if axis["type"] == "time" else value_words(value, axis, _places(value))


def _places(value: float) -> int:
    """Two decimals, or two digits that are not 0; none from 100 on and for whole numbers."""
    if value == int(value) or abs(value) >= 100:
        return 0
    return max(2, 1 - math.floor(math.log10(abs(value))))


def _day(at: str) -> str:
    return numerals.day(date.fromisoformat(at[:10]))
