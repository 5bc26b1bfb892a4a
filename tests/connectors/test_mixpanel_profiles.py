"""Mixpanel's profiles: page by page through the real client library, whole or not at all, and never more than was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from mixpanel_utils import MixpanelUtils

from connectors.mixpanel import MixpanelSettings
from errors import (
    AuthError,
    ConfigError,
    ContractError,
    PermissionSourceError,
    PlanError,
    QuotaError,
    SourceConfigError,
    TransientSourceError,
)
from sandbox.mixpanel import MixpanelServer
from sandbox.mixpanel_scenarios import EVERY, Change, hang_up, misbehave, refuse, repeat_first, say, shorten, with_, without
from sandbox.world import World, make_world
from store.types import Batch, Window
from tests.connectors.mixpanel_company import DAY, VIENNA, connector
from tests.connectors.mixpanel_shop import ask_for, batches, held, noon, paths
from tests.shop import Shop

MANY = {"timezone": VIENNA, "profiles": True}


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(3, start=date(2026, 3, 20), days=10)


@pytest.fixture
def server(world: World) -> Iterator[MixpanelServer]:
    with MixpanelServer(world.company, zone=VIENNA, page_size=world.company.visits["user_id"].nunique() // 3 + 1) as running:
        yield running


def read(server: MixpanelServer, **settings: Any) -> list[Batch]:
    return batches(connector(server.url, **{**MANY, **settings}), "profiles", DAY, noon(DAY))


def frame(read_: list[Batch]) -> pd.DataFrame:
    return pd.concat([batch.rows.to_pandas() for batch in read_], ignore_index=True)


def seen(world: World) -> dict[str, pd.Timestamp]:
    """Return person → last visit, from the company's own records."""
    return {user: pd.Timestamp(at, unit="s") for user, at in world.company.visits.groupby("user_id")["time"].max().items()}


@pytest.mark.parametrize("zone", ["Europe/Vienna", "Pacific/Auckland", "America/Los_Angeles"])
def test_m38_every_profile_comes_once_with_the_instant_it_was_last_seen_whatever_the_projects_zone(
    server: MixpanelServer, world: World, zone: str
) -> None:
    server.zone = ZoneInfo(zone)
    got = read(server, timezone=ZoneInfo(zone))
    assert dict(zip(frame(got)["id"], frame(got)["last_seen_at"], strict=True)) == seen(world)
    assert frame(got)["properties"].isna().all()
    assert [batch.closes for batch in got] == [False, False, True]
    assert [call.path for call in server.calls] == ["/api/2.0/engage"] * 3
    assert [call.query.get("page") for call in server.calls] == [None, "1", "2"]
    assert {call.query.get("session_id") for call in server.calls[1:]} == {"1795-SANDBX"}


def test_m38_a_missing_total_is_tolerated_and_a_short_page_ends_the_list(server: MixpanelServer, world: World) -> None:
    misbehave(server, "/engage", {1: without("total")})
    assert len(frame(read(server))) == len(seen(world))
    assert len(server.calls) == 3


def test_m38_without_a_total_a_last_page_that_is_full_is_followed_by_an_empty_one(server: MixpanelServer, world: World) -> None:
    server.page_size = len(seen(world))
    misbehave(server, "/engage", {1: without("total")})
    assert len(frame(read(server))) == len(seen(world))
    assert len(server.calls) == 2


def test_m38_a_reached_total_needs_no_further_page(server: MixpanelServer, world: World) -> None:
    server.page_size = len(seen(world))
    assert len(frame(read(server))) == len(seen(world))
    assert len(server.calls) == 1


WRONG: list[tuple[str, dict[int, Change], type[Exception], str]] = [
    ("fewer than announced", {3: shorten(2)}, TransientSourceError, r"only [\d,]+ of [\d,]+ profiles came"),
    ("short in the middle", {2: shorten(2)}, TransientSourceError, r"only [\d,]+ of [\d,]+ profiles came"),
    (
        "the first page for ever",
        {1: without("total"), EVERY: repeat_first},
        ContractError,
        "page 2 of the profiles is one that came before",
    ),
    (
        "error under 200",
        {2: say({"error": "request for page in uncached query", "status": "error"})},
        TransientSourceError,
        "uncached query",
    ),
    ("cut", {2: hang_up(200)}, TransientSourceError, "did not come whole"),
    ("no list", {1: say({"status": "ok"})}, ContractError, "another shape"),
    ("no object", {1: say([1])}, ContractError, "no JSON object"),
    ("no id", {1: with_(results=[{"$properties": {}}], total=1)}, ContractError, r"no \$distinct_id"),
    ("one person twice", {1: with_(results=[{"$distinct_id": "a"}, {"$distinct_id": "a"}], total=2)}, ContractError, "came twice"),
    ("no end can be known", {1: without("total", "page_size")}, ContractError, "neither a total nor a page size"),
    ("a strange total", {1: with_(total="many")}, ContractError, "where a count belongs"),
    ("credentials", {1: refuse(401)}, AuthError, "401"),
    ("quota", {2: refuse(429, Retry_After="300")}, QuotaError, "60 queries an hour"),
    ("plan", {1: refuse(402)}, PlanError, "plan does not include profiles"),
]


