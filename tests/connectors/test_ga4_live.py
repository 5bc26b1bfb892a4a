"""GA4's realtime report: the real client library over both transports against the company's own records, and what may go wrong."""

from __future__ import annotations

import threading
import urllib.error
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli import main
from connectors.ga4 import Connector
from connectors.live import LivePull
from errors import ContractError
from metrics.live import judged
from sandbox import ga4_scenarios as scenario
from sandbox.ga4 import Ga4Server
from sandbox.ga4_realtime import TITLES
from sandbox.world import World
from settings import Workspace, load_sources
from store.ledger import Ledger
from store.live import Live, LiveState, read_live, write_live
from tests.connectors.ga4_grpc import serving
from tests.connectors.test_ga4 import VIENNA, connector, post, world
from tests.connectors.test_ga4_faults import over_grpc
from tests.connectors.test_secrets_google import FAULTS, certificate, forms, google, key, key_file, pem, pieces
from tests.shop import Shop

__all__ = ["certificate", "google", "key", "key_file", "pem", "world"]

MINUTE = timedelta(minutes=1)
MOMENTS = [
    datetime(2026, 3, 31, hour, minute, second, tzinfo=VIENNA).astimezone(UTC)
    for hour, minute, second in ((13, 7, 31), (16, 40, 0), (20, 59, 59))
]


@pytest.fixture
def server(world: World) -> Iterator[Ga4Server]:
    with Ga4Server(world.company, clock=lambda: MOMENTS[0]) as running:
        yield running


def oracle(world: World, now: datetime) -> dict[str, Any]:
    """Count the company's own records one by one, in whole minutes of the clock: the running one and the 29 before."""
    begin = now.replace(second=0) - 29 * MINUTE
    users, recent, views, keys = set(), set(), Counter(), 0
    minutes: dict[datetime, list[Any]] = defaultdict(lambda: [set(), 0, 0])
    devices: dict[str, set[str]] = defaultdict(set)
    events = 0
    for action in world.company.actions.to_dict("records"):
        at = datetime.fromtimestamp(int(action["time"]), UTC)
        if not begin <= at <= now:
            continue
        events += 1
        is_key = action["event"] == "purchase"
        keys += is_key
        users.add(action["user_id"])
        devices[action["device"]].add(action["user_id"])
        views[TITLES[action["page"]]] += action["event"] == "page_view"
        if at >= now.replace(second=0) - 4 * MINUTE:
            recent.add(action["user_id"])
        one = minutes[at.replace(second=0)]
        one[0].add(action["user_id"])
        one[1:] = [one[1] + 1, one[2] + is_key]
    return {
        "users": len(users),
        "users_5": len(recent),
        "events": events,
        "key_events": keys,
        "minutes": {at: (len(who), count, key_count) for at, (who, count, key_count) in minutes.items()},
        "devices": {name: len(who) for name, who in devices.items()},
        "pages": views,
    }


def check(live: Live, want: dict[str, Any], now: datetime) -> None:
    assert {name: asdict(live)[name] for name in ("users", "users_5", "events", "key_events")} == {
        k: want[k] for k in ("users", "users_5", "events", "key_events")
    }
    assert [minute.at for minute in live.minutes] == [now.replace(second=0) - ago * MINUTE for ago in range(29, -1, -1)]
    assert {m.at: (m.users, m.events, m.key_events) for m in live.minutes if m.events} == want["minutes"]
    assert {part.name: part.count for part in live.devices} == want["devices"]
    assert [part.count for part in live.pages] == sorted(want["pages"].values(), reverse=True)[: len(live.pages)]
    assert all(want["pages"][part.name] == part.count for part in live.pages)


@pytest.mark.parametrize("now", MOMENTS)
def test_both_transports_tell_the_last_30_minutes_as_the_companys_own_records_do(server: Ga4Server, world: World, now: datetime) -> None:
    server.clock = lambda: now
    want = oracle(world, now)
    assert want["users"] > 1
    assert sum(want["devices"].values()) >= want["users"]
    check(connector(server).live(now), want, now)
    with serving(server) as url:
        check(over_grpc(url).live(now), want, now)


