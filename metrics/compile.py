"""Turns a plan into one SELECT: every fact aggregated on its own, then brought together by period and dimensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Double,
    Integer,
    Interval,
    Select,
    String,
    Table,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    null,
    select,
    true,
    union_all,
    values,
)
from sqlalchemy.sql.elements import WithinGroup
from sqlalchemy.sql.functions import FunctionElement

from metrics.calendar import Calendar
from metrics.definitions import Condition, Scalar, Where
from metrics.formula import Expression, Name, Number, Operation
from metrics.plan import Asked, Leaf, Plan
from metrics.types import Grain, Period
from store.schema import FACTS, TIME_AXES

NONE = "(none)"
TRUNCATED: dict[str, str] = {
    "day": "day", "week": "week", "month": "month", "quarter": "quarter", "year": "year", "fiscal_quarter": "quarter", "fiscal_year": "year",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SprintPeriod:
    """A sprint as a period: its days, its board, and what sprint tables name it by. name is unlike every other sprint's."""

    source: str
    id: str
    name: str
    period: Period
    board: str = ""
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Slots:
    """Where rows may fall: the range of days, the grain, and for the sprint grain the sprints."""

    grain: Grain
    period: Period
    calendar: Calendar
    sprints: tuple[SprintPeriod, ...] = ()


def compile_plan(plan: Plan, slots: Slots, by: Sequence[str], where: Asked, zero: bool = False) -> Select[Any]:
    """Return the SELECT of (period, *by, one column for each leaf, value).

    Shape: period is the first day (a date), the place of the sprint in `slots.sprints`, or NULL for the grain "total". A leaf
    without a matching row is NULL, also a count. Facts of different tables meet only after each is aggregated, so no join can
    multiply a row. `value` is the KPI; zero counts a leaf without rows as 0 in it.
    """
    facts = _facts(plan, slots, by, where).subquery("facts")
    value = _value(plan.expression, {leaf.key: _filled(facts.c[leaf.key], zero) for leaf in plan.leaves})
    return select(*facts.c, value.label("value"))


def _filled(leaf: ColumnElement[Any], zero: bool) -> ColumnElement[Any]:
    return func.coalesce(cast(leaf, Double), literal(0.0)) if zero else cast(leaf, Double)


def _value(expression: Expression, leaves: Mapping[str, ColumnElement[Any]]) -> ColumnElement[Any]:
    """Write an expression in SQL; a division by 0 is NULL."""
    match expression:
        case Number(value):
            return cast(literal(value), Double)
        case Name(name):
            return leaves[name]
        case Operation(sign, left, right):
            a, b = _value(left, leaves), _value(right, leaves)
            return {"+": a + b, "-": a - b, "*": a * b, "/": a / func.nullif(b, literal(0.0))}[sign]


def _facts(plan: Plan, slots: Slots, by: Sequence[str], where: Asked) -> Select[Any]:
    ordered = sorted(plan.leaves, key=_scan_key)
    scans = [list(leaves) for _, leaves in groupby(ordered, key=_scan_key)]
    parts = [_scan(leaves, slots, by, where).subquery(f"s{n}") for n, leaves in enumerate(scans)]
    if len(parts) == 1:
        only = parts[0]
        return select(*(only.c[name] for name in ("period", *by, *(leaf.key for leaf in plan.leaves))))
    rows = [select(part.c.period, *(part.c[d] for d in by), *(_column(part, leaf.key) for leaf in plan.leaves)) for part in parts]
    union = union_all(*rows).subquery("u")
    keys = [union.c.period, *(union.c[d] for d in by)]
    return select(*keys, *(func.max(union.c[leaf.key]).label(leaf.key) for leaf in plan.leaves)).group_by(*keys)


def _scan_key(leaf: Leaf) -> tuple[str, str]:
    return leaf.measure.table, leaf.measure.time or ""


def _column(part: Any, key: str) -> ColumnElement[Any]:
    return part.c[key] if key in part.c else null().label(key)


def _scan(leaves: Sequence[Leaf], slots: Slots, by: Sequence[str], where: Asked) -> Select[Any]:
    """Aggregate all leaves of one table in one pass."""
    table = FACTS[leaves[0].measure.table]
    day = day_of(table, leaves[0].measure.time, slots.calendar)
    asked = [func.coalesce(cast(table.c[name], String), literal(NONE)).in_(wanted) for name, wanted in where]
    origin, period, within = _period(table, day, slots)
    dimensions = [func.coalesce(cast(table.c[name], String), literal(NONE)).label(name) for name in by]
    shared = leaves[0].conditions if all(leaf.conditions == leaves[0].conditions for leaf in leaves) else ()
    filters = [condition(table, part) for part in shared] + living(table, leaves)
    aggregates = [_aggregate(table, leaf, () if shared else leaf.conditions).label(leaf.key) for leaf in leaves]
    statement = select(period.label("period"), *dimensions, *aggregates).select_from(origin).where(*within, *asked, *filters)
    keys = ([] if slots.grain == "total" else [period]) + [d.element for d in dimensions]
    return statement.group_by(*keys) if keys else statement


