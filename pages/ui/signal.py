"""The XmR chart of a KPI: values, what is expected of them, limits and phases; and the same as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from metrics import KPI
from metrics.numerals import fixed
from metrics.signal_types import Point, Signal
from metrics.verdict import NOUNS, sentence
from pages.ui import data, echart, states, table
from pages.ui.numbers import day_words, first_day, period_words, signed_words, value_words
from pages.ui.text import markdown
from pages.ui.theme import NEUTRAL, SERIES, STATUS, TIP

PANEL_PX, GAP_PX, TOP_PX, FOOT_PX, LEFT, RIGHT = 230, 84, 40, 40, 64, 20
MARKS = {1: ("triangle", 12), 2: ("diamond", 11), 3: ("emptyCircle", 7)}
"""Rule → shape and size of its point."""
RULES = {
    "wheeler": "▲ a point outside the limits (rule 1) and ◆ eight in a row on one side of the centre (rule 2) are signals. "
    "Three of four nearer to a limit than to the centre (rule 3) are a hint only.",
    "nhs": "▲ a point outside the limits (rule 1) and ◆ seven in a row on one side, rising or falling (rule 2) are signals. "
    "Two of three beyond two thirds of the way to a limit (rule 3) are a hint only.",
}


def height(found: Signal) -> int:
    """Return the chart's height in px."""
    return TOP_PX + PANEL_PX + FOOT_PX + (PANEL_PX + GAP_PX if found.follows else 0)


def options(found: Signal, kpi: KPI, happened: Sequence[tuple[date, str]] = ()) -> dict[str, Any]:
    """Return the ECharts options: one panel of values; under it the differences from the one-step forecast where those are judged.

    happened: (day, name) of what is drawn as a line through the period that it lies in.
    """
    labels = [_period(point) for point in found.points]
    panels = 2 if found.follows else 1
    tops = [TOP_PX + n * (PANEL_PX + GAP_PX) for n in range(panels)]
    titles = [_title(found, kpi), "Difference from the one-step forecast"][:panels]
    axis = {"type": "category", "data": labels, "axisLine": {"lineStyle": {"color": NEUTRAL}}, "axisLabel": {"hideOverlap": True}}
    scale = {"type": "value", "scale": True, "splitNumber": 4, "axisLabel": {"formatter": "{value} %"} if kpi.unit == "%" else {}}
    return {
        "animation": False,
        "title": [
            {"text": text, "left": LEFT - 6, "top": top - 32, "textStyle": {"fontSize": 13}} for text, top in zip(titles, tops, strict=True)
        ],
        "grid": [{"left": LEFT, "right": RIGHT, "top": top, "height": PANEL_PX} for top in tops],
        "xAxis": [{**axis, "gridIndex": n} for n in range(panels)],
        "yAxis": [{**scale, "gridIndex": n} for n in range(panels)],
        "tooltip": {"trigger": "axis", **TIP},
        "series": [*_values(found, kpi, happened), *(_residuals(found, kpi) if found.follows else [])],
    }


def _title(found: Signal, kpi: KPI) -> str:
    of = (
        f"by {NOUNS[found.grain].removesuffix('s')}, freed of its weekday"
        if found.is_adjusted
        else f"by {NOUNS[found.grain].removesuffix('s')}"
    )
    return f"{kpi.label} {of}{f', {kpi.unit}' if kpi.unit else ''}"


def _values(found: Signal, kpi: KPI, happened: Sequence[tuple[date, str]]) -> list[dict[str, Any]]:
    points = found.points
    target = found.status.target if found.status is not None else None
    lines = _band(0, [p.lower for p in points], [p.expected for p in points], [p.upper for p in points], kpi.unit)
    main = _main(0, kpi.label, points, [p.adjusted for p in points], kpi.unit, not found.follows)
    main["markLine"] = _marks(found, target, kpi.unit, happened)
    return [*lines, main]


