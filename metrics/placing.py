"""Writes in SQL which period a row falls into: hours, calendar periods, sprints, or one period for all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, Interval, String, Table, and_, cast, column, literal, null, text, values

from metrics.calendar import Calendar
from metrics.plan import Leaf
from metrics.rows import day_of, in_range
from metrics.slots import Slots
from metrics.types import Grain
from store.dialects import first_of, hour_of

UNITS: dict[str, str] = {
    "week": "week", "month": "month", "quarter": "quarter", "year": "year", "fiscal_quarter": "quarter", "fiscal_year": "year",
}  # fmt: skip
SPRINT_IDS = {"sprint_items": "sprint_id", "sprints": "id"}
"""Tables that name the sprint of a row, and the column that does."""

Placed = tuple[Any, ColumnElement[Any], list[ColumnElement[bool]]]
"""What to select from, the period of a row, and the conditions that keep it in range."""


def placed(table: Table, leaf: Leaf, slots: Slots) -> Placed:
    """Return where the rows of a leaf's table fall."""
    day = day_of(table, leaf.measure.time, slots.calendar)
    within = in_range(day, slots.period)
    if slots.grain == "total":
        return table, cast(null(), Date), within
    if slots.grain == "hour":
        assert leaf.instant is not None
        return table, hour_of(table.c[leaf.instant], slots.calendar.minutes_of(slots.period.start)), within
    if slots.grain == "sprint":
        return _by_sprint(table, day, slots, within)
    return table, floor(day, slots.grain, slots.calendar), within


def _by_sprint(table: Table, day: ColumnElement[Any], slots: Slots, within: list[ColumnElement[bool]]) -> Placed:
    sprints = values(
        column("place", Integer),
        column("source", String),
        column("id", String),
        column("first", Date),
        column("until", Date),
        name="sprint_periods",
    ).data(
        [(n, s.source, s.id, s.period.start, s.period.end) for n, s in enumerate(slots.sprints)]
        or [(-1, "", "", slots.period.end, slots.period.end)]
    )
    if table.name in SPRINT_IDS:
        named = and_(table.c.source == sprints.c.source, table.c[SPRINT_IDS[table.name]] == sprints.c.id)
        return table.join(sprints, named), sprints.c.place, []
    # the casts let the statement run as it is shown: a date written into VALUES is text to the database
    falls = and_(day >= cast(sprints.c.first, Date), day < cast(sprints.c.until, Date))
    return table.join(sprints, falls), sprints.c.place, within


def floor(day: ColumnElement[Any], grain: Grain, calendar: Calendar) -> ColumnElement[Any]:
    """Return the first day of the calendar period that a day lies in, as Calendar.floor does."""
    if grain == "day":
        return day
    unit = text(f"'{UNITS[grain]}'")
    if grain == "week":
        offset = literal(calendar.week_offset, Integer)
        return first_of(unit, day - offset) + offset if calendar.week_offset else first_of(unit, day)
    months = calendar.month_offset(grain)
    if not months:
        return first_of(unit, day)
    shift = cast(literal(f"{months} months"), Interval)
    return cast(first_of(unit, cast(day - shift, Date)) + shift, Date)


def step(grain: Grain) -> str:
    """Return the length of a calendar period in words that databases know."""
    return {"day": "1 day", "week": "7 days", "month": "1 month", "quarter": "3 months", "fiscal_quarter": "3 months"}.get(grain, "1 year")
