"""The charts and words of speed × conversion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from metrics.numerals import fixed, short
from metrics.types import Bucket, SpeedConversion
from pages.ui import echart, table
from pages.ui.numbers import signed_words, value_words
from pages.ui.text import drawn, markdown
from pages.ui.theme import NEUTRAL, SERIES, TIP

LEAST_SHOWN = 30
"""Visitors below which a bucket's rate is not drawn: its interval would fill the chart."""
LEAST_SHARE = 0.05
"""Share of all visitors below which a bucket does not make the headline."""


def dose_response(found: SpeedConversion) -> None:
    """Draw the share of buyers by page speed, within each device and over all devices: what was seen, before anything is estimated."""
    st.header("What was seen: buyers by page speed", anchor=False)
    st.markdown(f"**{headline(found)}** This is grade D, descriptive only: people on slow connections may differ in more than speed.")
    left, right = st.columns(2)
    groups = {drawn(f"{device[:1].upper()}{device[1:]}"): [b for b in found.by_device if b.device == device] for device in found.mix}
    with left:
        _curves("Within each device", "within device", groups, "within")
    with right:
        _curves(
            "All devices together", "over all devices", {"Same mix of devices": found.standardised, "As they come": found.crude}, "together"
        )
    st.write(
        "Devices differ in speed **and** in how often their visitors buy for other reasons. What separates the two curves over all devices is the mix of devices; "
        "what is left on equal terms is closer to what speed itself goes along with."
    )
    share = found.visitors_without_speed / found.visitors if found.visitors else None
    st.caption(
        f"{fixed(found.visitors)} visitor-days; for {fixed(found.visitors_without_speed)} of them ({value_words(share, '%', '')}) no page speed was measured, and they are left out. "
        f"Shaded: 95 % intervals. Ranges with fewer than {LEAST_SHOWN} visitor-days are not drawn. Generation {found.generation}."
    )
    with st.expander("The numbers"):
        table.show(rows(found), "speed_steps")
        if found.notes:
            st.caption(markdown("On equal terms: " + "; ".join(found.notes) + "."))
    with st.expander("How the curves are computed"):
        st.write(
            "A visitor-day is a person on a day with at least one page view. Its speed is the LCP of the first page view of that day, because buyers look at more "
            "(and cached) pages; it counts as converted when the same person bought on that day. Rates within a device carry Wilson intervals. The common curve weighs every "
            "device by its share of all visitor-days, and is absent where a device has fewer than 30."
        )
        st.code(found.sql, language="sql", wrap_lines=True)


def _curves(title: str, words: str, groups: Mapping[str, Sequence[Bucket]], key: str) -> None:
    st.markdown(f"**{title}**")
    alt = alt_text(f"Share of visitors who bought, by page speed {words}", groups)
    echart.show(lines_options(groups), height=340, alt=alt, key=key)


def bucket_name(bucket: Bucket) -> str:
    """Return a bucket's range in seconds."""
    low = short(bucket.low_ms / 1000)
    if bucket.low_ms == 0 and bucket.high_ms is not None:
        return f"under {short(bucket.high_ms / 1000)} s"
    return f"over {low} s" if bucket.high_ms is None else f"{low}–{short(bucket.high_ms / 1000)} s"


def lines_options(groups: Mapping[str, Sequence[Bucket]]) -> dict[str, Any]:
    """Return the ECharts options for one line with its interval for each group, over the buckets."""
    every = sorted({(b.low_ms, bucket_name(b)) for buckets in groups.values() for b in buckets})
    names = [name for _, name in every]
    series: list[dict[str, Any]] = []
    for place, (label, buckets) in enumerate(groups.items()):
        series += _band(label, {bucket_name(b): b for b in buckets if b.visitors >= LEAST_SHOWN}, names, SERIES[place % len(SERIES)])
    return {
        "animation": False,
        "grid": {"left": 56, "right": 24, "top": 40, "bottom": 44},
        "legend": {"data": list(groups), "top": 4, "left": 48},
        "tooltip": {"trigger": "axis", **TIP},
        "xAxis": {
            "type": "category",
            "data": names,
            "name": "LCP of the landing page",
            "nameLocation": "middle",
            "nameGap": 28,
            "axisLabel": {"interval": 0, "fontSize": 10, "hideOverlap": True},
            "axisLine": {"lineStyle": {"color": NEUTRAL}},
        },
        "yAxis": {"type": "value", "min": 0, "axisLabel": {"formatter": "{value} %"}, "splitNumber": 4},
        "series": series,
    }


