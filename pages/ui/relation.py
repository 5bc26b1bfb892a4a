"""The estimate of a relationship as people see it: the sentence, intervals that are drawn, checks by shape and word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from metrics.numerals import fixed, percent, short
from metrics.relation_types import Relation
from metrics.relation_words import share as share_words
from metrics.stats.elasticity import Effect
from metrics.stats.evidence import GRADES, Check, signed
from metrics.stats.jackknife import Estimate
from pages.ui import echart, heading, table
from pages.ui.numbers import value_words
from pages.ui.text import markdown
from pages.ui.theme import NEUTRAL, SERIES

ROW_PX, FOOT_PX = 58, 64
OUTCOMES = {"passed": ("●", "passed"), "failed": ("▲", "failed"), "not run": ("○", "not run")}
COSTS = {"refusal": "refuses the answer", "grade": "costs one grade", "nothing": "is only told"}
PUBLISHED = (-0.4, -0.2)
"""Elasticities of the one randomised test that was published with its speed gain (Vodafone, web.dev, 17 March 2021)."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One interval to draw. words: the numbers as they stand beside it."""

    name: str
    value: float
    low: float
    high: float
    words: str


def headline(found: Relation) -> None:
    """Draw the sentence to be read aloud, and what its grade means."""
    grade = found.assessment.grade
    heading.lead(found.sentence)
    badge, colour = ("Refused", "orange") if grade == "R" else (f"Grade {grade}: {GRADES[grade]}", "blue")
    st.badge(badge, icon=":material/block:" if grade == "R" else ":material/verified:", color=colour)  # type: ignore[arg-type]
    for words in found.assessment.notes:
        st.info(markdown(words), icon=":material/info:")


def has_interval(found: Relation) -> bool:
    """Whether there is an interval to draw, be it one that is too wide to be told as a number."""
    return found.assessment.estimate is not None or found.assessment.compatible is not None


def estimates(found: Relation) -> None:
    """Draw the elasticity with its interval, and under it the other readings of the same days."""
    main = found.assessment.estimate or found.assessment.compatible
    assert main is not None
    st.header("Elasticity", anchor=False)
    name = "Estimate" if found.assessment.estimate is not None else "Too wide to tell"
    rows = [_drawn(name, main), *(_drawn(one.name, one.estimate) for one in found.variants if one.estimate is not None)]
    band = PUBLISHED if found.basis == "visitor-days" else None
    echart.show(
        interval_options(rows, f"% change of {found.noun} for {percent(0.01)} more {found.driver}", band),
        height=ROW_PX * len(rows) + FOOT_PX,
        alt=elasticity_alt(found, rows),
        key="elasticity",
    )
    told = [f"{one.name}: {one.words}{'' if one.estimate is not None else ' (not identified)'}" for one in found.variants]
    lines = [f"Lines: {percent(0.95)} intervals. Dashed: no effect."] + (
        [f"Shaded: what a published randomised test found, {fixed(-0.4, 1)} to {fixed(-0.2, 1)}."] if band else []
    )
    st.caption(markdown(" ".join([*lines, *(f"{line}." for line in told)])))


def elasticity_alt(found: Relation, rows: Sequence[Drawn]) -> str:
    """Return what the chart of elasticities shows: each with its interval, what no effect would be, and the grade."""
    grade = found.assessment.grade
    told = "; ".join(f"{row.name}: {row.words}" for row in rows)
    verdict = "Refused: no number is told" if grade == "R" else f"Grade {grade}: {GRADES[grade]}"
    return f"Change of {found.noun} in percent for {percent(0.01)} more {found.driver}, {percent(0.95)} intervals. {told}. {_against_none(rows[0])}. {verdict}."


def _against_none(row: Drawn) -> str:
    return "The interval holds 0, which is no effect" if row.low <= 0 <= row.high else "The interval excludes 0, which is no effect"


def worth_alt(row: Drawn, change: str, grade: str) -> str:
    """Return what the chart of one effect shows. change: of the driver."""
    return f"{row.name} for {change}: {row.words}, {percent(0.95)} interval. {_against_none(row)}. Grade {grade}."


def worth(found: Relation) -> None:
    """Draw what one change of the driver goes with, in counts and in money, each with its interval."""
    faster = "faster" if found.basis == "visitor-days" else "less"
    step = f"{short(abs(found.per))} {found.driver_unit} {faster if found.per < 0 else 'more'}"
    st.header(f"What {step} goes with", anchor=False)
    if found.worth is None:
        st.write(markdown(found.without_worth or ""))
        return
    told, grade = found.worth, found.assessment.grade
    counts = _effect(f"{found.noun.capitalize()} in 30 days", told.counts_a_month, "")
    _interval(counts, found.noun, worth_alt(counts, step, grade), "worth_counts")
    if told.revenue_a_month is not None:
        revenue = _effect("Revenue in 30 days", told.revenue_a_month, found.currency)
        _interval(revenue, found.currency, worth_alt(revenue, step, grade), "worth_revenue")
    change = f"{share_words(told.relative.value)} ({share_words(told.relative.low)} to {share_words(told.relative.high)})"
    total = [f"{change} {found.noun}", f"over the whole window {_words(told.counts, '')}"]
    if told.revenue is not None:
        total.append(f"and {_words(told.revenue, found.currency)}")
    covers = (
        ""
        if told.share > 0.9995
        else f" Holds for segments with {percent(told.share)} of the {found.noun}; in the others the days show no such change."
    )
    base = f"Starting from a typical {value_words(told.base, found.driver_unit, '')}."
    st.caption(markdown(f"{', '.join(total)}. {base}{covers} {told.without_revenue or ''}"))


