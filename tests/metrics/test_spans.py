"""Rolling windows, values to date, hours, conversions and functions: small tables, answers worked out by hand, on both engines."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from errors import QueryError
from metrics.types import Grain, Period, Question, Row
from tests.metrics.engines import Rows, load, opened

HEAD = """version: 1
calendar: {timezone: Europe/Vienna}
measures:
  people: {table: events, agg: count_distinct, column: user_id}
  sessions: {table: web_traffic, agg: sum, column: sessions}
  purchases: {table: web_traffic, agg: sum, column: key_events}
  opened: {table: work_items, agg: count, time: created_at}
  closed: {table: work_items, agg: count}
kpis:
"""
D = date(2026, 1, 5)


def rows_of(engine: Engine, home: Path, kpi: str, grain: Grain, period: Period, held: Any = None, **tables: Rows) -> tuple[Row, ...]:
    with opened(home, HEAD + f"  x: {kpi}\n", load(engine, tables, held)) as catalog:
        return catalog.ask(Question("x", grain, period)).rows


def seen(*days_and_people: tuple[int, str]) -> list[dict[str, Any]]:
    return [
        {"day": D + timedelta(days=n), "time": datetime(2026, 1, 5, 12) + timedelta(days=n), "user_id": who, "event": "seen"}
        for n, who in days_and_people
    ]


def event(name: str, who: str | None, at: str, **more: Any) -> dict[str, Any]:
    time = datetime.fromisoformat(at)
    return {"day": (time + timedelta(hours=1)).date(), "time": time, "user_id": who, "event": name, **more}


def days(length: int) -> Period:
    return Period(D, D + timedelta(days=length))


def test_people_of_a_window_are_different_people(engine: Engine, tmp_path: Path) -> None:
    """a on days 0 and 2, b on day 1, nobody later. Three days back from days 0…5: a; a b; a b; a b; a; none."""
    rows = rows_of(engine, tmp_path, "{value: people, window: 3d}", "day", days(6), events=seen((0, "a"), (2, "a"), (1, "b")))
    assert [row.value for row in rows] == [1.0, 2.0, 2.0, 2.0, 1.0, None]
    assert rows[5].reason == "no rows in this period"


def test_a_window_at_a_coarser_grain_ends_with_the_period(engine: Engine, tmp_path: Path) -> None:
    """Of the week 5–11 January the last three days count: c and d, not a; of the whole two weeks those of the second."""
    people = seen((0, "a"), (4, "c"), (6, "d"), (9, "e"))
    week = rows_of(engine, tmp_path, "{value: people, window: 3d}", "week", days(14), events=people)
    total = rows_of(engine, tmp_path, "{value: people, window: 3d}", "total", days(10), events=people)
    assert ([row.value for row in week], [row.value for row in total]) == ([2.0, None], [1.0])


def test_a_ratio_of_a_window_is_sum_over_sum(engine: Engine, tmp_path: Path) -> None:
    """1 of 2, then 20 of 1,000: over two days 21 of 1,002; the third day looks back on the second alone."""
    traffic = [{"day": D, "sessions": 2, "key_events": 1}, {"day": D + timedelta(days=1), "sessions": 1000, "key_events": 20}]
    rows = rows_of(engine, tmp_path, "{numerator: purchases, denominator: sessions, window: 2d}", "day", days(3), web_traffic=traffic)
    assert [row.value for row in rows] == pytest.approx([0.5, 21 / 1002, 0.02])


def test_a_window_that_begins_before_the_facts_is_not_complete(engine: Engine, tmp_path: Path) -> None:
    held = {"events": (D, datetime(2026, 1, 9, 23))}
    rows = rows_of(engine, tmp_path, "{value: people, window: 3d}", "day", days(6), held, events=seen(*((n, "a") for n in range(6))))
    assert [(row.value, row.complete) for row in rows] == [(1.0, False), (1.0, False), (1.0, True), (1.0, True), (1.0, True), (None, False)]


def test_a_value_to_date_begins_anew_with_its_unit(engine: Engine, tmp_path: Path) -> None:
    """30 January 4, 1 February 1, 2 February 2: month to date 4, 4 (the 31st), 1, 3; the week of 26 January ends with February's 1."""
    traffic = [{"day": day, "sessions": n} for day, n in ((date(2026, 1, 30), 4), (date(2026, 2, 1), 1), (date(2026, 2, 2), 2))]
    four = Period(date(2026, 1, 30), date(2026, 2, 3))
    daily = rows_of(engine, tmp_path, "{value: sessions, to_date: month}", "day", four, web_traffic=traffic)
    weekly = rows_of(engine, tmp_path, "{value: sessions, to_date: month}", "week", four, web_traffic=traffic)
    assert ([row.value for row in daily], [row.value for row in weekly]) == ([4.0, 4.0, 1.0, 3.0], [1.0, 3.0])


