"""Which rows of a table count, on which day, and under which names they are split. Knows no KPI."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Date, DateTime, String, Table, and_, case, cast, func, literal, true

from metrics.calendar import Calendar
from metrics.definitions import Condition, Scalar, Where
from metrics.plan import Asked, Leaf
from metrics.types import Period
from store.dialects import local_day
from store.schema import TIME_AXES

NONE = "(none)"
"""What a row without a value is split under."""


def day_of(table: Table, time: str | None, calendar: Calendar) -> ColumnElement[Any]:
    """Return the reporting day of a row: its day column, or the local day of its instant."""
    chosen: ColumnElement[Any] = table.c[time or TIME_AXES[table.name].column]
    return local_day(chosen, str(calendar.timezone)) if isinstance(chosen.type, DateTime) else chosen


def dimension(table: Table, name: str) -> ColumnElement[Any]:
    """Return what a row is split by."""
    return func.coalesce(cast(table.c[name], String), literal(NONE))


def asked(table: Table, where: Asked) -> list[ColumnElement[bool]]:
    """Return the conditions of a question."""
    return [dimension(table, name).in_(wanted) for name, wanted in where]


def in_range(day: ColumnElement[Any], period: Period) -> list[ColumnElement[bool]]:
    """Return the conditions that keep a day inside a period."""
    return [day >= literal(period.start, Date), day < literal(period.end, Date)]


def living(table: Table, leaves: Iterable[Leaf]) -> list[ColumnElement[bool]]:
    """Return the condition that leaves out what was deleted at the vendor, unless a measure asks about deletion itself."""
    about = {name for leaf in leaves for name in (leaf.measure.time, *(column for part in leaf.conditions for column in part))}
    return [table.c.deleted_at.is_(None)] if "deleted_at" in table.c and "deleted_at" not in about else []


def conditions(table: Table, wheres: Sequence[Where]) -> list[ColumnElement[bool]]:
    """Return the conditions that some `where` mappings write: all columns of all of them must hold."""
    return [_test(table.c[name], wanted) for where in wheres for name, wanted in where.items()]


def _test(chosen: ColumnElement[Any], wanted: Scalar | list[Scalar] | Condition) -> ColumnElement[bool]:
    if isinstance(wanted, list):
        return chosen.in_(wanted)
    if not isinstance(wanted, Condition):
        return chosen == wanted
    tests: dict[str, Callable[[Any], ColumnElement[bool]]] = {
        "not_": lambda v: chosen.is_distinct_from(v),
        "in_": chosen.in_,
        "not_in": lambda v: case((chosen.is_(None), True), else_=chosen.not_in(v)),
        "gt": lambda v: chosen > v,
        "gte": lambda v: chosen >= v,
        "lt": lambda v: chosen < v,
        "lte": lambda v: chosen <= v,
        "like": chosen.like,
        "is_null": lambda v: chosen.is_(None) if v else chosen.is_not(None),
    }
    return and_(true(), *(tests[name](getattr(wanted, name)) for name in sorted(wanted.model_fields_set)))
