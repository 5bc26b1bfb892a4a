"""Turns a plan into one SELECT: every fact aggregated on its own, then brought together by period and dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Double, Select, Table, and_, cast, func, literal, null, select, true, union_all
from sqlalchemy.sql.elements import WithinGroup
from sqlalchemy.sql.functions import FunctionElement

from metrics import conversion, windows
from metrics.arithmetic import value_of
from metrics.definitions import Where
from metrics.placing import placed
from metrics.plan import Asked, Leaf, Plan
from metrics.rows import asked, conditions, dimension, living
from metrics.slots import Slots
from store.dialects import count_distinct, quantile
from store.schema import FACTS


def compile_plan(plan: Plan, slots: Slots, by: Sequence[str], where: Asked, zero: bool = False) -> Select[Any]:
    """Return the SELECT of (period, *by, one column for each leaf, value).

    Shape: period is the first day (a date), the hour's beginning (naive UTC), the place of the sprint in `slots.sprints`, or NULL for
    the grain "total". A leaf without a matching row is NULL, also a count. Facts of different tables meet only after each is
    aggregated, so no join can multiply a row. `value` is the KPI; zero counts a leaf without rows as 0 in it.
    """
    facts = _facts(plan.leaves, slots, by, where).subquery("facts")
    value = value_of(plan.expression, {leaf.key: _filled(facts.c[leaf.key], zero) for leaf in plan.leaves})
    return select(*facts.c, value.label("value"))


def _filled(leaf: ColumnElement[Any], zero: bool) -> ColumnElement[Any]:
    return func.coalesce(cast(leaf, Double), literal(0.0)) if zero else cast(leaf, Double)


def _facts(leaves: Sequence[Leaf], slots: Slots, by: Sequence[str], where: Asked) -> Select[Any]:
    parts = [statement.subquery(f"s{n}") for n, (_, statement) in enumerate(compile_scans(leaves, slots, by, where))]
    if len(parts) == 1:
        only = parts[0]
        return select(*(only.c[name] for name in ("period", *by, *(leaf.key for leaf in leaves))))
    rows = [select(part.c.period, *(part.c[d] for d in by), *(_column(part, leaf.key) for leaf in leaves)) for part in parts]
    union = union_all(*rows).subquery("u")
    keys = [union.c.period, *(union.c[d] for d in by)]
    return select(*keys, *(func.max(union.c[leaf.key]).label(leaf.key) for leaf in leaves)).group_by(*keys)


def _column(part: Any, key: str) -> ColumnElement[Any]:
    return cast(part.c[key] if key in part.c else null(), Double).label(key)


def compile_scans(leaves: Sequence[Leaf], slots: Slots, by: Sequence[str], where: Asked) -> list[tuple[tuple[Leaf, ...], Select[Any]]]:
    """Return one SELECT of (period, *by, one column for each leaf) for every pass over a table, with its leaves."""
    ordered = sorted(leaves, key=_pass)
    groups = [tuple(group) for _, group in groupby(ordered, key=_pass)]
    return [(group, _scan(group, slots, by, where)) for group in groups]


def _pass(leaf: Leaf) -> tuple[str, ...]:
    """Return what leaves of one pass over a table share."""
    if leaf.follow is not None:
        return leaf.measure.table, leaf.time, "follow", repr((leaf.measure.where, leaf.conditions)), conversion.pair(leaf)
    if leaf.span is not None:
        return leaf.measure.table, leaf.time, "span", repr(leaf.span), "" if windows.adds_up(leaf) else leaf.key
    return leaf.measure.table, leaf.time, "", "", ""


def _scan(leaves: Sequence[Leaf], slots: Slots, by: Sequence[str], where: Asked) -> Select[Any]:
    if leaves[0].follow is not None:
        return conversion.scan(leaves, slots, by, where)
    return windows.scan(leaves, slots, by, where) if leaves[0].span is not None else _plain(leaves, slots, by, where)


def _plain(leaves: Sequence[Leaf], slots: Slots, by: Sequence[str], where: Asked) -> Select[Any]:
    """Aggregate all leaves of one table in one pass."""
    table = FACTS[leaves[0].measure.table]
    origin, period, within = placed(table, leaves[0], slots)
    dimensions = [dimension(table, name).label(name) for name in by]
    shared = leaves[0].conditions if all(leaf.conditions == leaves[0].conditions for leaf in leaves) else ()
    filters = [*within, *asked(table, where), *conditions(table, shared), *living(table, leaves)]
    aggregates = [_aggregate(table, leaf, () if shared else leaf.conditions).label(leaf.key) for leaf in leaves]
    statement = select(period.label("period"), *dimensions, *aggregates).select_from(origin).where(*filters)
    keys = ([] if slots.grain == "total" else [period]) + [d.element for d in dimensions]
    return statement.group_by(*keys) if keys else statement


def _aggregate(table: Table, leaf: Leaf, wheres: Sequence[Where]) -> ColumnElement[Any]:
    """Return the aggregate of a leaf; a count of no rows is NULL, so that "none" and "not there" stay apart."""
    agg, share, columns = leaf.measure.agg, leaf.measure.share, [table.c[name] for name in leaf.measure.columns]
    match = conditions(table, wheres)
    plain: FunctionElement[Any] | WithinGroup[Any]
    if agg == "count_distinct":
        plain, present = count_distinct(columns)
        match += [column.is_not(None) for column in present]
    elif agg == "count":
        plain = func.count(*columns)
    else:
        plain = getattr(func, agg)(columns[0]) if share is None else quantile(columns[0], share)
    filtered = plain.filter(and_(true(), *match)) if match else plain
    return func.nullif(filtered, 0) if agg in ("count", "count_distinct") else filtered
