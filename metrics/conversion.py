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
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    DateTime,
    Select,
    String,
    Subquery,
    Table,
    and_,
    cast,
    false,
    func,
    null,
    or_,
    select,
    true,
    union_all,
)

from metrics.definitions import Measure
from metrics.placing import placed
from metrics.plan import Asked, Leaf, instant_of
from metrics.rows import asked, conditions, day_of, dimension, in_range, living
from metrics.slots import Slots
from metrics.types import Period
from store.dialects import counted_between
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
    steps = _steps(leaf, slots, by, where).subquery("steps")
    same = [steps.c.origin, steps.c.who] if leaf.measure.table == follow.measure.table else [steps.c.who]
    after, until = timedelta(hours=follow.after_hours), timedelta(hours=follow.within_hours)
    followed = counted_between(steps.c.follows, same, steps.c.happened, after, until).label("followed")
    looked = select(steps, followed).subquery("looked")
    keys = [looked.c.period, *(looked.c[name] for name in by)]
    who = [looked.c[column.name] for column in same]
    # each once, before they are counted: a count of different pairs costs twice as much
    converted = func.bool_or(looked.c.followed > 0).label("converted")
    people = select(*keys, converted).where(looked.c.begins).group_by(*keys, *who).subquery("people")
    keys = [people.c.period, *(people.c[name] for name in by)]
    # without a group there would be a row that says 0 of nobody
    return select(*keys, *(_side(people, side).label(side.key) for side in leaves)).group_by(*keys)


def _side(people: Subquery, side: Leaf) -> ColumnElement[int]:
    return func.count().filter(people.c.converted) if side.follow and side.follow.converted else func.count()


@dataclass(frozen=True, slots=True)
class _Step:
    """The rows of one end: what to select from, which of them count, between which days."""

    table: Table
    origin: Any
    kept: Sequence[ColumnElement[bool]]
    who: ColumnElement[Any]
    happened: ColumnElement[Any]

    @property
    def is_one(self) -> ColumnElement[bool]:
        return and_(true(), *self.kept, self.who.is_not(None))

    @property
    def named(self) -> list[ColumnElement[Any]]:
        return [self.table.c.source.label("origin"), self.who.label("who"), self.happened.label("happened")]


def _steps(leaf: Leaf, slots: Slots, by: Sequence[str], where: Asked) -> Select[Any] | CompoundSelect[Any]:
    """Return (origin, who, happened, begins, follows, period, *by) of the rows that begin, that follow, or both."""
    first, period, dimensions = _first_step(leaf, slots, by, where)
    following = _next_step(leaf, slots)
    shown = [period.label("period"), *dimensions]
    if first.origin is following.origin and first.happened.compare(following.happened):
        marks = [first.is_one.label("begins"), following.is_one.label("follows")]
        return select(*first.named, *marks, *shown).where(or_(first.is_one, following.is_one))
    nowhere = [cast(null(), period.type).label("period"), *(cast(null(), String).label(name) for name in by)]
    begins = select(*first.named, true().label("begins"), false().label("follows"), *shown).select_from(first.origin).where(first.is_one)
    follows = select(*following.named, false().label("begins"), true().label("follows"), *nowhere).where(following.is_one)
    return union_all(begins, follows)


def _first_step(leaf: Leaf, slots: Slots, by: Sequence[str], where: Asked) -> tuple[_Step, ColumnElement[Any], list[Any]]:
    table = FACTS[leaf.measure.table]
    origin, period, within = placed(table, leaf, slots)
    assert leaf.follow is not None
    kept = [*within, *asked(table, where), *conditions(table, leaf.conditions), *living(table, [leaf])]
    dimensions = [dimension(table, name).label(name) for name in by]
    return _Step(table, origin, kept, table.c[leaf.follow.entity], _instant(table, leaf.measure, slots)), period, dimensions


def _next_step(leaf: Leaf, slots: Slots) -> _Step:
    follow = leaf.follow
    assert follow is not None
    table = FACTS[follow.measure.table]
    day = day_of(table, follow.measure.time, slots.calendar)
    first = min([slots.period.start, *(s.period.start for s in slots.sprints)])
    last = max([slots.period.end, *(s.period.end for s in slots.sprints)]) + timedelta(days=-(-follow.within_hours // 24) + 1)
    reached = in_range(day, Period(first, min(last, slots.held.end)))
    alone = Leaf("", "", follow.measure, (follow.measure.where,))
    kept = [*reached, *conditions(table, alone.conditions), *living(table, [alone])]
    return _Step(table, table, kept, table.c[follow.entity], _instant(table, follow.measure, slots))


def _instant(table: Table, measure: Measure, slots: Slots) -> ColumnElement[Any]:
    name = instant_of(measure)
    return table.c[name] if name is not None else cast(day_of(table, measure.time, slots.calendar), DateTime)
