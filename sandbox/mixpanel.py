"""A double of Mixpanel's export and query APIs over the sandbox company, for a project made after 2023 (times are UTC)."""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pandas as pd

from sandbox.mixpanel_people import engage
from sandbox.mixpanel_reports import funnel_steps, retention
from sandbox.server import LocalServer, Reply, Request
from sandbox.tables import Company

LEAST_GZIP = 1_400
UTC_ZONE = ZoneInfo("UTC")
BROWSERS = {"desktop": "Chrome", "mobile": "Mobile Safari", "tablet": "Safari"}


class MixpanelServer(LocalServer):
    """Serves one project to one service account. zone: the project's, in which the query API tells days; exports are in UTC."""

    def __init__(
        self,
        company: Company,
        port: int = 0,
        *,
        project_id: str = "77",
        username: str = "svc",
        secret: str = "sandbox",
        page_size: int = 1_000,
        zone: ZoneInfo = UTC_ZONE,
    ) -> None:
        super().__init__(port)
        self.zone = zone
        self.company, self.project_id, self.page_size = company, project_id, page_size
        self._authorization = "Basic " + base64.b64encode(f"{username}:{secret}".encode()).decode()
        self._days: dict[date, bytes] | None = None
        self._seen: Company | None = None

    def invalidate(self) -> None:
        """Forget what was computed from the company's frames, after they were changed."""
        self._days = None

    def answer(self, request: Request) -> Reply:
        """Return Mixpanel's answer to one request."""
        if request.headers.get("authorization") != self._authorization:
            return error_reply(401, "Invalid credentials.")
        project = request.query.get("project_id") or _form(request).get("project_id")
        if project != self.project_id:
            return error_reply(403, "Service account does not have access to this project.")
        path = request.path.removeprefix("/api/query").removeprefix("/api/2.0")
        match path:
            case "/export":
                return self._export(request)
            case "/engage":
                return engage(self.company, self.zone, {**request.query, **_form(request)}, self.page_size)
            case "/funnels":
                return self._query(request, funnel_steps)
            case "/retention":
                return self._query(request, retention)
            case "/segmentation":
                return self._segmentation(request)
            case "/events/names":
                return Reply.of(sorted(self.company.actions["event"].unique()))
            case _:
                return error_reply(404, "Not found.")

    def _export(self, request: Request) -> Reply:
        try:
            first, last = (date.fromisoformat(request.query[key]) for key in ("from_date", "to_date"))
        except (KeyError, ValueError):
            return error_reply(400, "from_date and to_date are required and have the form YYYY-MM-DD.")
        if last > max(self.company.now, datetime.now(UTC)).date():
            return error_reply(400, "to_date cannot be later than today")
        days = self._by_day()
        wanted = (first + timedelta(days=n) for n in range((last - first).days + 1))
        body = b"".join(days.get(day, b"") for day in wanted)
        if "event" in request.query:
            names = set(json.loads(request.query["event"]))
            body = b"".join(line + b"\n" for line in body.splitlines() if json.loads(line)["event"] in names)
        if "limit" in request.query:
            body = b"".join(line + b"\n" for line in body.splitlines()[: int(request.query["limit"])])
        return packed(body, request)

    def _by_day(self) -> dict[date, bytes]:
        """Return the JSON lines of each UTC day."""
        if self._days is None or self._seen is not self.company:
            actions = self.company.actions
            days = pd.to_datetime(actions["time"], unit="s", utc=True).dt.date
            days_of: Any = actions.groupby(days.to_numpy())
            self._days = {day: "".join(_lines(part)).encode() for day, part in days_of}
            self._seen = self.company
        return self._days

    def _query(self, request: Request, serve: Callable[[Company, ZoneInfo, Mapping[str, str]], Reply]) -> Reply:
        """Answer a report in the days of the project's zone; no day may lie ahead."""
        today = max(self.company.now, datetime.now(UTC)).astimezone(self.zone).date()
        try:
            first, last = (date.fromisoformat(request.query[key]) for key in ("from_date", "to_date"))
        except (KeyError, ValueError):
            return error_reply(400, "from_date and to_date are required and have the form YYYY-MM-DD.")
        if last > today or first > last:
            return error_reply(400, "to_date cannot be later than today")
        return serve(self.company, self.zone, request.query)

    def _segmentation(self, request: Request) -> Reply:
        actions = self.company.actions
        name = request.query.get("event", "")
        chosen = actions[actions["event"] == name]
        days = pd.to_datetime(chosen["time"], unit="s", utc=True).dt.strftime("%Y-%m-%d")
        counts = {
            day: int(n) for day, n in days.value_counts().items() if request.query["from_date"] <= str(day) <= request.query["to_date"]
        }
        return Reply.of({"data": {"series": sorted(map(str, counts)), "values": {name: counts}}, "legend_size": 1})


def packed(body: bytes, request: Request) -> Reply:
    """Return a text reply, compressed when it was asked for and pays."""
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    if "gzip" in request.headers.get("accept-encoding", "") and len(body) > LEAST_GZIP:
        return Reply(200, gzip.compress(body, 1, mtime=0), {**headers, "Content-Encoding": "gzip"})
    return Reply(200, body, headers)


def error_reply(status: int, message: str) -> Reply:
    """Return Mixpanel's error envelope."""
    return Reply.of({"error": message, "status": "error"}, status=status)


def line_of(event: str, properties: dict[str, Any]) -> str:
    """Return one line of an export."""
    return json.dumps({"event": event, "properties": properties}, separators=(",", ":")) + "\n"


def _lines(actions: pd.DataFrame) -> Iterator[str]:
    for row in actions.to_dict("records"):
        properties: dict[str, Any] = {
            "time": int(row["time"]),
            "distinct_id": row["user_id"],
            "$insert_id": row["insert_id"],
            "$browser": BROWSERS.get(str(row["device"]), str(row["device"])),
            "mp_lib": "web",
            "mp_processing_time_ms": int(row["time"]) * 1000 + 1_700,
            "device": row["device"],
            "channel": row["channel"],
            "page": row["page"],
        }
        if not math.isnan(row["lcp_ms"]):
            properties["lcp_ms"] = int(row["lcp_ms"])
        if row["event"] == "purchase":
            properties["revenue"] = int(row["revenue_cents"]) / 100
        properties |= row.get("properties") or {}
        yield line_of(str(row["event"]), properties)


def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form body."""
    if request.method != "POST":
        return {}
    return {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
