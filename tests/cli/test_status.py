"""kpi status tells of every source and stream what one must know before trusting it; every number is counted a second time in SQL here."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
import time_machine

from cli import main
from sandbox.server import Reply
from tests.connectors.test_ga4_faults import changed
from tests.shop import Shop

USD_AND_SAMPLED = {"currencyCode": "USD", "samplingMetadatas": [{"samplesReadCount": "9", "samplingSpaceSize": "21"}]}


def status(shop: Shop, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["status", "--json", "--home", str(shop.space.home)]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def declare(shop: Shop, connector: str, line: str) -> None:
    path = shop.space.sources_file
    path.write_text(path.read_text().replace(f"    connector: {connector}\n", f"    connector: {connector}\n    {line}\n"))


def test_m59_every_source_says_how_it_went_what_comes_next_and_what_is_left(small_shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    with time_machine.travel(small_shop.world.company.now + timedelta(hours=9), tick=True):
        _tells_all(small_shop, capsys)


def _tells_all(small_shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    declare(small_shop, "mixpanel", "exports_per_hour: 50")
    small_shop.sync()
    first = status(small_shop, capsys)["sources"]
    ends = datetime.now(UTC).date() + timedelta(days=12)
    declare(small_shop, "jira", f"token_expires: {ends}")
    declare(small_shop, "ga4", "every: 15m")
    small_shop.servers[1].fault = lambda _request, _number: Reply(429, b"slow down", {"Retry-After": "5400"})
    small_shop.servers[2].fault = lambda _request, _number: Reply(404, b"{}", {"Content-Type": "application/json"})
    result = small_shop.sync()
    found = status(small_shop, capsys)["sources"]

    web, product, delivery = (found[name] for name in ("web", "product", "delivery"))
    assert [(one["status"], one["error_kind"]) for one in (web, product, delivery)] == [
        ("ok", None),
        ("paused", "quota"),
        ("failed", "permission"),
    ]
    assert (web["next_attempt"]["why"], product["next_attempt"]["why"], delivery["next_attempt"]["why"]) == (
        "interval",
        "vendor",
        "interval",
    )
    assert datetime.fromisoformat(product["next_attempt"]["at"]) == result.sources["product"].not_before.replace(microsecond=0)  # type: ignore[union-attr]
    started = datetime.fromisoformat(web["last_run"]["started_at"])
    assert datetime.fromisoformat(web["next_attempt"]["at"]) - started == timedelta(minutes=15)
    assert (delivery["token_expires"], delivery["token_days_left"], web["token_expires"]) == (str(ends), 12, None)
    with sqlite3.connect(small_shop.space.data / "ledger.sqlite") as ledger:
        (kept,) = ledger.execute("SELECT quota FROM source_runs WHERE source = 'web' ORDER BY id DESC LIMIT 1").fetchone()
        (calls,) = ledger.execute("SELECT count(*) FROM vendor_calls WHERE source = 'product' AND kind = 'call'").fetchone()
    assert web["quota"]["left"] == json.loads(kept)
    assert product["calls_last_hour"] == calls > 20
    assert product["quota"] is delivery["quota"] is None

    for name, streams in ((n, found[n]["streams"]) for n in found):
        for stream, now in streams.items():
            before = first[name]["streams"][stream]
            assert before["status"] == "ok", (name, stream)
            assert before["last_success"] == before["tried_at"]
            fine = result.sources[name].streams[stream].status == "ok" if stream in result.sources[name].streams else True
            assert (now["status"] == "ok", now["error"] is None) == (fine, fine)
            if not fine:
                assert now["last_success"] == before["last_success"]
                assert now["tried_at"] >= before["tried_at"]
                assert now["error_kind"] in ("quota", "permission")


def test_m59_a_pause_keeps_what_was_known_of_the_streams_and_of_the_quota(small_shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    small_shop.sync()
    small_shop.servers[0]._consumed = 14_000 - 1_399
    small_shop.sync()
    paused = status(small_shop, capsys)["sources"]["web"]
    assert (paused["status"], paused["streams"]["traffic"]["status"]) == ("paused", "paused")
    small_shop.sync()  # not asked at all: the run has neither streams nor a quota
    again = status(small_shop, capsys)["sources"]["web"]
    assert again["last_run"]["streams"] == {}
    assert (again["streams"], again["quota"]) == (paused["streams"], paused["quota"])


def test_m59_slices_say_their_flags_their_shares_and_their_epochs(small_shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    small_shop.sync()
    plain = status(small_shop, capsys)["sources"]["web"]["streams"]["traffic"]
    assert plain["epochs"] == []
    assert [one["flags"] for one in plain["slices"]] == [["provisional"]]
    changed(small_shop, lambda answer, _body: answer["metadata"].update(USD_AND_SAMPLED))
    small_shop.sync()
    found = status(small_shop, capsys)
    traffic = found["sources"]["web"]["streams"]["traffic"]
    with duckdb.connect(str(small_shop.space.data / "warehouse" / f"{found['generation']:06d}.duckdb"), read_only=True) as facts:
        rows = facts.execute(
            "SELECT slice, rows, flags, complete_through, context FROM _slices WHERE source = 'web' AND stream = 'traffic' ORDER BY slice"
        ).fetchall()
    counted = Counter(flag for row in rows for flag in row[2].split(",") if flag)
    assert set(counted) == {"sampled", "provisional"}
    assert traffic["slice_count"] == len(rows)
    assert {f: (s["slices"], s["share"]) for f, s in traffic["flag_shares"].items()} == {f: (n, n / len(rows)) for f, n in counted.items()}
    noted = [row for row in reversed(rows) if row[2] or row[3] is None]
    assert [(one["slice"], one["rows"], ",".join(one["flags"])) for one in traffic["slices"]] == [(str(r[0]), r[1], r[2]) for r in noted]
    assert all(one["pulled_at"] for one in traffic["slices"])
    spans = {context: [row[0] for row in rows if row[4] == context] for context in ("EUR Europe/Vienna", "USD Europe/Vienna")}
    assert traffic["epochs"] == [
        {"counted_in": context, "first": str(min(days)), "last": str(max(days)), "days": len(days)} for context, days in spans.items()
    ]


def test_what_was_never_synced_and_what_left_the_settings_are_told_too(small_shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    never = status(small_shop, capsys)
    assert {name: (one["status"], one["next_attempt"]["why"], one["streams"]) for name, one in never["sources"].items()} == {
        name: ("never", "first", {}) for name in ("web", "product", "delivery")
    }
    small_shop.sync()
    declare(small_shop, "ga4", "credentials_file: ${SET_NOWHERE}")  # telling of a source needs no credential
    text = small_shop.space.sources_file.read_text()
    small_shop.space.sources_file.write_text(text[: text.index("  delivery:")])
    left = status(small_shop, capsys)["sources"]
    assert (left["delivery"]["status"], left["delivery"]["next_attempt"]) == ("ok", None)
    assert left["web"]["next_attempt"]["why"] == "interval"
    small_shop.space.sources_file.write_text("sources: [")
    broken = status(small_shop, capsys)
    assert "sources.yaml" in broken["sources_problem"]
    assert broken["sources"]["web"]["status"] == "ok"
