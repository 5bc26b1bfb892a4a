"""A quota is a pause that outlives the process; a collapse keeps the last good data until a person accepts it."""

from __future__ import annotations

from datetime import date, timedelta

from connectors.sync import Order
from errors import QuotaError, TransientSourceError
from tests.connectors.test_sync import NOW, Bench, bench, fail, ten

__all__ = ["bench"]
MANY = [1] * 30


def test_a_quota_rests_as_long_as_the_vendor_says_and_the_wish_survives_a_restart(bench: Bench) -> None:
    bench.source("web", fail(QuotaError("web: used up.", retry_after_seconds=1_800)))
    first = bench.sync()
    assert (first.exit_code, first.sources["web"].status) == (0, "paused")
    again = bench.source("web", ten)
    early = bench.sync(now=NOW + timedelta(minutes=29))
    assert (early.sources["web"].status, early.sources["web"].error, again.windows) == ("paused", "web: used up.", [])
    still = bench.sync(now=NOW + timedelta(minutes=29, seconds=30))
    assert still.sources["web"].status == "paused"
    late = bench.sync(now=NOW + timedelta(minutes=31))
    assert (late.sources["web"].status, late.sources["web"].not_before, bench.sessions()) == ("ok", None, {"web": 310})


def test_a_quota_without_a_wait_rests_an_hour_and_the_other_sources_go_on(bench: Bench) -> None:
    bench.source("web", fail(QuotaError("web: used up.")))
    bench.source("shop", ten)
    assert bench.sync().sources["shop"].status == "ok"
    bench.source("web", ten)
    assert bench.sync(now=NOW + timedelta(minutes=59)).sources["web"].status == "paused"
    assert bench.sync(now=NOW + timedelta(minutes=61)).sources["web"].status == "ok"


def test_a_fault_with_a_long_wait_is_not_asked_again_before_it(bench: Bench) -> None:
    bench.source("web", fail(TransientSourceError("web: 503.", retry_after_seconds=600)))
    assert bench.sync().sources["web"].status == "failed"
    calls = bench.source("web", ten)
    bench.sync(now=NOW + timedelta(minutes=5))
    assert calls.windows == []


def test_a_day_that_collapses_on_a_later_pull_keeps_its_rows_and_is_marked_until_accepted(bench: Bench) -> None:
    """F8: a re-pull returns a fraction of the former rows; the other days of the pull are taken."""
    bench.source("web", lambda _day, _call: MANY)
    bench.sync()
    collapsed = date(2026, 3, 30)
    bench.source("web", lambda day, _call: [9] if day == collapsed else [2] * 30)
    result = bench.sync()
    assert (result.exit_code, result.sources["web"].status, result.sources["web"].error_kind) == (3, "held", "held")
    assert "2026-03-30 came with 1 rows after 30 before" in str(result.sources["web"].error)
    assert "--accept" in str(result.sources["web"].error)
    # 29 March, 30 March and the running 31 March are read again; only the collapsed day keeps its 30
    assert bench.sessions() == {"web": 28 * 30 + 60 + 30 + 60}
    assert bench.flags() == {"held"}
    assert bench.sync(Order(accept=True)).sources["web"].status == "ok"
    assert bench.sessions() == {"web": 28 * 30 + 60 + 9 + 60}
    assert bench.flags() == set()


def test_a_day_that_shrinks_a_little_is_taken(bench: Bench) -> None:
    """F9: a row that vanished at the vendor vanishes here."""
    bench.source("web", lambda _day, _call: MANY)
    bench.sync()
    bench.source("web", lambda _day, _call: [1] * 16)
    assert bench.sync().sources["web"].status == "ok"
    assert bench.sessions() == {"web": 28 * 30 + 3 * 16}


def test_a_new_day_that_comes_empty_ends_the_stream_before_it(bench: Bench) -> None:
    script = lambda day, _call: [] if day >= date(2026, 4, 1) else MANY  # noqa: E731
    bench.source("web", script)
    bench.sync()
    result = bench.sync(now=NOW + timedelta(days=4))
    assert result.sources["web"].status == "held"
    assert "traffic of 2026-04-01 came empty, after 30 rows on a usual Wednesday" in str(result.sources["web"].error)
    assert bench.sessions() == {"web": 31 * 30}
    assert bench.sync(Order(accept=True), now=NOW + timedelta(days=4)).sources["web"].status == "ok"


def test_what_is_low_quiet_at_weekends_or_long_past_is_a_fact(bench: Bench) -> None:
    outage, holiday = date(2026, 2, 11), date(2026, 4, 1)
    rows = {
        "weekends": lambda day: [] if day.weekday() >= 5 else MANY,
        "outage": lambda day: [] if day == outage else MANY,
        "holiday": lambda day: [1] * 3 if day == holiday else MANY,
        "tiny": lambda day: [1] * (day.day % 3),
    }
    for name, script in rows.items():
        bench.source(name, lambda day, _call, script=script: script(day), start=date(2026, 1, 1))
    for days in (0, 5):
        result = bench.sync(now=NOW + timedelta(days=days))
        assert {name: source.status for name, source in result.sources.items()} == dict.fromkeys(rows, "ok")