def test_people_to_date_are_counted_once_in_their_unit(engine: Engine, tmp_path: Path) -> None:
    rows = rows_of(engine, tmp_path, "{value: people, to_date: week}", "day", days(8), events=seen((0, "a"), (1, "a"), (1, "b"), (7, "a")))
    assert [row.value for row in rows] == [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0]


def test_what_is_open_is_all_that_was_opened_less_all_that_was_closed(engine: Engine, tmp_path: Path) -> None:
    items = [{"id": str(n), "created_at": datetime(2025, 12, 1), "done_at": datetime(2026, 1, 5 + n) if n < 2 else None} for n in range(4)]
    rows = rows_of(engine, tmp_path, "{formula: opened - closed, to_date: ever, fill: zero}", "day", days(3), work_items=items)
    assert [(row.value, row.complete) for row in rows] == [(3.0, True), (2.0, True), (2.0, True)]


def test_the_grains_of_a_value_to_date_are_not_coarser_than_its_unit(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match=r"has no grain 'quarter'\. Known: day, week, month, sprint, total"):
        rows_of(engine, tmp_path, "{value: sessions, to_date: month}", "quarter", days(1), web_traffic=[])


def test_hours_are_those_of_the_reporting_zone_and_only_of_tables_that_know_them(engine: Engine, tmp_path: Path) -> None:
    """22:59 UTC on the 4th is 23:59 in Vienna and no hour of the 5th; 23:00 UTC is its first."""
    views = [event("seen", "a", at) for at in ("2026-01-04T22:59:00", "2026-01-04T23:00:00", "2026-01-05T22:59:59")]
    rows = rows_of(engine, tmp_path, "{value: people}", "hour", days(1), events=views)
    assert len(rows) == 24
    assert [(row.label, row.value) for row in rows if row.value] == [("2026-01-05T00:00+01:00", 1.0), ("2026-01-05T23:00+01:00", 1.0)]
    with pytest.raises(QueryError, match="has no grain 'hour'"):
        rows_of(engine, tmp_path, "{value: sessions}", "hour", days(1), web_traffic=[])


def test_hours_of_a_zone_half_an_hour_off_begin_on_its_own_full_hours(engine: Engine, tmp_path: Path) -> None:
    """18:29 UTC is 23:59 in India, 18:30 its midnight."""
    text = (HEAD + "  x: {value: people}\n").replace("Europe/Vienna", "Asia/Kolkata")
    views = [{"day": D, "time": at, "user_id": "a", "event": "seen"} for at in (datetime(2026, 1, 4, 18, 30), datetime(2026, 1, 5, 18, 29))]
    with opened(tmp_path, text, load(engine, {"events": views})) as catalog:
        rows = catalog.ask(Question("x", "hour", days(1))).rows
    assert [(row.label, row.value) for row in rows if row.value] == [("2026-01-05T00:00+05:30", 1.0), ("2026-01-05T23:00+05:30", 1.0)]


CONVERSION = "{conversion: {from: signup, to: purchase, entity: user_id, within: 7d}}"


def test_a_conversion_follows_the_same_person_in_time(engine: Engine, tmp_path: Path) -> None:
    """a buys in time, b exactly at the end of the 7 days, c a second too late, d before signing up, e never, f at the same instant.

    Six sign up on the 5th, two convert: 1/3. An event without a person is nobody's.
    """
    rows = [event("signup", who, "2026-01-05T10:00:00") for who in "abcdef"]
    rows += [
        event("purchase", "a", "2026-01-06T10:00:00"),
        event("purchase", "b", "2026-01-12T10:00:00"),
        event("purchase", "c", "2026-01-12T10:00:01"),
    ]
    rows += [event("purchase", "d", "2026-01-05T09:00:00"), event("purchase", "f", "2026-01-05T10:00:00"), event("signup", None, "2026-01-05T10:00:00"), event("purchase", None, "2026-01-06T10:00:00")]  # fmt: skip
    got = rows_of(engine, tmp_path, CONVERSION, "day", days(2), events=rows)
    assert [(row.value, row.reason) for row in got] == [
        (pytest.approx(1 / 3), None),
        (None, "signup that led to purchase has no rows in this period"),
    ]


def test_nobody_converted_is_zero_and_any_of_several_beginnings_counts(engine: Engine, tmp_path: Path) -> None:
    """a begins on the 5th and the 12th and buys on the 15th: not in time after the first, in time after the second. Of both weeks: 1 of 1."""
    rows = [
        event("signup", "a", "2026-01-05T10:00:00"),
        event("signup", "a", "2026-01-12T10:00:00"),
        event("purchase", "a", "2026-01-15T10:00:00"),
    ]
    weeks = rows_of(engine, tmp_path, CONVERSION, "week", days(14), events=rows)
    total = rows_of(engine, tmp_path, CONVERSION, "total", days(14), events=rows)
    assert ([row.value for row in weeks], [row.value for row in total]) == ([0.0, 1.0], [1.0])


