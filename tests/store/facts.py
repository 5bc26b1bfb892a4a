"""Small facts for tests of the stores."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from store.schema import arrow_schema
from store.types import Batch, Stream, day_end

TRAFFIC = Stream("traffic", "web_traffic", "day")
VIENNA = ZoneInfo("Europe/Vienna")
FIRST = date(2026, 3, 27)


def traffic(day: date, sessions: list[int]) -> pa.Table:
    """Return one web_traffic row for each number of sessions, told apart by landing page."""
    rows = [
        {
            "day": day, "device": "mobile", "channel": "Direct", "landing_page": f"/{n}", "campaign": "(direct)", "sessions": count,
            "engaged_sessions": 0, "total_users": count, "new_users": 0, "key_events": 0, "revenue": None,
        }
        for n, count in enumerate(sessions)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=arrow_schema("web_traffic"))


def batch(day: date, sessions: list[int], *, closes: bool = True, flags: tuple[str, ...] = ()) -> Batch:
    """Return one complete day."""
    return Batch(day, traffic(day, sessions), day_end(day, VIENNA), flags, closes)


def days(count: int, sessions: int = 10) -> list[Batch]:
    """Return `count` days from FIRST with one row each."""
    return [batch(FIRST + timedelta(days=n), [sessions]) for n in range(count)]
