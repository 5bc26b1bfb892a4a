"""Bases, targets and paces worked out by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from metrics import Catalog
from metrics.bases import base_of
from metrics.calendar import Calendar
from metrics.days import Days
from metrics.types import Grain, Period, Question
from tests.metrics.engines import in_memory, load, opened, warehouse

HEAD = """version: 1
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  purchases: {table: web_traffic, agg: sum, column: key_events}
kpis:
"""
D = date(2026, 1, 1)
TARGET = "{from: 2026-01-01, to: 2026-01-31, kind: reach, value: 3100%s}"


@pytest.fixture
def duck() -> Engine:
    made = in_memory()
    warehouse.create_all(made)
    return made


def shop(duck: Engine, home: Path, kpi: str, first: date = D, days: int = 40, through: datetime = datetime(2026, 1, 11)) -> Catalog:
    """A shop with 10 sessions a day on weekdays, 5 on weekends, and one purchase a day."""
    rows = []
    for n in range(days):
        day = first + timedelta(days=n)
        rows.append({"day": day, "device": "mobile", "sessions": 10 if day.weekday() < 5 else 5, "key_events": 1})
    return opened(home, HEAD + f"  x: {kpi}\n", load(duck, {"web_traffic": rows}, {"web_traffic": (first, through)}))


@pytest.mark.parametrize(
    ("grain", "whole", "days", "to", "base"),
    [
        (None, (date(2026, 3, 1), date(2026, 4, 1)), 31, "previous_period", (date(2026, 1, 29), date(2026, 3, 1))),
        ("month", (date(2026, 3, 1), date(2026, 4, 1)), 31, "previous_period", (date(2026, 2, 1), date(2026, 3, 1))),
        ("month", (date(2026, 3, 1), date(2026, 4, 1)), 15, "previous_period", (date(2026, 2, 1), date(2026, 2, 16))),
        ("month", (date(2026, 3, 1), date(2026, 4, 1)), 30, "previous_period", (date(2026, 2, 1), date(2026, 3, 1))),
        ("month", (date(2024, 2, 1), date(2024, 3, 1)), 29, "previous_year", (date(2023, 2, 1), date(2023, 3, 1))),
        ("quarter", (date(2026, 1, 1), date(2026, 4, 1)), 90, "previous_period", (date(2025, 10, 1), date(2026, 1, 1))),
        ("year", (date(2026, 1, 1), date(2027, 1, 1)), 40, "previous_period", (date(2025, 1, 1), date(2025, 2, 10))),
        ("fiscal_year", (date(2025, 4, 1), date(2026, 4, 1)), 365, "previous_year", (date(2024, 4, 1), date(2025, 4, 1))),
        ("week", (date(2026, 12, 28), date(2027, 1, 4)), 7, "previous_year", (date(2025, 12, 29), date(2026, 1, 5))),
        ("month", (date(2026, 3, 2), date(2026, 4, 2)), 31, "previous_year", (date(2025, 3, 3), date(2025, 4, 3))),
    ],
)
def test_the_base_of_a_period(grain: Grain | None, whole: tuple[date, date], days: int, to: Any, base: tuple[date, date]) -> None:
    from zoneinfo import ZoneInfo

    calendar = Calendar(ZoneInfo("UTC"), fiscal_year_start="april")
    cut = Period(whole[0], whole[0] + timedelta(days=days))
    assert base_of(calendar, Period(*whole), cut, to, grain)[0] == Period(*base)


def test_a_period_that_still_runs_may_be_withheld_or_shown_as_it_is(duck: Engine, tmp_path: Path) -> None:
    """Held through Saturday, 10 January: 55 of the week from the 5th, which is 60 when whole, as the one before is not held before the 1st."""
    week = Period(date(2026, 1, 5), date(2026, 1, 12))
    for partial, value, reason in (
        ("withhold", None, "withheld until the period is over and all of its sources hold it"),
        ("show", 55.0, None),
    ):
        with shop(duck, tmp_path, f"{{value: sessions, partial: {partial}}}") as catalog:
            row = catalog.ask(Question("x", "week", week)).rows[0]
        assert (row.value, row.reason, row.complete) == (value, reason, False)


def test_show_compares_the_running_period_with_a_whole_one(duck: Engine, tmp_path: Path) -> None:
    week = Period(date(2026, 1, 12), date(2026, 1, 19))
    through = datetime(2026, 1, 15)
    with shop(duck, tmp_path, "{value: sessions, partial: show}", through=through) as catalog:
        shown = catalog.compare("x", week, "previous_period")
    with shop(duck, tmp_path, "{value: sessions}", through=through) as catalog:
        alike = catalog.compare("x", week, "previous_period")
    assert (shown.value, shown.base, shown.note) == (30.0, 60.0, "through 2026-01-14, against the 7 days before, whole")
    assert (alike.value, alike.base) == (30.0, 30.0)


def test_pace_is_the_share_of_days_unless_last_year_shows_its_shape(duck: Engine, tmp_path: Path) -> None:
    """Ten of 31 days are over (Thursday 1 to Saturday 10 January): 85 of 3,100; 1,000 were to be there; 3,015 are left for 21 days."""
    with shop(duck, tmp_path, f"{{value: sessions, better: higher, targets: [{TARGET % ''}]}}") as catalog:
        found = catalog.pace("x", date(2026, 1, 20))
    assert found is not None
    assert (found.actual, found.expected, found.share, found.required_per_day) == (
        85.0,
        pytest.approx(1000),
        pytest.approx(0.085),
        pytest.approx(3015 / 21),
    )
    assert (found.through, found.note) == (date(2026, 1, 10), "expected the same every day")


def test_pace_by_last_years_shape_matches_weekdays(duck: Engine, tmp_path: Path) -> None:
    """The same weekdays a year before brought 85 by then and 265 in all: 85/265 of the target is expected."""
    kpi = f"{{value: sessions, better: higher, targets: [{TARGET % ', pace: last_year'}]}}"
    with shop(duck, tmp_path, kpi, first=date(2024, 12, 20), days=420) as catalog:
        found = catalog.pace("x", date(2026, 1, 20))
    weekdays = [(date(2025, 1, 2) + timedelta(days=n)).weekday() for n in range(31)]
    whole = sum(10 if day < 5 else 5 for day in weekdays)
    assert found is not None
    assert found.expected == pytest.approx(3100 * 85 / whole)
    with shop(duck, tmp_path, kpi) as catalog:
        unknown = catalog.pace("x", date(2026, 1, 20))
    assert unknown is not None
    assert (unknown.expected, unknown.share) == (None, None)
    assert "not wholly held" in unknown.note


@pytest.mark.parametrize(
    ("kpi", "note"),
    [
        (
            f"{{numerator: purchases, denominator: sessions, better: higher, targets: [{TARGET.replace('3100', '0.5') % ''}]}}",
            "do not add up",
        ),
        (f"{{value: sessions, window: 7d, better: higher, targets: [{TARGET % ''}]}}", "do not add up"),
        (f"{{value: sessions, better: higher, targets: [{TARGET % ', pace: none'}]}}", "no pace is asked for"),
    ],
)
def test_there_is_no_pace_where_days_do_not_add_up(duck: Engine, tmp_path: Path, kpi: str, note: str) -> None:
    with shop(duck, tmp_path, kpi) as catalog:
        found = catalog.pace("x", date(2026, 1, 20))
    assert found is not None
    assert found.expected is None
    assert note in found.note


def test_targets_hold_for_their_days_and_for_their_part(duck: Engine, tmp_path: Path) -> None:
    targets = [
        "{from: 2026-01-01, to: 2026-01-31, kind: stay_above, value: 50}",
        "{from: 2026-01-01, to: 2026-01-31, kind: stay_above, value: 70, where: {device: mobile}}",
        "{from: 2026-02-01, to: 2026-02-28, kind: stay_above, value: 90, provenance: placeholder}",
    ]
    with shop(duck, tmp_path, f"{{value: sessions, better: higher, targets: [{', '.join(targets)}]}}") as catalog:
        found = [
            catalog.target_status("x", 60.0, date(2026, 1, 31)),
            catalog.target_status("x", 60.0, date(2026, 1, 1), (("device", ("mobile",)),)),
            catalog.target_status("x", 60.0, date(2026, 1, 1), (("device", ("desktop",)),)),
            catalog.target_status("x", 95.0, date(2026, 2, 1)),
            catalog.target_status("x", 60.0, date(2026, 3, 1)),
        ]
    assert [status.verdict for status in found] == ["met", "missed", "no_target", "no_target", "no_target"]
    assert "placeholder" in found[3].sentence


def test_many_comparisons_are_those_asked_one_by_one(duck: Engine, tmp_path: Path) -> None:
    week = Period(date(2026, 1, 5), date(2026, 1, 12))
    with shop(
        duck, tmp_path, "{value: sessions}\n  y: {numerator: purchases, denominator: sessions}", through=datetime(2026, 1, 25)
    ) as catalog:
        many = catalog.compare_many(("x", "y"), Days(week, week), ("previous_period", "previous_year"))
        assert many == {(kpi, to): catalog.compare(kpi, week, to) for kpi, to in many}
    assert many["x", "previous_period"].value == 60.0
