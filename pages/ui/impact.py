"""The table, the charts and the words of the impact of releases and campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from metrics.impact import Impact, ImpactReport, Point
from metrics.impact import words as w
from pages.ui.numbers import day_words, value_words
from pages.ui.text import drawn, plain
from pages.ui.theme import NEUTRAL, SERIES, TIP

SHOWN_BEFORE = 84
"""Days before the event that are drawn; all of them enter the computation."""
HEAD, TOP, DISTANCE, SO_FAR = 70, 230, 64, 120


def table(report: ImpactReport) -> list[dict[str, str]]:
    """Return the looks as rows of text, the newest event first."""
    return [
        {
            "event": plain(one.event.name),
            "from": day_words(one.event.start),
            "KPI": one.label,
            "verdict": f"{w.SHAPE[one.verdict]} {w.WORD[one.verdict]}",
            "effect (95 % interval)": w.size(one),
            "grade": one.grade,
            "holds": "yes" if one.holds else "no" if one.verdict != "refused" else "–",
            "why": one.reason,
        }
        for one in newest(report)
    ]


def newest(report: ImpactReport) -> list[Impact]:
    """Return the looks, the newest event first."""
    return sorted(report.impacts, key=lambda one: one.event.start, reverse=True)


def looks(report: ImpactReport) -> dict[str, str]:
    """Return key → name of every look, the newest event first."""
    return {one.key: f"{plain(one.event.name)} × {one.label} ({w.SHAPE[one.verdict]} {w.WORD[one.verdict]})" for one in newest(report)}


def first(report: ImpactReport) -> Impact:
    """Return the look to begin with: the latest that holds, else the latest with an answer, else the latest."""
    holding = [one for one in report.impacts if one.holds]
    answered = [one for one in report.impacts if one.verdict != "refused"]
    return w.latest(holding or answered or report.impacts)


def facts(one: Impact) -> list[tuple[str, str]]:
    """Return what is known about a look, as pairs of a name and words."""
    effect = [("Effect", w.size(one)), ("On average", w.in_units(one.effect, one.unit))] if one.effect is not None else []
    total = [("In total", w.in_units(one.total, one.unit))] if one.total is not None else []
    panel = [("Touched channel against the others", w.interval(one.panel))] if one.panel is not None else []
    others = [("Everyone whom it did not bring", w.interval(one.others))] if one.others is not None else []
    naive = (
        [("Plain before and after", f"{w.plain_comparison(one.naive, one.unit)}, misleading where anything else changed")]
        if one.naive
        else []
    )
    team = [("Expected by the team", one.expected + (f" ({', '.join(one.named_by[:6])})" if one.named_by else ""))]
    days = [("Days", w.when(one))] if one.window is not None else []
    return [("Grade", f"{w.GRADE[one.grade]}; {one.reason}"), *effect, *total, *others, *panel, *naive, *days, *team]


def chart_options(one: Impact) -> dict[str, Any]:
    """Return the ECharts options: above what was observed and what was expected, below the effect through each day.

    Shape: two grids on one time axis; `_height` is the height in px.
    """
    shown = [p for p in one.points if one.window is None or (one.window.start - p.period.start).days <= SHOWN_BEFORE]
    after = [p for p in shown if p.low is not None]
    has_effect = any(p.so_far is not None for p in after)
    grids = [{"left": 72, "right": 24, "top": HEAD, "height": TOP}]
    grids += [{"left": 72, "right": 24, "top": HEAD + TOP + DISTANCE, "height": SO_FAR}] if has_effect else []
    return {
        "_height": HEAD + TOP + (DISTANCE + SO_FAR if has_effect else 0) + 44,
        "animation": False,
        "title": _titles(one, has_effect),
        "legend": {"data": ["Observed", "Expected without it"], "top": 22, "right": 24},
        "grid": grids,
        "xAxis": [_time_axis(shown, n, len(grids)) for n in range(len(grids))],
        "yAxis": [_value_axis(n, _unit(one, n)) for n in range(len(grids))],
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "tooltip": {"trigger": "axis", **TIP},
        "series": [*_above(one, shown, after), *(_below(one, after) if has_effect else [])],
    }


def _titles(one: Impact, has_effect: bool) -> list[dict[str, Any]]:
    steps = "by week" if one.grain == "week" else "by day"
    unit = f", {one.unit}" if one.unit else ""
    sums = "Effect added up" if one.total is not None else "Average effect so far"
    style = {"textStyle": {"fontSize": 13}, "left": 66}
    found = [{**style, "text": f"{one.label}{unit}, {steps}", "top": 2}]
    return [*found, {**style, "text": f"{sums}, with its 95 % interval", "top": HEAD + TOP + DISTANCE - 26}] if has_effect else found


def _unit(one: Impact, place: int) -> str:
    """Rates and shares are drawn in percent."""
    return "%" if (one.unit == "%" and one.total is None) or (place == 1 and one.scale == "log") else ""


def _time_axis(shown: Sequence[Point], place: int, grids: int) -> dict[str, Any]:
    first, last = shown[0].period.start.isoformat(), shown[-1].period.start.isoformat()
    label = {"show": place == grids - 1, "hideOverlap": True}
    return {"type": "time", "gridIndex": place, "min": first, "max": last, "axisLabel": label, "splitLine": {"show": False}}


def _value_axis(place: int, unit: str) -> dict[str, Any]:
    label = {"formatter": "{value} %"} if unit == "%" else {}
    return {"type": "value", "gridIndex": place, "scale": place == 0, "splitNumber": 3, "axisLabel": label}


def _above(one: Impact, shown: Sequence[Point], after: Sequence[Point]) -> list[dict[str, Any]]:
    by = 100.0 if _unit(one, 0) else 1.0
    low, high = _pairs(after, [p.low for p in after], by), _pairs(after, [p.high for p in after], by)
    observed = _pairs(shown, [p.observed for p in shown], by)
    expected = _pairs(shown, [p.expected for p in shown], by)
    begin = {"xAxis": one.window.start.isoformat() if one.window else "", "label": {"formatter": drawn(one.event.name), "color": NEUTRAL}}
    mark = {"symbol": "none", "silent": True, "lineStyle": {"color": NEUTRAL, "type": "solid"}, "data": [begin]}
    line = {"type": "line", "symbolSize": 6, "showSymbol": one.grain == "week"}
    return [
        *_band(low, high, 0, SERIES[1]),
        {**line, "name": "Expected without it", "color": SERIES[1], "lineStyle": {"type": "dashed", "width": 2}, "symbol": "emptyCircle",
         "data": expected},
        {**line, "name": "Observed", "color": SERIES[0], "lineStyle": {"width": 2}, "symbol": "circle", "data": observed, "markLine": mark},
    ]  # fmt: skip


def _below(one: Impact, after: Sequence[Point]) -> list[dict[str, Any]]:
    by = 100.0 if _unit(one, 1) else 1.0
    known = [p for p in after if p.so_far is not None]
    low = _pairs(known, [p.so_far.low for p in known if p.so_far], by)
    high = _pairs(known, [p.so_far.high for p in known if p.so_far], by)
    value = _pairs(known, [p.so_far.value for p in known if p.so_far], by)
    zero = {
        "symbol": "none",
        "silent": True,
        "lineStyle": {"color": NEUTRAL, "type": "solid"},
        "data": [{"yAxis": 0, "label": {"show": False}}],
    }
    line = {"type": "line", "name": "Effect", "xAxisIndex": 1, "yAxisIndex": 1, "color": SERIES[2], "symbolSize": 6, "data": value}
    return [*_band(low, high, 1, SERIES[2]), {**line, "markLine": zero}]


Pairs = list[list[Any]]


def _pairs(points: Sequence[Point], values: Sequence[float | None], by: float) -> Pairs:
    return [[p.period.start.isoformat(), None if v is None else round(v * by, 6)] for p, v in zip(points, values, strict=True)]


def _band(low: Pairs, high: Pairs, place: int, colour: str) -> list[dict[str, Any]]:
    """Draw an interval as two stacked areas, of which the lower one is not seen."""
    width = [[at, None if a is None or b is None else round(b - a, 6)] for (at, a), (_, b) in zip(low, high, strict=True)]
    base = {
        "type": "line", "stack": f"band {place}", "stackStrategy": "all", "symbol": "none", "silent": True, "xAxisIndex": place, "yAxisIndex": place,
        "lineStyle": {"opacity": 0}, "tooltip": {"show": False},
    }  # fmt: skip
    return [
        {**base, "name": f"low {place}", "data": low},
        {**base, "name": f"high {place}", "data": width, "areaStyle": {"color": colour, "opacity": 0.18}},
    ]


def alt_text(one: Impact) -> str:
    """Return what the charts of a look show, in words: the last point against what was expected, the verdict, and the whole effect."""
    after = [p for p in one.points if p.low is not None]
    steps = "by week" if one.grain == "week" else "by day"
    words = f"{one.label} {steps} around {w.kind_of(one.event)}, {len(after)} points after it."
    known = [p for p in after if p.observed is not None]
    if known:
        observed, expected, low, high = (
            value_words(v, one.unit, "") for v in (known[-1].observed, known[-1].expected, known[-1].low, known[-1].high)
        )
        words += f" The last: {observed} observed, {expected} expected without it ({low} to {high})."
    return f"{words} {w.SHAPE[one.verdict]} {w.WORD[one.verdict]}, grade {one.grade}. {w.sentence(one)}"


def placebo_options(one: Impact) -> dict[str, Any]:
    """Return the ECharts options of the effects at earlier quiet dates beside the one that was found."""
    assert one.placebos is not None
    is_share = one.scale == "log"
    by = 100.0 if is_share or one.unit == "%" else 1.0
    found = one.relative if is_share else one.effect
    dots = [[round(value * by, 4), 0] for value in one.placebos.effects]
    series: list[dict[str, Any]] = [
        {"type": "scatter", "name": "Quiet dates", "color": NEUTRAL, "symbol": "emptyCircle", "symbolSize": 10, "data": dots}
    ]
    if found is not None:
        span = [[round(found.low * by, 4), 1], [round(found.high * by, 4), 1]]
        series.append({"type": "line", "name": "Interval", "color": SERIES[0], "symbol": "none", "lineStyle": {"width": 3}, "data": span})
        series.append(
            {
                "type": "scatter",
                "name": drawn(one.event.name),
                "color": SERIES[0],
                "symbol": "diamond",
                "symbolSize": 14,
                "data": [[round(found.value * by, 4), 1]],
            }
        )
    return {
        "animation": False,
        "grid": {"left": 110, "right": 24, "top": 10, "bottom": 30},
        "tooltip": {"trigger": "item", **TIP},
        "xAxis": {"type": "value", "axisLabel": {"formatter": "{value} %"} if by == 100.0 else {}},
        "yAxis": {"type": "category", "data": ["Quiet dates", "This event"], "axisTick": {"show": False}},
        "series": series,
    }  # fmt: skip


def placebo_words(one: Impact) -> str:
    """Return what the placebo dates say."""
    if one.placebos is None:
        return "No earlier date is quiet enough (no event near it, whole weeks, enough days before) to try the same computation where nothing happened."
    number = len(one.placebos.effects)
    return (
        f"The same computation at {number} earlier quiet dates: {one.placebos.as_large} show an effect at least as large, "
        f"{one.placebos.significant} {'is' if one.placebos.significant == 1 else 'are'} significant though nothing happened."
    )


def placebo_alt(one: Impact) -> str:
    """Return what the dots of the quiet dates show beside the effect that was found."""
    assert one.placebos is not None
    is_share = one.scale == "log"
    low, high = (w.share(v) if is_share else w.amount(v, one.unit) for v in (min(one.placebos.effects), max(one.placebos.effects)))
    found = w.interval(one.relative) if is_share else w.in_units(one.effect, one.unit)
    return f"{placebo_words(one)} There the effects lie between {low} and {high}; this event: {found}."


METHOD = (
    "**What is compared.** The KPI after the event against what the up to 26 weeks before it lead to expect: a regression on weekdays, other releases "
    "and campaigns before it, the turn of the year and, for what a campaign adds, the same KPI in the channels that it did not use. Rates and times are compared as "
    "logarithms, by day when at least 30 are counted a day, else by week.\n\n"
    "**How sure.** The errors of a series hang together over time, and nobody knows how. The interval averages over 85 ways (independent, short and long memory, drift), "
    "weighed by how well each explains the days before (generalised least squares, exact mixtures of t laws, no random numbers).\n\n"
    "**When it is refused.** Fewer than 56 days before, or fewer than 7 whole and settled days after; fewer than 30 counted in a usual week for a rate; around the turn of the year; "
    "when more than 10 % (and more than one) of earlier quiet dates look significant, too. Another event in the window or within a week before it makes the effect a joint one, grade D.\n\n"
    "**Grades.** B: a difference in differences against untouched channels (Poisson with channel and day effects, jackknife over weeks) confirms it. C: one series. D: joint. R: refused. "
    "No grade here is an experiment: something unrecorded on the same days would look the same."
)