def _residuals(found: Signal, kpi: KPI) -> list[dict[str, Any]]:
    drawn = [next((phase.limits for phase in found.phases if phase.start <= n < phase.stop), None) for n in range(len(found.points))]
    lower, centre, upper = ([None if one is None else getattr(one, name) for one in drawn] for name in ("lower", "centre", "upper"))
    return [
        *_band(1, lower, centre, upper, kpi.unit),
        _main(1, "difference", found.points, [p.judged for p in found.points], kpi.unit, True),
    ]


def _main(place: int, name: str, points: Sequence[Point], values: Sequence[float | None], unit: str, marked: bool) -> dict[str, Any]:
    """Draw the values; a point that completes a rule has its rule's shape."""
    data = []
    for point, value in zip(points, values, strict=True):
        rule = point.rules[0] if point.rules and marked else None
        shape, size = MARKS[rule] if rule is not None else ("circle", 4)
        colour = {"color": STATUS["missed"]} if rule in (1, 2) else {}
        data.append({"value": _drawn(value, unit), "symbol": shape, "symbolSize": size, "itemStyle": colour})
    return {
        "type": "line",
        "name": name,
        "xAxisIndex": place,
        "yAxisIndex": place,
        "color": SERIES[0],
        "lineStyle": {"width": 2},
        "showAllSymbol": True,
        "data": data,
        "z": 3,
    }


def _band(
    place: int, lower: Sequence[float | None], centre: Sequence[float | None], upper: Sequence[float | None], unit: str
) -> list[dict[str, Any]]:
    """Draw the limits as a band with its edges, and what is expected as a dashed line; a new phase makes a step."""
    base = {"type": "line", "xAxisIndex": place, "yAxisIndex": place, "symbol": "none", "color": NEUTRAL, "silent": True}
    low, middle, high = ([_drawn(value, unit) for value in side] for side in (lower, centre, upper))
    width = [None if a is None or b is None else round(b - a, 6) for a, b in zip(low, high, strict=True)]
    edge = {"width": 1, "type": "solid", "opacity": 0.7}
    area = {**base, "stack": f"band {place}", "stackStrategy": "all", "tooltip": {"show": False}}
    return [
        {**area, "name": f"below {place}", "data": low, "lineStyle": {"opacity": 0}},
        {**area, "name": f"band {place}", "data": width, "lineStyle": {"opacity": 0}, "areaStyle": {"color": NEUTRAL, "opacity": 0.12}},
        {**base, "name": "lower limit", "data": low, "lineStyle": edge},
        {**base, "name": "upper limit", "data": high, "lineStyle": edge},
        {**base, "name": "expected", "data": middle, "lineStyle": {"width": 1.5, "type": "dashed"}},
    ]


def _marks(found: Signal, target: float | None, unit: str, happened: Sequence[tuple[date, str]]) -> dict[str, Any]:
    """Draw where a declared phase begins, with its reason, what happened in a period, and the target."""
    plain = {"fontSize": 10, "color": NEUTRAL, "show": True}
    begun = [phase for phase in found.phases if phase.why]
    lines: list[dict[str, Any]] = [
        {"xAxis": _period(found.points[phase.start]), "label": {**plain, "formatter": phase.why[:40], "position": "insideEndTop"}}
        for phase in begun
    ]
    for day, name in happened:
        point = next((point for point in found.points if point.period.start <= day < point.period.end), None)
        if point is not None:
            style = {"lineStyle": {"type": "dashed" if name == "note" else "solid", "color": NEUTRAL, "width": 1}}
            lines.append({"xAxis": _period(point), "label": {**plain, "formatter": name[:24], "position": "end"}, **style})
    if target is not None:
        label = {**plain, "formatter": "target", "position": "insideEndTop"}
        lines.append({"yAxis": _drawn(target, unit), "lineStyle": {"type": "dotted", "color": SERIES[0], "width": 1.5}, "label": label})
    return {"symbol": "none", "silent": True, "lineStyle": {"color": NEUTRAL, "type": "solid", "width": 1}, "data": lines}


