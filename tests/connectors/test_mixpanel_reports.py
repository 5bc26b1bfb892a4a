"""Mixpanel's funnels and retention: the vendor's counts beside pandas' own, and nothing complete before it can change no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from connectors.budget import Unlimited
from connectors.mixpanel import MixpanelSettings
from connectors.mixpanel.settings import RetentionReport
from connectors.sync import Order
from errors import ConfigError, ContractError, SourceConfigError, TransientSourceError
from metrics import open_catalog
from metrics.types import Period, Question
from sandbox.mixpanel import MixpanelServer
from sandbox.mixpanel_reports import FUNNELS
from sandbox.mixpanel_scenarios import EVERY, Change, hang_up, misbehave, refuse, say, without
from sandbox.server import Reply
from sandbox.world import World, make_world
from store.types import Batch, Window
from tests.connectors.mixpanel_company import DAY, VIENNA, company, connector
from tests.connectors.mixpanel_oracle import funnel_by_pandas, retention_by_pandas
from tests.connectors.mixpanel_shop import ask_for, batches, held, noon, paths, slices_of
from tests.shop import Shop

START, DAYS = date(2026, 2, 2), 60
BOUGHT = RetentionReport(name="bought", born_event="signup", event="purchase", unit="week", intervals=4)
BACK = RetentionReport(name="back", born_event="page_view", event="page_view", unit="day", intervals=5)
HOUR = 3_600


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(5, start=START, days=DAYS)


@pytest.fixture
def server(world: World) -> Iterator[MixpanelServer]:
    with MixpanelServer(world.company) as running:
        yield running


def rows(read: list[Batch]) -> pd.DataFrame:
    return pd.concat([batch.rows.to_pandas() for batch in read], ignore_index=True)


@pytest.mark.parametrize("zone", ["Europe/Vienna", "Pacific/Auckland", "UTC"])
@pytest.mark.parametrize("funnel", FUNNELS)
def test_funnels_are_what_pandas_counts_from_the_events_in_the_projects_own_days(
    server: MixpanelServer, world: World, zone: str, funnel: str
) -> None:
    server.zone = ZoneInfo(zone)
    source = connector(server.url, timezone=ZoneInfo(zone), funnels=(funnel,), start=START)
    got = rows(batches(source, "funnel_steps", START, world.company.now))
    counted = {(row.day, row.step): int(row.count_) for row in got.rename(columns={"count": "count_"}).itertuples() if row.count_}
    wanted = {
        key: n for key, n in funnel_by_pandas(world.company.actions, zone, FUNNELS[funnel].steps, FUNNELS[funnel].window).items() if n
    }
    assert counted == {key: n for key, n in wanted.items() if key[0] >= START}
    assert sum(counted.values()) > 100
    assert set(got["event"]) == set(FUNNELS[funnel].steps)
    assert {call.path for call in server.calls} == {"/api/query/funnels"}
    assert {call.query["project_id"] for call in server.calls} == {"77"}


@pytest.mark.parametrize("zone", ["Europe/Vienna", "America/Los_Angeles"])
@pytest.mark.parametrize("report", [BOUGHT, BACK], ids=lambda report: report.name)
def test_retention_is_what_pandas_counts_from_the_events(server: MixpanelServer, world: World, zone: str, report: RetentionReport) -> None:
    server.zone = ZoneInfo(zone)
    source = connector(server.url, timezone=ZoneInfo(zone), retention=(report,), start=START)
    got = rows(batches(source, "retention_cohorts", START, world.company.now))
    counted = {(row.day, row.interval): (row.people, row.cohort_people) for row in got.itertuples() if row.people}
    wanted = {key: n for key, n in retention_by_pandas(world.company.actions, zone, report).items() if key[0] >= START}
    assert counted == wanted
    assert len(counted) > 10
    assert {(call.path, call.query["interval_count"]) for call in server.calls} == {("/api/query/retention", str(report.intervals))}


def test_for_the_first_time_means_since_the_first_whole_week_in_every_sync(server: MixpanelServer, world: World) -> None:
    """A later window asks the same question, so nobody is born twice; a source that begins on a Wednesday begins with the Monday after."""
    source = connector(server.url, timezone=VIENNA, retention=(BOUGHT,), start=START + timedelta(days=2))
    later = rows(batches(source, "retention_cohorts", date(2026, 3, 9), world.company.now))
    assert [call.query["from_date"] for call in server.calls] == [str(START + timedelta(days=7))]
    wanted = retention_by_pandas(world.company.actions, "Europe/Vienna", BOUGHT)
    counted = {(row.day, row.interval): row.people for row in later.itertuples() if row.people}
    assert counted == {key: people for key, (people, _) in wanted.items() if key[0] >= date(2026, 3, 9)}


@pytest.mark.parametrize(
    ("now", "last"),
    [(datetime(2026, 3, 27, 10, 30, tzinfo=UTC), "2026-03-27"), (datetime(2026, 3, 27, 11, 30, tzinfo=UTC), "2026-03-28")],
    ids=["before midnight in Auckland", "after it, still the 27th in UTC"],
)
def test_m34_f29_reports_end_with_the_running_day_of_the_projects_zone(now: datetime, last: str) -> None:
    auckland = ZoneInfo("Pacific/Auckland")
    with MixpanelServer(company(), zone=auckland) as server:
        source = connector(server.url, timezone=auckland, funnels=("7509",), retention=(BACK,), start=date(2026, 3, 2))
        for stream in ("funnel_steps", "retention_cohorts"):
            batches(source, stream, date(2026, 3, 2), now)
    assert {call.query["to_date"] for call in server.calls} == {last}


def test_m39_days_within_the_conversion_window_are_provisional(server: MixpanelServer) -> None:
    source = connector(server.url, timezone=VIENNA, funnels=("7509",), funnel_window=timedelta(days=14), start=START)
    got = {batch.slice: batch for batch in batches(source, "funnel_steps", START, noon(date(2026, 3, 20)))}
    settled, young = date(2026, 3, 5), date(2026, 3, 6)
    assert (got[settled].complete_through, got[settled].flags) == (datetime(2026, 3, 5, 23, tzinfo=UTC), ())
    assert (got[young].complete_through, got[young].flags) == (None, ("provisional",))
    assert [batch.flags for day, batch in sorted(got.items())] == [()] * 32 + [("provisional",)] * 15


def test_m39_cohorts_whose_last_interval_has_not_passed_are_provisional(server: MixpanelServer) -> None:
    """Four weeks after a week: the last person of the week from 2 February was born on the 8th and has until 8 March."""
    source = connector(server.url, timezone=VIENNA, retention=(BOUGHT,), start=START)
    flags = [
        {batch.slice: batch.flags for batch in batches(source, "retention_cohorts", START, moment)}
        for moment in (datetime(2026, 3, 8, 22, 59, tzinfo=UTC), datetime(2026, 3, 8, 23, 0, tzinfo=UTC))
    ]
    assert flags[0][START] == ("provisional",)
    assert {day for day, flag in flags[1].items() if not flag} == {START + timedelta(days=n) for n in range(7)}


def test_m39_f27_a_funnel_day_is_read_again_until_its_window_and_the_late_events_have_passed(small_shop: Shop) -> None:
    """Signed up on 10 March, bought 12 days later: the day rises long after the five days in which events come late."""
    signed = int(datetime(2026, 3, 10, 12, tzinfo=UTC).timestamp())
    full = company(
        ("signup", signed, "a", 0, 0), ("activation", signed + HOUR, "a", 0, 0), ("purchase", signed + 12 * 24 * HOUR, "a", 0, 100)
    )
    server, day = small_shop.servers[1], date(2026, 3, 10)
    ask_for(small_shop, 'funnels: ["7509"]', "funnel_window: 14d")
    seen: list[tuple[int, str, str]] = []
    for days in (3, 11, 13, 15, 21, 27):
        server.company = full
        full.now = noon(day, days)
        calls = len(server.calls)
        result = small_shop.sync(now=noon(day, days), order=Order(sources=("product",)))
        assert result.exit_code == 0, result
        facts = held(small_shop, "funnel_steps")
        row = facts[(facts["day"].astype(str) == str(day)) & (facts["step"] == 3)]
        asked = min(call.query["from_date"] for call in server.calls[calls:] if call.path.endswith("funnels"))
        seen.append((int(row["count"].iloc[0]), str(slices_of(small_shop, "funnel_steps").loc[day, "flags"]), asked))
    assert [one[:2] for one in seen] == [(0, "provisional"), (0, "provisional"), (1, "provisional"), (1, ""), (1, ""), (1, "")]
    # settled after 14 days and 5 more for late events: read again on the 21st day for the last time, no more on the 27th
    assert [asked <= str(day) for *_, asked in seen] == [True, True, True, True, True, False]
    assert small_shop.catalog().restatements() == ()


def test_m39_a_kpi_of_a_funnel_is_absent_while_it_may_still_rise(small_shop: Shop) -> None:
    ask_for(small_shop, 'funnels: ["7510"]', "funnel_window: 2d")
    small_shop.space.home.joinpath("kpi_definitions.yaml").write_text(
        "version: 1\ncalendar: {timezone: Europe/Vienna}\n"
        'measures:\n  activated: {table: funnel_steps, agg: max, column: count, where: {funnel_id: "7510", step: 2}}\n'
        "kpis:\n  activated_people: {value: activated, unit: people}\n",
        encoding="utf-8",
    )
    small_shop.sync()
    world = small_shop.world
    truth = funnel_by_pandas(world.company.actions, "Europe/Vienna", FUNNELS["7510"].steps, FUNNELS["7510"].window)
    catalog = open_catalog(small_shop.space)
    answer = catalog.ask(Question("activated_people", "day", Period(world.start, world.end + timedelta(days=1))))
    told = {row.period.start: row for row in answer.rows}
    young = [world.end - timedelta(days=1), world.end]
    assert [told[day].value for day in young] == [None, None]
    assert "product is covered through" in str(told[young[0]].reason)
    days = [world.start + timedelta(days=n) for n in range(1, (world.end - world.start).days - 1)]
    assert [told[day].value for day in days] == [truth.get((day, 2), 0) for day in days]
    assert answer.flags == ()


def test_a_stream_has_the_days_of_its_own_zone(small_shop: Shop) -> None:
    """Exports are UTC days; the funnel's begin at 8 UTC. The next sync goes on exactly with the first day that is not complete."""
    ask_for(small_shop, 'funnels: ["7510"]', "funnel_window: 1h", zone="America/Los_Angeles")
    server, end = small_shop.servers[1], small_shop.world.end
    small_shop.sync(now=noon(end))
    assert slices_of(small_shop, "funnel_steps").index.max() == end
    assert {at.hour for at in slices_of(small_shop, "funnel_steps")["complete_through"].dropna()} == {7}
    assert {at.hour for at in slices_of(small_shop, "events")["complete_through"].dropna()} == {0}
    server.calls.clear()
    small_shop.sync(now=noon(end), order=Order(since=end - timedelta(days=20)))
    (asked,) = [call.query for call in server.calls if call.path.endswith("funnels")]
    assert asked["from_date"] == str(end - timedelta(days=20))


