"""Conversions: who of those that did one thing did another within some time after it.

Of a period and a slice (say, October and device=mobile), with `from`, `to`, `entity`, `within` and perhaps `after`:

- base = the different entities with a row of `from` in the period and the slice;
- converted = those of them of which at least one such row is followed by a row of `to` of the same entity, at an instant later than
  the `from` + `after` and at most `within` later than the `from` (after = 0 when it is not said, so the same instant does not count);
- value = converted ÷ base; a base without anyone converted is 0, no base is absent.

The `to` may lie in a later period and in any slice: people are counted where they came from. Conditions of KPIs around it and of the
question hold for `from`; the `where` of the measure `to` for `to`. Rows without an entity are nobody's. When both ends read one table, an
entity is told apart by its source too; between tables by its value alone. A table that knows only the day counts as its midnight. A period
is not complete, and settles, until `within` has passed after its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Select, Table, cast, false, literal, null, select, true, union_all

from metrics.definitions import Measure
from metrics.placing import placed
from metrics.plan import Asked, Leaf, instant_of
from metrics.rows import asked, conditions, day_of, dimension, in_range, living
from metrics.slots import Slots
from metrics.types import Period
from store.dialects import count_distinct, counted_between
from store.schema import FACTS


def pair(leaf: Leaf) -> str:
    """Return a text that the two sides of one conversion share."""
    follow = leaf.follow
    assert follow is not None
    return repr((follow.measure.model_dump_json(), follow.entity, follow.after_hours, follow.within_hours))


def scan(leaves: Sequence[Leaf], slots: Slots, by: Sequence[str], where: Asked) -> Select[Any]:
    """Return the SELECT of (period, *by, one column for each side) of one conversion."""
    leaf = leaves[0]
    follow = leaf.follow
    assert follow is not None
    steps = union_all(_first_step(leaf, slots, by, where), _next_step(leaf, slots, by, where)).subquery("steps")
    same = [steps.c.origin, steps.c.who] if leaf.measure.table == follow.measure.table else [steps.c.who]
    after, until = timedelta(hours=follow.after_hours), timedelta(hours=follow.within_hours)
    followed = counted_between(steps.c.follows, same, steps.c.happened, after, until).label("followed")
    looked = select(steps, followed).subquery("looked")
    keys = [looked.c.period, *(looked.c[name] for name in by)]
    who, _ = count_distinct([looked.c[column.name] for column in same])
    sides = [(who.filter(looked.c.followed > 0) if side.follow and side.follow.converted else who).label(side.key) for side in leaves]
    # without a group there would be a row that says 0 of nobody
    return select(*keys, *sides).where(looked.c.follows == false()).group_by(*keys)


def _first_step(leaf: Leaf, slots: Slots, by: Sequence[str], where: Asked) -> Select[Any]:
    table = FACTS[leaf.measure.table]
    origin, period, within = placed(table, leaf, slots)
    assert leaf.follow is not None
    who = table.c[leaf.follow.entity]
    kept = [*within, *asked(table, where), *conditions(table, leaf.conditions), *living(table, [leaf]), who.is_not(None)]
    dimensions = [dimension(table, name).label(name) for name in by]
    columns = (
        table.c.source.label("origin"),
        who.label("who"),
        _instant(table, leaf.measure, slots).label("happened"),
        false().label("follows"),
    )
    return select(*columns, period.label("period"), *dimensions).select_from(origin).where(*kept)


def _next_step(leaf: Leaf, slots: Slots, by: Sequence[str], where: Asked) -> Select[Any]:
    follow = leaf.follow
    assert follow is not None
    table = FACTS[follow.measure.table]
    day = day_of(table, follow.measure.time, slots.calendar)
    first = min([slots.period.start, *(s.period.start for s in slots.sprints)])
    last = max([slots.period.end, *(s.period.end for s in slots.sprints)]) + timedelta(days=-(-follow.within_hours // 24) + 1)
    reached = in_range(day, Period(first, min(last, slots.held.end)))
    who = table.c[follow.entity]
    alone = Leaf("", "", follow.measure, (follow.measure.where,))
    kept = [*reached, *conditions(table, alone.conditions), *living(table, [alone]), who.is_not(None)]
    period = placed(FACTS[leaf.measure.table], leaf, slots)[1]
    nowhere = [cast(null(), period.type).label("period"), *(cast(null(), literal("").type).label(name) for name in by)]
    columns = (
        table.c.source.label("origin"),
        who.label("who"),
        _instant(table, follow.measure, slots).label("happened"),
        true().label("follows"),
    )
    return select(*columns, *nowhere).where(*kept)


def _instant(table: Table, measure: Measure, slots: Slots) -> ColumnElement[Any]:
    name = instant_of(measure)
    return table.c[name] if name is not None else cast(day_of(table, measure.time, slots.calendar), DateTime)
