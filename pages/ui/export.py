"""Buttons that hand over what a page shows as files: the numbers for spreadsheets, the chart as a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import streamlit as st

from metrics import KPI, numerals
from metrics.export import as_csv, as_xlsx
from metrics.types import Answer, Event, Grain, Period
from pages.ui import data, panels, picture
from pages.ui.chart import Panel
from pages.ui.filters import parts_words
from pages.ui.numbers import instant_words, period_words
from pages.ui.state import published_at

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SPRINT_DAYS = 365
MOST_NAMED = 3
"""A file's name names so many KPIs and counts the rest."""


def draw(name: str, title: str, period: Period, answers: Sequence[Answer], drawn: Sequence[Panel], events: Sequence[Event]) -> None:
    """Offer answers as CSV and as a workbook, and their panels as a picture; each is made when it is asked for. name: of the page."""
    stem, heading, reader = _stem(name, period, answers), _heading(title, period, answers), numerals.locale()
    with st.container(horizontal=True, gap="small", key=f"export_{name}"):
        _button("CSV", stem, "text/csv", lambda: as_csv(answers).encode("utf-8-sig"))
        _button("XLSX", stem, XLSX, lambda: as_xlsx(answers))
        if drawn:
            _button("PNG", stem, "image/png", lambda: _picture(reader, heading, drawn, events, "png"))
            _button("SVG", stem, "image/svg+xml", lambda: _picture(reader, heading, drawn, events, "svg"))


def _picture(reader: numerals.Name, heading: picture.Heading, drawn: Sequence[Panel], events: Sequence[Event], kind: picture.Kind) -> bytes:
    """A file is made after the page, when the visitor's own way of writing is no longer known."""
    with numerals.reading(reader):
        return picture.draw(heading, drawn, events, kind)


def of_kpi(kpi: KPI, period: Period) -> None:
    """Offer one KPI by day over a period, or by its finest grain; of a KPI of sprints, those of the year before the period's end."""
    grain: Grain = next((grain for grain in kpi.grains if grain != "hour"), "day")
    asked = Period(period.end - timedelta(days=SPRINT_DAYS), period.end) if grain == "sprint" else data.catalog().whole(kpi.name, period)
    found = panels.ask([kpi.name], grain, asked, ())
    if found.panels:
        draw("kpi", kpi.label, asked, found.answers, found.panels, data.events(asked))


def _button(kind: str, stem: str, media: str, make: Callable[[], bytes]) -> None:
    st.download_button(
        kind, make, f"{stem}.{kind.lower()}", media, icon=":material/download:", type="tertiary", key=f"{stem}_{kind}", on_click="ignore"
    )


def _stem(name: str, period: Period, answers: Sequence[Answer]) -> str:
    """Return the name of the file without its ending: page, KPIs, first and last day, generation."""
    kpis = list(dict.fromkeys(answer.question.kpi for answer in answers))
    named = kpis[:MOST_NAMED] + ([f"{len(kpis) - MOST_NAMED}_more"] if len(kpis) > MOST_NAMED else [])
    last = period.end - timedelta(days=1)
    return "_".join([name, *(one for one in named if one != name), f"{period.start}_{last}", f"generation_{data.catalog().generation}"])


def _heading(title: str, period: Period, answers: Sequence[Answer]) -> picture.Heading:
    opened = data.catalog()
    asked = answers[0].question
    what = [period_words(period), f"by {asked.grain.replace('_', ' ')}", parts_words(asked.where)]
    at = published_at(opened.generation or 0)
    when = "" if at is None else f", published {instant_words(at, opened.calendar.timezone)}"
    state = [f"Data of generation {opened.generation}{when}", "Demo data" if data.space().is_demo else ""]
    return picture.Heading(title, tuple(" · ".join(part for part in line if part) for line in (what, state)))