def test_another_choice_of_funnels_is_told_as_another_epoch_until_everything_is_read_again(small_shop: Shop) -> None:
    ask_for(small_shop, 'funnels: ["7510"]', "funnel_window: 1d")
    small_shop.sync()
    sources = small_shop.space.sources_file
    sources.write_text(sources.read_text().replace('["7510"]', '["7510", "7509"]'))

    def flags() -> tuple[str, ...]:
        small_shop.sync(Order(full=full))
        (stream,) = [s for s in small_shop.catalog().coverage() if s.stream == "funnel_steps"]
        return stream.flags

    full = False
    assert flags() == ("epochs",)
    full = True
    assert flags() == ()
    assert set(held(small_shop, "funnel_steps").groupby("day")["funnel_id"].nunique()) == {2}


def test_m31_exports_and_queries_come_out_of_one_budget_that_outlives_a_restart(small_shop: Shop) -> None:
    """21 days of Vienna touch 23 of UTC, the running one included: as many exports; a funnel and a report are one query each. With 24 calls an hour the last query waits for the next hour."""
    retention = "retention: [{name: back, born_event: page_view, event: page_view, unit: day, intervals: 5}]"
    ask_for(small_shop, 'funnels: ["7510"]', retention, "exports_per_hour: 24")
    server, now = small_shop.servers[1], small_shop.world.company.now + timedelta(hours=9)
    first = small_shop.sync(now=now).sources["product"]
    assert (first.status, len(server.calls), paths(small_shop)[-1]) == ("paused", 24, "/api/query/funnels")
    assert paths(small_shop).count("/api/2.0/export") == 23
    assert (first.streams["funnel_steps"].status, first.streams["retention_cohorts"].status) == ("ok", "paused")
    assert "24 calls within an hour" in str(first.error)
    assert small_shop.sync(now=now + timedelta(minutes=50)).sources["product"].status == "paused"
    assert len(server.calls) == 24, "another process counts the calls of the first"
    second = small_shop.sync(now=now + timedelta(minutes=61)).sources["product"]
    assert second.status == "ok", second
    assert len(held(small_shop, "retention_cohorts")) > 0


