"""Axes of charts in the visitor's locale. ECharts itself writes English numbers and months only.

English keeps ECharts' own. Elsewhere ticks are chosen here and written by Babel: they are the names of a second axis, of categories, in
the same place. Days are templates of digits.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from babel import Locale

from metrics import numerals

Axis = dict[str, Any]
Side = Literal["xAxis", "yAxis"]
SIDES: tuple[Side, Side] = ("xAxis", "yAxis")
"""In the order of a point's coordinates."""
PERCENT = "{value} %"
"""How an axis of rates says so; they are drawn in percent."""
INTERVALS = 4
NUMBER = (int, float)
TEMPLATE = {"d": "{d}", "dd": "{dd}", "M": "{M}", "MM": "{MM}", "MMM": "{MM}", "L": "{M}", "LL": "{MM}", "y": "{yyyy}", "yy": "{yy}"}
LETTERS = re.compile(r"'[^']*'|([A-Za-z])\1*|[^A-Za-z']+")


def localised(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with numbers and days on the axes as the visitor reads them; the names of categories stay."""
    if numerals.locale() == "en":
        return options
    return {**options, **{side: _side(options, side) for side in SIDES}}


def every(options: Mapping[str, Any], side: Side) -> list[Axis]:
    """Return the axes of a side, also where there is one that stands for itself."""
    axes = options[side]
    return list(axes) if isinstance(axes, (list, tuple)) else [axes]


def coordinates(entry: Any, number: int, value_at: int) -> list[Any]:
    """Return where a point lies, (x, y): of a plain value its number is the other coordinate. value_at: the place of the value."""
    at = entry["value"] if isinstance(entry, Mapping) else entry
    if isinstance(at, (list, tuple)):
        return list(at[:2])
    return [number, at] if value_at else [at, number]


def is_percent(axis: Axis) -> bool:
    """Whether an axis shows rates."""
    return bool(axis.get("axisLabel", {}).get("formatter") == PERCENT)


def nice(low: float, high: float, most: int = 3, least: float = 0.0) -> list[float]:
    """Return ticks a 1, 2 or 5 times a power of ten apart that reach from below the lowest to above the highest value.

    most: of the intervals, when the values begin at a tick; least: of the distance between ticks.

    >>> nice(2850.0, 3380.0)
    [2800.0, 3000.0, 3200.0, 3400.0]
    >>> nice(5.0, 5.0)
    [4.0, 5.0, 6.0]
    """
    if low == high:
        spread = abs(low) / 5 or 1.0
        low, high = low - spread, high + spread
    rough = max((high - low) / most, least)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(n * step, 10) for n in range(first, last + 1)]


def value_words(drawn: float, axis: Axis, places: int) -> str:
    """Return a number of an axis with so many decimals."""
    return numerals.percent(drawn / 100, places) if is_percent(axis) else numerals.fixed(drawn, places)


def _side(options: Mapping[str, Any], side: Side) -> list[Axis]:
    axes, named = [], []
    for place, axis in enumerate(every(options, side)):
        label = axis.get("axisLabel", {})
        drawn = _drawn(options["series"], side, place) if axis["type"] == "value" and label.get("show", True) else []
        if drawn:
            ticks = _ticks(axis, drawn)
            axes.append({**axis, "min": ticks[0], "max": ticks[-1], "interval": ticks[1] - ticks[0], "axisLabel": {"show": False}})
            named.append(_names(axis, ticks, side))
        elif axis["type"] == "time":
            axes.append({**axis, "axisLabel": {**label, "formatter": _days()}})
        else:
            axes.append(axis)
    return [*axes, *named]


def _ticks(axis: Axis, drawn: Sequence[float]) -> list[float]:
    """Only an axis that says `scale` may leave 0 out."""
    levels = drawn if axis.get("scale") else [*drawn, 0.0]
    return nice(min(levels), max(levels), axis.get("splitNumber", INTERVALS), axis.get("minInterval", 0.0))


def _names(axis: Axis, ticks: Sequence[float], side: Side) -> Axis:
    """Return the axis that bears the words: its categories lie as far apart as the ticks, and nothing else of it is seen."""
    places = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9))
    hidden = {name: {"show": False} for name in ("axisLine", "axisTick", "splitLine")}
    label = {name: value for name, value in axis.get("axisLabel", {}).items() if name != "formatter"}
    return {
        "type": "category",
        "gridIndex": axis.get("gridIndex", 0),
        "position": "left" if side == "yAxis" else "bottom",
        "boundaryGap": False,
        "data": [value_words(tick, axis, places) for tick in ticks],
        "axisLabel": {**label, "hideOverlap": True},
        "axisPointer": {"show": False, "triggerTooltip": False},
        **hidden,
    }


def _drawn(series: Sequence[Mapping[str, Any]], side: Side, place: int) -> list[float]:
    """Return the numbers that are drawn on an axis: those of points, of what is stacked, and of lines that mark a value."""
    value_at, found = SIDES.index(side), []
    stacked: defaultdict[tuple[str, str], float] = defaultdict(float)
    for one in (one for one in series if one.get(f"{side}Index", 0) == place):
        for other, value in _numbers(one, value_at):
            if "stack" in one:
                value = stacked[one["stack"], other] = stacked[one["stack"], other] + value
            found.append(value)
        found += [mark[side] for mark in one.get("markLine", {}).get("data", []) if isinstance(mark.get(side), NUMBER)]
    return found


def _numbers(one: Mapping[str, Any], value_at: int) -> Iterator[tuple[str, float]]:
    for number, entry in enumerate(one["data"]):
        at = coordinates(entry, number, value_at)
        if isinstance(at[value_at], NUMBER):
            yield str(at[1 - value_at]), float(at[value_at])


def _days() -> dict[str, str]:
    return {"year": "{yyyy}", "month": _template("yM"), "day": _template("Md")}


def _template(skeleton: str) -> str:
    """Return how a locale puts day, month and year together in digits, in ECharts' words."""
    pattern = str(Locale.parse(numerals.locale()).datetime_skeletons[skeleton])
    parts = [found[0] for found in LETTERS.finditer(pattern)]
    return "".join(TEMPLATE.get(part, part.strip("'")) for part in parts)
