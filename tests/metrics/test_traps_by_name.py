"""The traps by their names, each with its small table and the answer worked out by hand, on both engines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from errors import QueryError
from metrics import Catalog
from metrics.types import Grain, Period, Question
from tests.metrics.engines import Rows, load, opened

DEFINITIONS = """version: 1
calendar: {timezone: Europe/Vienna}
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  purchases: {table: web_traffic, agg: sum, column: key_events}
  money: {table: web_traffic, agg: sum, column: revenue}
  people: {table: events, agg: count_distinct, column: user_id}
  views: {table: events, agg: count, where: {event: page_view}}
  bugs: {table: work_items, agg: count, time: created_at, where: {type: Bug}}
  done: {table: work_items, agg: count}
kpis:
  sessions: {value: sessions}
  conversion: {numerator: purchases, denominator: sessions}
  views_per_session: {formula: views / sessions}
  all_three: {formula: (views + bugs) / sessions}
  people: {value: people, maturity: 2d}
  money: {value: money, unit: EUR, better: higher}
  bugs: {value: bugs}
  done: {value: done, fill: zero}
"""
D = date(2026, 1, 5)
DAY = Period(D, D + timedelta(days=1))


def ask(
    engine: Engine, home: Path, kpi: str, period: Period, grain: Grain = "day", by: tuple[str, ...] = (), **tables: Rows
) -> dict[str, Any]:
    with shop(engine, home, **tables) as catalog:
        rows = catalog.ask(Question(kpi, grain, period, by)).rows
    return {"/".join([row.label, *row.dimensions.values()]): row.value for row in rows}


def shop(engine: Engine, home: Path, held: Mapping[str, tuple[date | None, datetime]] | None = None, **tables: Rows) -> Catalog:
    return opened(home, DEFINITIONS, load(engine, tables, held))


def traffic(day: date, sessions: int | None, purchases: int | None = 0, **more: Any) -> dict[str, Any]:
    return {"day": day, "sessions": sessions, "key_events": purchases, "device": "mobile", **more}


def view(day: date = D, user: str | None = "a", **more: Any) -> dict[str, Any]:
    return {
        "day": day,
        "time": datetime(day.year, day.month, day.day, 12),
        "event": "page_view",
        "user_id": user,
        "device": "mobile",
        **more,
    }


def test_fan_out(engine: Engine, tmp_path: Path) -> None:
    """One row of 10 sessions beside three views: joined row by row there would be 30 sessions."""
    assert ask(engine, tmp_path, "views_per_session", DAY, web_traffic=[traffic(D, 10)], events=[view()] * 3) == {"2026-01-05": 0.3}


def test_chasm(engine: Engine, tmp_path: Path) -> None:
    """Two views, three bugs and two rows of traffic share only their day: joined they would be 12 rows. (2 + 3) ÷ (4 + 6) = 0.5."""
    bugs = [{"id": str(n), "type": "Bug", "created_at": datetime(2026, 1, 5, 9)} for n in range(3)]
    rows = {"web_traffic": [traffic(D, 4), traffic(D, 6)], "events": [view()] * 2, "work_items": bugs}
    assert ask(engine, tmp_path, "all_three", DAY, **rows) == {"2026-01-05": 0.5}


def test_ratio_of_sums(engine: Engine, tmp_path: Path) -> None:
    """1 of 2 and 20 of 1,000: 21 of 1,002 = 2.096 %, not the mean of 50 % and 2 %."""
    rows = [traffic(D, 2, 1), traffic(D + timedelta(days=1), 1000, 20)]
    assert ask(engine, tmp_path, "conversion", Period(D, D + timedelta(days=7)), "week", web_traffic=rows) == {
        "2026-01-05": pytest.approx(21 / 1002)
    }


def test_non_additive(engine: Engine, tmp_path: Path) -> None:
    """Two people on each of three days and on two devices are two people, of the week and of each device."""
    seen = [view(D + timedelta(days=n), user, device=device) for n in range(3) for user in "ab" for device in ("mobile", "desktop")]
    week = Period(D, D + timedelta(days=7))
    assert ask(engine, tmp_path, "people", week, "week", events=seen) == {"2026-01-05": 2.0}
    assert ask(engine, tmp_path, "people", week, "total", ("device",), events=seen) == {"2026-01-05/desktop": 2.0, "2026-01-05/mobile": 2.0}


def test_null_keys(engine: Engine, tmp_path: Path) -> None:
    """Rows without a device are a group of their own on both sides; without a user nobody is counted."""
    rows = {"web_traffic": [traffic(D, 4, device=None), traffic(D, 5)], "events": [view(device=None), view(device=None), view()]}
    assert ask(engine, tmp_path, "views_per_session", DAY, by=("device",), **rows) == {"2026-01-05/(none)": 0.5, "2026-01-05/mobile": 0.2}
    assert ask(engine, tmp_path, "people", DAY, events=[view(user=None), view()]) == {"2026-01-05": 1.0}


def test_unmatched_rows(engine: Engine, tmp_path: Path) -> None:
    """Views on tablets without sessions, sessions on desktops without views: both stay, both without a value."""
    rows = {"web_traffic": [traffic(D, 4), traffic(D, 9, device="desktop")], "events": [view(), view(device="tablet")]}
    got = ask(engine, tmp_path, "views_per_session", DAY, by=("device",), **rows)
    assert got == {"2026-01-05/mobile": 0.25, "2026-01-05/tablet": None, "2026-01-05/desktop": None}


def test_partial_period(engine: Engine, tmp_path: Path) -> None:
    """Held through Wednesday: the week is not complete, and is compared with Monday to Wednesday of the week before."""
    rows = [traffic(D + timedelta(days=n), 10) for n in range(14)]
    held = {"web_traffic": (D, datetime(2026, 1, 14, 23))}
    with shop(engine, tmp_path, held, web_traffic=rows) as catalog:
        week = Period(date(2026, 1, 12), date(2026, 1, 19))
        row = catalog.ask(Question("sessions", "week", week)).rows[0]
        compared = catalog.compare("sessions", week, "previous_period")
    assert (row.value, row.complete) == (30.0, False)
    assert (compared.value, compared.base, compared.change_ratio, compared.base_period) == (30.0, 30.0, 0.0, Period(D, date(2026, 1, 8)))


def test_dst_23_25_h(engine: Engine, tmp_path: Path) -> None:
    """Vienna's 29 March 2026 has 23 hours, its 25 October 25: a view in each hour is counted once, in an hour of its own."""
    for day, hours, begins in ((date(2026, 3, 29), 23, datetime(2026, 3, 28, 23)), (date(2026, 10, 25), 25, datetime(2026, 10, 24, 22))):
        seen = [{**view(day), "time": begins + timedelta(hours=n, minutes=30)} for n in range(hours)]
        with shop(engine, tmp_path, events=seen) as catalog:
            rows = catalog.ask(Question("people", "hour", Period(day, day + timedelta(days=1)))).rows
            whole = catalog.total("people", Period(day, day + timedelta(days=1))).rows[0].value
        assert ([row.value for row in rows], len({row.label for row in rows}), whole) == ([1.0] * hours, hours, 1.0)
    assert [row.label for row in rows][2:4] == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]


