"""The panels of Side by side: what each KPI answers, and in words why one of them is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from errors import QueryError
from metrics import KPI
from metrics.comparisons import Where
from metrics.types import Answer, Grain, Period, Question, Row
from pages.ui import data, table
from pages.ui.chart import Panel, by_board, last_drawn
from pages.ui.numbers import first_day, value_words
from pages.ui.text import markdown, verdict_words


@dataclass(slots=True)
class Panels:
    """Panels with values, their answers, and why other KPIs are not shown."""

    panels: list[Panel] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """All periods of all panels."""
        return [row for panel in self.panels for row in panel.rows]


def ask(names: Sequence[str], grain: Grain, period: Period, where: Where) -> Panels:
    """Return the panels of some KPIs. A KPI that cannot be filtered as asked is absent: its number would be taken for a filtered one."""
    found, opened = Panels(), data.catalog()
    for name in names:
        kpi = opened.kpi(name)
        reason = _why_not(kpi, grain, where)
        try:
            answer = None if reason else data.ask(Question(name, grain, period, where=where))
        except QueryError as error:
            reason, answer = str(error), None
        if answer is None:
            found.absent.append(reason)
            continue
        status = opened.target_status(name, last_drawn(answer.rows), period.end, where)
        part = ", ".join(value for _, values in where for value in values)
        panel = Panel(kpi.label, kpi.unit, answer.rows, status.target, name, part, verdict_words(status))
        found.answers.append(answer)
        found.panels += [one for one in (by_board(panel, data.boards()) if grain == "sprint" else [panel]) if one.rows]
    return found


def _why_not(kpi: KPI, grain: Grain, where: Where) -> str:
    if grain not in kpi.grains:
        return f"{kpi.label} exists by sprint only. Choose the grain Sprint to see it."
    lacks = [name for name, _ in where if name not in kpi.dimensions]
    return f"{kpi.label} has no {' and no '.join(lacks)}, so it is not shown while that filter is on." if lacks else ""


def numbers(shown: Panels, currency: str) -> None:
    """Draw the values of the panels as a table, the newest first."""
    rows = [
        {
            "period": first_day(row.label, row.period),
            "KPI": panel.label,
            **({"part": panel.part} if panel.part else {}),
            "value": value_words(row.value, panel.unit, currency),
            "state": "complete" if row.complete else "incomplete",
            "why": row.reason or "",
        }
        for panel in shown.panels
        for row in reversed(panel.rows)
    ]
    table.show(rows, "side_by_side_table")


def computed(answers: Sequence[Answer]) -> None:
    """Draw what each answer means and the SQL that brought it."""
    for answer in answers:
        kpi = data.catalog().kpi(answer.question.kpi)
        st.markdown(f"**{markdown(kpi.label)}** · `{kpi.formula}`")
        st.code(answer.sql, language="sql", wrap_lines=True)
