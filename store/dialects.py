"""What DuckDB and PostgreSQL write differently, or both but not the obvious way. Everything else is plain SQLAlchemy Core.

Every function here is executed on both engines by tests/store/test_dialects.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, DateTime, Double, Interval, cast, column, extract, func, literal, text, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import FrameClause, FrameClauseType, WithinGroup
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias

Part = ColumnElement[Any]


def local_day(instant: Part, zone: str) -> Part:
    """Return the calendar day of a naive UTC instant in a zone."""
    return cast(func.timezone(zone, func.timezone("UTC", instant)), Date)


class first_of(FunctionElement[date]):  # named like the SQL function it is
    """The first day of the calendar week, month, quarter or year that a day lies in: first_of('week', day)."""

    name = "first_of"
    type = Date()
    inherit_cache = True


@compiles(first_of)
def _first_of(element: first_of, compiler: SQLCompiler, **more: Any) -> str:
    return f"CAST(date_trunc({compiler.process(element.clauses, **more)}) AS DATE)"


@compiles(first_of, "postgresql")
def _first_of_postgresql(element: first_of, compiler: SQLCompiler, **more: Any) -> str:
    """PostgreSQL would turn the day into an instant of the session's time zone, where midnight may not exist."""
    unit, day = (compiler.process(clause, **more) for clause in element.clauses)
    return f"CAST(date_trunc({unit}, CAST({day} AS TIMESTAMP)) AS DATE)"


def hour_of(instant: Part, minutes: int) -> Part:
    """Return the beginning of an instant's hour, where hours begin `minutes` before the full hour of UTC (0 in most zones)."""
    if not minutes:
        return func.date_trunc(text("'hour'"), instant)
    shift = cast(literal(f"{minutes} minutes"), Interval)
    return func.date_trunc(text("'hour'"), instant + shift) - shift


def quantile(chosen: Part, share: float) -> WithinGroup[Any]:
    """Return the quantile by linear interpolation. Between two decimals a database would round to the column's scale, hence the cast."""
    return func.percentile_cont(literal(share)).within_group(cast(chosen, Double))


def count_distinct(chosen: Sequence[Part]) -> tuple[FunctionElement[int], Sequence[Part]]:
    """Return the count of different values, and what must not be NULL: a pair with a NULL in it is a value to both engines."""
    if len(chosen) == 1:
        return func.count(chosen[0].distinct()), ()
    return func.count(tuple_(*chosen).distinct()), chosen


def days_between(first: date, last: date, step: str, name: str) -> TableValuedAlias:
    """Return a one-column table of instants: `first`, and every step ("1 day", "3 months") after it up to `last`, included."""
    ends = (cast(literal(first, Date), DateTime), cast(literal(last, Date), DateTime))
    series = func.generate_series(*ends, cast(literal(step), Interval))
    return series.table_valued(column("begins", DateTime)).render_derived(name=name)


def counted_between(marked: Part, partition: Sequence[Part], time: Part, after: timedelta, until: timedelta) -> Part:
    """Return how many rows of the same partition carry the mark and lie in (time + after, time + until].

    Counted in microseconds: the engines write intervals in frames each their own way.
    """
    following = FrameClauseType.FOLLOWING
    ends = (literal(_microseconds(after) + 1, BigInteger), literal(_microseconds(until), BigInteger))
    frame = FrameClause(*ends, following, following)
    ticks = cast(func.round(extract("epoch", time) * literal(1_000_000)), BigInteger)
    return func.count().filter(marked).over(partition_by=list(partition), order_by=ticks, range_=frame)


def _microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
