"""The double of Mixpanel on the wire, asked by the standard library alone."""

from __future__ import annotations

import base64
import gzip
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPResponse

import pytest

from sandbox.mixpanel import MixpanelServer
from sandbox.world import make_world
from tests.connectors.mixpanel_company import FOUR, NOON, VIENNA, company

ACCOUNT = base64.b64encode(b"svc:sandbox").decode()


@pytest.fixture
def server() -> Iterator[MixpanelServer]:
    with MixpanelServer(company(*FOUR)) as running:
        yield running


def ask(server: MixpanelServer, path: str, account: str = ACCOUNT, headers: dict[str, str] | None = None, **query: str) -> HTTPResponse:
    url = f"{server.url}{path}?{urllib.parse.urlencode({'project_id': '77', **query})}"
    return urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Basic {account}", **(headers or {})}))


def export(server: MixpanelServer, first: str, last: str, **query: str) -> list[dict[str, object]]:
    with ask(server, "/api/2.0/export", from_date=first, to_date=last, **query) as answer:
        return [json.loads(line) for line in answer.read().split(b"\n") if line]


def test_both_dates_are_included_and_are_utc_days(server: MixpanelServer) -> None:
    assert [
        len(export(server, *days)) for days in (("2026-03-27", "2026-03-27"), ("2026-03-28", "2026-03-28"), ("2026-03-27", "2026-03-28"))
    ] == [3, 1, 4]
    assert export(server, "2026-03-26", "2026-03-26") == []


def test_properties_are_there_only_where_they_mean_something(server: MixpanelServer) -> None:
    quick, unpainted, purchase = export(server, "2026-03-27", "2026-03-27")
    assert (quick["event"], purchase["event"]) == ("page_view", "purchase")
    assert (quick["properties"]["lcp_ms"], "lcp_ms" in unpainted["properties"], "revenue" in quick["properties"]) == (1200, False, False)
    assert purchase["properties"]["revenue"] == 19.99
    assert (quick["properties"]["time"], quick["properties"]["$insert_id"]) == (NOON, "i0")


def test_event_and_limit_narrow_the_export(server: MixpanelServer) -> None:
    assert [e["event"] for e in export(server, "2026-03-27", "2026-03-27", event='["purchase"]')] == ["purchase"]
    assert len(export(server, "2026-03-27", "2026-03-28", limit="2")) == 2


def test_it_packs_only_when_asked_and_only_what_is_long() -> None:
    many = company(*(("page_view", NOON + n, "a", 1.0, 0) for n in range(20)))
    with MixpanelServer(many) as big, MixpanelServer(company(*FOUR[:1])) as small:
        query = {"from_date": "2026-03-27", "to_date": "2026-03-27"}
        wish = {"Accept-Encoding": "gzip"}
        with ask(big, "/api/2.0/export", headers=wish, **query) as packed, ask(big, "/api/2.0/export", **query) as plain:
            assert packed.headers["Content-Encoding"] == "gzip"
            assert plain.headers["Content-Encoding"] is None
            assert gzip.decompress(packed.read()) == plain.read()
        with ask(small, "/api/2.0/export", headers=wish, **query) as short:
            assert short.headers["Content-Encoding"] is None


