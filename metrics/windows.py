"""Rolling windows and values to date: every value is worked out from the days it looks back over, never from other values.

Sums, counts, averages and extremes come from one pass that adds up each day, joined with the slots by the days they look back over.
Different people stay different people: each is counted from a day on which they were seen until they fall out of the window, or are
seen again, which is what is added up. So a window of 28 days costs about as much as one of 7. Quantiles need every row for every slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Double,
    Integer,
    Interval,
    Select,
    Subquery,
    Table,
    and_,
    cast,
    column,
    func,
    literal,
    null,
    select,
    union_all,
    values,
)  # fmt: skip

from metrics.placing import floor, step
from metrics.plan import Asked, Leaf
from metrics.rows import asked, conditions, day_of, dimension, in_range, living
from metrics.slots import Slots
from metrics.spans import EARLIEST, Rolling, Span, ToDate, first_day
from metrics.types import Period
from store.dialects import days_between, quantile
from store.schema import FACTS

Part = ColumnElement[Any]
ADDING = ("sum", "count", "avg", "min", "max")


def adds_up(leaf: Leaf) -> bool:
    """Whether a leaf's days are enough to work out its window, so that several leaves can share one pass."""
    return leaf.measure.agg in ADDING


def scan(leaves: Sequence[Leaf], slots: Slots, by: Sequence[str], where: Asked) -> Select[Any]:
    """Return the SELECT of (period, *by, one column for each leaf) of leaves with the same table, time and span."""
    span = leaves[0].span
    assert span is not None
    looks = _looks(span, slots)
    if adds_up(leaves[0]):
        return _added(leaves, looks, slots, by, where)
    if leaves[0].measure.agg == "count_distinct":
        return _distinct(leaves[0], span, looks, slots, by, where)
    return _quantile(leaves[0], looks, slots, by, where)


def _looks(span: Span, slots: Slots) -> Subquery:
    """Return (period, first, until): for each slot the days it looks back over, [first, until), as far as they are held."""
    if slots.grain in ("total", "sprint"):
        return _few(span, slots)
    series = days_between(
        slots.calendar.floor(slots.period.start, slots.grain), slots.period.end - timedelta(days=1), step(slots.grain), "series"
    )
    length = cast(literal(step(slots.grain)), Interval)
    until = func.least(cast(series.c.begins + length, Date), literal(slots.period.end, Date))
    ends = select(cast(series.c.begins, Date).label("period"), until.label("until")).subquery("ends")
    return select(ends.c.period, _first(span, ends.c.until, slots).label("first"), ends.c.until).subquery("looks")


def _first(span: Span, until: Part, slots: Slots) -> Part:
    """The same as first_day, in SQL."""
    return until - literal(span.days, Integer) if isinstance(span, Rolling) else _unit(span, until - literal(1, Integer), slots)


def _unit(span: ToDate, day: Part, slots: Slots) -> Part:
    """Return the first day of the unit that a day lies in."""
    return cast(literal(EARLIEST, Date), Date) if span.unit == "ever" else floor(day, span.unit, slots.calendar)


def _few(span: Span, slots: Slots) -> Subquery:
    periods = [s.period for s in slots.sprints] if slots.grain == "sprint" else [slots.period]
    cut = [(place, Period(p.start, min(p.end, slots.period.end))) for place, p in enumerate(periods)]
    rows = [(place, first_day(span, p.start, p.end, slots.calendar), p.end) for place, p in cut if p.end > max(p.start, slots.period.start)]
    listed = values(column("place", Integer), column("first", Date), column("until", Date), name="listed")
    listed = listed.data(rows or [(-1, slots.period.end, slots.period.end)])
    period = listed.c.place if slots.grain == "sprint" else cast(null(), Date)
    return select(period.label("period"), cast(listed.c.first, Date).label("first"), cast(listed.c.until, Date).label("until")).subquery(
        "looks"
    )


def _range(span: Span | None, slots: Slots) -> Period:
    """Return the days whose rows any slot looks back over."""
    start = slots.period.start
    if slots.grain == "sprint" and slots.sprints:
        start = min(start, *(s.period.start for s in slots.sprints))
    earliest = first_day(span, start, start + timedelta(days=1), slots.calendar)
    return Period(max(slots.held.start, earliest), slots.period.end)


def _rows(
    leaves: Sequence[Leaf], slots: Slots, by: Sequence[str], where: Asked
) -> tuple[Table, Part, list[Any], list[ColumnElement[bool]]]:
    """Return the table, the day of a row, what it is split by, and which rows count for all leaves."""
    table = FACTS[leaves[0].measure.table]
    day = day_of(table, leaves[0].measure.time, slots.calendar)
    filters = [*in_range(day, _range(leaves[0].span, slots)), *asked(table, where), *living(table, leaves)]
    return table, day, [dimension(table, name).label(name) for name in by], filters


def _joined(looks: Subquery, days: Subquery, falls: ColumnElement[bool], by: Sequence[str], columns: Sequence[Any]) -> Select[Any]:
    keys = [looks.c.period, *(days.c[name] for name in by)]
    return select(*keys, *columns).select_from(looks.join(days, falls)).group_by(*keys)


def _within(looks: Subquery, days: Subquery) -> ColumnElement[bool]:
    return and_(days.c.seen_on >= looks.c.first, days.c.seen_on < looks.c.until)


