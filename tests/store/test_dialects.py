"""What the engines write differently gives the same on both."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Engine,
    Integer,
    String,
    cast,
    column,
    create_engine,
    literal,
    select,
    text,
    values,
)

from store.dialects import count_distinct, counted_between, days_between, first_of, hour_of, local_day, quantile
from store.schema import events


def ask(engine: Engine, *columns: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(*columns)).one())


@pytest.mark.parametrize(
    ("unit", "day", "first"),
    [("week", date(2027, 1, 3), date(2026, 12, 28)), ("month", date(2028, 2, 29), date(2028, 2, 1)), ("quarter", date(2026, 6, 30), date(2026, 4, 1)), ("year", date(2026, 12, 31), date(2026, 1, 1))],
)  # fmt: skip
def test_the_first_day_of_a_calendar_period(engine: Engine, unit: str, day: date, first: date) -> None:
    assert ask(engine, first_of(text(f"'{unit}'"), cast(literal(day, Date), Date))) == [first]


@pytest.mark.parametrize(
    ("zone", "day"), [("Europe/Vienna", date(2026, 3, 30)), ("UTC", date(2026, 3, 29)), ("America/New_York", date(2026, 3, 29))]
)
def test_the_day_of_an_instant_is_that_of_the_zone_asked_for(engine: Engine, zone: str, day: date) -> None:
    assert ask(engine, local_day(cast(literal(datetime(2026, 3, 29, 22), DateTime), DateTime), zone)) == [day]


@pytest.mark.parametrize(("minutes", "hour"), [(0, datetime(2026, 1, 5, 18)), (30, datetime(2026, 1, 5, 18, 30))])
def test_hours_begin_where_the_zone_says(engine: Engine, minutes: int, hour: datetime) -> None:
    assert ask(engine, hour_of(cast(literal(datetime(2026, 1, 5, 18, 40), DateTime), DateTime), minutes)) == [hour]


def table(*rows: tuple[Any, ...]) -> Any:
    named = (column("who", String), column("day", Integer), column("at", DateTime), column("marked", Boolean), column("n", Double))
    return values(*named, name="given").data(list(rows))


ROWS = table(
    ("a", 1, datetime(2026, 1, 1), False, 1.0),
    ("a", 1, datetime(2026, 1, 1), True, 2.0),
    ("a", None, datetime(2026, 1, 8), True, 3.0),
    ("b", 2, datetime(2026, 1, 8, 0, 0, 0, 1), True, 4.0),
)


def test_quantiles_are_interpolated(engine: Engine) -> None:
    assert ask(engine, quantile(ROWS.c.n, 0.75)) == [3.25]


def test_a_pair_with_a_missing_part_is_told_to_be_left_out(engine: Engine) -> None:
    one, nothing = count_distinct([ROWS.c.day])
    pairs, present = count_distinct([ROWS.c.who, cast(ROWS.c.day, Integer)])
    assert nothing == ()
    assert ask(engine, one, pairs.filter(*(part.is_not(None) for part in present))) == [2, 2]


def test_a_series_includes_its_ends(engine: Engine) -> None:
    series = days_between(date(2026, 1, 31), date(2026, 2, 2), "1 day", "series")
    with engine.connect() as connection:
        found = [row.begins for row in connection.execute(select(cast(series.c.begins, Date).label("begins")))]
    assert found == [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 2)]


def test_marks_are_counted_after_and_up_to(engine: Engine) -> None:
    """From a's first instant, exactly a week reaches the 8th; the same instant does not count, nor does b's microsecond more."""
    at, marked = cast(ROWS.c.at, DateTime), cast(ROWS.c.marked, Boolean)
    week = counted_between(marked, [ROWS.c.who], at, timedelta(0), timedelta(days=7))
    everyone = counted_between(marked, [literal(1, BigInteger)], at, timedelta(0), timedelta(days=7, microseconds=1))
    with engine.connect() as connection:
        found = connection.execute(select(ROWS.c.n, week, everyone)).all()
    assert sorted(tuple(row) for row in found) == [(1.0, 1, 2), (2.0, 1, 2), (3.0, 0, 1), (4.0, 0, 0)]


def test_long_texts_are_packed_as_declared(tmp_path: Path) -> None:
    file = tmp_path / "facts.duckdb"
    made = create_engine(f"duckdb:///{file}")
    with made.begin() as connection:  # few texts: left to itself, DuckDB would make a dictionary of them
        events.create(connection)
        connection.exec_driver_sql(
            "INSERT INTO events (source, slice, time, day, event, properties, dedupe_key) SELECT 's', DATE '2026-03-01', "
            "TIMESTAMP '2026-03-01', DATE '2026-03-01', 'e', '{\"n\":' || i % 9 || '}', (i % 9)::VARCHAR FROM range(130000) t(i)"
        )
    made.dispose()
    with duckdb.connect(str(file)) as read:
        asked = "SELECT DISTINCT column_name FROM pragma_storage_info('events') WHERE compression = 'FSST'"
        assert sorted(read.execute(asked).fetchall()) == [("dedupe_key",), ("properties",)]