def _band(label: str, known: dict[str, Bucket], names: Sequence[str], colour: str) -> list[dict[str, Any]]:
    """Return the line of a group and, under it, its interval as two stacked areas."""

    def percent(name: str, part: str) -> float | None:
        value = getattr(known[name], part) if name in known else None
        return None if value is None else round(value * 100, 3)

    def width(name: str) -> float | None:
        low, high = percent(name, "low"), percent(name, "high")
        return None if low is None or high is None else round(high - low, 3)

    silent = {"type": "line", "stack": label, "symbol": "none", "silent": True, "lineStyle": {"opacity": 0}, "tooltip": {"show": False}}
    return [
        {**silent, "name": f"{label} low", "data": [percent(n, "low") for n in names]},
        {**silent, "name": f"{label} high", "data": [width(n) for n in names], "areaStyle": {"color": colour, "opacity": 0.16}},
        {
            "type": "line",
            "name": label,
            "color": colour,
            "symbolSize": 7,
            "lineStyle": {"width": 2},
            "data": [percent(n, "rate") for n in names],
        },
    ]


def headline(found: SpeedConversion) -> str:
    """Return what the standardised curve shows, as an association and no more."""
    known = [b for b in found.standardised if b.rate is not None and b.visitors >= found.visitors * LEAST_SHARE]
    if len(known) < 2:
        return "Too few visitors in most speed ranges to compare them on equal terms."
    fast, slow = known[0], known[-1]
    return (
        f"With the same mix of devices, {value_words(fast.rate, '%', '')} of visitors bought on the day when their landing page took {bucket_name(fast)}, "
        f"and {value_words(slow.rate, '%', '')} when it took {bucket_name(slow)}."
    )


def alt_text(title: str, groups: Mapping[str, Sequence[Bucket]]) -> str:
    """Return what a chart of groups shows, in words: both ends of each line, how far they are apart, and what that is worth."""
    parts = []
    for label, buckets in groups.items():
        known = [(b.rate, bucket_name(b)) for b in buckets if b.rate is not None and b.visitors >= LEAST_SHOWN]
        ends = [f"{value_words(rate, '%', '')} at {name}" for rate, name in (known[0], known[-1])] if known else []
        change = [signed_words(known[-1][0] - known[0][0], "%", "")] if len(known) > 1 else []
        parts.append(f"{label}: {', '.join([*dict.fromkeys(ends), *change]) or 'too few visitors to draw'}")
    return f"{title}. {'; '.join(parts)}. Grade D, descriptive only; it has no target."


def rows(found: SpeedConversion) -> list[dict[str, str]]:
    """Return the buckets as rows of text."""
    rows = []
    for kind, buckets in (
        ("within device", found.by_device),
        ("all, as they come", found.crude),
        ("all, same mix of devices", found.standardised),
    ):
        for b in buckets:
            interval = "–" if b.low is None or b.high is None else f"{value_words(b.low, '%', '')} to {value_words(b.high, '%', '')}"
            rows.append(
                {"kind": kind, "device": b.device or "all", "landing page LCP": bucket_name(b), "visitor-days": fixed(b.visitors), "with purchase": fixed(b.conversions),
                 "rate": value_words(b.rate, "%", ""), "95 % interval": interval}
            )  # fmt: skip
    return rows
