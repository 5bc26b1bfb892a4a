"""The charts of the page Delivery: finish dates, burndown, sprints, cycle times, items a week, work in progress."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from metrics.delivery_types import Burndown, Delivery, Flow, Outlook, Sprint
from metrics.numerals import day_and_month
from pages.ui import delivery_words as words
from pages.ui import echart
from pages.ui.delivery_words import chance_words, flow_words, sprint_name
from pages.ui.text import drawn
from pages.ui.theme import NEUTRAL, SERIES, TIP

BLUE, RED, GREEN, PINK = SERIES[0], SERIES[1], SERIES[2], SERIES[3]
ROW_PX = 44
GRID = {"left": 44, "right": 20, "top": 44, "bottom": 30}
BASE: dict[str, Any] = {"animation": False, "tooltip": {"trigger": "axis", **TIP}}
DATES = (("50 %", "circle", "p50"), ("85 %", "triangle", "p85"), ("95 %", "rect", "p95"))


def finish_dates(outlooks: Sequence[Outlook], today: date) -> None:
    """Draw for each body of work when it is done: a bar from 50 to 95 %, and the day it is due."""
    shown = [one for one in outlooks if one.p95 is not None]
    if shown:
        echart.show(finish_options(shown, today), height=ROW_PX * len(shown) + 84, alt=words.finish_alt(shown), key="finish")


def finish_options(shown: Sequence[Outlook], today: date) -> dict[str, Any]:
    """Return the options of the finish dates: one row a body of work, the first on top."""
    bars = [
        {
            "type": "line",
            "name": "50 to 95 %",
            "silent": True,
            "symbol": "none",
            "color": BLUE,
            "lineStyle": {"width": 10, "opacity": 0.3, "color": BLUE},
            "data": [[str(one.p50), n], [str(one.p95), n]],
        }
        for n, one in enumerate(shown)
    ]
    marks = [
        {"type": "scatter", "name": label, "symbol": symbol, "symbolSize": 10, "color": BLUE, "data": [[str(getattr(one, field)), n] for n, one in enumerate(shown)]}
        for label, symbol, field in DATES
    ]  # fmt: skip
    due = [[str(one.due), n] for n, one in enumerate(shown) if one.due is not None]
    if due:
        marks.append({"type": "scatter", "name": "planned for", "symbol": "diamond", "symbolSize": 13, "color": RED, "data": due})
    names = [f"{drawn(one.name)}: {one.items} open, {chance_words(one)}" for one in shown]
    label = {"inside": True, "align": "left", "verticalAlign": "bottom", "padding": [0, 0, 9, 0], "margin": 2, "formatter": "{value}"}
    return {
        **BASE,
        "tooltip": {"trigger": "item", **TIP},
        "legend": {"data": [mark["name"] for mark in marks], "top": 4},
        "grid": {"left": 14, "right": 24, "top": 34, "bottom": 30},
        "xAxis": {"type": "time", "min": str(today), "axisLabel": {"hideOverlap": True}, "axisLine": {"lineStyle": {"color": NEUTRAL}}},
        "yAxis": {"type": "category", "inverse": True, "data": names, "axisLabel": label, "axisTick": {"show": False}, "z": 9},
        "series": [*bars, *marks],
    }


def burndown(found: Burndown) -> None:
    """Draw what remains, the even pace, and changes of scope as bars of their own."""
    echart.show(burndown_options(found), height=300, alt=words.burndown_alt(found), key="burndown")


def burndown_options(found: Burndown) -> dict[str, Any]:
    """Return the options of a burndown."""
    line = {"type": "line", "symbolSize": 5}
    series = [
        {**line, "name": "remaining", "color": BLUE, "lineStyle": {"width": 2}, "data": list(found.remaining)},
        {"type": "bar", "name": "change of scope", "color": RED, "barMaxWidth": 10, "data": [step or None for step in found.scope_steps]},
    ]
    if found.ideal is not None:
        ideal = {**line, "name": "even pace", "color": NEUTRAL, "symbol": "none", "lineStyle": {"type": "dashed", "width": 1}}
        series.append({**ideal, "data": [round(value, 2) for value in found.ideal]})
    return {**BASE, "legend": {"top": 4}, "grid": GRID, "xAxis": _sprint_axis(found), "yAxis": _values(found.sprint.unit), "series": series}


def burnup(found: Burndown) -> None:
    """Draw scope and what is done of it."""
    unit = found.sprint.unit
    scope = {"type": "line", "name": "scope", "step": "end", "color": RED, "symbol": "none", "lineStyle": {"width": 2, "type": "dashed"}}
    done = {"type": "line", "name": "done", "color": GREEN, "symbolSize": 5, "areaStyle": {"opacity": 0.12}}
    series = [{**scope, "data": list(found.scope)}, {**done, "data": list(found.done)}]
    options = {**BASE, "legend": {"top": 4}, "grid": GRID, "xAxis": _sprint_axis(found), "yAxis": _values(unit), "series": series}
    echart.show(options, height=300, alt=words.burnup_alt(found), key="burnup")


def _sprint_axis(found: Burndown) -> dict[str, Any]:
    return {
        "type": "category",
        "data": ["start", *(day_and_month(day) for day in found.sprint_days)],
        "axisLabel": {"hideOverlap": True},
    }


def _values(name: str) -> dict[str, Any]:
    return {"type": "value", "name": name, "nameTextStyle": {"align": "left"}, "splitNumber": 4}


def history(sprints: Sequence[Sprint]) -> None:
    """Draw committed beside completed, and what was added and removed, sprint by sprint."""
    names = [sprint_name(one) for one in sprints]
    columns = (("committed", NEUTRAL), ("completed", BLUE), ("added", PINK), ("removed", RED))
    series = [
        {"type": "bar", "name": name, "color": colour, "barMaxWidth": 14, "data": [getattr(one.numbers, name) for one in sprints]}
        for name, colour in columns
    ]
    axis = {"type": "category", "data": names, "axisLabel": {"hideOverlap": True, "fontSize": 10}}
    options = {**BASE, "legend": {"top": 4}, "grid": GRID, "xAxis": axis, "yAxis": _values(sprints[-1].unit), "series": series}
    echart.show(options, height=300, alt=words.history_alt(sprints), key="history")


def cycle_times(flow: Flow) -> None:
    """Draw every finished item at its day, the percentiles as lines, and the rolling average with its band."""
    levels = flow.cycle or {}
    echart.show(cycle_options(flow, levels), height=340, alt=words.cycle_alt(flow), key="cycle")


def cycle_options(flow: Flow, levels: dict[int, float]) -> dict[str, Any]:
    """Return the options of the control chart."""
    days = [one.at.isoformat() for one in flow.finished]
    low = [round(max(0.0, one.average - one.sd), 3) for one in flow.finished]
    wide = [round(one.average + one.sd - below, 3) for one, below in zip(flow.finished, low, strict=True)]
    silent = {"type": "line", "stack": "band", "symbol": "none", "silent": True, "lineStyle": {"opacity": 0}, "tooltip": {"show": False}}
    lines = [
        {"yAxis": round(value, 2), "label": {"formatter": f"{level} %", "position": "insideEndTop", "color": NEUTRAL, "fontSize": 10}}
        for level, value in levels.items()
    ]
    mark = {"symbol": "none", "silent": True, "lineStyle": {"color": NEUTRAL, "type": "dashed"}, "data": lines}
    dots = [{"value": [day, round(one.cycle_days, 2)], "name": one.key} for day, one in zip(days, flow.finished, strict=True)]
    average = [[day, round(one.average, 2)] for day, one in zip(days, flow.finished, strict=True)]
    return {
        **BASE,
        "legend": {"data": ["items", "rolling average"], "top": 4},
        "tooltip": {"trigger": "item", **TIP},
        "grid": {**GRID, "right": 28},
        "xAxis": {"type": "time", "axisLabel": {"hideOverlap": True}},
        "yAxis": {**_values("days"), "min": 0},
        "series": [
            {**silent, "name": "band low", "data": list(zip(days, low, strict=True))},
            {**silent, "name": "band", "data": list(zip(days, wide, strict=True)), "areaStyle": {"color": GREEN, "opacity": 0.14}},
            {"type": "line", "name": "rolling average", "symbol": "none", "color": GREEN, "lineStyle": {"width": 2}, "data": average},
            {"type": "scatter", "name": "items", "color": BLUE, "symbolSize": 7, "data": dots, "markLine": mark},
        ],
    }


def throughput(flow: Flow) -> None:
    """Draw the items finished in each week; a week without one is a 0."""
    counts = [count for _, count in flow.weeks]
    axis = {"type": "category", "data": [day_and_month(day) for day, _ in flow.weeks], "axisLabel": {"hideOverlap": True}}
    series = [{"type": "bar", "name": "items finished", "color": BLUE, "barMaxWidth": 22, "data": counts}]
    options = {**BASE, "grid": GRID, "xAxis": axis, "yAxis": {**_values("items a week"), "minInterval": 1}, "series": series}
    echart.show(options, height=260, alt=words.throughput_alt(flow), key="throughput")


def in_progress(flow: Flow) -> None:
    """Draw how many items were started and not finished at the end of each day."""
    line = {"type": "line", "name": "in progress", "step": "end", "symbol": "none", "color": GREEN, "areaStyle": {"opacity": 0.12}}
    series = [{**line, "data": [[str(day), count] for day, count in flow.wip]}]
    axis = {"type": "time", "axisLabel": {"hideOverlap": True}}
    options = {**BASE, "grid": GRID, "xAxis": axis, "yAxis": {**_values("items at day end"), "minInterval": 1}, "series": series}
    echart.show(options, height=260, alt=words.progress_alt(flow), key="wip")


def flow_line(found: Delivery) -> None:
    """Write flow efficiency and Little's check."""
    for line in flow_words(found.flow):
        st.write(line)
