"""The panel of landing-page speed and conversion, from the events: one statement for all days and segments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Double, Numeric, Select, String, and_, case, cast, func, literal, select

from metrics.asking import execute_written
from metrics.definitions import KPI, Measure
from metrics.plan import Asked
from metrics.relation_cells import Row
from metrics.rows import NONE
from metrics.types import Period
from store.schema import events

FINEST = ("device", "channel", "page")
"""What segments are made of where there are enough visitors; the dimensions of the relationship come first and always stay."""
MOST_PAGES = 20
OTHER = "(other pages)"
PURCHASE = "purchase"
LONGEST_MS = 600_000.0
EXACT = Numeric(18, 9)
"""Logarithms are added up as decimals: a sum of floats depends on the order in which threads finish."""


def is_landing_speed(kpi: KPI, measures: dict[str, Measure]) -> bool:
    """Whether a driver is the page speed of events, so that it can be read off every visitor's landing page."""
    measure = measures.get(kpi.value or "")
    return measure is not None and kpi.type == "simple" and measure.table == events.name and measure.columns == ("lcp_ms",)


def converting_event(kpi: KPI, measures: dict[str, Measure]) -> str | None:
    """Return the event whose visitor-days an outcome counts, None when it counts something else."""
    if kpi.conversion is not None:
        return _event(measures.get(kpi.conversion.to)) or (None if kpi.conversion.to in measures else kpi.conversion.to)
    if kpi.numerator is None or kpi.where or kpi.window or kpi.to_date:
        return None
    return _event(measures.get(kpi.numerator))


def _event(measure: Measure | None) -> str | None:
    if measure is None:
        return None
    if measure.table == "web_traffic" and measure.columns == ("key_events",) and not measure.where:
        return PURCHASE
    named = measure.where.get("event")
    is_plain = measure.table == events.name and measure.agg in ("count", "count_distinct") and set(measure.where) == {"event"}
    return named if is_plain and isinstance(named, str) else None


def splits(by: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    """Return all dimensions of a segment, and the places of them that may make one, finest first."""
    every = tuple(dict.fromkeys((*by, *FINEST)))
    base = by or ("device",)
    wanted = [every, *(tuple(n for n in every if n != left or n in base) for left in ("channel", "page")), base]
    return every, tuple(dict.fromkeys(tuple(every.index(n) for n in names) for names in wanted))


def compile_landings(period: Period, by: tuple[str, ...], where: Asked, event: str) -> Select[Any, *tuple[Any, ...]]:
    """Return the SELECT of (day, *by, visitors, known, conversions, sum_ln_lcp, revenue) over visitor-days.

    A visitor-day is a user on a reporting day with a page view. Its landing page is the first one; it converted when the user did `event` on that day.
    Conversions and revenue are of visitor-days with a known speed, whom the panel is about. Pages beyond the busiest are one.
    """
    visitor = (events.c.source, events.c.user_id, events.c.day)
    known = and_(events.c.day >= period.start, events.c.day < period.end, events.c.user_id.is_not(None))
    first = func.row_number().over(partition_by=visitor, order_by=(events.c.time, events.c.dedupe_key)).label("n")
    names = sorted({*by, "page", *(name for name, _ in where)} - {"source"})
    view = (
        select(*visitor, events.c.lcp_ms, *(events.c[name] for name in names), first)
        .where(events.c.event == "page_view", known)
        .cte("views")
    )
    bought = (
        select(*visitor, func.sum(events.c.revenue).label("revenue"))
        .where(events.c.event == event, known)
        .group_by(*visitor)
        .subquery("bought")
    )
    asked = [func.coalesce(cast(view.c[name], String), literal(NONE)).in_(wanted) for name, wanted in where]
    page = func.coalesce(view.c.page, literal(NONE))
    busiest = (
        select(page.label("page"))
        .where(view.c.n == 1, *asked)
        .group_by(page)
        .order_by(func.count().desc(), page)
        .limit(MOST_PAGES)
        .subquery("busiest")
    )
    joined = view.outerjoin(bought, and_(*(bought.c[column.name] == view.c[column.name] for column in visitor))).outerjoin(
        busiest, busiest.c.page == page
    )
    keys = [
        case((busiest.c.page.is_(None), OTHER), else_=page) if name == "page" else func.coalesce(cast(view.c[name], String), literal(NONE))
        for name in by
    ]
    measured = and_(view.c.lcp_ms > 0, view.c.lcp_ms < LONGEST_MS)
    columns = (
        func.count().label("visitors"),
        func.sum(case((measured, 1), else_=0)).label("known"),
        func.sum(case((and_(measured, bought.c.user_id.is_not(None)), 1), else_=0)).label("conversions"),
        cast(func.sum(case((measured, cast(func.ln(case((measured, view.c.lcp_ms), else_=1.0)), EXACT)))), Double).label("sum_ln_lcp"),
        cast(func.sum(case((measured, bought.c.revenue))), Double).label("revenue"),
    )
    shown = [key.label(name) for key, name in zip(keys, by, strict=True)]
    return (
        select(view.c.day, *shown, *columns)
        .select_from(joined)
        .where(view.c.n == 1, *asked)
        .group_by(view.c.day, *keys)
        .order_by(view.c.day, *keys)
    )


def read_rows(connection: Connection, statement: Select[Any, *tuple[Any, ...]], width: int) -> list[Row]:
    """Return the rows of such a statement. width: the number of its dimensions."""
    after = width + 1
    return [
        Row(row[0], row[1:after], row[after], row[after + 1], row[after + 2], row[after + 3] or 0.0, row[after + 4] or 0.0)
        for row in execute_written(connection, statement).all()
    ]
