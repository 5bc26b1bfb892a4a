"""Mixpanel: whatever properties an event carries, the day loads, and nothing is counted that is not there."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from errors import ConfigError, ContractError, TransientSourceError
from sandbox.server import Reply
from store.types import Batch
from tests.connectors.mixpanel_company import NOON, VIENNA, answering, connector, event, exported, read_day, stored


def only_row(batch: Batch) -> dict[str, Any]:
    (row,) = batch.rows.to_pylist()
    return row


@pytest.mark.parametrize(
    ("amount", "kept"),
    [(1e15, None), (-1e15, None), (1e300, None), (9_999_999_999_999.5, Decimal("9999999999999.5000")), (0.1 + 0.2, Decimal("0.3000"))],
)
def test_an_amount_that_no_column_holds_stays_in_the_json_and_never_stops_the_sync(amount: float, kept: Decimal | None) -> None:
    batch = exported(event("purchase", revenue=amount))
    row = only_row(batch)
    assert row["revenue"] == kept
    assert json.loads(row["properties"])["revenue"] == amount
    assert ("drift" in batch.flags) == (kept is None)


@pytest.mark.parametrize(
    ("written", "page"),
    [(b'"cut \\ud83d"', "cut ?"), (b'"caf\xe9"', "caf\ufffd"), (b'"/ok","lcp_ms":NaN', "/ok"), (b'"/ok","lcp_ms":1e400', "/ok")],
    ids=["half an emoji", "not UTF-8", "NaN", "beyond a double"],
)
def test_m37_what_browsers_send_beyond_strict_json_does_not_lose_the_day(written: bytes, page: str) -> None:
    line = event(page="HERE").encode().replace(b'"HERE"', written)
    batch = exported(line, event(page="/next", **{"$insert_id": "i-2"}))
    assert batch.rows["page"].to_pylist() == [page, "/next"]
    assert batch.rows["lcp_ms"].to_pylist() == [None, None]
    assert [json.loads(text)["$insert_id"] for text in batch.rows["properties"].to_pylist()] == ["i-1", "i-2"]


def test_nobody_is_called_none() -> None:
    """Null and absent ids are no person: counted as a user they would add one to every distinct count."""
    batch = exported(event(distinct_id=None), event(distinct_id=..., time=NOON + 1), event(distinct_id=5, time=NOON + 2))
    assert batch.rows["user_id"].to_pylist() == [None, None, "5"]


def test_an_event_without_a_name_breaks_the_contract() -> None:
    with pytest.raises(ContractError, match="without event, properties or time"):
        exported(event(None))


def test_properties_nested_beyond_what_can_be_kept_are_told_and_not_a_crash() -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep}
    assert only_row(exported(event(deep=deep)))["properties"].count("{") == 302
    with pytest.raises(ContractError, match="nested too deeply"):
        exported(event(deep=deep, page="HERE").replace('"HERE"', "NaN"))


def test_a_broken_line_is_never_dropped_in_silence() -> None:
    with pytest.raises(ContractError, match="no JSON"):
        exported('{"event":"page_view","properties":{"time":\n', event(), event(time=NOON + 1))


def test_a_record_split_in_three_is_one_record_among_its_neighbours() -> None:
    line = event(page="/split", **{"$insert_id": "i-2"})
    batch = exported(event(), line[:20] + "\n" + line[20:45] + "\n\n" + line[45:], event(**{"$insert_id": "i-3"}))
    assert batch.rows["page"].to_pylist() == [None, "/split", None]


def test_the_early_end_is_recognised_under_windows_line_ends() -> None:
    with pytest.raises(TransientSourceError, match="ended it early"):
        exported(event(), "terminated early\r\n")


def test_m33_f25_duplicates_far_apart_are_one_event_and_the_last_taken_in_wins(tmp_path: Path) -> None:
    """The copies lie far apart in the day; a set of ids is the oracle."""
    ids = [f"i-{n}" for n in range(20_005)]
    first = [event(page="/old", mp_processing_time_ms=NOON * 1_000 + 10, **{"$insert_id": name}) for name in ids]
    again = [event(page="/new", mp_processing_time_ms=NOON * 1_000 + 20, **{"$insert_id": name}) for name in ids[:7]]
    stale = [event(page="/stale", mp_processing_time_ms=NOON * 1_000 + 5, **{"$insert_id": name}) for name in ids[3:9]]
    frame = stored(tmp_path, *first, *again, *stale)
    assert len(frame) == len(set(ids)) == frame["dedupe_key"].nunique()
    assert frame["page"].value_counts().to_dict() == {"/old": len(ids) - 7, "/new": 7}


def test_without_an_instant_of_intake_the_copy_that_comes_last_counts(tmp_path: Path) -> None:
    assert stored(tmp_path, event(page="/first"), event(page="/second"))["page"].tolist() == ["/second"]


def test_events_that_differ_in_one_part_of_the_key_are_different_events(tmp_path: Path) -> None:
    frame = stored(
        tmp_path,
        event(),
        event("signup"),
        event(distinct_id="u-2"),
        event(time=NOON + 1),
        event(**{"$insert_id": "i-2"}),
        event(page="/same key"),
    )
    assert len(frame) == 5


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        (datetime(2026, 1, 15, 12), "2026-01-15 11:00"),
        (datetime(2026, 7, 15, 12), "2026-07-15 10:00"),
        (datetime(2026, 10, 25, 2, 30), "2026-10-25 00:30"),
        (datetime(2026, 3, 29, 2, 30), "2026-03-29 01:00"),
    ],
    ids=["winter", "summer", "the hour that comes twice: its first time", "the hour that is left out: its end"],
)
def test_m32_local_times_of_old_projects_follow_the_clock_change(wall: datetime, instant: str) -> None:
    pseudo = int(wall.replace(tzinfo=UTC).timestamp())
    row = only_row(exported(event(time=pseudo), day=wall.date(), created_before_2023=True, timezone=VIENNA))
    assert row["time"] == pd.Timestamp(instant)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def test_a_new_project_ignores_its_zone(zone: str) -> None:
    assert only_row(exported(event(), timezone=ZoneInfo(zone)))["time"] == pd.Timestamp("2026-03-27 12:00")


def test_a_small_body_that_unpacks_to_much_is_unpacked_in_blocks() -> None:
    plain = b"".join(event(filler="x" * 500, **{"$insert_id": str(n)}).encode() for n in range(20_000))
    packed = gzip.compress(plain)
    assert len(packed) < len(plain) / 50
    with answering(Reply(200, packed, {"Content-Encoding": "gzip"})) as server:
        blocks = list(connector(server.url)._client.export(connector(server.url).start))
    assert b"".join(blocks) == plain
    assert max(map(len, blocks)) <= 1 << 18


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_a_packed_body_of_exactly_whole_blocks_is_whole(blocks: int) -> None:
    line = event(filler="").encode()
    plain = event(filler="y" * ((blocks << 18) - len(line))).encode()
    assert len(plain) == blocks << 18
    with answering(Reply(200, gzip.compress(plain), {"Content-Encoding": "gzip"})) as server:
        assert read_day(server.url).rows.num_rows == 1


@pytest.mark.parametrize("packed", [gzip.compress(b"") + b"more", gzip.compress(event().encode()) * 2, b""], ids=["rest", "two", "none"])
def test_a_packed_body_ends_with_its_trailer_and_nothing_else(packed: bytes) -> None:
    with (
        answering(Reply(200, packed, {"Content-Encoding": "gzip"})) as server,
        pytest.raises(TransientSourceError, match="compressed body has no end"),
    ):
        read_day(server.url)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"properties": {"page": "page", "path": "page"}}, "fills the column page from two properties"),
        ({"endpoint": "data.example", "service_account": None}, "both needed"),
        ({"endpoint": "http://"}, "which is no address"),
        ({"endpoint": "http://127.0.0.1:80x"}, "which is no address"),
        ({"timeout_seconds": 0.0}, "must lie above 0"),
        ({"timeout_seconds": float("nan")}, "must lie above 0"),
        ({"timeout_seconds": float("inf")}, "must lie above 0"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_any_call(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        connector(
            **{"url": "http://127.0.0.1:1", **settings} if "endpoint" not in settings else {"url": settings.pop("endpoint"), **settings}
        )
