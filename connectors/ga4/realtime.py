"""The realtime report of the last 30 minutes: four small questions, and how their answers become one live answer.

Users are distinct people, so those of 30 minutes, of each minute and of each device are asked for, never added up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.analytics.data_v1beta.types import Dimension, Metric, MinuteRange, OrderBy, RunRealtimeReportRequest

from errors import ContractError
from store.live import Live, Minute, Part

MINUTES = 30
"""As many as a standard property gives; one of Analytics 360 gives 60 (developers.google.com/analytics … MinuteRange, 2026-11)."""
RECENT = 5
MOST_PAGES = 4
ALL, LAST = "all", "recent"
COUNTS = ("activeUsers", "eventCount", "keyEvents")
MINUTE, DEVICE, TITLE, RANGE = "minutesAgo", "deviceCategory", "unifiedScreenName", "dateRange"
Ask = Callable[[RunRealtimeReportRequest], Any]


@dataclass(frozen=True, slots=True)
class _Table:
    """One answer: each row as a mapping from a field's name to its text."""

    rows: tuple[dict[str, str], ...]

    def number(self, row: dict[str, str], field: str, source: str) -> int:
        """Return a count.

        Raises: ContractError when the column is missing or holds no count.
        """
        text = row.get(field)
        if text is None:
            raise ContractError(f"{source}: the realtime report has no column {field}; the account may not be allowed to see it.")
        if not text.isdecimal():
            raise ContractError(f"{source}: {field} of the realtime report holds '{text[:40]}', which is not a count.")
        return int(text)


def fetch_live(source: str, property_name: str, ask: Ask, now: datetime) -> Live:
    """Ask for the last 30 minutes as of `now`.

    Raises: ContractError when an answer is not whole or not readable; whatever `ask` raises.
    """

    def asked(dimensions: tuple[str, ...], metrics: tuple[str, ...], **more: Any) -> _Table:
        request = _request(property_name, dimensions, metrics, **more)
        return _read(source, ask(request), bool(request.limit))

    # first, because its minutes count from the moment of asking
    minutes = _minutes(source, asked((MINUTE,), COUNTS, minute_ranges=[_range(MINUTES, ALL)]), now)
    both = asked((), COUNTS, minute_ranges=[_range(MINUTES, ALL), _range(RECENT, LAST)])
    devices = asked((DEVICE,), COUNTS[:1], minute_ranges=[_range(MINUTES, ALL)])
    pages = asked((TITLE,), ("screenPageViews",), minute_ranges=[_range(MINUTES, ALL)], limit=MOST_PAGES)
    whole, recent = (_of_range(both, name) for name in (ALL, LAST))
    users, events, key_events = (both.number(whole, field, source) if whole else 0 for field in COUNTS)
    users_5 = both.number(recent, COUNTS[0], source) if recent else 0
    return Live(
        now, users, users_5, events, key_events, minutes, _parts(source, devices, DEVICE, COUNTS[0]), _parts(source, pages, TITLE, "screenPageViews")
    )  # fmt: skip


def _range(minutes: int, name: str) -> MinuteRange:
    return MinuteRange(start_minutes_ago=minutes - 1, end_minutes_ago=0, name=name)


def _request(property_name: str, dimensions: tuple[str, ...], metrics: tuple[str, ...], **more: Any) -> RunRealtimeReportRequest:
    return RunRealtimeReportRequest(
        property=property_name,
        dimensions=[Dimension(name=name) for name in dimensions],
        metrics=[Metric(name=name) for name in metrics],
        order_bys=[OrderBy(metric=OrderBy.MetricOrderBy(metric_name=metrics[0]), desc=True)],
        return_property_quota=True,
        **more,
    )


def _read(source: str, answer: Any, is_limited: bool) -> _Table:
    """Put the cells under the names of the headers; their order is the vendor's."""
    if len(answer.rows) != answer.row_count and not (is_limited and len(answer.rows) < answer.row_count):
        raise ContractError(f"{source}: the realtime report announces {answer.row_count} rows, but {len(answer.rows)} came.")
    names = [header.name for header in (*answer.dimension_headers, *answer.metric_headers)]
    return _Table(
        tuple(dict(zip(names, (cell.value for cell in (*row.dimension_values, *row.metric_values)), strict=False)) for row in answer.rows)
    )


def _of_range(table: _Table, name: str) -> dict[str, str] | None:
    """Return the row of one of the ranges; a range without events has none."""
    return next((row for row in table.rows if row.get(RANGE) == name), None)


def _minutes(source: str, table: _Table, now: datetime) -> tuple[Minute, ...]:
    """Return all minutes, oldest first. One without events is missing in the vendor's answer, and had none."""
    found: dict[int, tuple[int, int, int]] = {}
    for row in table.rows:
        ago = row.get(MINUTE, "")
        if not ago.isdecimal() or int(ago) >= MINUTES or int(ago) in found:
            raise ContractError(f"{source}: the realtime report names the minute '{ago[:40]}', which is not one of its {MINUTES}.")
        users, events, key_events = (table.number(row, field, source) for field in COUNTS)
        found[int(ago)] = (users, events, key_events)
    running = now.astimezone(UTC).replace(second=0, microsecond=0)
    return tuple(Minute(running - timedelta(minutes=ago), *found.get(ago, (0, 0, 0))) for ago in reversed(range(MINUTES)))


def _parts(source: str, table: _Table, field: str, metric: str) -> tuple[Part, ...]:
    """Return the parts, largest first."""
    parts = [Part(row.get(field, "(not set)"), table.number(row, metric, source)) for row in table.rows]
    return tuple(sorted((part for part in parts if part.count), key=lambda part: (-part.count, part.name)))
