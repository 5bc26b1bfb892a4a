"""Which questions can be answered as they are put; the others are refused before any SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from errors import QueryError, suggest
from metrics.shown import KPI
from metrics.types import Period, Question

EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)
"""First day that may be asked for, and the day after the last."""


def require_answerable(kpi: KPI, question: Question) -> None:
    """Check a question against its KPI.

    Raises: QueryError that names what is wrong, what is known and the nearest word.
    """
    if kpi.type == "relationship":
        raise QueryError(f"KPI '{kpi.name}' is a relationship and has no value of its own. Open the page Speed × conversion.")
    if question.grain not in kpi.grains:
        raise QueryError(
            f"KPI '{kpi.name}' has no grain '{question.grain}'. Known: {', '.join(kpi.grains)}. {suggest(question.grain, kpi.grains) or ''}".rstrip()
        )
    require_dimensions(kpi.name, (*question.by, *(dimension for dimension, _ in question.where)), kpi.dimensions)
    twice = next((name for name in question.by if question.by.count(name) > 1), None)
    if twice is not None:
        raise QueryError(f"The split names '{twice}' twice. Name every dimension once.")
    _require_period(question.period)


def require_dimensions(kpi: str, asked: Sequence[str], known: Sequence[str]) -> None:
    """Check that a KPI knows the dimensions.

    Raises: QueryError for the first that it does not.
    """
    for name in asked:
        if name not in known:
            hint = suggest(name, known) or ""
            raise QueryError(f"KPI '{kpi}' has no dimension '{name}'. Known: {', '.join(known) or 'none'}. {hint}".rstrip())


def _require_period(period: Period | None) -> None:
    if period is None:
        return
    if period.end <= period.start:
        raise QueryError(f"The period from {period.start} to {period.end} is empty. Give an end after the start.")
    if period.start < EARLIEST or period.end > LATEST:
        raise QueryError(f"The period from {period.start} to {period.end} lies outside the calendar. Known: {EARLIEST} to {LATEST}.")