def test_a_quiet_half_hour_is_zero_everywhere(server: Ga4Server) -> None:
    night = datetime(2026, 3, 31, 3, 30, tzinfo=VIENNA).astimezone(UTC)
    server.clock = lambda: night
    found = connector(server).live(night)
    assert (found.users, found.users_5, found.events, found.devices, found.pages) == (0, 0, 0, (), ())
    assert [m.events for m in found.minutes] == [0] * 30


def test_the_double_speaks_the_realtime_wire_as_google_does(server: Ga4Server) -> None:
    url = f"{server.url}/v1beta/properties/123456:runRealtimeReport"
    body = {"dimensions": [{"name": "minutesAgo"}], "metrics": [{"name": "eventCount"}]}
    answer = post(url, body)
    named = [row["dimensionValues"][0]["value"] for row in answer["rows"]]
    assert set(answer) == {"dimensionHeaders", "metricHeaders", "rows", "rowCount", "kind"}
    assert all(len(text) == 2 and 0 <= int(text) < 30 for text in named)
    assert 0 < len(named) < 30, "minutes without events are absent"
    two = post(
        url,
        {
            "metrics": [{"name": "activeUsers"}],
            "minuteRanges": [{"name": "all"}, {"name": "five", "startMinutesAgo": 4}],
            "returnPropertyQuota": True,
        },
    )
    assert [header["name"] for header in two["dimensionHeaders"]] == ["dateRange"]
    assert {row["dimensionValues"][0]["value"] for row in two["rows"]} <= {"all", "five"}
    assert two["propertyQuota"]["tokensPerProjectPerHour"]["remaining"] == 14_000 - server.realtime.consumed
    wrong = [[{}, {}, {}], [{"startMinutesAgo": 30}], [{"startMinutesAgo": 3, "endMinutesAgo": 4}], [{"name": "date_range_x"}]]
    for ranges in wrong:
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(url, {**body, "minuteRanges": ranges})
        assert refused.value.code == 400, ranges
        refused.value.close()
    before = server._consumed
    post(url, body)
    assert server._consumed == before, "realtime reports have a quota of their own"


def test_what_is_asked_is_four_small_reports_that_say_what_is_left(server: Ga4Server) -> None:
    connector(server).live(MOMENTS[0])
    asked = [call.json() for call in server.calls]
    assert [[d["name"] for d in one.get("dimensions", ())] for one in asked] == [
        ["minutesAgo"],
        [],
        ["deviceCategory"],
        ["unifiedScreenName"],
    ]
    assert all(one["returnPropertyQuota"] for one in asked)
    assert [(r["startMinutesAgo"], r["endMinutesAgo"]) for r in asked[1]["minuteRanges"]] == [(29, 0), (4, 0)]


