"""Where a period is likely to end: the sentence, the running total with its interval, and how good such forecasts were."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from metrics import KPI
from metrics.forecast import METHODS, Forecast, Skill
from metrics.numerals import fixed, percent
from pages.ui import data, echart
from pages.ui.numbers import day_words, range_words, share_words, value_words
from pages.ui.text import markdown
from pages.ui.theme import NEUTRAL, SERIES, TIP

STATUS_WORDS = {"on_track": "● On track", "at_risk": "◆ At risk", "off_track": "▲ Off track"}


def headline(found: Forecast, kpi: KPI, currency: str) -> str:
    """Return the forecast as one would read it aloud."""
    if found.period is None or found.middle is None:
        return f"No forecast: {found.reason}."
    low, middle, high = (value_words(value, kpi.unit, currency) for value in (found.low, found.middle, found.high))
    words = f"{kpi.label} is likely to end at {middle} by {day_words(found.period.end - timedelta(days=1))}, with {percent(0.8)} between {low} and {high}."
    if found.chance is None or found.status is None:
        return words
    return f"{STATUS_WORDS[found.status]}: {share_words(found.chance)} of the simulated paths reach the target of {value_words(found.target, kpi.unit, currency)}. {words}"


def details(found: Forecast, kpi: KPI, currency: str) -> list[str]:
    """Return what else there is to say, line by line."""
    lines = []
    if found.period is not None and found.actual is not None:
        days = range_words(found.period.start, found.period.end - timedelta(days=1))
        lines.append(f"{days}: {value_words(found.actual, kpi.unit, currency)} through {day_words(found.through)}.")
    if found.pace is not None:
        share = "" if found.pace.share is None else f"Pace: {share_words(found.pace.share)} of what was to be there by now; "
        lines.append(f"{share}{found.pace.note}.")
    return [*lines, *(f"{note[0].upper()}{note[1:]}." for note in found.notes)]


def options(found: Forecast, kpi: KPI) -> dict[str, Any]:
    """Return the ECharts options: the running total so far, then the middle of the paths with the 80 % interval drawn around it."""
    days = [*(day for day, _ in found.so_far), *(ahead.day for ahead in found.ahead)]
    known: list[float | None] = [total for _, total in found.so_far]
    gap: list[float | None] = [None] * max(len(known) - 1, 0)
    joint = known[-1:]
    low, middle, high = ([*gap, *joint, *(getattr(one, name) for one in found.ahead)] for name in ("low", "middle", "high"))
    width = [None if a is None or b is None else b - a for a, b in zip(low, high, strict=True)]
    silent = {
        "type": "line",
        "stack": "band",
        "stackStrategy": "all",
        "symbol": "none",
        "silent": True,
        "lineStyle": {"opacity": 0},
        "tooltip": {"show": False},
    }
    target = (
        []
        if found.target is None
        else [{"yAxis": found.target, "label": {"formatter": "target", "position": "insideEndTop", "color": NEUTRAL}}]
    )
    line = {"type": "line", "symbol": "none", "color": SERIES[0]}
    return {
        "animation": False,
        "grid": {"left": 72, "right": 20, "top": 16, "bottom": 32},
        "xAxis": {"type": "category", "data": [day_words(day) for day in days], "axisLabel": {"hideOverlap": True}},
        "yAxis": {"type": "value", "splitNumber": 4},
        "tooltip": {"trigger": "axis", **TIP},
        "series": [
            {**silent, "name": "10 % point", "data": low},
            {**silent, "name": "width", "data": width, "areaStyle": {"color": SERIES[0], "opacity": 0.16}},
            {**line, "name": "so far", "data": known, "lineStyle": {"width": 2}},
            {
                **line,
                "name": "likely",
                "data": middle,
                "lineStyle": {"width": 2, "type": "dashed"},
                "markLine": {"symbol": "none", "silent": True, "lineStyle": {"type": "dotted", "color": NEUTRAL}, "data": target},
            },
        ],
    }


def skill_table(found: Forecast, kpi: KPI, currency: str) -> list[dict[str, str]]:
    """Return both methods and how good they were, as rows of text."""
    names = (found.method, "weekday" if found.method == "ets" else "ets")
    return [
        _skill(f"{METHODS[name]}{' (used)' if name == found.method else ''}", skill, kpi, currency)  # type: ignore[index]
        for name, skill in zip(names, (found.skill, found.other), strict=True)
        if skill is not None
    ]


def _skill(name: str, skill: Skill, kpi: KPI, currency: str) -> dict[str, str]:
    return {
        "method": name,
        "earlier days": str(skill.origins),
        "off by, on average": value_words(skill.error, kpi.unit, currency),
        "MASE": "–" if skill.mase is None else fixed(skill.mase, 2),
        "pinball loss": value_words(skill.pinball, kpi.unit, currency),
        f"{percent(0.8)} interval held": "–" if skill.coverage is None else share_words(skill.coverage),
    }


def draw(found: Forecast, kpi: KPI) -> None:
    """Draw the forecast with its interval, and how good such forecasts were; or why there is none."""
    currency = data.catalog().calendar.currency
    words = headline(found, kpi, currency)
    st.write(markdown(words))
    if not found.ahead:
        return
    echart.show(options(found, kpi), height=260, alt=words, key="forecast")
    for line in details(found, kpi, currency):
        st.caption(markdown(line))
    with st.expander("How good such forecasts were"):
        st.write(
            "Both methods forecast from up to twelve earlier days, a week apart, as many days ahead as now. The one with the smaller pinball loss is used."
        )
        st.dataframe(skill_table(found, kpi, currency), hide_index=True, width="stretch")