def test_m31_every_call_of_every_stream_is_spent(server: MixpanelServer, world: World) -> None:
    class Counted(Unlimited):
        spent = 0

        def spend(self) -> None:
            self.spent += 1

    source = connector(server.url, timezone=VIENNA, funnels=("7509", "7510"), retention=(BACK, BOUGHT), profiles=True, start=START)
    budget = Counted()
    source.use(budget)
    for stream in source.streams():
        list(source.read(stream, Window(world.company.now - timedelta(days=100 if stream.zone else 2), world.company.now)))
    assert budget.spent == len(server.calls)
    assert {call.path.rsplit("/", 1)[-1] for call in server.calls} == {"export", "engage", "funnels", "retention"}


WRONG: list[tuple[str, Change, type[Exception], str]] = [
    ("error under 200", say({"error": "Query timed out"}), TransientSourceError, "Query timed out"),
    ("cut", hang_up(9), TransientSourceError, "did not come whole"),
    ("no JSON", lambda *_: Reply(200, b"<html>"), ContractError, "no JSON"),
    ("nested for ever", lambda *_: Reply(200, b"[" * 100_000), ContractError, "no JSON"),
    ("gone", refuse(404), SourceConfigError, "address is unknown"),
]
FUNNEL: list[tuple[str, Change, type[Exception], str]] = [
    ("no data", without("data"), ContractError, "funnel 7509 has another shape"),
    ("a day nobody asked for", say({"data": {"2001-01-01": {"steps": []}}}), ContractError, "2001-01-01, which was not asked for"),
    ("no day", say({"data": {"$overall": {"steps": []}}}), ContractError, "where a day belongs"),
    ("no steps", say({"data": {"2026-03-27": {}}}), ContractError, "another shape"),
    (
        "half a person",
        say({"data": {"2026-03-27": {"steps": [{"count": 1.5}]}}}),
        ContractError,
        "step 1 of funnel 7509 on 2026-03-27 holds",
    ),
    ("fewer than nobody", say({"data": {"2026-03-27": {"steps": [{"count": -1}]}}}), ContractError, "where a count belongs"),
]
RETENTION: list[tuple[str, Change, type[Exception], str]] = [
    ("no cohort's day", say({"2026-03-24": {"first": 1, "counts": []}}), ContractError, "2026-03-24, where no cohort begins"),
    ("no size", say({"2026-03-23": {"counts": []}}), ContractError, "where a count belongs"),
    ("no counts", say({"2026-03-23": {"first": 1}}), ContractError, "another shape"),
]


