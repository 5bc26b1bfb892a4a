"""KPIs over sources that do not reach equally far, or that use the same ids: worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from errors import QueryError
from metrics import Catalog, open_catalog
from metrics.types import Period, Question
from settings import Workspace
from store.schema import arrow_schema
from store.types import WHOLE, Batch, Stream, day_end
from store.warehouse import Warehouse
from tests.metrics.store import Rows, catalog, filled, traffic

HEAD = """version: 1
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  signups: {table: events, agg: count, where: {event: signup}}
  points: {table: sprint_items, agg: sum, column: points_at_end, where: {completed: true}}
  due: {table: work_items, agg: count, time: due_date}
kpis:
  rate: {numerator: signups, denominator: sessions}
  rate_zero: {numerator: signups, denominator: sessions, fill: zero}
  sessions: {value: sessions}
  web_only: {value: sessions, where: {source: web}}
  velocity: {value: points, grain: sprint}
  due: {value: due}
"""
D = date(2026, 10, 1)
OCTOBER = Period(D, date(2026, 11, 1))


def two(home: Path, web_days: int = 20, product_days: int = 10, web_first: int = 0) -> Catalog:
    """Return a shop with 10 sessions and one signup a day, from two sources that reach 20 and 10 days."""
    (home / "kpi_definitions.yaml").write_text(HEAD, encoding="utf-8")
    with Warehouse(Workspace(home)).build(reporting_zone="UTC") as build:
        put(build, "web", "web_traffic", [traffic(D + timedelta(n), 10) for n in range(web_first, web_days)])
        put(build, "product", "events", [{"day": D + timedelta(n), "event": "signup", "user_id": "u"} for n in range(product_days)])
        build.publish()
    return open_catalog(Workspace(home))


def put(build: object, source: str, table: str, rows: Rows) -> None:
    days = [
        Batch(row["day"], pa.Table.from_pylist([filled(table, row)], schema=arrow_schema(table)), day_end(row["day"], UTC)) for row in rows
    ]
    build.replace(source=source, connector="hand", stream=Stream(table, table, "day"), batches=days)  # type: ignore[attr-defined]


def test_a_period_that_one_source_holds_in_part_sets_only_the_shared_days_side_by_side(tmp_path: Path) -> None:
    """10 signups in 10 days over 100 sessions in the same days are 0.1; over all 200 sessions they would be 0.05."""
    with two(tmp_path) as shop:
        rows = shop.ask(Question("rate", "month", OCTOBER)).rows
    assert [(row.value, row.complete) for row in rows] == [(pytest.approx(0.1), False)]


def test_the_shared_days_may_begin_late(tmp_path: Path) -> None:
    with two(tmp_path, web_first=5) as shop:
        rows = shop.ask(Question("rate", "total", OCTOBER)).rows
        first = shop.ask(Question("rate", "day", Period(D, D + timedelta(1)))).rows[0]
    assert (rows[0].value, rows[0].complete) == (pytest.approx(5 / 50), False)
    assert (first.value, first.reason) == (None, "web is covered from 2026-10-06 on")


def test_sources_that_share_no_day_give_no_value(tmp_path: Path) -> None:
    with two(tmp_path, web_first=15) as shop:
        row = shop.ask(Question("rate", "total", OCTOBER)).rows[0]
    assert row.value is None
    assert row.reason == "its sources share no day: product from 2026-10-01 through 2026-10-10, web from 2026-10-16 through 2026-10-20"


def test_m18_zero_fills_days_without_rows_never_days_that_a_source_does_not_cover(tmp_path: Path) -> None:
    with two(tmp_path) as shop:
        rows = shop.ask(Question("rate_zero", "day", Period(date(2026, 10, 10), date(2026, 10, 13)))).rows
    reason = "product is covered through 2026-10-10"
    assert [(row.value, row.reason) for row in rows] == [(pytest.approx(0.1), None), (None, reason), (None, reason)]


def test_a_table_that_no_source_fills_is_named(tmp_path: Path) -> None:
    with catalog(tmp_path, HEAD, web_traffic=[traffic(D, 10)]) as shop:
        row = shop.total("rate", Period(D, D + timedelta(1))).rows[0]
        assert (row.value, row.reason, shop.covered("rate")) == (None, "no source fills events", None)
        with pytest.raises(QueryError, match="no source fills events"):
            shop.ask(Question("rate"))


def test_asking_for_one_source_asks_only_for_its_coverage(tmp_path: Path) -> None:
    (tmp_path / "kpi_definitions.yaml").write_text(HEAD, encoding="utf-8")
    with Warehouse(Workspace(tmp_path)).build(reporting_zone="UTC") as build:
        put(build, "web", "web_traffic", [traffic(D + timedelta(n), 10) for n in range(20)])
        put(build, "shop", "web_traffic", [traffic(D, 5)])
        build.publish()
    late = Period(D + timedelta(9), D + timedelta(11))
    with open_catalog(Workspace(tmp_path)) as shop:
        asked = shop.total("sessions", late, where=(("source", ("web",)),)).rows[0]
        defined = shop.total("web_only", late).rows[0]
        both = shop.total("sessions", late).rows[0]
    assert (asked.value, asked.complete) == (defined.value, defined.complete) == (20.0, True)
    assert (both.value, both.reason) == (None, "shop is covered through 2026-10-01")


SPRINT = {"id": "1", "board": "Web", "name": "Sprint 1", "start_at": datetime(2026, 10, 5, 9), "end_at": datetime(2026, 10, 16, 16)}
ITEM = {"sprint_id": "1", "item_id": "x", "day": date(2026, 10, 16), "completed": True, "points_at_end": 5.0}


def test_two_trackers_may_use_the_same_ids_and_names(tmp_path: Path) -> None:
    (tmp_path / "kpi_definitions.yaml").write_text(HEAD, encoding="utf-8")
    with Warehouse(Workspace(tmp_path)).build(reporting_zone="UTC") as build:
        for source, points in (("jira_a", 5.0), ("jira_b", 8.0)):
            for name, row in (("sprints", {**SPRINT, "state": "closed"}), ("sprint_items", {**ITEM, "points_at_end": points})):
                table = pa.Table.from_pylist([filled(name, row)], schema=arrow_schema(name))
                batch = Batch(WHOLE, table, datetime(2026, 11, 1, tzinfo=UTC))
                build.replace(source=source, connector="hand", stream=Stream(name, name, "whole"), batches=[batch])
        build.publish()
    with open_catalog(Workspace(tmp_path)) as shop:
        rows = shop.ask(Question("velocity", "sprint")).rows
    assert [(row.label, row.value) for row in rows] == [("Sprint 1 (Web) (jira_a)", 5.0), ("Sprint 1 (Web) (jira_b)", 8.0)]


def test_a_sprint_that_nobody_closed_is_not_complete_and_still_runs(tmp_path: Path) -> None:
    through = {"sprints": datetime(2026, 10, 21, tzinfo=UTC), "sprint_items": datetime(2026, 10, 21, tzinfo=UTC)}
    with catalog(tmp_path, HEAD, through, sprints=[{**SPRINT, "state": "active"}], sprint_items=[ITEM]) as shop:
        row = shop.ask(Question("velocity", "sprint")).rows[0]
        assert (row.value, row.complete, row.period) == (5.0, False, Period(date(2026, 10, 5), date(2026, 10, 21)))
        with pytest.raises(QueryError, match="no closed sprint"):
            shop.last_sprint("velocity")


def test_a_sprint_shows_what_it_holds_on_its_first_day(tmp_path: Path) -> None:
    through = {"sprints": datetime(2026, 10, 5, tzinfo=UTC), "sprint_items": datetime(2026, 10, 5, tzinfo=UTC)}
    with catalog(tmp_path, HEAD, through, sprints=[{**SPRINT, "state": "active"}], sprint_items=[ITEM]) as shop:
        row = shop.ask(Question("velocity", "sprint", OCTOBER)).rows[0]
    assert (row.value, row.complete) == (5.0, False)


def test_plans_are_known_beyond_the_coverage(tmp_path: Path) -> None:
    items = [{"id": "1", "due_date": date(2026, 10, 3)}, {"id": "2", "due_date": date(2026, 12, 24)}]
    with catalog(tmp_path, HEAD, {"work_items": datetime(2026, 10, 5, tzinfo=UTC)}, work_items=items) as shop:
        rows = shop.ask(Question("due", "month", Period(D, date(2027, 1, 1)))).rows
    assert [(row.value, row.complete) for row in rows] == [(1.0, False), (None, False), (1.0, False)]


@pytest.mark.parametrize(("kpi", "grain"), [("rate", "month"), ("rate_zero", "day"), ("velocity", "sprint"), ("sessions", "sprint")])
def test_the_statement_that_is_shown_runs_and_gives_the_values_that_are_shown(tmp_path: Path, kpi: str, grain: str) -> None:
    days = [D + timedelta(n) for n in range(20)]
    with catalog(
        tmp_path,
        HEAD,
        web_traffic=[traffic(day, 10) for day in days],
        events=[{"day": day, "event": "signup"} for day in days[::2]],
        sprints=[{**SPRINT, "state": "closed"}],
        sprint_items=[ITEM],
    ) as shop:
        answer = shop.ask(Question(kpi, grain, OCTOBER))  # type: ignore[arg-type]  # the grains of the list above
        with Warehouse(Workspace(tmp_path)).open().engine.connect() as connection:
            shown = [row.value for row in connection.exec_driver_sql(answer.sql)]
    assert sorted(shown) == pytest.approx(sorted(row.value for row in answer.rows if row.value is not None))


@pytest.mark.parametrize(("zone", "first"), [("Europe/Vienna", date(2026, 10, 2)), ("UTC", D), ("America/New_York", D)])
def test_a_vendor_day_that_begins_after_ours_does_not_make_our_first_day_whole(tmp_path: Path, zone: str, first: date) -> None:
    """The vendor's days are UTC: in Vienna the first one lacks the two hours after local midnight."""
    (tmp_path / "kpi_definitions.yaml").write_text(
        HEAD.replace("version: 1", f"version: 1\ncalendar: {{timezone: {zone}}}"), encoding="utf-8"
    )
    with Warehouse(Workspace(tmp_path)).build(reporting_zone=zone) as build:
        put(build, "web", "web_traffic", [traffic(D + timedelta(n), 10) for n in range(20)])
        build.publish()
    with open_catalog(Workspace(tmp_path)) as shop:
        covered = shop.covered("sessions")
        row = shop.total("sessions", Period(D, D + timedelta(days=1))).rows[0]
    assert covered is not None
    assert covered.start == first
    assert (row.value, row.complete) == ((10.0, True) if first == D else (None, False))
