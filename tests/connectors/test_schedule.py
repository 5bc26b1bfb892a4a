"""When a source is due: at its interval, never before the vendor's wish, once after a long sleep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.schedule import due
from settings import SourceEntry
from store.attempts import Attempt, next_attempt
from store.ledger import SourceRun

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOURLY = SourceEntry("web", "ga4", "sources.yaml", 1, {}, timedelta(hours=1))


def run(minutes_ago: float, kind: str | None = None, rests: float | None = None) -> SourceRun:
    at = NOW - timedelta(minutes=minutes_ago)
    until = None if rests is None else NOW + timedelta(minutes=rests)
    return SourceRun("web", "ga4", "ok" if kind is None else "failed", at, at, 0, 0, {}, kind, None, None, until)


@pytest.mark.parametrize(
    ("last", "wanted"),
    [
        (None, True),
        (run(59), False),
        (run(60), True),
        (run(10 * 24 * 60), True),
        (run(4, "transient"), False),
        (run(5, "transient"), True),
        (run(30, "auth"), False),
        (run(90, "quota", rests=1), False),
        (run(90, "quota", rests=-1), True),
        (run(-5), False),
        (run(-24 * 60), True),
    ],
    ids=[
        "never synced",
        "fresh",
        "an hour old",
        "slept for days",
        "fault, just now",
        "fault, five minutes ago",
        "refused",
        "resting",
        "rested",
        "our clock went back a little",
        "our clock went back a day",
    ],
)
def test_a_source_is_due(last: SourceRun | None, wanted: bool) -> None:
    assert due([HOURLY], {} if last is None else {"web": last}, NOW) == (("web",) if wanted else ())


@pytest.mark.parametrize(
    ("last", "in_minutes", "why"),
    [
        (None, 0, "first"),
        (run(10), 50, "interval"),
        (run(1, "transient"), 4, "fault"),
        (run(10, "quota", rests=600), 600, "vendor"),
        (run(10, "quota", rests=5), 50, "interval"),
        (run(-24 * 60), 0, "clock"),
    ],
    ids=["never", "interval", "fault", "a wish longer than the interval", "a wish shorter than the interval", "the clock was set back"],
)
def test_the_next_attempt_says_why_it_is_then(last: SourceRun | None, in_minutes: float, why: str) -> None:
    assert next_attempt(HOURLY, last, NOW) == Attempt(NOW + timedelta(minutes=in_minutes), why)