def _added(leaves: Sequence[Leaf], looks: Subquery, slots: Slots, by: Sequence[str], where: Asked) -> Select[Any]:
    table, day, dimensions, filters = _rows(leaves, slots, by, where)
    shared = leaves[0].conditions if all(leaf.conditions == leaves[0].conditions for leaf in leaves) else ()
    partial = [part for leaf in leaves for part in _day_parts(table, leaf, bool(shared))]
    kept = [*filters, *conditions(table, shared)]
    days = select(day.label("seen_on"), *dimensions, *partial).where(*kept).group_by(day, *(d.element for d in dimensions)).subquery("days")
    return _joined(looks, days, _within(looks, days), by, [_whole(leaf, days).label(leaf.key) for leaf in leaves])


def _day_parts(table: Table, leaf: Leaf, shared: bool) -> list[Any]:
    """Return what of a day a window needs: its sum and its count for an average, else its own value."""
    match = conditions(table, () if shared else leaf.conditions)
    columns = [table.c[name] for name in leaf.measure.columns]
    names = {"avg": ("sum", "count"), "count": ("count",)}.get(leaf.measure.agg, (leaf.measure.agg,))
    parts = {f"{leaf.key}_{name}": getattr(func, name)(*columns) for name in names}
    return [(part.filter(and_(*match)) if match else part).label(name) for name, part in parts.items()]


def _whole(leaf: Leaf, days: Subquery) -> Part:
    agg = leaf.measure.agg
    if agg == "avg":
        return cast(func.sum(days.c[f"{leaf.key}_sum"]), Double) / func.nullif(func.sum(days.c[f"{leaf.key}_count"]), 0, type_=Double())
    if agg == "count":
        return func.nullif(func.sum(days.c[f"{leaf.key}_count"]), 0)
    return getattr(func, agg)(days.c[f"{leaf.key}_{agg}"])  # type: ignore[no-any-return]  # SQLAlchemy's functions are looked up by name


def _distinct(leaf: Leaf, span: Span, looks: Subquery, slots: Slots, by: Sequence[str], where: Asked) -> Select[Any]:
    table, day, dimensions, filters = _rows([leaf], slots, by, where)
    who = [table.c[name].label(f"who{place}") for place, name in enumerate(leaf.measure.columns)]
    kept = [*filters, *conditions(table, leaf.conditions), *(one.element.is_not(None) for one in who)]
    if isinstance(span, Rolling):
        seen = select(day.label("seen_on"), *dimensions, *who).where(*kept).distinct().subquery("seen")
        days = _comings_and_goings(seen, span.days, by, leaf.key).subquery("days")
        falls = days.c.seen_on < looks.c.until
    else:
        unit = _unit(span, day, slots)
        seen = select(unit.label("unit"), day.label("seen_on"), *dimensions, *who).where(*kept).subquery("seen")
        keys = [seen.c.unit, *(seen.c[name] for name in by), *(seen.c[one.name] for one in who)]
        first = (
            select(seen.c.unit, func.min(seen.c.seen_on).label("seen_on"), *(seen.c[name] for name in by))
            .group_by(*keys)
            .subquery("firsts")
        )
        names = [first.c.unit, first.c.seen_on, *(first.c[name] for name in by)]
        days = select(*names, func.count().label("n")).group_by(*names).subquery("days")
        falls = and_(days.c.unit == looks.c.first, days.c.seen_on < looks.c.until)
    return _joined(looks, days, falls, by, [func.nullif(func.sum(days.c.n), 0).label(leaf.key)])


def _comings_and_goings(seen: Subquery, length: int, by: Sequence[str], key: str) -> Select[Any]:
    """Return (seen_on, *by, n): how many more people there are in windows that end after that day than in those that end on it.

    Somebody seen on day x is in the windows that end on x to x + length − 1; seen again on y within these, the count goes on from y.
    So +1 at x and −1 at the earlier of y and x + length, and the people of a window are the sum of all that lies before its end.
    """
    who = [c for c in seen.c if c.name.startswith("who")]
    names = [seen.c[name] for name in by]
    again = func.lead(seen.c.seen_on).over(partition_by=[*names, *who], order_by=seen.c.seen_on)
    leaves = seen.c.seen_on + literal(length, Integer)
    visits = select(seen.c.seen_on, *names, func.least(func.coalesce(again, leaves), leaves).label("gone")).cte(f"visits_{key}")
    split = [visits.c[name] for name in by]
    came = select(visits.c.seen_on, *split, func.count().label("n")).group_by(visits.c.seen_on, *split)
    gone = select(visits.c.gone, *split, (-func.count()).label("n")).group_by(visits.c.gone, *split)
    changes = union_all(came, gone).subquery("changes")
    names = [changes.c.seen_on, *(changes.c[name] for name in by)]
    return select(*names, cast(func.sum(changes.c.n), BigInteger).label("n")).group_by(*names)


def _quantile(leaf: Leaf, looks: Subquery, slots: Slots, by: Sequence[str], where: Asked) -> Select[Any]:
    table, day, dimensions, filters = _rows([leaf], slots, by, where)
    held, share = table.c[leaf.measure.columns[0]], leaf.measure.share
    assert share is not None
    kept = [*filters, *conditions(table, leaf.conditions), held.is_not(None)]
    rows = select(day.label("seen_on"), *dimensions, held.label("held")).where(*kept).subquery("rows_held")
    return _joined(looks, rows, _within(looks, rows), by, [quantile(rows.c.held, share).label(leaf.key)])
