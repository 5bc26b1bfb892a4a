"""A double of the Google Analytics Data API (v1beta, REST) over the sandbox company."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.ga4_data import EVENT_METRICS, SESSION_METRICS, Ga4Data
from sandbox.ga4_realtime import Realtime
from sandbox.ga4_wire import Refusal, headers, metric_type, names, passes, row
from sandbox.server import LocalServer, Reply, Request
from sandbox.tables import Company

CUSTOM = "customEvent:metric_rating"
SESSION_DIMENSIONS = ("date", "deviceCategory", "sessionDefaultChannelGroup", "landingPage", "sessionCampaignName")
EVENT_DIMENSIONS = ("date", "deviceCategory", "pagePath", "eventName", CUSTOM)
DEFAULT_LIMIT, LARGEST_LIMIT = 10_000, 250_000
WRONG_PROPERTY = (
    "User does not have sufficient permissions for this property. To learn more about Property ID, "
    "see https://developers.google.com/analytics/devguides/reporting/data/v1/property-id."
)


class Ga4Server(LocalServer):
    """Serves one property. page_limit: the most rows the server gives in one answer, whatever the caller asks for.

    clock: what time it is for realtime reports; the company's own clock unless it is given.
    """

    def __init__(
        self,
        company: Company,
        port: int = 0,
        *,
        property_id: str = "123456",
        page_limit: int = LARGEST_LIMIT,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(port)
        self.clock: Callable[[], datetime] = clock or (lambda: self.company.now)
        self.realtime = Realtime()
        self.company, self.property_id, self.page_limit = company, property_id, page_limit
        self._data: Ga4Data | None = None
        self._consumed = 0

    def invalidate(self) -> None:
        """Forget what was computed from the company's frames, after they were changed."""
        self._data = None

    def refill(self) -> None:
        """Give all tokens back, as at the end of an hour."""
        self._consumed = self.realtime.consumed = 0

    @property
    def data(self) -> Ga4Data:
        """The company's reports, computed once."""
        if self._data is None or self._data.company is not self.company:
            self._data = Ga4Data(self.company)
        return self._data

    def answer(self, request: Request) -> Reply:
        """Return Google's answer to one request."""
        try:
            return Reply.of(self._route(request))
        except Refusal as refusal:
            return error_reply(refusal.code, refusal.status, str(refusal))

    def _route(self, request: Request) -> Any:
        match = re.fullmatch(r"/v1beta/properties/([^/:]+)(/metadata|:[A-Za-z]+)", request.path)
        if match is None:
            raise Refusal(404, "NOT_FOUND", "Requested entity was not found.")
        return self.called(match[2], match[1], request.json())

    def called(self, method: str, number: str, body: Any) -> Any:
        """Return the answer to one method of a property; the way it came over does not matter."""
        if number not in (self.property_id, "0"):
            raise Refusal(403, "PERMISSION_DENIED", WRONG_PROPERTY)
        methods: Mapping[str, Callable[[Any], Any]] = {
            "/metadata": lambda _body: self._metadata(number),
            ":runReport": self.report,
            ":batchRunReports": self._batch,
            ":runRealtimeReport": lambda asked: self.realtime.report(asked, self.company, self.clock()),
            ":checkCompatibility": self._compatibility,
        }
        if method not in methods:
            raise Refusal(404, "NOT_FOUND", f"Method not found: {method}")
        return methods[method](body)

    def _batch(self, body: Any) -> Any:
        requests = body.get("requests", [])
        if not 1 <= len(requests) <= 5:
            raise Refusal(400, "INVALID_ARGUMENT", f"Batches hold 1 to 5 requests; this one holds {len(requests)}.")
        return {"reports": [self.report(one) for one in requests], "kind": "analyticsData#batchRunReports"}

    def report(self, body: Any) -> dict[str, Any]:
        """Return the answer to one runReport body."""
        dimensions, metrics = names(body.get("dimensions"), 9, "dimensions"), names(body.get("metrics"), 10, "metrics")
        by_event = self._check_fields(dimensions, metrics)
        days = [day for part in body.get("dateRanges", []) for day in self._days(part)]
        cells = self.data.cells(by_event, days, dimensions, metrics)
        kept = [cell for cell in cells if passes(body.get("dimensionFilter"), dict(zip(dimensions, cell[0], strict=True)))]
        if body.get("orderBys"):
            kept.sort(key=lambda cell: cell[0])
        answer = self._page(body, dimensions, metrics, kept)
        if 1 in body.get("metricAggregations", ()) or "TOTAL" in body.get("metricAggregations", ()):
            totals = self.data.cells(by_event, days, (), metrics)
            answer["totals"] = [row(["RESERVED_TOTAL"] * len(dimensions), values) for _, values in totals]
        return answer

    def _page(self, body: Any, dimensions: Sequence[str], metrics: Sequence[str], cells: Sequence[Any]) -> dict[str, Any]:
        limit = min(int(body.get("limit") or DEFAULT_LIMIT), LARGEST_LIMIT, self.page_limit)
        offset = int(body.get("offset") or 0)
        answer = headers(dimensions, metrics)
        rows = [row(names, values) for names, values in cells[offset : offset + limit]]
        answer |= ({"rows": rows} if rows else {}) | ({"rowCount": len(cells)} if cells else {})
        answer["metadata"] = {"currencyCode": self.company.currency, "timeZone": str(self.company.zone)}
        if body.get("returnPropertyQuota"):
            answer["propertyQuota"] = self._quota()
        return answer | {"kind": "analyticsData#runReport"}

    def _quota(self) -> dict[str, Any]:
        self._consumed += 3
        return {
            "tokensPerDay": {"consumed": 3, "remaining": 200_000 - self._consumed},
            "tokensPerHour": {"consumed": 3, "remaining": 40_000 - self._consumed},
            "concurrentRequests": {"remaining": 10},
            "serverErrorsPerProjectPerHour": {"remaining": 10},
            "potentiallyThresholdedRequestsPerHour": {"remaining": 120},
            "tokensPerProjectPerHour": {"consumed": 3, "remaining": 14_000 - self._consumed},
        }

    def _check_fields(self, dimensions: Sequence[str], metrics: Sequence[str]) -> bool:
        """Return whether the report counts events (else sessions); refuse unknown and incompatible fields."""
        for name in dimensions:
            if name not in SESSION_DIMENSIONS + EVENT_DIMENSIONS:
                raise Refusal(
                    400,
                    "INVALID_ARGUMENT",
                    f"Field {name} is not a valid dimension. For a list of valid dimensions and metrics, see https://developers.google.com/analytics/devguides/reporting/data/v1/api-schema",
                )
        for name in metrics:
            if name not in SESSION_METRICS + EVENT_METRICS:
                raise Refusal(
                    400,
                    "INVALID_ARGUMENT",
                    f"Field {name} is not a valid metric. For a list of valid dimensions and metrics, see https://developers.google.com/analytics/devguides/reporting/data/v1/api-schema",
                )
        by_event = any(n not in SESSION_DIMENSIONS for n in dimensions) or any(n not in SESSION_METRICS for n in metrics)
        strange = [n for n in dimensions if n not in EVENT_DIMENSIONS] + [n for n in metrics if n not in EVENT_METRICS]
        if by_event and strange:
            raise Refusal(
                400,
                "INVALID_ARGUMENT",
                f"Please remove {strange[0]} to make the request compatible. The request's dimensions & metrics are incompatible.",
            )
        return by_event

    def _days(self, part: Any) -> list[date]:
        today = self.company.now.astimezone(self.company.zone).date()
        start, end = (_day(part.get(key, ""), today) for key in ("startDate", "endDate"))
        if end < start:
            raise Refusal(400, "INVALID_ARGUMENT", f"The dateRange has startDate {start} after endDate {end}.")
        return [start + timedelta(days=n) for n in range((end - start).days + 1)]

    def _metadata(self, number: str) -> Any:
        named = sorted({*SESSION_DIMENSIONS, *EVENT_DIMENSIONS})
        listed = [{"apiName": n, "uiName": n, "category": "Other"} | ({"customDefinition": True} if ":" in n else {}) for n in named]
        metrics: list[dict[str, Any]] = [
            {"apiName": n, "uiName": n, "type": metric_type(n), "category": "Other"} for n in sorted({*SESSION_METRICS, *EVENT_METRICS})
        ]
        for metric in metrics:
            if metric["apiName"] == "keyEvents":
                metric["deprecatedApiNames"] = ["conversions"]
        return {"name": f"properties/{number}/metadata", "dimensions": listed, "metrics": metrics}

    def _compatibility(self, body: Any) -> Any:
        self._check_fields(names(body.get("dimensions"), 9, "dimensions"), names(body.get("metrics"), 10, "metrics"))
        return {
            "dimensionCompatibilities": [
                {"dimensionMetadata": {"apiName": d["name"]}, "compatibility": 1} for d in body.get("dimensions", [])
            ],
            "metricCompatibilities": [{"metricMetadata": {"apiName": m["name"]}, "compatibility": 1} for m in body.get("metrics", [])],
        }


def error_reply(code: int, status: str, message: str) -> Reply:
    """Return Google's error envelope."""
    return Reply.of({"error": {"code": code, "message": message, "status": status}}, status=code)


def _day(text: str, today: date) -> date:
    relative = re.fullmatch(r"(\d+)daysAgo", text)
    if relative or text in ("today", "yesterday"):
        return today - timedelta(days=int(relative[1]) if relative else ("today", "yesterday").index(text))
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  # a day has no zone
    except ValueError as error:
        raise Refusal(400, "INVALID_ARGUMENT", f"Invalid date: {text!r}. Dates are YYYY-MM-DD, yesterday, today, or NdaysAgo.") from error