def living(table: Table, leaves: Sequence[Leaf]) -> list[ColumnElement[bool]]:
    """Return the condition that leaves out what was deleted at the vendor, unless a measure asks about deletion itself."""
    about = {name for leaf in leaves for name in (leaf.measure.time, *(column for part in leaf.conditions for column in part))}
    return [table.c.deleted_at.is_(None)] if "deleted_at" in table.c and "deleted_at" not in about else []


def day_of(table: Table, time: str | None, calendar: Calendar) -> ColumnElement[Any]:
    """Return the reporting day of a row: its day column, or the local day of its instant."""
    chosen: ColumnElement[Any] = table.c[time or TIME_AXES[table.name].column]
    if isinstance(chosen.type, DateTime):
        return cast(func.timezone(str(calendar.timezone), func.timezone("UTC", chosen)), Date)
    return chosen


def _period(table: Table, day: ColumnElement[Any], slots: Slots) -> tuple[Any, ColumnElement[Any], list[ColumnElement[bool]]]:
    """Return what to select from, the period of a row, and the conditions that keep it in range."""
    in_range = [day >= literal(slots.period.start, Date), day < literal(slots.period.end, Date)]
    if slots.grain == "total":
        return table, cast(null(), Date), in_range
    if slots.grain != "sprint":
        return table, _truncated(day, slots), in_range
    rows = [(n, s.source, s.id, s.period.start, s.period.end) for n, s in enumerate(slots.sprints)]
    named = (column("source", String), column("id", String))
    sprints = values(column("place", Integer), *named, column("first", Date), column("until", Date), name="sprint_periods").data(
        rows or [(-1, "", "", slots.period.end, slots.period.end)]
    )
    by_id = {"sprint_items": "sprint_id", "sprints": "id"}.get(table.name)
    if by_id:
        return table.join(sprints, and_(table.c.source == sprints.c.source, table.c[by_id] == sprints.c.id)), sprints.c.place, []
    # the casts let the statement run as it is shown: a date written into VALUES is text to the database
    falls = and_(day >= cast(sprints.c.first, Date), day < cast(sprints.c.until, Date))
    return table.join(sprints, falls), sprints.c.place, in_range


def _truncated(day: ColumnElement[Any], slots: Slots) -> ColumnElement[Any]:
    calendar, unit = slots.calendar, TRUNCATED[slots.grain]
    if slots.grain == "day":
        return day
    if slots.grain == "week":
        offset = calendar.week_offset
        return (
            cast(func.date_trunc(unit, day - literal(offset, Integer)), Date) + literal(offset, Integer)
            if offset
            else cast(func.date_trunc(unit, day), Date)
        )
    months = calendar.month_offset(slots.grain)
    if not months:
        return cast(func.date_trunc(unit, day), Date)
    shift = cast(literal(f"{months} months"), Interval)
    return cast(func.date_trunc(unit, day - shift) + shift, Date)


def _aggregate(table: Table, leaf: Leaf, conditions: Sequence[Where]) -> ColumnElement[Any]:
    """Return the aggregate of a leaf; a count of no rows is NULL, so that "none" and "not there" stay apart."""
    agg, names = leaf.measure.agg, leaf.measure.columns
    chosen: Any = table.c[names[0]] if names else None
    match = and_(true(), *(condition(table, part) for part in conditions)) if conditions else None
    if agg in ("count", "count_distinct"):
        counted: Any = func.count() if chosen is None else func.count(chosen.distinct() if agg == "count_distinct" else chosen)
        return func.nullif(counted.filter(match) if match is not None else counted, 0)
    plain: FunctionElement[Any] | WithinGroup[Any]
    if agg in ("sum", "avg", "min", "max"):
        plain = getattr(func, agg)(chosen)
    else:
        share = 0.5 if agg == "median" else int(agg[1:]) / 100
        # between two decimals the database would round to the column's scale
        plain = func.percentile_cont(literal(share)).within_group(cast(chosen, Double))
    return plain.filter(match) if match is not None else plain


def condition(table: Table, where: Where) -> ColumnElement[bool]:
    """Return the condition that a `where` mapping writes: all its columns must hold."""
    return and_(true(), *(_test(table.c[name], wanted) for name, wanted in where.items()))


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