def _period(point: Point) -> str:
    """Return the name of a period on the axis: its first day, or the sprint's."""
    shown = first_day(point.label, point.period)
    return shown if isinstance(shown, str) else day_words(shown)


def _drawn(value: float | None, unit: str) -> float | None:
    """Rates are drawn in percent."""
    if value is None:
        return None
    return round(value * 100, 6) if unit == "%" else round(value, 6)


def alt_text(found: Signal, kpi: KPI, currency: str) -> str:
    """Return what the chart shows, in words."""
    if not found.points:
        return f"{kpi.label}: no whole period yet."
    last, shown = found.points[-1], found.phases[-1].limits
    words = value_words(last.value, kpi.unit, currency)
    drawn = (
        ""
        if shown is None or last.lower is None
        else f", limits {value_words(last.lower, kpi.unit, currency)} to {value_words(last.upper, kpi.unit, currency)}"
    )
    goal = found.status.target if found.status is not None else None
    aim = "" if goal is None else f", target {value_words(goal, kpi.unit, currency)}"
    marked = sum(1 for point in found.points if {1, 2} & set(point.rules))
    return f"{kpi.label}, {len(found.points)} {NOUNS[found.grain]}, last {words}{drawn}{aim}; {marked} of them signal. {sentence(found, day_words)}"


def rows(found: Signal, kpi: KPI, currency: str) -> list[dict[str, str]]:
    """Return the points as rows of text, the newest first."""
    rows = []
    for point in reversed(found.points):
        limits = (
            "–"
            if point.lower is None
            else f"{value_words(point.lower, kpi.unit, currency)} to {value_words(point.upper, kpi.unit, currency)}"
        )
        row = {
            "period": point.label if found.grain == "sprint" else period_words(point.period),
            "value": value_words(point.value, kpi.unit, currency),
        }
        if found.is_adjusted:
            row["freed of its weekday"] = value_words(point.adjusted, kpi.unit, currency)
        row["expected"], row["limits"] = value_words(point.expected, kpi.unit, currency), limits
        if found.follows:
            row["difference"] = "–" if point.judged is None else signed_words(point.judged, kpi.unit, currency)
        rows.append({**row, "signal": ", ".join(f"rule {rule}" + (" (hint)" if rule == 3 else "") for rule in point.rules)})
    return rows


def how(found: Signal) -> str:
    """Return how it is judged, in words."""
    drawn = next((phase.limits for phase in reversed(found.phases) if phase.limits is not None), None)
    base = "" if drawn is None else f" These come from {drawn.points} points."
    return (
        f"An XmR chart (process behaviour chart) of whole, settled {NOUNS[found.grain]}. Limits are the mean of a baseline ± {fixed(2.66, 2)} mean moving ranges, drawn from the "
        f"first 12 to 24 points of a phase; then they stay, until a new phase is declared in the definition (signals: rebase, with day and reason).{base} "
        f"{RULES.get(found.rules, '')} A stable series of 24 points shows a signal in about one of ten cases."
    )


def draw(found: Signal, kpi: KPI, happened: Sequence[tuple[date, str]]) -> None:
    """Draw the chart with its notes and numbers; or why there is none."""
    currency = data.catalog().calendar.currency
    if found.points:
        echart.show(options(found, kpi, happened), height=height(found), alt=alt_text(found, kpi, currency), key="signal")
    else:
        states.nothing(f"{found.reason or 'No whole period has a value'}.")
    for note in found.notes:
        st.caption(f"{note[0].upper()}{markdown(note[1:])}.")
    with st.expander("The numbers and how they are judged"):
        st.write(how(found))
        table.show(rows(found, kpi, currency), f"{kpi.name}_signal")
