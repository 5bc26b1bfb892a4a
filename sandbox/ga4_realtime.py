"""The realtime report of the double: what happened in the last 30 minutes of the company, with quotas of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from sandbox.ga4_data import Cell, cells_of
from sandbox.ga4_wire import Refusal, headers, names, passes, row
from sandbox.tables import Company

DIMENSIONS = ("minutesAgo", "deviceCategory", "unifiedScreenName", "eventName")
METRICS = ("activeUsers", "eventCount", "screenPageViews", "keyEvents")
RANGE = "dateRange"
MOST_RANGES, MINUTES = 2, 30
PER_PROJECT_AND_HOUR, PER_HOUR, PER_DAY = 14_000, 40_000, 200_000
TOKENS = 2
"""What one small report costs; Google says only that most cost fewer than ten."""
USED_UP = "Exhausted property tokens for a project per hour. These quota tokens will return in under an hour. To learn more, see https://developers.google.com/analytics/devguides/reporting/data/v1/quotas"
TITLES = {
    "/": "Home",
    "/pricing": "Pricing",
    "/product": "Product tour",
    "/blog/guide": "Guide: faster pages",
    "/signup": "Sign up",
    "/checkout": "Checkout",
}
"""Page → its title: the realtime report knows titles, not paths."""


class Realtime:
    """One property's realtime reports. consumed: tokens of this hour; other reports do not touch them."""

    def __init__(self) -> None:
        self.consumed = 0

    def report(self, body: Any, company: Company, now: datetime) -> dict[str, Any]:
        """Return the answer to one runRealtimeReport body."""
        asked, metrics = names(body.get("dimensions"), 9, "dimensions"), names(body.get("metrics"), 10, "metrics")
        unknown = [n for n in asked if n not in (*DIMENSIONS, RANGE)] + [n for n in metrics if n not in METRICS]
        if unknown:
            raise Refusal(400, "INVALID_ARGUMENT", f"Field {unknown[0]} is not valid in a realtime report.")
        ranges = _ranges(body.get("minuteRanges") or [{}])
        self._charge()
        dimensions = (*asked, RANGE) if len(ranges) > 1 and RANGE not in asked else asked
        cells = [cell for one in ranges for cell in _cells(company, now, one, dimensions, metrics)]
        kept = [cell for cell in cells if passes(body.get("dimensionFilter"), dict(zip(dimensions, cell[0], strict=True)))]
        ordered = _ordered(kept, body.get("orderBys") or (), dimensions, metrics)
        rows = [row(*cell) for cell in ordered[: int(body.get("limit") or 10_000)]]
        answer = headers(dimensions, metrics) | ({"rows": rows, "rowCount": len(kept)} if rows else {})
        if body.get("returnPropertyQuota"):
            answer["propertyQuota"] = self._quota()
        return answer | {"kind": "analyticsData#runRealtimeReport"}

    def _charge(self) -> None:
        if self.consumed + TOKENS > PER_PROJECT_AND_HOUR:
            raise Refusal(429, "RESOURCE_EXHAUSTED", USED_UP)
        self.consumed += TOKENS

    def _quota(self) -> dict[str, Any]:
        sizes = {"tokensPerDay": PER_DAY, "tokensPerHour": PER_HOUR, "tokensPerProjectPerHour": PER_PROJECT_AND_HOUR}
        left = {name: {"consumed": TOKENS, "remaining": size - self.consumed} for name, size in sizes.items()}
        return left | {
            "concurrentRequests": {"remaining": 10},
            "serverErrorsPerProjectPerHour": {"remaining": 10},
            "potentiallyThresholdedRequestsPerHour": {"remaining": 120},
        }


def _ranges(listed: Sequence[Mapping[str, Any]]) -> list[tuple[str, int, int]]:
    """Return (name, first minute ago, last minute ago) of each range, both included; refuse what Google refuses."""
    if len(listed) > MOST_RANGES:
        raise Refusal(400, "INVALID_ARGUMENT", f"Requests are limited to {MOST_RANGES} minuteRanges; this one has {len(listed)}.")
    found = []
    for number, one in enumerate(listed):
        name = one.get("name") or f"date_range_{number}"
        start, end = int(one.get("startMinutesAgo", MINUTES - 1)), int(one.get("endMinutesAgo", 0))
        if one.get("name", "").startswith(("date_range_", "RESERVED_")):
            raise Refusal(400, "INVALID_ARGUMENT", f"The minuteRange name {name} is reserved.")
        if not 0 <= end <= start < MINUTES:
            raise Refusal(400, "INVALID_ARGUMENT", f"minuteRanges must be within the last {MINUTES} minutes for this property.")
        found.append((name, start, end))
    return found


def company_time(company: Company, now: datetime) -> datetime:
    """Return the instant of the company that is meant by `now`: the same time of day on its last day, when it has no later one."""
    if now <= company.now:
        return now
    local, last = now.astimezone(company.zone), (company.now - timedelta(seconds=1)).astimezone(company.zone).date()
    return datetime.combine(last, local.time(), company.zone)


def _cells(
    company: Company, now: datetime, minutes: tuple[str, int, int], dimensions: Sequence[str], metrics: Sequence[str]
) -> Iterator[Cell]:
    """Yield the cells of one range. Minutes are those of the clock: 00 is the running one; one without events has no cell."""
    name, start, end = minutes
    moment = int(company_time(company, now).timestamp())
    actions = company.actions
    past = actions[(actions["time"] <= moment) & (actions["time"] > moment - 3_600)]
    ago = moment // 60 - past["time"] // 60
    recent, ago = past[(ago >= end) & (ago <= start)], ago[(ago >= end) & (ago <= start)]
    if recent.empty:
        return
    frame = pd.DataFrame(
        {
            RANGE: name,
            "minutesAgo": [f"{number:02d}" for number in ago],
            "deviceCategory": recent["device"].to_numpy(),
            "unifiedScreenName": [TITLES.get(page, page) for page in recent["page"]],
            "eventName": recent["event"].to_numpy(),
            "user": recent["user_id"].to_numpy(),
            "eventCount": 1,
            "screenPageViews": (recent["event"] == "page_view").astype("int64").to_numpy(),
            "keyEvents": (recent["event"] == "purchase").astype("int64").to_numpy(),
        }
    )
    yield from cells_of(frame, dimensions, metrics)


def _ordered(cells: list[Cell], orders: Sequence[Any], dimensions: Sequence[str], metrics: Sequence[str]) -> list[Cell]:
    """Return the cells in the order that was asked for; the last order is applied first, so that the first one decides."""
    for order in reversed(orders):
        descending = bool(order.get("desc"))
        if "metric" in order:
            place = metrics.index(order["metric"]["metricName"])
            cells = sorted(cells, key=lambda cell: int(cell[1][place]), reverse=descending)
        else:
            place = dimensions.index(order["dimension"]["dimensionName"])
            cells = sorted(cells, key=lambda cell: cell[0][place], reverse=descending)
    return cells