def test_week_53(engine: Engine, tmp_path: Path) -> None:
    """2026 has an ISO week 53 (28 December to 3 January); 364 days before it begins 29 December 2025, a Monday, too."""
    week = Period(date(2026, 12, 28), date(2027, 1, 4))
    rows = [traffic(week.start + timedelta(days=n), 2) for n in range(7)] + [
        traffic(week.start - timedelta(days=364 - n), 1) for n in range(7)
    ]
    with shop(engine, tmp_path, web_traffic=rows) as catalog:
        assert [(r.label, r.value) for r in catalog.ask(Question("sessions", "week", week)).rows] == [("2026-12-28", 14.0)]
        compared = catalog.compare("sessions", week, "previous_year")
    assert (compared.base_period.start, compared.base, compared.change_ratio) == (date(2025, 12, 29), 7.0, 1.0)


def test_leap_day(engine: Engine, tmp_path: Path) -> None:
    """29 February 2028 is a day of February, of its week and of its year; the month a year before had 28."""
    rows = [traffic(date(2028, 2, 1) + timedelta(days=n), 1) for n in range(30)] + [
        traffic(date(2027, 2, 1) + timedelta(days=n), 1) for n in range(28)
    ]
    february = Period(date(2028, 2, 1), date(2028, 3, 1))
    with shop(engine, tmp_path, web_traffic=rows) as catalog:
        assert catalog.ask(Question("sessions", "month", february)).rows[0].value == 29.0
        compared = catalog.compare("sessions", february, "previous_year", grain="month")
    assert (compared.base, compared.base_period) == (28.0, Period(date(2027, 2, 1), date(2027, 3, 1)))


