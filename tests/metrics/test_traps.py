"""Every wrong total that dashboards are known for, pinned with a small table and the answer worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from errors import QueryError, StoreError
from metrics import open_catalog
from metrics.types import Grain, Period, Question
from settings import Workspace
from tests.metrics.store import Rows, catalog, traffic

HEAD = "version: 1\ncalendar: {timezone: Europe/Vienna}\n"
DEFINITIONS = (
    HEAD
    + """
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  purchases: {table: web_traffic, agg: sum, column: key_events}
  money: {table: web_traffic, agg: sum, column: revenue}
  people: {table: events, agg: count_distinct, column: user_id}
  views: {table: events, agg: count, where: {event: page_view}}
  speed: {table: events, agg: p75, column: lcp_ms}
  done: {table: work_items, agg: count, where: {status_category: done}}
  points: {table: sprint_items, agg: sum, column: points_at_end, where: {completed: true}}
kpis:
  sessions: {value: sessions}
  conversion: {numerator: purchases, denominator: sessions, maturity: 2d}
  worth: {formula: money / sessions, unit: EUR}
  people: {value: people}
  views: {value: views, fill: zero}
  speed: {value: speed, unit: ms}
  views_per_session: {formula: views / sessions}
  mobile: {value: sessions, where: {device: mobile}}
  done: {value: done, fill: zero}
  velocity: {value: points, grain: sprint}