@pytest.mark.parametrize(
    ("path", "query", "status", "words"),
    [
        ("/api/2.0/export", {"account": "bm8="}, 401, "Invalid credentials."),
        ("/api/2.0/export", {"project_id": "78"}, 403, "does not have access"),
        ("/api/2.0/nothing", {}, 404, "Not found."),
        ("/api/2.0/export", {"from_date": "yesterday", "to_date": "2026-03-27"}, 400, "YYYY-MM-DD"),
    ],
)
def test_it_refuses_as_the_vendor_does(server: MixpanelServer, path: str, query: dict[str, str], status: int, words: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused, ask(server, path, **query):
        pass
    with refused.value as error:
        assert error.code == status
        assert words in json.loads(error.read())["error"]


def test_today_is_the_later_of_both_clocks(server: MixpanelServer) -> None:
    today = max(server.company.now, datetime.now(UTC)).date()
    export(server, today.isoformat(), today.isoformat())
    tomorrow = (today + timedelta(days=2)).isoformat()
    with pytest.raises(urllib.error.HTTPError) as refused:
        export(server, tomorrow, tomorrow)
    with refused.value as error:
        assert b"to_date cannot be later than today" in error.read()


def test_a_frame_changed_in_place_shows_after_invalidate(server: MixpanelServer) -> None:
    assert len(export(server, "2026-03-27", "2026-03-27")) == 3
    server.company.actions.loc[0, "time"] += 86_400
    server.invalidate()
    assert (len(export(server, "2026-03-27", "2026-03-27")), len(export(server, "2026-03-28", "2026-03-28"))) == (2, 2)


def test_profiles_have_private_parts_unless_a_query_names_what_it_wants() -> None:
    with MixpanelServer(make_world(3, start=date(2026, 3, 27), days=2).company, page_size=10, zone=VIENNA) as busy:
        with ask(busy, "/api/2.0/engage") as answer:
            first = json.load(answer)
        with ask(busy, "/api/2.0/engage", page="1", session_id=first["session_id"], output_properties='["plan"]') as answer:
            second = json.load(answer)
    assert (first["page"], first["page_size"], len(first["results"]), "total" in first, "total" in second) == (0, 10, 10, True, False)
    assert set(first["results"][0]["$properties"]) == {"$last_seen", "$created", "$email", "$name", "plan", "country"}
    assert set(second["results"][0]["$properties"]) == {"plan"}


def test_a_funnel_counts_who_came_how_far_in_order_and_in_time() -> None:
    """a does all three; b buys before being active; c is active a day too late; d signs up twice on one day; e on the next."""
    hour, day = 3_600, 86_400
    did = [("a", "signup", 0), ("a", "activation", hour), ("a", "purchase", 13 * day)]
    did += [("b", "signup", 0), ("b", "purchase", hour), ("b", "activation", 2 * hour)]
    did += [("c", "signup", 0), ("c", "activation", 14 * day + 1)]
    did += [("d", "signup", 0), ("d", "signup", hour), ("d", "activation", 14 * day), ("e", "signup", day)]
    busy = company(*((event, NOON + at, person, 0.0, 0) for person, event, at in did))
    busy.now += timedelta(days=30)
    with MixpanelServer(busy) as server:
        query = {"funnel_id": "7509", "from_date": "2026-03-26", "to_date": "2026-03-28", "unit": "day"}
        with ask(server, "/api/query/funnels", **query) as answer:
            found = json.load(answer)
    counts = {day: [step["count"] for step in one["steps"]] for day, one in found["data"].items()}
    assert counts == {"2026-03-26": [0, 0, 0], "2026-03-27": [4, 3, 1], "2026-03-28": [1, 0, 0]}
    assert found["meta"]["dates"] == sorted(counts)
    assert found["data"]["2026-03-27"]["steps"][1]["step_conv_ratio"] == 0.75


def test_retention_counts_from_each_persons_own_first_event() -> None:
    """a comes back within 24 hours and in the third interval; b is born on the second day and has lived two intervals less."""
    hour, day = 3_600, 86_400
    did = [
        ("a", "signup", 0),
        ("a", "purchase", 23 * hour),
        ("a", "purchase", 23 * hour + 1),
        ("a", "purchase", 2 * day),
        ("b", "signup", day),
    ]
    busy = company(*((event, NOON + at, person, 0.0, 0) for person, event, at in did))
    busy.now = datetime(2026, 3, 30, tzinfo=UTC)
    with MixpanelServer(busy) as server:
        query = {"from_date": "2026-03-27", "to_date": "2026-03-29", "born_event": "signup", "event": "purchase", "unit": "day"}
        with ask(server, "/api/query/retention", interval_count="3", **query) as answer:
            found = json.load(answer)
    assert found == {"2026-03-27": {"first": 1, "counts": [1, 0, 1]}, "2026-03-28": {"first": 1, "counts": [0, 0, 0]}}


def test_daily_counts_and_names_agree_with_the_company(server: MixpanelServer) -> None:
    with ask(server, "/api/query/segmentation", event="page_view", from_date="2026-03-27", to_date="2026-03-28") as answer:
        assert json.load(answer)["data"]["values"] == {"page_view": {"2026-03-27": 2, "2026-03-28": 1}}
    with ask(server, "/api/2.0/events/names") as answer:
        assert json.load(answer) == ["page_view", "purchase"]