@pytest.mark.parametrize(
    ("stream", "change", "kind", "words"),
    [("funnel_steps", *w[1:]) for w in WRONG + FUNNEL] + [("retention_cohorts", *w[1:]) for w in WRONG + RETENTION],
    ids=[f"funnel: {w[0]}" for w in WRONG + FUNNEL] + [f"retention: {w[0]}" for w in WRONG + RETENTION],
)
def test_m26_reports_of_another_shape_are_typed_errors(
    server: MixpanelServer, stream: str, change: Change, kind: type[Exception], words: str
) -> None:
    misbehave(server, "", {EVERY: change})
    source = connector(server.url, timezone=VIENNA, funnels=("7509",), retention=(BOUGHT,), start=date(2026, 3, 23))
    with pytest.raises(kind, match=words):
        batches(source, stream, DAY, noon(DAY))


def test_a_funnel_that_does_not_exist_is_told_in_the_vendors_words(server: MixpanelServer) -> None:
    with pytest.raises(SourceConfigError, match=r"refuses funnel 1: Funnel does not exist\."):
        batches(connector(server.url, timezone=VIENNA, funnels=("1",)), "funnel_steps", DAY, noon(DAY))


def test_check_says_which_reports_answer(server: MixpanelServer) -> None:
    ask = {"timezone": VIENNA, "funnels": ("7509", "7510"), "retention": (BACK,), "start": START}
    assert connector(server.url, **ask).check().endswith("funnel_steps: answers for 7509, 7510. retention_cohorts: answers for back.")
    with pytest.raises(SourceConfigError, match=r"has events\. funnel_steps: .*refuses funnel 1: .* retention_cohorts: answers for back\."):
        connector(server.url, **{**ask, "funnels": ("1",)}).check()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"funnels": ("7509",)}, "timezone is missing"),
        ({"funnels": ("sign-up",), "timezone": VIENNA}, "the id of a funnel has digits only"),
        ({"funnels": ("1", "1"), "timezone": VIENNA}, "funnels names 1 twice"),
        ({"retention": (BACK, BACK), "timezone": VIENNA}, "retention names back twice"),
        ({"funnel_window": timedelta(days=91)}, "at most 90d"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_any_call(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        MixpanelSettings(**{"project_id": "77", "start": DAY, "endpoint": "http://127.0.0.1:1", **settings})