"""
)
D = date(2026, 1, 5)


def values(
    home: Path,
    kpi: str,
    grain: Grain = "day",
    period: Period | None = None,
    by: tuple[str, ...] = (),
    through: dict[str, datetime] | None = None,
    **tables: Rows,
) -> dict[str, float | None]:
    with catalog(home, DEFINITIONS, through, **tables) as opened:
        rows = opened.ask(Question(kpi, grain, period or Period(D, D + timedelta(days=1)), by)).rows
    return {"/".join([row.label, *row.dimensions.values()]): row.value for row in rows}


def test_a_ratio_is_sum_over_sum_never_a_mean_of_ratios(tmp_path: Path) -> None:
    """1 of 2 and 20 of 1,000 are 21 of 1,002 = 2.0958 %, not 26 %."""
    two = [traffic(D, 2, 1), traffic(D + timedelta(days=1), 1000, 20)]
    got = values(tmp_path, "conversion", "week", Period(D, D + timedelta(days=7)), web_traffic=two)
    assert got == {"2026-01-05": pytest.approx(21 / 1002, rel=1e-12)}


def test_people_of_a_week_are_not_the_sum_of_its_days(tmp_path: Path) -> None:
    seen = [{"day": D + timedelta(days=n), "user_id": user} for n in range(3) for user in ("a", "b")]
    assert values(tmp_path, "people", "week", Period(D, D + timedelta(days=7)), events=seen) == {"2026-01-05": 2.0}


def test_two_facts_meet_only_after_each_is_aggregated(tmp_path: Path) -> None:
    """Three events and two traffic rows a day: a join of rows would count 6 views and double the sessions."""
    seen = [{"day": D, "event": "page_view"}] * 3
    assert values(tmp_path, "views_per_session", web_traffic=[traffic(D, 4), traffic(D, 2)], events=seen) == {"2026-01-05": 0.5}


def test_a_percentile_is_that_of_all_rows_by_linear_interpolation(tmp_path: Path) -> None:
    seen = [{"day": D + timedelta(days=n % 2), "lcp_ms": ms} for n, ms in enumerate([1000.0, 2000.0, 3000.0, 4000.0])]
    assert values(tmp_path, "speed", "week", Period(D, D + timedelta(days=7)), events=seen) == {"2026-01-05": 3250.0}


def test_a_zero_denominator_and_a_missing_side_are_absent_with_their_reason(tmp_path: Path) -> None:
    with catalog(
        tmp_path,
        DEFINITIONS,
        web_traffic=[traffic(D, 0, 0), traffic(D + timedelta(days=1), 10, 1)],
        events=[{"day": D, "event": "page_view"}],
    ) as opened:
        conversion = opened.ask(Question("conversion", "day", Period(D, D + timedelta(days=3)))).rows
        assert [(row.value, row.reason) for row in conversion] == [
            (None, "denominator is 0"),
            (0.1, None),
            (None, "purchases has no rows in this period"),
        ]
        joined = opened.ask(Question("views_per_session", "day", Period(D + timedelta(days=1), D + timedelta(days=2)))).rows
        assert [(row.value, row.reason) for row in joined] == [(None, "views has no rows in this period")]


def test_missing_dimension_values_are_a_group_of_their_own(tmp_path: Path) -> None:
    rows = [traffic(D, 3, 1, device=None), traffic(D, 5, 1)]
    assert values(tmp_path, "conversion", by=("device",), web_traffic=rows) == {
        "2026-01-05/(none)": pytest.approx(1 / 3),
        "2026-01-05/mobile": 0.2,
    }


def test_parts_of_two_tables_are_matched_by_their_value_and_the_unmatched_stay_apart(tmp_path: Path) -> None:
    seen = [{"day": D, "event": "page_view", "device": device} for device in ("mobile", "mobile", "tablet", None)]
    got = values(
        tmp_path,
        "views_per_session",
        by=("device",),
        web_traffic=[traffic(D, 4), traffic(D, 1, device=None), traffic(D, 9, device="desktop")],
        events=seen,
    )
    assert got == {"2026-01-05/mobile": 0.5, "2026-01-05/(none)": 1.0, "2026-01-05/tablet": None, "2026-01-05/desktop": None}


def test_no_rows_are_a_gap_unless_the_kpi_says_zero(tmp_path: Path) -> None:
    got = {kpi: values(tmp_path / kpi, kpi, web_traffic=[], events=[]) for kpi in ("sessions", "views") if (tmp_path / kpi).mkdir() is None}
    assert got == {"sessions": {"2026-01-05": None}, "views": {"2026-01-05": 0.0}}


def test_a_day_beyond_the_coverage_is_absent_even_when_gaps_mean_zero(tmp_path: Path) -> None:
    through = {"events": datetime(2026, 1, 5, 23, tzinfo=UTC)}
    with catalog(tmp_path, DEFINITIONS, through, events=[{"day": D, "event": "page_view"}]) as opened:
        rows = opened.ask(Question("views", "day", Period(D, D + timedelta(days=2)))).rows
    assert [(row.value, row.complete, row.reason) for row in rows] == [
        (1.0, True, None),
        (None, False, "src_events is covered through 2026-01-05"),
    ]


def test_a_kpi_over_two_sources_is_complete_when_the_slower_one_is(tmp_path: Path) -> None:
    through = {"web_traffic": datetime(2026, 1, 7, 23, tzinfo=UTC), "events": datetime(2026, 1, 5, 23, tzinfo=UTC)}
    days = [D, D + timedelta(days=1)]
    with catalog(
        tmp_path, DEFINITIONS, through, web_traffic=[traffic(d, 4) for d in days], events=[{"day": d, "event": "page_view"} for d in days]
    ) as opened:
        rows = opened.ask(Question("views_per_session", "day", Period(D, D + timedelta(days=2)))).rows
        assert [(row.value, row.complete, row.reason) for row in rows] == [
            (0.25, True, None),
            (None, False, "src_events is covered through 2026-01-05"),
        ]
        assert opened.covered("views_per_session") == Period(D, D + timedelta(days=1))


def test_a_running_week_is_incomplete_and_a_young_one_settles(tmp_path: Path) -> None:
    through = {"web_traffic": datetime(2026, 1, 13, 23, tzinfo=UTC)}
    rows = [traffic(D + timedelta(days=n), 10, 1) for n in range(9)]
    with catalog(tmp_path, DEFINITIONS, through, web_traffic=rows) as opened:
        weeks = opened.ask(Question("conversion", "week", Period(date(2025, 12, 29), date(2026, 1, 19)))).rows
    assert [(row.label, row.complete, row.settling) for row in weeks] == [
        ("2025-12-29", True, False),
        ("2026-01-05", True, False),
        ("2026-01-12", False, True),
    ]


def test_the_hour_that_the_clocks_skip_and_the_one_they_repeat_fall_on_their_day(tmp_path: Path) -> None:
    """29 March 2026 has 23 hours in Vienna, 25 October has 25: 22:30 UTC is still the 25th at 23:30 local time."""
    instants = [
        datetime(2026, 3, 28, 23, 0),
        datetime(2026, 3, 29, 21, 59),
        datetime(2026, 3, 29, 22, 0),
        datetime(2026, 10, 24, 22, 0),
        datetime(2026, 10, 25, 22, 30),
    ]
    items = [{"id": str(n), "status_category": "done", "done_at": at} for n, at in enumerate(instants)]
    got = values(tmp_path, "done", "day", Period(date(2026, 3, 28), date(2026, 10, 27)), work_items=items)
    assert {day: value for day, value in got.items() if value} == {"2026-03-29": 2.0, "2026-03-30": 1.0, "2026-10-25": 2.0}


@pytest.mark.parametrize(
    ("grain", "labels"),
    [
        ("week", ["2026-12-21", "2026-12-28", "2027-01-04"]),  # 28 December 2026 begins ISO week 53
        ("month", ["2026-12-01", "2027-01-01"]),
        ("quarter", ["2026-10-01", "2027-01-01"]),
        ("year", ["2026-01-01", "2027-01-01"]),
        ("total", ["2026-12-27"]),
    ],
)
def test_periods_begin_where_the_calendar_says(tmp_path: Path, grain: Grain, labels: list[str]) -> None:
    period = Period(date(2026, 12, 27), date(2027, 1, 5))
    got = values(tmp_path, "sessions", grain, period, web_traffic=[traffic(period.start + timedelta(days=n), 1) for n in range(9)])
    assert list(got) == labels
    assert sum(v or 0 for v in got.values()) == 9


def test_weeks_and_fiscal_years_begin_where_the_organisation_says(tmp_path: Path) -> None:
    definitions = DEFINITIONS.replace("timezone: Europe/Vienna", "timezone: Europe/Vienna, week_start: sunday, fiscal_year_start: april")
    days = [date(2026, 1, 3), date(2026, 1, 4), date(2026, 3, 31), date(2026, 4, 1)]
    with catalog(tmp_path, definitions, web_traffic=[traffic(day, 1) for day in days]) as opened:
        period = Period(date(2026, 1, 3), date(2026, 4, 2))
        weeks = {row.label: row.value for row in opened.ask(Question("sessions", "week", period)).rows if row.value}
        fiscal = {row.label: row.value for row in opened.ask(Question("sessions", "fiscal_year", period)).rows}
        quarters = {row.label: row.value for row in opened.ask(Question("sessions", "fiscal_quarter", period)).rows}
    assert weeks == {"2025-12-28": 1.0, "2026-01-04": 1.0, "2026-03-29": 2.0}
    assert fiscal == {"2025-04-01": 3.0, "2026-04-01": 1.0}
    assert quarters == {"2026-01-01": 3.0, "2026-04-01": 1.0}


SPRINTS = [
    {"id": "1", "board": "A", "name": "A 1", "state": "closed", "start_at": datetime(2026, 1, 5, 8), "end_at": datetime(2026, 1, 16, 15), "completed_at": datetime(2026, 1, 19, 9)},
    {"id": "2", "board": "A", "name": "A 2", "state": "active", "start_at": datetime(2026, 1, 19, 9), "end_at": datetime(2026, 1, 30, 15)},
    {"id": "3", "board": "B", "name": "B 1", "state": "closed", "start_at": datetime(2026, 1, 7, 8), "end_at": datetime(2026, 1, 9, 15), "completed_at": datetime(2026, 1, 9, 15)},
    {"id": "4", "board": "A", "name": "A 3", "state": "future"},
]  # fmt: skip


def test_a_sprint_ends_where_the_next_of_its_board_begins_and_boards_overlap(tmp_path: Path) -> None:
    rows = [traffic(D + timedelta(days=n), 1) for n in range(26)]
    got = values(tmp_path, "sessions", "sprint", Period(D, date(2026, 2, 1)), web_traffic=rows, sprints=SPRINTS)
    assert got == {"A 1": 14.0, "B 1": 3.0, "A 2": 12.0}


def test_points_belong_to_their_sprint_by_name_not_by_day(tmp_path: Path) -> None:
    items = [
        {"sprint_id": s, "day": D, "completed": c, "points_at_end": p}
        for s, c, p in (("1", True, 5.0), ("1", False, 8.0), ("2", True, 3.0))
    ]
    assert values(tmp_path, "velocity", "sprint", Period(D, date(2026, 2, 1)), sprint_items=items, sprints=SPRINTS) == {
        "A 1": 5.0,
        "B 1": None,
        "A 2": 3.0,
    }


def test_conditions_of_kpi_and_question_both_hold(tmp_path: Path) -> None:
    rows = [traffic(D, 3), traffic(D, 5, device="tablet"), traffic(D, 7, channel="Email")]
    with catalog(tmp_path, DEFINITIONS, web_traffic=rows) as opened:
        period = Period(D, D + timedelta(days=1))
        assert opened.total("mobile", period).rows[0].value == 10.0
        assert opened.total("mobile", period, where=(("channel", ("Email",)),)).rows[0].value == 7.0
        assert opened.total("sessions", period, where=(("device", ("mobile", "tablet")), ("channel", ("(none)",)))).rows[0].value == 8.0


@pytest.mark.parametrize(
    ("text", "kept"),
    [("mobile", {3}), ("[mobile, tablet]", {3, 5}), ("{not: mobile}", {5, 7}), ("{in: [tablet]}", {5}), ("{not_in: [mobile]}", {5, 7}), ("{like: 'mob%'}", {3}), ("{is_null: true}", {7}), ("{is_null: false, not: tablet}", {3})],
)  # fmt: skip
def test_every_condition_keeps_what_it_says(tmp_path: Path, text: str, kept: set[int]) -> None:
    definitions = (
        HEAD + f"measures:\n  m: {{table: web_traffic, agg: sum, column: sessions, where: {{device: {text}}}}}\nkpis:\n  k: {{value: m}}\n"
    )
    rows = [traffic(D, 3), traffic(D, 5, device="tablet"), traffic(D, 7, device=None)]
    with catalog(tmp_path, definitions, web_traffic=rows) as opened:
        assert opened.total("k", Period(D, D + timedelta(days=1))).rows[0].value == sum(kept)


@pytest.mark.parametrize(
    ("text", "kept"), [("{gt: 5}", {7}), ("{gte: 5}", {5, 7}), ("{lt: 5}", {3}), ("{gt: 3, lte: 7}", {5, 7}), ("5", {5})]
)
def test_comparisons_of_numbers(tmp_path: Path, text: str, kept: set[int]) -> None:
    definitions = (
        HEAD
        + f"measures:\n  m: {{table: web_traffic, agg: sum, column: sessions, where: {{sessions: {text}}}}}\nkpis:\n  k: {{value: m}}\n"
    )
    with catalog(tmp_path, definitions, web_traffic=[traffic(D, n) for n in (3, 5, 7)]) as opened:
        assert opened.total("k", Period(D, D + timedelta(days=1))).rows[0].value == sum(kept)


def test_a_comparison_is_like_for_like_in_points_for_rates_and_in_percent_for_amounts(tmp_path: Path) -> None:
    through = {"web_traffic": datetime(2026, 1, 14, 23, tzinfo=UTC)}
    rows = [traffic(D + timedelta(days=n), 100, 4 if n < 7 else 6) for n in range(10)]
    with catalog(tmp_path, DEFINITIONS, through, web_traffic=rows) as opened:
        week = Period(date(2026, 1, 12), date(2026, 1, 19))
        rate, amount = (opened.compare(kpi, week, "previous_period") for kpi in ("conversion", "sessions"))
        year = opened.compare("sessions", week, "previous_year")
    assert (rate.value, rate.base, rate.change_ratio) == (pytest.approx(0.06), pytest.approx(0.04), None)
    assert rate.change == pytest.approx(0.02)
    # only Monday to Wednesday are held, so both weeks count three days
    assert (amount.value, amount.base, amount.change_ratio) == (300.0, 300.0, 0.0)
    assert (amount.period.days, amount.base_period) == (3, Period(date(2026, 1, 5), date(2026, 1, 8)))
    assert (year.base_period.start, year.change, year.note[:13]) == (date(2025, 1, 13), None, "no comparison")


def test_questions_that_cannot_be_answered_say_so_before_any_sql(tmp_path: Path) -> None:
    with catalog(tmp_path, DEFINITIONS, web_traffic=[traffic(D, 1)]) as opened:
        for question, words in (
            (Question("convresion"), "Did you mean: conversion"),
            (Question("conversion", by=("devise",)), "no dimension 'devise'.*Did you mean: device"),
            (Question("views_per_session", by=("landing_page",)), "no dimension 'landing_page'"),
            (Question("velocity", "week"), "no grain 'week'. Known: sprint"),
            (Question("sessions", "day", Period(D, D)), "is empty"),
        ):
            with pytest.raises(QueryError, match=words):
                opened.ask(question)


def test_an_empty_store_has_a_catalog_but_no_answers(tmp_path: Path) -> None:
    (tmp_path / "kpi_definitions.yaml").write_text(DEFINITIONS)
    with open_catalog(Workspace(tmp_path)) as opened:
        assert (opened.generation, len(opened.kpis()), opened.freshness(), opened.covered("sessions")) == (None, 10, (), None)
        with pytest.raises(StoreError, match="kpi sync"):
            opened.ask(Question("sessions"))
