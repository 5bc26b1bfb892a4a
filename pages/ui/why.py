"""Why a KPI changed, as exact arithmetic: sentences, bars and tables. Not a cause, and never said to be one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from metrics import KPI
from metrics.reconcile import Reconciliation
from metrics.why import Split, Why
from pages.ui import data, echart, table
from pages.ui.numbers import range_words, share_words, signed_words, value_words
from pages.ui.text import drawn, markdown
from pages.ui.theme import SERIES, TIP

MOST = 8


def headline(found: Why, kpi: KPI, currency: str) -> str:
    """Return the change, and what it is made of, as one would read it aloud."""
    if found.change is None:
        return f"Nothing to explain: {found.reason}."
    before, after = (value_words(value, kpi.unit, currency) for value in (found.before, found.after))
    words = f"From {before} to {after} ({signed_words(found.change, kpi.unit, currency)}) against {found.words}."
    split = found.split
    if split is not None and split.rates is not None:
        rate, mix = (signed_words(value, kpi.unit, currency) for value in (split.rates.rate, split.rates.mix))
        words += f" Rates within {split.by} make {rate} of it, the mix of {split.by} {mix}."
    elif split is not None and split.amounts:
        first = split.amounts[0]
        words += f" The largest part is {first.segment} ({split.by}) with {signed_words(first.effect, kpi.unit, currency)}."
    return words


def reversal(split: Split) -> str:
    """Return the warning of a total that moves against all of its segments."""
    return f"By {split.by}, the total and all segments disagree in sign: the mix moved against the rates. Read the segments, not the total."


def bars(split: Split, kpi: KPI) -> dict[str, Any]:
    """Return the ECharts options: what each segment contributes, the largest at the top; of a ratio by its rate and by its share."""
    if split.rates is not None:
        effects = sorted(split.rates.effects, key=lambda e: -abs(e.rate + e.mix))[:MOST]
        names = [drawn(effect.segment) for effect in effects]
        parts = {"by its rate": [effect.rate for effect in effects], "by its share": [effect.mix for effect in effects]}
    else:
        names, parts = [drawn(a.segment) for a in split.amounts[:MOST]], {"change": [a.effect for a in split.amounts[:MOST]]}
    return _bars(names, parts, kpi)


def _bars(names: Sequence[str], parts: dict[str, list[float]], kpi: KPI) -> dict[str, Any]:
    times = 100 if kpi.unit == "%" else 1
    return {
        "animation": False,
        "legend": {"show": len(parts) > 1, "top": 0},
        "grid": {"left": 8, "right": 24, "top": 32 if len(parts) > 1 else 8, "bottom": 28, "outerBoundsMode": "same"},
        "xAxis": {
            "type": "value",
            "splitNumber": 4,
            "name": "points" if kpi.unit == "%" else kpi.unit,
            "nameLocation": "middle",
            "nameGap": 26,
            "axisLabel": {"hideOverlap": True},
        },
        "yAxis": {"type": "category", "data": list(names), "inverse": True, "axisLabel": {"width": 110, "overflow": "truncate"}},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}, **TIP},
        "series": [
            {"type": "bar", "name": name, "color": SERIES[n], "data": [round(value * times, 6) for value in values], "barMaxWidth": 14}
            for n, (name, values) in enumerate(parts.items())
        ],
    }


def alt_text(split: Split, kpi: KPI, currency: str) -> str:
    """Return what the bars show, in words."""
    if split.rates is not None:
        each = [
            f"{drawn(e.segment)} {signed_words(e.rate, kpi.unit, currency)} by its rate, {signed_words(e.mix, kpi.unit, currency)} by its share"
            for e in split.rates.effects[:MOST]
        ]
    else:
        each = [f"{drawn(a.segment)} {signed_words(a.effect, kpi.unit, currency)}" for a in split.amounts[:MOST]]
    return f"What each {split.by} contributes to the change: {'; '.join(each)}."


def split_table(split: Split, kpi: KPI, currency: str) -> list[dict[str, str]]:
    """Return the segments as rows of text."""
    if split.rates is None:
        return [
            {split.by: a.segment, "before": value_words(a.before, kpi.unit, currency), "after": value_words(a.after, kpi.unit, currency), "change": signed_words(a.effect, kpi.unit, currency)}
            for a in split.amounts
        ]  # fmt: skip
    return [
        {split.by: e.segment, "share before": share_words(e.shares[0]), "share after": share_words(e.shares[1]), "before": value_words(e.rates[0], kpi.unit, currency),
         "after": value_words(e.rates[1], kpi.unit, currency), "by its rate": signed_words(e.rate, kpi.unit, currency), "by its share": signed_words(e.mix, kpi.unit, currency)}
        for e in sorted(split.rates.effects, key=lambda e: -abs(e.rate + e.mix))
    ]  # fmt: skip


def measure_table(found: Why, kpi: KPI, currency: str) -> list[dict[str, str]]:
    """Return the measures as rows of text."""
    return [
        {"measure": one.name, "before": value_words(one.before, "", currency), "after": value_words(one.after, "", currency), "contribution": signed_words(one.effect, kpi.unit, currency)}
        for one in found.measures
    ]  # fmt: skip


def reconciled(found: Reconciliation, label: str, kpi: KPI, currency: str) -> str:
    """Return how the KPI compares with its like in another source."""
    if found.difference is None:
        return f"Beside {label}: not comparable: {found.reason}."
    mine, theirs = (value_words(value, kpi.unit, currency) for value in (found.mine, found.theirs))
    usual = "● inside" if found.is_usual else "▲ outside"
    share = share_words(abs(found.difference))
    way = "more" if found.difference > 0 else "less"
    words = "the same" if found.difference == 0 else f"{share} {way}"
    return f"Beside {label}: {mine} here, {theirs} there, {words}: {usual} the usual band of ±{share_words(found.gap)}. {found.outside} of the last {found.weeks} whole weeks were outside."


def days(found: Why) -> str:
    """Return both periods."""
    one = timedelta(days=1)
    return f"{range_words(found.period.start, found.period.end - one)} against {range_words(found.base_period.start, found.base_period.end - one)}"


def draw(found: Why, kpi: KPI) -> None:
    """Draw the change as sentences, bars and tables."""
    currency = data.catalog().calendar.currency
    st.write(markdown(headline(found, kpi, currency)))
    for split in (found.split, *found.reversals):
        if split is not None:
            _split(split, kpi, currency)
    if found.measures:
        with st.expander("What each measure contributes", expanded=found.split is None):
            table.show(measure_table(found, kpi, currency), f"{kpi.name}_measures")
    if found.reconciliation is not None:
        st.write(markdown(reconciled(found.reconciliation, data.catalog().kpi(found.reconciliation.other).label, kpi, currency)))
    st.caption(f"{markdown(days(found))}. Arithmetic that adds up exactly, not a cause: what moved a part is another question.")


def _split(split: Split, kpi: KPI, currency: str) -> None:
    if split.is_reversal:
        st.warning(reversal(split), icon=":material/swap_vert:")
    if split.reason is not None:
        st.caption(f"By {markdown(split.by)}: {markdown(split.reason)}.")
        return
    echart.show(bars(split, kpi), height=260, alt=alt_text(split, kpi, currency), key=f"why_{split.by}")
    with st.expander(f"The numbers by {split.by}"):
        table.show(split_table(split, kpi, currency), f"{kpi.name}_by_{split.by}")