@pytest.mark.parametrize(("changes", "kind", "words"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_m26_m38_f30_a_list_that_is_not_whole_is_no_list(
    server: MixpanelServer, changes: dict[int, Change], kind: type[Exception], words: str
) -> None:
    misbehave(server, "/engage", changes)
    with pytest.raises(kind, match=words):
        read(server)


def test_m38_a_list_without_end_stops_at_the_calls_of_an_hour(server: MixpanelServer) -> None:
    count = iter(range(1_000_000))

    def endless(_server: MixpanelServer, _request: object) -> Any:
        return say({"page_size": 2, "session_id": "s", "results": [{"$distinct_id": f"p{next(count)}"} for _ in range(2)]})(
            server, _request
        )  # type: ignore[arg-type]  # the reply asks for neither

    misbehave(server, "/engage", {EVERY: endless})
    with pytest.raises(ContractError, match="no end within 50 pages"):
        read(server, exports_per_hour=50)
    assert len(server.calls) == 50


def test_more_profiles_than_an_hour_has_calls_are_refused_after_one_call(server: MixpanelServer) -> None:
    with pytest.raises(SourceConfigError, match=r"profiles are 3 pages, but an hour has 2 calls"):
        read(server, exports_per_hour=2)
    assert len(server.calls) == 1


def test_pages_are_handed_on_as_they_come(server: MixpanelServer) -> None:
    """At most two pages lie in memory: the one handed on and the one after it."""
    source = connector(server.url, **MANY)
    stream = source.streams()[-1]
    reading = source.read(stream, Window(noon(DAY, -1), noon(DAY)))
    assert server.calls == []
    next(reading)
    assert len(server.calls) == 2


def test_only_properties_named_in_the_settings_are_asked_for_and_kept(server: MixpanelServer, world: World) -> None:
    got = frame(read(server, profile_properties=("plan", "country")))
    assert json.loads(server.calls[0].query["output_properties"]) == ["$last_seen", "plan", "country"]
    assert {tuple(json.loads(text)) for text in got["properties"]} == {("country", "plan")}
    buyers = set(world.company.actions.loc[world.company.actions["event"] == "purchase", "user_id"])
    plans = {user: json.loads(text)["plan"] for user, text in zip(got["id"], got["properties"], strict=True)}
    assert {user for user, plan in plans.items() if plan == "pro"} == buyers


@pytest.mark.parametrize("named", [(), ("plan",)])
def test_what_was_not_asked_for_is_not_kept_even_when_it_comes(server: MixpanelServer, named: tuple[str, ...]) -> None:
    """A vendor that ignores output_properties sends names and e-mail addresses."""
    person = {"$distinct_id": "u-1", "$properties": {"$email": "a@private.test", "$name": "Ann", "plan": "pro", "$last_seen": None}}
    misbehave(server, "/engage", {1: with_(results=[person], total=1)})
    (row,) = read(server, profile_properties=named)[0].rows.to_pylist()
    assert row == {"id": "u-1", "last_seen_at": None, "properties": '{"plan": "pro"}' if named else None}


def test_an_address_is_kept_when_it_is_asked_for_by_name(server: MixpanelServer) -> None:
    got = frame(read(server, profile_properties=("$email",)))
    assert json.loads(got["properties"][0]) == {"$email": f"{got['id'][0]}@private.test"}


ODD: list[tuple[dict[str, Any], tuple[str, Any, Any]]] = [
    ({"$distinct_id": 4, "$properties": {"$last_seen": "2026-03-29T03:30:00"}}, ("4", datetime(2026, 3, 29, 1, 30), "{}")),
    ({"$distinct_id": "a", "$properties": {"$last_seen": "2026-10-25T02:30:00"}}, ("a", datetime(2026, 10, 25, 0, 30), "{}")),
    ({"$distinct_id": "a", "$properties": {"$last_seen": "2026-01-10T02:30:00Z"}}, ("a", datetime(2026, 1, 10, 2, 30), "{}")),
    ({"$distinct_id": "a", "$properties": {"$last_seen": "long ago"}}, ("a", None, "{}")),
    ({"$distinct_id": "a", "$properties": {"$last_seen": "0001-01-01T00:00:00"}}, ("a", None, "{}")),
    ({"$distinct_id": "a\ud83d", "$properties": {"plan": "\ud83d"}}, ("a?", None, '{"plan": "\\ud83d"}')),
    ({"$distinct_id": "a", "$properties": None}, ("a", None, "{}")),
    ({"$distinct_id": "a", "$properties": {"plan": {"deep": [1]}}}, ("a", None, '{"plan": {"deep": [1]}}')),
]


@pytest.mark.parametrize(("profile", "wanted"), ODD)
def test_m37_profiles_of_any_shape_load(server: MixpanelServer, profile: dict[str, Any], wanted: tuple[str, Any, Any]) -> None:
    misbehave(server, "/engage", {1: with_(results=[profile], total=1)})
    (row,) = read(server, profile_properties=("plan",))[0].rows.to_pylist()
    assert tuple(row.values()) == wanted


def test_f30_page_2_of_3_fails_and_the_stored_profiles_stay_as_they_were(small_shop: Shop) -> None:
    ask_for(small_shop, "profiles: true")
    assert small_shop.sync().exit_code == 0
    before = held(small_shop, "profiles")
    company, server = small_shop.world.company, small_shop.servers[1]
    company.visits = company.visits.assign(user_id="new-" + company.visits["user_id"])
    server.page_size = len(before) // 3 + 1
    for change in (refuse(400, "bad page"), say({"error": "uncached"}), hang_up(200)):
        misbehave(server, "/engage", {EVERY: on_page("1", change)})
        result = small_shop.sync().sources["product"]
        assert (result.streams["profiles"].status, result.streams["events"].status) == ("failed", "ok")
        pd.testing.assert_frame_equal(held(small_shop, "profiles"), before)
    server.fault = None
    assert small_shop.sync().exit_code == 0
    assert set(held(small_shop, "profiles")["id"]) == {f"new-{name}" for name in before["id"]}


def on_page(page: str, change: Change) -> Change:
    """Change the replies to one page alone."""
    return lambda server, request: change(server, request) if request.query.get("page") == page else server.answer(request)


def test_m36_f31_profiles_that_are_not_in_the_plan_are_unavailable_and_the_other_streams_go_on(small_shop: Shop) -> None:
    ask_for(small_shop, "profiles: true", 'funnels: ["7510"]')
    misbehave(small_shop.servers[1], "/engage", {EVERY: refuse(402, "Your plan does not allow API calls.")})
    result = small_shop.sync()
    assert result.exit_code == 0
    streams = result.sources["product"].streams
    assert {name: stream.status for name, stream in streams.items()} == {"events": "ok", "funnel_steps": "ok", "profiles": "unavailable"}
    assert "plan does not include profiles" in str(streams["profiles"].error)
    assert {name: source.status for name, source in result.sources.items()} == {"web": "ok", "product": "ok", "delivery": "ok"}
    assert paths(small_shop).count("/api/2.0/engage") == 1


def test_nothing_private_reaches_the_disk_and_a_second_sync_changes_nothing(small_shop: Shop) -> None:
    ask_for(small_shop, "profiles: true", "profile_properties: [plan]")
    small_shop.sync()
    assert len(held(small_shop, "profiles")) == small_shop.world.company.visits["user_id"].nunique()
    written = [file.read_bytes() for file in small_shop.space.data.rglob("*") if file.is_file()]
    assert not [body for body in written if b"private.test" in body or b"Person u-" in body]
    assert small_shop.sync().published is False


def test_profiles_funnels_and_retention_are_off_unless_asked_for(small_shop: Shop) -> None:
    small_shop.sync()
    assert set(paths(small_shop)) == {"/api/2.0/export"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"profiles": True, "timezone": None}, "timezone is missing"),
        ({"profiles": False, "profile_properties": ("plan",)}, "profiles are not read"),
    ],
)
def test_settings_that_say_nothing_whole_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        MixpanelSettings(**{"project_id": "77", "start": DAY, "endpoint": "http://127.0.0.1:1", **MANY, **settings})


