"""The KPI card: name, value, changes, target, course, freshness, flags, owner and definition, always in this order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import streamlit as st

from errors import QueryError
from metrics import KPI
from metrics.signal_types import Signal
from metrics.types import Comparison, Freshness, Period, Question, Row, TargetStatus
from metrics.verdict import sentence as verdict
from metrics.verdict import short
from pages.ui import data, sparkline, theme
from pages.ui.numbers import age_words, arrow, change_size, day_words, value_words
from pages.ui.text import markdown, markup, sentence

RANK = {"missed": 0, "near": 1, "unknown": 2, "no_target": 3, "met": 4}
SPARK_DAYS = 28
LAST_SPRINTS = 12
VIEWS = Path(__file__).resolve().parents[1] / "views"
SIDE_BY_SIDE, IN_DEPTH = VIEWS / "side_by_side.py", VIEWS / "kpi.py"


@dataclass(frozen=True, slots=True)
class Card:
    """Everything one card shows. is_earlier: its period ends before the asked one, whose newest days are not whole for this KPI yet."""

    kpi: KPI
    row: Row
    previous: Comparison | None
    year: Comparison | None
    target: TargetStatus
    course: tuple[Row, ...]
    freshness: tuple[Freshness, ...]
    is_earlier: bool = False
    signal: Signal | None = None

    @property
    def rank(self) -> int:
        """Exceptions come first."""
        return RANK[self.target.verdict]


def card(kpi: KPI, period: Period) -> Card:
    """Return the card of a KPI over a period; a KPI of sprints shows its last closed sprint. What cannot be answered says why."""
    try:
        return _sprint_card(kpi) if kpi.grains == ("sprint",) else _period_card(kpi, period)
    except QueryError as error:
        nothing = Row("", period, {}, None, False, False, str(error))
        unknown = data.catalog().target_status(kpi.name, None, period.end - timedelta(days=1))
        return Card(kpi, nothing, None, None, unknown, (), data.freshness(kpi.name))


def ask_ahead(kpis: Sequence[KPI], asked: Period) -> None:
    """Have everything answered at once that the cards of these KPIs will ask for: each table is read once, not once a card."""
    wanted: dict[Period, list[str]] = {}
    for kpi in kpis:
        if kpi.grains != ("sprint",):
            wanted.setdefault(data.catalog().whole(kpi.name, asked), []).append(kpi.name)
    for period, names in wanted.items():
        data.catalog().ask_many([question for name in names for question in (Question(name, "total", period), _course(name, period))])
        data.catalog().compare_many(names, period, ("previous_period", "previous_year"))


def _course(name: str, period: Period) -> Question:
    return Question(name, "day", Period(period.end - timedelta(days=max(SPARK_DAYS, period.days)), period.end))


def _period_card(kpi: KPI, asked: Period) -> Card:
    period = data.catalog().whole(kpi.name, asked)
    row = data.ask(Question(kpi.name, "total", period)).rows[0]
    course = data.ask(_course(kpi.name, period))
    target = data.catalog().target_status(kpi.name, row.value, period.end - timedelta(days=1))
    previous, year = data.compare(kpi.name, period, "previous_period"), data.compare(kpi.name, period, "previous_year")
    return Card(kpi, row, previous, year, target, course.rows, data.freshness(kpi.name), period != asked, data.signals().get(kpi.name))


def _sprint_card(kpi: KPI) -> Card:
    row, previous, course = data.last_sprint(kpi.name)
    target = data.catalog().target_status(kpi.name, row.value, row.period.end - timedelta(days=1))
    return Card(kpi, row, previous, None, target, course[-LAST_SPRINTS:], data.freshness(kpi.name), signal=data.signals().get(kpi.name))


def draw(shown: Card, *, links: bool = True) -> None:
    """Draw one card. links: to the KPI in depth, too."""
    kpi = shown.kpi
    with st.container(border=True, key=f"card_{kpi.name}"):
        st.html(_body(shown))
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            with st.popover("Definition", type="tertiary"):
                definition(kpi)
                if links:
                    _side_by_side(kpi)
            if links:
                st.page_link(IN_DEPTH, label="In depth", icon=":material/monitoring:", query_params={"kpi": kpi.name})
            else:
                _side_by_side(kpi)


def _side_by_side(kpi: KPI) -> None:
    grain = {"grain": "sprint"} if kpi.grains == ("sprint",) else {}
    st.page_link(SIDE_BY_SIDE, label="Side by side", icon=":material/stacked_line_chart:", query_params={"kpis": kpi.name, **grain})


def _body(shown: Card) -> str:
    kpi, currency = shown.kpi, data.catalog().calendar.currency
    words = sentence(kpi, shown.row.value, shown.row.reason, shown.previous, shown.target, currency)
    colour, shape, word = (table[shown.target.verdict] for table in (theme.STATUS, theme.SHAPE, theme.WORD))
    lines = [
        f'<p class="kb-name"><span>{markup(kpi.label)}</span><span class="kb-status"><span style="color:{colour}" aria-hidden="true">{shape}</span> {word}</span></p>',
        _value(shown, currency),
        *_changes(shown, currency),
        _target(shown, currency),
        _signal(shown),
        _spark(shown, words),
        _foot(shown),
    ]
    return f'<div class="kb-card">{"".join(lines)}</div>'


def _value(shown: Card, currency: str) -> str:
    if shown.row.value is None:
        return f'<p class="kb-value kb-none">No value: {markup(shown.row.reason or "")}</p>'
    sprint = f' <span class="kb-line kb-quiet">{markup(shown.row.label)}</span>' if shown.kpi.grains == ("sprint",) else ""
    last = shown.row.period.end - timedelta(days=1)
    earlier = f' <span class="kb-line kb-quiet">who began until {day_words(last)}</span>' if shown.is_earlier else ""
    return f'<p class="kb-value">{markup(value_words(shown.row.value, shown.kpi.unit, currency))}{sprint}{earlier}</p>'


def _changes(shown: Card, currency: str) -> list[str]:
    found = []
    names = ("vs sprint before", "") if shown.kpi.grains == ("sprint",) else ("vs period before", "vs last year")
    for comparison, name in zip((shown.previous, shown.year), names, strict=True):
        if comparison is None:
            continue
        if comparison.change is None:
            found.append(f'<p class="kb-line kb-quiet">{name}: no comparison</p>')
            continue
        judged = {True: " (better)", False: " (worse)", None: ""}[comparison.better]
        direction = "flat" if comparison.change == 0 else "up" if comparison.change > 0 else "down"
        size = "" if comparison.change == 0 else f" {markup(change_size(comparison, shown.kpi.unit, currency))}"
        found.append(
            f'<p class="kb-line"><span aria-hidden="true">{arrow(comparison)}</span> {direction}{size}{judged} <span class="kb-quiet">{name}</span></p>'
        )
    return found


def _target(shown: Card, currency: str) -> str:
    status = shown.target
    if status.verdict == "no_target":
        return '<p class="kb-line kb-quiet">No target set</p>'
    goal = "" if status.target is None else f"Target {markup(value_words(status.target, shown.kpi.unit, currency))}: "
    return f'<p class="kb-line">{goal}{markup(status.sentence[0].lower() + status.sentence[1:].rstrip("."))}</p>'


def _signal(shown: Card) -> str:
    """Say signal or noise in a few words; the whole sentence is one hover, or one click on In depth, away."""
    found = shown.signal
    if found is None:
        return ""
    shape = "…" if found.variation is None else "≈" if found.rises is None else "↗" if found.rises else "↘"
    colour = theme.SIGNAL_COLOUR[found.variation or "common"]
    quiet = " kb-quiet" if found.variation in (None, "common") else ""
    words, whole = markup(short(found, day_words)), markup(verdict(found, day_words))
    return f'<p class="kb-line{quiet}" title="{whole}"><span style="color:{colour}" aria-hidden="true">{shape}</span> {words}</p>'


def _spark(shown: Card, words: str) -> str:
    address = sparkline.image(shown.course, shown.target.target)
    return f'<img class="kb-spark" alt="{markup(words)}" src="{address}">' if address else f'<p class="kb-sr">{markup(words)}</p>'


def _foot(shown: Card) -> str:
    reach = [f.covered_through for f in shown.freshness if f.covered_through is not None]
    synced = [f.synced_at for f in shown.freshness if f.synced_at is not None]
    flags = sorted({flag for f in shown.freshness for flag in f.flags})
    marks = [f'<span class="kb-flag">{markup(flag)}</span>' for flag in flags]
    if shown.row.settling:
        marks.append('<span class="kb-flag" title="The newest days may still move">settling</span>')
    owner = f" · {markup(shown.kpi.owner)}" if shown.kpi.owner else ""
    return f'<p class="kb-foot">Data to {day_words(min(reach, default=None))} · synced {age_words(min(synced, default=None))}{owner}{"".join(marks)}</p>'


def definition(kpi: KPI) -> None:
    """Draw what a KPI means."""
    st.markdown(f"**{markdown(kpi.label)}** · `{kpi.name}`")
    if kpi.description:
        st.write(markdown(kpi.description))
    st.code(kpi.formula, language=None)
    better = {"higher": "Higher is better.", "lower": "Lower is better.", "band": "Best inside its band.", "none": ""}[kpi.better]
    st.caption(f"Reads {', '.join(kpi.tables)}. Owner: {markdown(kpi.owner) or 'nobody yet'}. {better} Definition {kpi.hash}.")
