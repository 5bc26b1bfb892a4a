"""Days by name, the part of them that one KPI can tell, and what they are compared with, worked out by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from metrics.calendar import Calendar
from metrics.days import Days, chosen, fitted, fixed, shared
from metrics.types import Period, Question
from store.schema import warehouse
from tests.metrics.engines import in_memory, load, opened

CALENDAR = Calendar(ZoneInfo("Europe/Vienna"))
HELD = Period(date(2025, 9, 1), date(2026, 11, 25))  # through Tuesday, 24 November


def days(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1))


@pytest.mark.parametrize(
    ("name", "period", "whole"),
    [
        ("7d", days("2026-11-18", "2026-11-24"), None),
        ("28d", days("2026-10-28", "2026-11-24"), None),
        ("90d", days("2026-08-27", "2026-11-24"), None),
        ("wtd", days("2026-11-23", "2026-11-24"), days("2026-11-23", "2026-11-29")),
        ("mtd", days("2026-11-01", "2026-11-24"), days("2026-11-01", "2026-11-30")),
        ("qtd", days("2026-10-01", "2026-11-24"), days("2026-10-01", "2026-12-31")),
        ("ytd", days("2026-01-01", "2026-11-24"), days("2026-01-01", "2026-12-31")),
        ("week", days("2026-11-16", "2026-11-22"), None),
        ("month", days("2026-10-01", "2026-10-31"), None),
        ("quarter", days("2026-07-01", "2026-09-30"), None),
    ],
)
def test_a_preset_ends_with_the_last_day_that_is_covered(name: str, period: Period, whole: Period | None) -> None:
    found = chosen(name, HELD, CALENDAR)
    assert (found.period, found.whole, found.is_to_date) == (period, whole or period, whole is not None)


@pytest.mark.parametrize(
    ("name", "to", "base", "words"),
    [
        ("28d", "previous_period", days("2026-09-30", "2026-10-27"), "the 28 days before"),
        ("28d", "previous_year", days("2025-10-29", "2025-11-25"), "the same weekdays 364 days before"),
        ("wtd", "previous_period", days("2026-11-16", "2026-11-17"), "the same days of the week before"),
        ("week", "previous_period", days("2026-11-09", "2026-11-15"), "the week before"),
        ("mtd", "previous_period", days("2026-10-01", "2026-10-24"), "the same days of the month before"),
        ("mtd", "previous_year", days("2025-11-01", "2025-11-24"), "the same days of the same month a year before"),
        ("qtd", "previous_period", days("2026-07-01", "2026-08-24"), "the same days of the quarter before"),
        ("ytd", "previous_year", days("2025-01-01", "2025-11-24"), "the same days of the same year a year before"),
        ("month", "previous_period", days("2026-09-01", "2026-09-30"), "the month before"),
    ],
)
def test_a_period_to_date_has_the_same_part_as_its_base(name: str, to: str, base: Period, words: str) -> None:
    assert chosen(name, HELD, CALENDAR).base(CALENDAR, to) == (base, words)  # type: ignore[arg-type]


def test_what_one_kpi_can_tell_of_the_days() -> None:
    """Its days are whole until 20 November: the last days move back, a period to date is shorter, a full week is an earlier one."""
    end = date(2026, 11, 21)
    told = {name: fitted(chosen(name, HELD, CALENDAR), end, CALENDAR) for name in ("7d", "mtd", "wtd", "week", "month")}
    assert told["7d"] == Days(days("2026-11-14", "2026-11-20"), days("2026-11-14", "2026-11-20"))
    assert told["mtd"] == Days(days("2026-11-01", "2026-11-20"), days("2026-11-01", "2026-11-30"), "month")
    assert told["wtd"] is None
    assert told["week"] == Days(days("2026-11-09", "2026-11-15"), days("2026-11-09", "2026-11-15"), "week")
    assert told["month"] == chosen("month", HELD, CALENDAR)
    assert fitted(chosen("7d", HELD, CALENDAR), HELD.end + timedelta(days=3), CALENDAR) == chosen("7d", HELD, CALENDAR)


def test_days_that_people_chose_are_never_others() -> None:
    asked = fixed(date(2026, 11, 10), date(2026, 11, 30), HELD)
    assert asked is not None
    assert asked.period == days("2026-11-10", "2026-11-24")
    cut = fitted(asked, date(2026, 11, 15), CALENDAR)
    assert cut is not None
    assert cut.period == days("2026-11-10", "2026-11-14")
    assert fitted(asked, date(2026, 11, 10), CALENDAR) is None
    assert fixed(date(2027, 1, 1), date(2027, 1, 5), HELD) is None


def test_a_source_that_is_far_behind_does_not_hold_the_others_back() -> None:
    def until(day: int) -> Period:
        return Period(date(2026, 1, 1), date(2026, 11, day))

    assert shared([until(25), until(23), until(11), None]) == until(23)
    assert shared([until(25), until(22)]) == until(25)
    assert shared([None]) is None


def test_a_month_to_date_is_compared_with_the_same_days_though_the_source_holds_more(tmp_path: Path) -> None:
    """One session a day in February, two in March; held through 20 March, asked through 10 March: 20 against 10, not 40 against 20."""
    made = in_memory()
    warehouse.create_all(made)
    rows = [{"day": date(2026, 2, 1) + timedelta(days=n), "device": "d", "sessions": 1 if n < 28 else 2} for n in range(48)]
    text = "version: 1\nmeasures: {sessions: {table: web_traffic, agg: sum, column: sessions}}\nkpis: {x: {value: sessions}}\n"
    month = days("2026-03-01", "2026-03-31")
    asked = Days(days("2026-03-01", "2026-03-10"), month, "month")
    with opened(tmp_path, text, load(made, {"web_traffic": rows}, {"web_traffic": (date(2026, 2, 1), datetime(2026, 3, 21))})) as catalog:
        found = catalog.compare_many(("x",), asked, ("previous_period",))["x", "previous_period"]
        total = catalog.ask(Question("x", "total", asked.period)).rows[0].value
    assert (found.value, found.base, total) == (20.0, 10.0, 20.0)
    assert found.note == "through 2026-03-10, against the same days of the month before"