def test_the_librarys_own_pager_dies_where_ours_does_not(server: MixpanelServer) -> None:
    """Why the pages are asked for one by one; should the library learn it, this test says so."""
    plain = MixpanelUtils("sandbox", service_account_username="svc", project_id=77, timeout=10, max_retries=1)
    plain.raw_api = plain.formatted_api = f"{server.url}/api"
    faults: list[tuple[Change, type[BaseException]]] = [(without("total"), KeyError), (say({"error": "no"}), TypeError)]
    for change, death in faults:
        misbehave(server, "/engage", {1: change})
        with pytest.raises(death):
            plain.query_engage()


@pytest.mark.parametrize(
    ("change", "words"),
    [(without(), r"profiles: answers with [\d,]+ profiles\.$"), (refuse(402), "profiles: unavailable: .*plan does not include")],
)
def test_check_says_whether_profiles_answer(server: MixpanelServer, change: Change, words: str) -> None:
    misbehave(server, "/engage", {1: change})
    assert re.search(words, connector(server.url, **MANY).check())


def test_check_fails_when_profiles_do(server: MixpanelServer) -> None:
    misbehave(server, "/engage", {1: refuse(403)})
    with pytest.raises(PermissionSourceError, match=r"has events\. profiles: .*does not reach this project"):
        connector(server.url, **MANY).check()
