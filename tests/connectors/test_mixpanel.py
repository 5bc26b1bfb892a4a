"""Mixpanel: the real client library against the double: whole days or typed errors, whatever the transport does."""

from __future__ import annotations

import gzip
import itertools
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from mixpanel_utils import MixpanelUtils

from connectors.mixpanel import Connector, MixpanelSettings
from errors import (
    AuthError,
    ConfigError,
    ContractError,
    DashboardError,
    PermissionSourceError,
    PlanError,
    QuotaError,
    SourceConfigError,
    TransientSourceError,
)
from sandbox.mixpanel import MixpanelServer, error_reply
from sandbox.server import Reply
from sandbox.world import World, make_world
from settings import Secret
from store.types import Batch, Window
from tests.connectors.mixpanel_company import as_table, connector, event
from tests.connectors.raw import behaving, read_request

START = date(2026, 3, 27)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(3, start=START, days=6)


@pytest.fixture
def server(world: World) -> Iterator[MixpanelServer]:
    with MixpanelServer(world.company) as running:
        yield running


def read(source: Connector, days: int = 7) -> list[Batch]:
    since = datetime(2026, 3, 27, tzinfo=UTC)
    batches = source.read(source.streams()[0], Window(since, since + timedelta(days=days - 1, hours=9)))
    return [as_table(day) for _, day in itertools.groupby(batches, lambda batch: batch.slice)]


def rows(batches: list[Batch]) -> pd.DataFrame:
    return pd.concat([batch.rows.to_pandas() for batch in batches], ignore_index=True)


def one_day(server: MixpanelServer, *lines: str, **settings: Any) -> pd.DataFrame:
    """Read one day whose export is exactly these lines."""
    server.fault = lambda _request, _number: Reply(200, "".join(lines).encode(), {"Content-Type": "text/plain"})
    return read(connector(server.url, **settings), 1)[0].rows.to_pandas()


def test_every_action_arrives_once_with_its_values(server: MixpanelServer, world: World) -> None:
    got, actions = rows(read(connector(server.url))), world.company.actions
    assert len(got) == len(actions)
    assert got["event"].value_counts().to_dict() == actions["event"].value_counts().to_dict()
    assert got["revenue"].dropna().sum() == Decimal(int(actions["revenue_cents"].sum())) / 100
    assert got["lcp_ms"].sum() == actions["lcp_ms"].sum()
    assert got["dedupe_key"].is_unique
    days = pd.to_datetime(actions["time"], unit="s", utc=True).dt.tz_convert("Europe/Vienna").dt.date
    assert got["day"].value_counts().to_dict() == days.value_counts().to_dict()
    assert (got["time"].astype("datetime64[s]").astype("int64").sort_values().to_numpy() == actions["time"].sort_values().to_numpy()).all()


def test_slices_are_utc_days_and_the_running_one_is_provisional(server: MixpanelServer) -> None:
    batches = read(connector(server.url))
    assert [batch.slice for batch in batches] == [START + timedelta(days=n) for n in range(7)]
    assert batches[0].complete_through == datetime(2026, 3, 28, tzinfo=UTC)
    assert (batches[-1].complete_through, batches[-1].flags) == (None, ("provisional",))


def test_m30_one_export_a_day_without_a_limit_and_compressed(server: MixpanelServer) -> None:
    read(connector(server.url))
    assert [(c.path, c.query["from_date"] == c.query["to_date"], "limit" in c.query) for c in server.calls] == [
        ("/api/2.0/export", True, False)
    ] * 7
    assert all("gzip" in call.headers["accept-encoding"] for call in server.calls)
    assert all(call.query["project_id"] == "77" for call in server.calls)


def test_nothing_is_asked_before_the_first_batch_is_wanted(server: MixpanelServer) -> None:
    source = connector(server.url)
    source.read(source.streams()[0], Window(datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)))
    assert server.calls == []


@contextmanager
def raw_server(head: str, body: bytes) -> Iterator[str]:
    """Answer every connection with exactly these bytes, then hang up."""

    def answer(peer: socket.socket) -> None:
        read_request(peer)
        peer.sendall(head.encode() + b"\r\n" + body)

    with behaving(answer) as port:
        yield f"http://127.0.0.1:{port}"


BODY = (event(n=1) + event(n=2, **{"$insert_id": "i-2"}) + event(n=3, **{"$insert_id": "i-3"})).encode()
LINE_END = BODY.index(b"\n") + 1
PACKED = gzip.compress(BODY)


def chunked(body: bytes, *, end: bool) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body) + (b"0\r\n\r\n" if end else b"")