def test_month_end(engine: Engine, tmp_path: Path) -> None:
    """March through the 30th is compared with all of February, which has no 30th, and not with days of January or March."""
    rows = [traffic(date(2026, 1, 1) + timedelta(days=n), 1) for n in range(89)]
    march = Period(date(2026, 3, 1), date(2026, 4, 1))
    with shop(engine, tmp_path, {"web_traffic": (date(2026, 1, 1), datetime(2026, 3, 30, 22))}, web_traffic=rows) as catalog:
        compared = catalog.compare("sessions", march, "previous_period", grain="month")
    assert (compared.value, compared.base, compared.base_period) == (30.0, 28.0, Period(date(2026, 2, 1), date(2026, 3, 1)))
    assert compared.note == "through 2026-03-30, against the same days of the month before"


def test_late_rows(engine: Engine, tmp_path: Path) -> None:
    """A day settles for its maturity; what comes late changes its value in the next state of the facts, and nothing kept hides that."""
    held = {"events": (D, datetime(2026, 1, 6, 23))}
    with shop(engine, tmp_path, held, events=[view()]) as catalog:
        before = catalog.ask(Question("people", "day", DAY)).rows[0]
    with shop(engine, tmp_path, held, events=[view(), view(user="late")]) as catalog:
        after = catalog.ask(Question("people", "day", DAY)).rows[0]
        young = catalog.ask(Question("people", "day", Period(D + timedelta(days=2), D + timedelta(days=3)))).rows[0]
    assert [(row.value, row.complete, row.settling) for row in (before, after)] == [(1.0, True, True), (2.0, True, True)]
    assert (young.value, young.reason) == (None, "src_events is covered through 2026-01-06")


def test_zero_denominator(engine: Engine, tmp_path: Path) -> None:
    with shop(engine, tmp_path, web_traffic=[traffic(D, 0, 3)]) as catalog:
        row = catalog.ask(Question("conversion", "day", DAY)).rows[0]
    assert (row.value, row.reason) == (None, "denominator is 0")


def test_negative_base(engine: Engine, tmp_path: Path) -> None:
    """Refunds made the week before −50: from there to 100 is +150, and no percentage says that truly."""
    rows = [traffic(D, 1, revenue=-50), traffic(D + timedelta(days=7), 1, revenue=100)]
    with shop(engine, tmp_path, web_traffic=rows) as catalog:
        compared = catalog.compare("money", Period(D + timedelta(days=7), D + timedelta(days=14)), "previous_period")
    assert (compared.change, compared.change_ratio, compared.better) == (150.0, None, True)


def test_zero_base(engine: Engine, tmp_path: Path) -> None:
    rows = [traffic(D, 0), traffic(D + timedelta(days=7), 100)]
    with shop(engine, tmp_path, web_traffic=rows) as catalog:
        compared = catalog.compare("sessions", Period(D + timedelta(days=7), D + timedelta(days=14)), "previous_period")
    assert (compared.base, compared.change, compared.change_ratio) == (0.0, 100.0, None)


def test_empty_store(engine: Engine, tmp_path: Path) -> None:
    """Tables without a row are not 0 and not an error of the database; a table that nobody fills is named."""
    with shop(engine, tmp_path, web_traffic=[], events=[]) as catalog:
        assert [(r.value, r.reason) for r in catalog.ask(Question("conversion", "day", DAY)).rows] == [
            (None, "purchases has no rows in this period")
        ]
        assert catalog.ask(Question("people", "day", DAY, ("device",))).rows == ()
        row = catalog.total("bugs", DAY).rows[0]
        assert (row.value, row.reason) == (None, "no source fills work_items")
        with pytest.raises(QueryError, match="has no covered day yet"):
            catalog.ask(Question("bugs"))


def test_two_sources_with_different_coverage(engine: Engine, tmp_path: Path) -> None:
    """Sessions are held for 20 days, views for 10: the month is 10 views over the 100 sessions of the same days, not over 200."""
    days = [D + timedelta(days=n) for n in range(20)]
    held = {"web_traffic": (D, datetime(2026, 1, 24, 23)), "events": (D, datetime(2026, 1, 14, 23))}
    with shop(engine, tmp_path, held, web_traffic=[traffic(d, 10) for d in days], events=[view(d) for d in days]) as catalog:
        row = catalog.ask(Question("views_per_session", "month", Period(D, date(2026, 2, 1)))).rows[0]
        late = catalog.ask(Question("views_per_session", "day", Period(days[15], days[16]))).rows[0]
    assert (row.value, row.complete) == (pytest.approx(0.1), False)
    assert (late.value, late.reason) == (None, "src_events is covered through 2026-01-14")
