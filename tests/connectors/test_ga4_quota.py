"""GA4: every quota has its own pause, the pause outlives the process, and nobody is left without a share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.budget import HOUR, Limits, Metered
from connectors.schedule import next_allowed
from errors import QuotaError
from sandbox.ga4 import error_reply
from sandbox.server import Reply, Request
from settings import Workspace
from store.ledger import Ledger
from tests.shop import Shop

HINT = " These quota tokens will return in under an hour. To learn more, see https://developers.google.com/analytics/devguides/reporting/data/v1/quotas"
NOON = datetime(2026, 3, 10, 12, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "again"),
    [
        ("Exhausted property tokens for a project per hour." + HINT, "2026-03-10 13:00"),
        ("Exhausted property tokens for a property per hour.", "2026-03-10 13:00"),
        ("Exhausted property tokens for a property per day.", "2026-03-11 07:00"),
        ("Exhausted potentially thresholded requests quota.", "2026-03-10 13:00"),
        ("Exhausted server errors quota.", "2026-03-10 13:20"),
        ("Exhausted client errors quota. These quota tokens will return in under 15 minutes.", "2026-03-10 12:35"),
    ],
)
def test_m08_each_quota_kind_is_known_by_its_text_and_waits_its_own_time(small_shop: Shop, words: str, again: str) -> None:
    small_shop.servers[0].fault = lambda _request, _number: error_reply(429, "RESOURCE_EXHAUSTED", words)
    result = small_shop.sync(now=NOON).sources["web"]
    assert (result.status, result.error_kind) == ("paused", "quota")
    assert result.not_before is not None
    assert result.not_before.astimezone(UTC).strftime("%Y-%m-%d %H:%M") == again
    assert words.split(".")[0] in str(result.error)


def test_m08_too_many_at_once_waits_half_a_minute_and_tries_again(small_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("threading.Event.wait", lambda _self, seconds=None: waits.append(seconds) if seconds and seconds >= 30 else False)
    small_shop.servers[0].fault = lambda _request, number: (
        error_reply(429, "RESOURCE_EXHAUSTED", "Exhausted concurrent requests quota.") if number == 1 else None
    )
    assert small_shop.sync().sources["web"].status == "ok"
    assert waits == [30.0]


@pytest.mark.parametrize(
    ("now", "again"),
    [
        ("2026-11-24T07:50:00+00:00", "2026-11-24T08:00:00+00:00"),
        ("2026-03-08T08:30:00+00:00", "2026-03-09T07:00:00+00:00"),
        ("2026-11-01T07:30:00+00:00", "2026-11-02T08:00:00+00:00"),
    ],
    ids=["23:50 Pacific", "the day of 23 hours", "the day of 25 hours"],
)
def test_f02_a_used_up_day_waits_for_midnight_in_california_whatever_the_clock_change(now: str, again: str) -> None:
    error = QuotaError("used up", window="pacific day")
    assert next_allowed(error, datetime.fromisoformat(now)) == datetime.fromisoformat(again)


def test_f01_a_quota_that_ends_on_page_3_of_5_keeps_the_day_before_and_goes_on_after_the_hour(small_shop: Shop) -> None:
    ga4 = small_shop.servers[0]
    small_shop.sync()
    before = rows(small_shop)
    ga4.page_limit = max(1, before // 21 // 5)
    calls = [0]

    def exhausted(request: Request, _number: int) -> Reply | None:
        is_page = request.path.endswith(":runReport")
        calls[0] += is_page
        words = "Exhausted property tokens for a project per hour."
        return error_reply(429, "RESOURCE_EXHAUSTED", words) if is_page and calls[0] == 3 else None

    ga4.fault = exhausted
    now = small_shop.world.company.now + timedelta(hours=9)
    assert small_shop.sync(now=now).sources["web"].status == "paused"
    assert rows(small_shop) == before
    ga4.calls.clear()
    assert small_shop.sync(now=now + timedelta(minutes=1)).sources["web"].status == "paused"
    assert ga4.calls == []
    assert (last := small_shop.sync(now=now + timedelta(minutes=61)).sources["web"]).status == "ok", last
    assert rows(small_shop) == before


def rows(shop: Shop) -> int:
    return sum(s.rows for s in shop.catalog().coverage() if s.source == "web" and s.stream == "traffic")


def test_m11_f03_server_errors_stop_at_their_budget_over_restarts(small_shop: Shop) -> None:
    """Six 503s in an hour are never asked for: the fifth is the last call, of whichever process."""
    ga4 = small_shop.servers[0]
    ga4.fault = lambda _request, _number: error_reply(503, "UNAVAILABLE", "The service is currently unavailable.")
    now = small_shop.world.company.now + timedelta(hours=9)
    first = small_shop.sync(now=now).sources["web"]
    assert first.status == "failed"
    for minute in (6, 12, 18):
        result = small_shop.sync(now=now + timedelta(minutes=minute)).sources["web"]
    assert len(ga4.calls) == 5
    assert (result.status, result.error_kind) == ("paused", "quota")
    assert "server errors within an hour" in str(result.error)
    ga4.fault = None
    assert small_shop.sync(now=now + timedelta(minutes=75)).sources["web"].status == "ok"


def test_m12_what_is_left_is_stored_and_the_last_tenth_is_left_to_others(small_shop: Shop) -> None:
    ga4 = small_shop.servers[0]
    small_shop.sync()
    (run,) = [r for r in Ledger(small_shop.space).last_runs() if r.source == "web"]
    assert run.quota is not None
    assert set(run.quota) == {"tokens_per_day", "tokens_per_hour", "tokens_per_project_per_hour"}
    ga4._consumed = 14_000 - 1_399
    now = small_shop.world.company.now + timedelta(hours=9, minutes=40)
    ga4.calls.clear()
    result = small_shop.sync(now=now).sources["web"]
    assert (result.status, len(ga4.calls)) == ("paused", 1)
    assert "of 14,000 tokens per hour are left" in str(result.error)
    assert result.not_before == now.replace(minute=0) + HOUR


def test_m20_a_property_is_never_asked_twice_at_once(small_shop: Shop) -> None:
    running, most = [0], [0]
    ga4 = small_shop.servers[0]
    answer = ga4.answer

    def counted(request: Request) -> Reply:
        running[0] += 1
        most[0] = max(most[0], running[0])
        try:
            return answer(request)
        finally:
            running[0] -= 1

    ga4.answer = counted  # type: ignore[method-assign]
    small_shop.sync()
    assert most == [1]


def test_m31_calls_are_counted_over_restarts_and_the_next_hour_brings_them_back(tmp_path: Path) -> None:
    ledger = Ledger(Workspace(tmp_path))
    ledger.begin_sync(NOON)
    for _ in range(2):
        Metered(ledger, "product", Limits(calls_an_hour=2), NOON, lambda _seconds: None).spend()
    with pytest.raises(QuotaError, match="2 calls within an hour") as refused:
        Metered(ledger, "product", Limits(calls_an_hour=2), NOON + timedelta(minutes=20), lambda _seconds: None).spend()
    assert refused.value.retry_after_seconds == pytest.approx(2_400, abs=5)
    Metered(ledger, "other", Limits(calls_an_hour=2), NOON, lambda _seconds: None).spend()
    Metered(ledger, "product", Limits(calls_an_hour=2), NOON + HOUR + timedelta(seconds=5), lambda _seconds: None).spend()


def test_m31_no_more_than_three_calls_a_second(tmp_path: Path) -> None:
    waits: list[float] = []
    budget = Metered(Ledger(Workspace(tmp_path)), "product", Limits(calls_a_second=3), NOON, waits.append)
    for _ in range(3):
        budget.spend()
    assert len(waits) == 2
    assert all(0.3 < seconds <= 1 / 3 for seconds in waits)


def test_m31_an_export_budget_pauses_a_backfill_and_the_next_hour_goes_on_where_it_stopped(small_shop: Shop) -> None:
    sources = small_shop.space.sources_file
    sources.write_text(sources.read_text().replace("project_id: 77", "project_id: 77\n    exports_per_hour: 10"))
    mixpanel, now = small_shop.servers[1], small_shop.world.company.now + timedelta(hours=9)
    counts = []
    for hour in range(3):
        result = small_shop.sync(now=now + timedelta(hours=hour, minutes=hour)).sources["product"]
        counts.append((result.status, len(mixpanel.calls)))
    assert counts[:2] == [("paused", 10), ("paused", 20)]
    assert counts[2][0] == "ok", result
    days = [call.query["from_date"] for call in mixpanel.calls]
    assert len(set(days[:20])) == 20, "no day was asked for twice while the budget lasted"