OK = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
WHOLE = [
    ("length", OK + f"Content-Length: {len(BODY)}\r\n", BODY),
    ("chunks", OK + "Transfer-Encoding: chunked\r\n", chunked(BODY, end=True)),
    ("gzip and length", OK + f"Content-Encoding: gzip\r\nContent-Length: {len(PACKED)}\r\n", PACKED),
    ("gzip and chunks", OK + "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", chunked(PACKED, end=True)),
    ("gzip until hang-up", OK + "Content-Encoding: gzip\r\nConnection: close\r\n", PACKED),
]


@pytest.mark.parametrize(("head", "body"), [(h, b) for _, h, b in WHOLE], ids=[n for n, _, _ in WHOLE])
def test_a_whole_body_is_read_over_every_framing(head: str, body: bytes) -> None:
    with raw_server(head, body) as url:
        assert len(read(connector(url), 1)[0].rows) == 3


CUT = [
    ("length, cut at a line's end", OK + f"Content-Length: {len(BODY)}\r\n", BODY[:LINE_END]),
    ("length, cut inside a line", OK + f"Content-Length: {len(BODY)}\r\n", BODY[: LINE_END + 9]),
    ("chunks, cut at a line's end", OK + "Transfer-Encoding: chunked\r\n", chunked(BODY[:LINE_END], end=False)),
    ("chunks, well ended inside a line", OK + "Transfer-Encoding: chunked\r\n", chunked(BODY[: LINE_END + 9], end=True)),
    ("gzip cut under its length", OK + f"Content-Encoding: gzip\r\nContent-Length: {len(PACKED)}\r\n", PACKED[:-6]),
    ("gzip cut in well ended chunks", OK + "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", chunked(PACKED[:-6], end=True)),
    ("gzip cut, hung up", OK + "Content-Encoding: gzip\r\nConnection: close\r\n", PACKED[:-6]),
    (
        "gzip with a flipped bit",
        OK + f"Content-Encoding: gzip\r\nContent-Length: {len(PACKED)}\r\n",
        PACKED[:40] + bytes([PACKED[40] ^ 8]) + PACKED[41:],
    ),
]


@pytest.mark.parametrize(("head", "body"), [(h, b) for _, h, b in CUT], ids=[n for n, _, _ in CUT])
def test_m28_f20_f21_f22_a_cut_body_is_never_taken_for_a_day(head: str, body: bytes) -> None:
    with raw_server(head, body) as url, pytest.raises(TransientSourceError, match=r"did not come whole|did not answer"):
        read(connector(url), 1)


def test_a_framing_that_cannot_prove_its_end_is_refused() -> None:
    with raw_server(OK + "Connection: close\r\n", BODY) as url, pytest.raises(ContractError, match="neither a length nor chunks"):
        read(connector(url), 1)


@pytest.mark.parametrize("words", ["terminated early", "export terminated early"])
def test_m28_f19_an_export_that_the_vendor_gave_up_is_no_day(server: MixpanelServer, words: str) -> None:
    with pytest.raises(TransientSourceError, match="ended it early"):
        one_day(server, event(), words + "\n")


def test_an_empty_day_is_a_day_without_rows(server: MixpanelServer) -> None:
    assert len(one_day(server)) == 0
    assert len(one_day(server, "\n")) == 0


def test_m29_f23_only_line_feeds_end_lines_and_split_records_are_joined(server: MixpanelServer) -> None:
    line = json.dumps({"event": "page_view", "properties": {"time": 1_774_605_600, "page": "a\u2028b\u0085c"}}, ensure_ascii=False)
    got = one_day(server, line[:30] + "\n" + line[30:] + "\n")
    assert got["page"].tolist() == ["a\u2028b\u0085c"]


def test_m37_values_of_another_type_stay_in_the_json_and_raise_a_flag(server: MixpanelServer) -> None:
    server.fault = lambda _request, _number: Reply(200, event(lcp_ms="fast", revenue=True, page={"a": 1}).encode(), {})
    (batch,) = read(connector(server.url), 1)
    row = batch.rows.to_pylist()[0]
    assert (row["lcp_ms"], row["revenue"], row["page"]) == (None, None, None)
    assert json.loads(row["properties"])["lcp_ms"] == "fast"
    assert "drift" in batch.flags


def test_money_never_passes_through_a_rounding(server: MixpanelServer) -> None:
    lines = [event("purchase", revenue=cents / 100, **{"$insert_id": str(cents)}) for cents in (1, 10, 1999, 70_007, 9_999_999)]
    assert one_day(server, *lines)["revenue"].sum() == Decimal("100720.16")


def test_properties_go_to_the_columns_the_settings_name(server: MixpanelServer) -> None:
    got = one_day(server, event(largest_paint=1234.0, path="/x"), properties={"largest_paint": "lcp_ms", "path": "page"})
    assert (got["lcp_ms"].tolist(), got["page"].tolist(), got["device"].isna().all()) == ([1234.0], ["/x"], True)


def test_m32_milliseconds_instead_of_seconds_are_refused(server: MixpanelServer) -> None:
    with pytest.raises(ContractError, match="1774605600000, which is not in seconds"):
        one_day(server, event(time=1_774_605_600_000))