def test_a_conversion_settles_until_its_time_has_passed(engine: Engine, tmp_path: Path) -> None:
    """Held through the 14th: the 5th to 7th have had their seven days, the 8th has until the end of the 15th."""
    rows = [event("signup", "a", f"2026-01-{n:02}T10:00:00") for n in range(5, 17)]
    got = rows_of(engine, tmp_path, CONVERSION, "day", days(11), {"events": (D, datetime(2026, 1, 14, 23))}, events=rows)
    assert [(row.complete, row.settling) for row in got[:5]] == [(True, False), (True, False), (True, False), (False, True), (False, True)]
    assert got[10].reason == "src_events is covered through 2026-01-14"


def test_people_are_counted_where_they_came_from(engine: Engine, tmp_path: Path) -> None:
    rows = [event("signup", "a", "2026-01-05T10:00:00", device="mobile"), event("purchase", "a", "2026-01-06T10:00:00", device="desktop")]
    with opened(tmp_path, HEAD + f"  x: {CONVERSION}\n", load(engine, {"events": rows})) as catalog:
        split = catalog.ask(Question("x", "day", days(1), ("device",))).rows
        where = catalog.ask(Question("x", "day", days(1), (), (("device", ("desktop",)),))).rows
    assert ([(row.dimensions, row.value) for row in split], where[0].value) == ([({"device": "mobile"}, 1.0)], None)


def test_the_ends_of_a_conversion_may_lie_in_different_tables(engine: Engine, tmp_path: Path) -> None:
    """Items x and y enter a status on the 5th; x is done on the 6th, y on the 20th: half within a week."""
    text = HEAD.replace("kpis:", "  moved: {table: status_changes, agg: count, column: item_id}\nkpis:")
    text = text.replace("  closed: {table: work_items, agg: count}", "  closed: {table: sprint_items, agg: count, time: added_at}")
    kpi = "  x: {conversion: {from: moved, to: closed, entity: item_id, within: 1w}}\n"
    moves = [{"item_id": who, "at": datetime(2026, 1, 5, 9)} for who in "xy"]
    joined = [{"item_id": who, "sprint_id": "1", "added_at": datetime(2026, 1, n)} for who, n in (("x", 6), ("y", 20))]
    with opened(tmp_path, text + kpi, load(engine, {"status_changes": moves, "sprint_items": joined})) as catalog:
        assert catalog.ask(Question("x", "day", days(1))).rows[0].value == 0.5


@pytest.mark.parametrize(
    ("formula", "values"),
    [("round(purchases / sessions, 1)", [0.3, None]), ("round(-purchases / 2)", [-1.0, None]), ("max(purchases, sessions)", [4.0, None]), ("min(purchases, 2, sessions)", [1.0, None]), ("abs(purchases - sessions)", [3.0, None]), ("coalesce(purchases, sessions)", [1.0, 8.0]), ("if_missing(purchases, 0) + sessions", [5.0, 8.0])],
)  # fmt: skip
def test_functions(engine: Engine, tmp_path: Path, formula: str, values: list[float | None]) -> None:
    """Halves are rounded away from 0: 0.25 to 0.3, −0.5 to −1. Only coalesce and if_missing do without a missing part. The SQL says the same."""
    traffic = [{"day": D, "sessions": 4, "key_events": 1}, {"day": D + timedelta(days=1), "sessions": 8}]
    with opened(tmp_path, HEAD + f"  x: {{formula: '{formula}'}}\n", load(engine, {"web_traffic": traffic})) as catalog:
        answer = catalog.ask(Question("x", "day", days(2)))
    assert [row.value for row in answer.rows] == values
    with engine.connect() as connection:
        assert [row.value for row in sorted(connection.exec_driver_sql(answer.sql), key=lambda row: row.period)] == values


@pytest.mark.parametrize("kpi", ["{value: people, window: 7d}", "{value: people, to_date: ever}", "{value: sessions, window: 4w}", "{numerator: purchases, denominator: sessions, to_date: month}", CONVERSION])  # fmt: skip
def test_the_statement_that_is_shown_gives_the_values_that_are_shown(engine: Engine, tmp_path: Path, kpi: str) -> None:
    facts = {"web_traffic": [{"day": D, "sessions": 4, "key_events": 1}], "events": [event("signup", "a", "2026-01-05T10:00:00")]}
    for grain in ("day", "week", "month", "total"):
        with opened(tmp_path, HEAD + f"  x: {kpi}\n", load(engine, facts)) as catalog:
            answer = catalog.ask(Question("x", grain, days(3)))
        with engine.connect() as connection:
            shown = [row.value for row in connection.exec_driver_sql(answer.sql) if row.value is not None]
        assert sorted(shown) == [row.value for row in answer.rows if row.value is not None]
        assert shown or grain in ("week", "month")  # seven days before the end of either lie after the last event