def checks(found: Relation) -> None:
    """Draw every check with its outcome as a shape and a word, and what was found."""
    st.header("Checks", anchor=False)
    st.markdown("  \n".join(check_line(check) for check in found.assessment.checks))


def check_line(check: Check) -> str:
    """Return one check as a line."""
    shape, word = OUTCOMES[check.outcome]
    cost = "" if check.outcome == "passed" else f" *This {COSTS[check.costs]}.*"
    return f"{shape} **{check.name}: {word}.** {markdown(check.words)}{cost}"


def population(found: Relation) -> None:
    """Say who takes part and who does not."""
    for words in found.left_out:
        st.caption(markdown(words))
    if not found.segments:
        return
    with st.expander(f"The {len(found.segments)} segments that take part"):
        table.show([segment_row(found, place) for place in range(len(found.segments))], "by_segment")


def segment_row(found: Relation, place: int) -> dict[str, str]:
    """Return one segment as text."""
    one, unit = found.segments[place], found.driver_unit
    revenue = "–" if one.revenue is None else value_words(one.revenue, found.currency, found.currency)
    return {
        **dict(zip(found.by, one.names, strict=True)), found.basis: fixed(one.exposure), found.noun: fixed(one.counts), "revenue": revenue,
        f"typical {found.driver}": value_words(one.typical, unit, ""), f"range of its days ({short(5)}–{percent(0.95)})": f"{value_words(one.low, unit, '')} to {value_words(one.high, unit, '')}",
    }  # fmt: skip


def method(found: Relation) -> None:
    """Say how the estimate comes about, one click away."""
    with st.expander("How the effect is estimated"):
        st.write(
            f"Each segment ({' × '.join(found.by) or 'one for all'}) has a level of its own, and so has each day: gaps between devices, pages or channels, seasons, "
            "promotions and prices that touch everybody are taken out. What is left is how a segment's outcome moves on days when its driver is slower or faster than "
            "usual, against the other segments of the same day. The model is a Poisson pseudo-likelihood on the mean logarithm of the driver, with the number of "
            "people as offset; the interval leaves out one of eight blocks of consecutive days after the other (jackknife, t with 7 degrees of freedom), so that days that "
            "follow each other do not pretend to be independent. Nothing is drawn at random: the same data give the same digits."
        )
        st.write(
            f"Grades: {'; '.join(f'**{name}** {words}' for name, words in GRADES.items())}. This is observed, not randomised: grade A needs a speed test."
        )
        if found.sql:
            st.code(found.sql, language="sql", wrap_lines=True)


def interval_options(rows: Sequence[Drawn], axis: str, band: tuple[float, float] | None = None) -> dict[str, Any]:
    """Return the ECharts options of intervals under each other, each under its words, with a dashed line at no effect."""
    names = [f"{row.name}: {row.words}" for row in rows]
    series: list[dict[str, Any]] = []
    for place, (row, name) in enumerate(zip(rows, names, strict=True)):
        main = place == 0
        drawn = {"color": SERIES[0] if main else NEUTRAL, "silent": True}
        ends = [[round(row.low, 6), name], [round(row.high, 6), name]]
        series.append(
            {**drawn, "type": "line", "symbol": "rect", "symbolSize": [2, 12], "lineStyle": {"width": 3 if main else 2}, "data": ends}
        )
        series.append({**drawn, "type": "scatter", "symbolSize": 11 if main else 8, "data": [[round(row.value, 6), name]]})
    line = {"color": NEUTRAL, "type": "dashed"}
    series[0]["markLine"] = {"silent": True, "symbol": "none", "label": {"show": False}, "lineStyle": line, "data": [{"xAxis": 0}]}
    if band is not None:
        area = [[{"xAxis": band[0]}, {"xAxis": band[1]}]]
        series[0]["markArea"] = {"silent": True, "itemStyle": {"color": NEUTRAL, "opacity": 0.12}, "data": area}
    label = {
        "inside": True,
        "align": "left",
        "verticalAlign": "bottom",
        "margin": 0,
        "padding": [0, 0, 8, 0],
        "fontSize": 12,
    }
    return {
        "animation": False,
        "grid": {"left": 12, "right": 28, "top": 8, "bottom": 46},
        "xAxis": {
            "type": "value",
            "name": axis,
            "nameLocation": "middle",
            "nameGap": 26,
            "splitNumber": 4,
            "axisLabel": {"hideOverlap": True},
        },
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": names,
            "axisTick": {"show": False},
            "axisLine": {"show": False},
            "axisLabel": label,
            "z": 10,
        },
        "series": series,
    }


def _effect(name: str, effect: Effect, unit: str) -> Drawn:
    return Drawn(name, effect.value, effect.low, effect.high, _words(effect, unit))


def _interval(row: Drawn, axis: str, alt: str, key: str) -> None:
    echart.show(interval_options([row], axis), height=ROW_PX + FOOT_PX, alt=alt, key=key)


def _words(effect: Effect, unit: str) -> str:
    places = 1 if max(abs(effect.low), abs(effect.high)) < 20 else 0
    tail = f" {unit}" if unit else ""
    return f"{signed(effect.value, places)}{tail} ({signed(effect.low, places)} to {signed(effect.high, places)})"


def _drawn(name: str, estimate: Estimate) -> Drawn:
    words = f"{signed(estimate.value, 2)} ({signed(estimate.low, 2)} to {signed(estimate.high, 2)})"
    return Drawn(name, estimate.value, estimate.low, estimate.high, words)