@pytest.mark.parametrize(
    ("change", "asking", "words"),
    [
        (scenario.minute("(other)"), "minutesAgo", r"names the minute '\(other\)', which is not one of its 30"),
        (scenario.minute("30"), "minutesAgo", "names the minute '30'"),
        (scenario.repeat_a_row(), "minutesAgo", "names the minute"),
        (scenario.lose_a_row(), "minutesAgo", r"announces \d+ rows, but \d+ came"),
        (scenario.count("1.5"), "minutesAgo", "activeUsers of the realtime report holds '1.5', which is not a count"),
        (scenario.count("-1"), "deviceCategory", "holds '-1'"),
        (scenario.hide_the_last_metric(), "minutesAgo", "has no column keyEvents; the account may not be allowed to see it"),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_whole_is_no_number(server: Ga4Server, change: scenario.Change, asking: str, words: str) -> None:
    scenario.misbehave(server, change, asking=asking)
    with pytest.raises(ContractError, match=words):
        connector(server).live(MOMENTS[0])


def test_columns_are_found_by_their_names_and_novelties_are_ignored(server: Ga4Server, world: World) -> None:
    scenario.misbehave(server, scenario.turn_columns())
    check(connector(server).live(MOMENTS[0]), oracle(world, MOMENTS[0]), MOMENTS[0])


# --- the rounds of the scheduler


def ready(shop: Shop) -> tuple[Ga4Server, datetime]:
    """Return the shop's property and a busy minute of it."""
    now = (shop.world.company.now - timedelta(hours=8)).replace(second=20)
    shop.servers[0].clock = lambda: now
    return shop.servers[0], now


def pull(shop: Shop, now: datetime, keep: LivePull | None = None) -> LiveState | None:
    puller = keep or LivePull(Ledger(shop.space), threading.Event())
    puller.round(load_sources(shop.space), VIENNA, now)
    return next(iter(read_live(Ledger(shop.space))), None)


def test_each_minute_once_and_the_answer_survives_the_way_through_the_ledger(small_shop: Shop) -> None:
    ga4, now = ready(small_shop)
    puller = LivePull(Ledger(small_shop.space), threading.Event())
    first = pull(small_shop, now, puller)
    assert first is not None
    assert first.live is not None
    check(first.live, oracle(small_shop.world, now), now)
    assert (first.error, first.next_at, set(first.quota)) == (
        None,
        now + MINUTE,
        {"tokens_per_day", "tokens_per_hour", "tokens_per_project_per_hour"},
    )
    assert len(ga4.calls) == 4
    pull(small_shop, now + timedelta(seconds=59), puller)
    assert len(ga4.calls) == 4
    assert puller.round(load_sources(small_shop.space), VIENNA, now + timedelta(seconds=30)) == 30
    pull(small_shop, now + MINUTE, puller)
    assert len(ga4.calls) == 8
    assert all(not vendor.calls for vendor in small_shop.servers[1:])


def test_the_switch_turns_it_off_and_takes_the_old_numbers_away(small_shop: Shop) -> None:
    ga4, now = ready(small_shop)
    pull(small_shop, now)
    sources = small_shop.space.sources_file
    sources.write_text(sources.read_text().replace('property: "123456"', 'property: "123456"\n    live: false'))
    assert pull(small_shop, now + 2 * MINUTE) is None
    assert len(ga4.calls) == 4


def test_how_often_is_a_setting(small_shop: Shop) -> None:
    _, now = ready(small_shop)
    sources = small_shop.space.sources_file
    sources.write_text(sources.read_text().replace('property: "123456"', 'property: "123456"\n    live_every: 5m'))
    state = pull(small_shop, now)
    assert state is not None
    assert (state.every, state.next_at) == (5 * MINUTE, now + 5 * MINUTE)


def test_a_vendor_that_is_away_is_asked_ever_less_and_the_last_answer_stays_with_its_time(small_shop: Shop) -> None:
    ga4, now = ready(small_shop)
    puller = LivePull(Ledger(small_shop.space), threading.Event())
    before = pull(small_shop, now, puller)
    scenario.misbehave(ga4, scenario.refuse(404, "NOT_FOUND", "gone"))
    at, rests = now + MINUTE, []
    for _ in range(6):
        state = pull(small_shop, at, puller)
        assert state is not None
        assert (state.error_kind, state.live) == ("config", before.live if before else None)
        rests.append((state.next_at - at) / MINUTE)
        at = state.next_at
    assert rests == [2, 4, 8, 16, 30, 30]
    ga4.fault = None
    state = pull(small_shop, at, puller)
    assert state is not None
    assert (state.error, state.failures) == (None, 0)


def test_a_used_up_quota_rests_until_its_hour_over_restarts_and_other_troubles_are_tried_by_a_new_start(small_shop: Shop) -> None:
    ga4, now = ready(small_shop)
    ga4.realtime.consumed = 14_000
    state = pull(small_shop, now)
    assert state is not None
    assert (state.error_kind, state.next_at) == ("quota", now.replace(minute=0, second=0) + timedelta(hours=1))
    calls = len(ga4.calls)
    pull(small_shop, now + 5 * MINUTE)
    assert len(ga4.calls) == calls, "a new process keeps the vendor's wait"
    ga4.refill()
    scenario.misbehave(ga4, scenario.refuse(403, "PERMISSION_DENIED", "User does not have sufficient permissions for this property."))
    state = pull(small_shop, state.next_at)
    assert state is not None
    assert state.error_kind == "permission"
    ga4.fault = None
    state = pull(small_shop, state.tried_at + timedelta(seconds=5))
    assert state is not None
    assert state.error is None


def test_the_last_tenth_of_the_realtime_tokens_is_left_to_others(small_shop: Shop) -> None:
    ga4, now = ready(small_shop)
    scenario.misbehave(ga4, scenario.little_is_left(1_399))
    state = pull(small_shop, now)
    assert state is not None
    assert (state.error_kind, len(ga4.calls), state.quota["tokens_per_project_per_hour"]) == ("quota", 1, 1_399)
    assert state.next_at == now.replace(minute=0, second=0) + timedelta(hours=1)


def test_server_errors_of_live_reports_have_a_budget_of_their_own(small_shop: Shop) -> None:
    ga4, now = ready(small_shop)
    scenario.misbehave(ga4, scenario.refuse(503, "UNAVAILABLE", "The service is currently unavailable."))
    for start in range(8):  # every start asks at once
        state = pull(small_shop, now + start * timedelta(seconds=10))
    assert state is not None
    assert (len(ga4.calls), state.error_kind) == (5, "quota")
    assert small_shop.sync(now=now + 2 * MINUTE).sources["web"].status == "ok", "syncs are not held up by it"


def test_a_clock_that_was_set_back_does_not_silence_it(small_shop: Shop) -> None:
    ga4, now = ready(small_shop)
    puller = LivePull(Ledger(small_shop.space), threading.Event())
    pull(small_shop, now + timedelta(days=2), puller)
    pull(small_shop, now, puller)
    assert len(ga4.calls) == 8


# --- what may be shown


@pytest.mark.parametrize(
    ("every", "age", "is_live"),
    [(1, 0, True), (1, 2.9, True), (1, 3.1, False), (5, 14, True), (5, 16, False), (1, -5, True), (1, -60, False)],
)
def test_an_old_answer_is_not_live(every: float, age: float, is_live: bool) -> None:
    now = MOMENTS[0]
    heard = now - age * MINUTE
    state = LiveState("web", heard, heard + MINUTE, every * MINUTE, live=Live(heard, 1, 1, 1, 0, (), (), ()))
    found = judged(state, now)
    assert (found.live is not None) == is_live
    assert found.silent_since == (None if is_live else heard)
    assert is_live or "is ./kpi serve running?" in str(found.reason)


def test_who_was_never_heard_has_a_reason_and_no_time() -> None:
    state = LiveState("web", MOMENTS[0], MOMENTS[0], MINUTE, 1, "auth", "web: refused")
    found = judged(state, MOMENTS[0])
    assert (found.live, found.silent_since, found.reason) == (None, None, "the credentials were refused.")


@pytest.mark.parametrize("fault", ["401", "403", "429", "used up", "a page", "none"])
def test_no_token_leaves_through_a_live_report(
    fault: str, google: Ga4Server, key_file: Any, pem: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    from commands.schedule import keep_live

    google.fault = FAULTS[fault]
    url = google.url.replace("http://", "https://")
    (tmp_path / "sources.yaml").write_text(
        f'version: 1\nsources:\n  web: {{connector: ga4, property: "123456", start: 2026-03-27, credentials_file: {key_file}, endpoint: "{url}"}}\n'
    )
    monkeypatch.setenv("KPI_LOG_LEVEL", "debug")
    over, space = threading.Event(), Workspace(tmp_path)
    asked = threading.Thread(target=keep_live, args=(space, over))
    asked.start()
    for _ in range(200):
        if read_live(Ledger(space)):
            break
        over.wait(0.05)
    over.set()
    asked.join()
    for command in (["status", "--json"], ["status"], ["doctor", "--json"]):
        main([*command, "--home", str(tmp_path)])
    (state,) = read_live(Ledger(space))
    assert (state.error is None) == (fault == "none")
    tokens = {call.headers["authorization"].removeprefix("Bearer ") for call in google.calls}
    assert tokens
    shown = "".join(capfd.readouterr()) + repr(state)
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path != key_file)
    searched = {form for secret in tokens for form in forms(secret)} | {piece for token in tokens for piece in pieces(token)}
    assert [form for form in searched if form in shown or form.encode() in stored] == []


def test_a_connector_that_has_no_live_report_is_not_asked(small_shop: Shop) -> None:
    from connectors.live import live_connector

    found = {entry.name: live_connector(entry, VIENNA) for entry in load_sources(small_shop.space)}
    assert {name for name, made in found.items() if made is not None} == {"web"}
    assert isinstance(found["web"], Connector)


def test_writing_replaces_the_earlier_state(tmp_path: Any) -> None:
    ledger = Ledger(Workspace(tmp_path))
    ledger.upgrade()
    for failures in (1, 2):
        write_live(ledger, LiveState("web", MOMENTS[0], MOMENTS[0], MINUTE, failures, "transient", "x"))
    assert [state.failures for state in read_live(ledger)] == [2]