def test_m32_f28_an_old_project_has_local_times(server: MixpanelServer) -> None:
    """23:59:59 on 28 March in Auckland (+13) is 10:59:59 UTC the same day."""
    wall = int(datetime(2026, 3, 28, 23, 59, 59, tzinfo=UTC).timestamp())
    got = one_day(server, event(time=wall), created_before_2023=True, timezone=ZoneInfo("Pacific/Auckland"))
    assert got["time"].tolist() == [pd.Timestamp("2026-03-28 10:59:59")]


def test_an_event_just_before_midnight_utc_belongs_to_the_next_local_day(server: MixpanelServer) -> None:
    at = int(datetime(2026, 3, 27, 23, 30, tzinfo=UTC).timestamp())
    assert one_day(server, event(time=at))["day"].tolist() == [date(2026, 3, 28)]


RETRY_DATE = {"Date": "Tue, 24 Nov 2026 10:00:00 GMT", "Retry-After": "Tue, 24 Nov 2026 10:05:00 GMT"}


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (error_reply(400, "to_date cannot be later than today"), SourceConfigError, "has not begun in the project's zone"),
        (error_reply(400, "Unable to authenticate request"), AuthError, "was refused"),
        (error_reply(400, "bad where"), SourceConfigError, "bad where"),
        (error_reply(401, "Invalid credentials."), AuthError, "401"),
        (error_reply(402, "Your plan does not allow API calls"), PlanError, "plan"),
        (error_reply(403, "no"), PermissionSourceError, "residency eu"),
        (error_reply(404, "no"), SourceConfigError, "residency"),
        (error_reply(429, "slow"), QuotaError, "60 exports an hour"),
        (error_reply(500, "oops"), TransientSourceError, r"fault \(500\)"),
        (Reply(302, b"", {"Location": "http://127.0.0.1:9/"}), ContractError, "unexpected answer 302"),
    ],
)
def test_m26_m36_f24_every_refusal_has_its_class_and_no_secret(
    server: MixpanelServer, reply: Reply, kind: type[DashboardError], words: str
) -> None:
    server.fault = lambda _request, _number: reply
    source = connector(server.url, service_account=Secret("canary-user"), secret=Secret("canary-secret"), residency="eu")
    with pytest.raises(kind, match=words) as refused:
        read(source, 1)
    assert "canary" not in str(refused.value) + repr(source._settings)
    assert len(server.calls) == 1  # the library repeats a 5xx four times by itself


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "300"}, 300), ({"Retry-After": "0"}, 0), (RETRY_DATE, 300), ({}, None), ({"Retry-After": "soon"}, None)],
)
def test_f18_the_vendors_wish_to_wait_is_understood(server: MixpanelServer, headers: dict[str, str], seconds: float | None) -> None:
    server.fault = lambda _request, _number: Reply(429, b"{}", headers)
    with pytest.raises(QuotaError) as refused:
        read(connector(server.url), 1)
    assert refused.value.retry_after_seconds == seconds


def test_a_wrong_account_is_refused_by_the_double_itself(server: MixpanelServer) -> None:
    with pytest.raises(AuthError):
        read(connector(server.url, service_account=Secret("svc"), secret=Secret("wrong")), 1)
    with pytest.raises(PermissionSourceError):
        read(connector(server.url, project_id="78"), 1)


def test_m27_a_hundred_thousand_lines_are_read_in_blocks(server: MixpanelServer) -> None:
    lines = "".join(event(**{"$insert_id": str(n)}) for n in range(100_000)).encode()
    server.fault = lambda _request, _number: Reply(200, lines, {"Content-Type": "text/plain"})
    sizes: list[int] = []
    client = connector(server.url)._client
    for block in client.export(START):
        sizes.append(len(block))
    assert sum(sizes) == len(lines)
    assert max(sizes) <= 1 << 18


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"project_id": "abc"}, "digits only"),
        ({"endpoint": None}, "service_account and secret are both needed"),
        ({"properties": {"x": "lcpms"}}, "unknown column lcpms. Known columns"),
    ],
)
def test_wrong_settings_are_refused_before_any_call(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        MixpanelSettings(**{"project_id": "77", "start": START, "endpoint": "http://127.0.0.1:1", **settings})


def test_the_double_serves_the_unmodified_library(server: MixpanelServer, world: World) -> None:
    plain = MixpanelUtils("sandbox", service_account_username="svc", project_id=77, timeout=10, max_retries=1, residency="eu")
    plain.raw_api = plain.formatted_api = f"{server.url}/api"
    listed = plain.query_export({"from_date": "2026-03-28", "to_date": "2026-03-28"})
    assert {"event", "properties"} == set(listed[0])
    server.page_size = 100
    assert len(plain.query_engage()) == world.company.visits["user_id"].nunique()
