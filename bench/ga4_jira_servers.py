"""Doubles that answer from memory: a GA4 property of many landing pages, a Jira site of many issues. Arguments: vendor, size."""

from __future__ import annotations

import json
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from sandbox.ga4 import headers
from sandbox.jira import JiraServer
from sandbox.server import LocalServer, Reply, Request
from sandbox.tables import STATUSES, BoardRecord, Change, Company, IssueRecord, JiraSite

GA4_DAYS = 100
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


class Ga4Rows(LocalServer):
    """Every day's traffic report has the same number of rows; vitals are empty."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = rows // GA4_DAYS
        self._made: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> Reply:
        """Answer reports one by one or in batches."""
        body = request.json()
        if request.path.endswith(":batchRunReports"):
            return Reply.of({"reports": [self._report(one) for one in body["requests"]]})
        return Reply.of(self._report(body))

    def _report(self, body: Any) -> dict[str, Any]:
        names = [d["name"] for d in body.get("dimensions", [])]
        metrics = [m["name"] for m in body["metrics"]]
        meta = {"metadata": {"currencyCode": "EUR", "timeZone": "Europe/Vienna"}}
        if "landingPage" not in names:
            return headers(names, metrics) | meta
        day = body["dateRanges"][0]["startDate"].replace("-", "")
        rows = [
            {
                "dimensionValues": [
                    {"value": day},
                    {"value": "mobile"},
                    {"value": "Direct"},
                    {"value": f"/page/{n}"},
                    {"value": "(direct)"},
                ],
                "metricValues": [{"value": str(v)} for v in (n % 90 + 1, n % 70, n % 80, n % 40, n % 5, (n % 5) * 19.99)],
            }
            for n in range(self._rows)
        ]
        return headers(names, metrics) | {"rows": rows, "rowCount": len(rows)} | meta


def site(issues: int) -> Company:
    """Return a site of so many issues, each with ten changes of its status."""
    keys = list(STATUSES)
    records = []
    for n in range(issues):
        created = NOW - timedelta(days=400 - n % 390)
        record = IssueRecord(str(10_000 + n), f"WEB-{n}", "WEB", "Story", f"Item {n}", created, keys[0], 3.0)
        for step in range(10):
            old, new = keys[step % len(keys)], keys[(step + 1) % len(keys)]
            at = created + timedelta(hours=step + 1)
            record.changes.append(Change(f"{n}{step:02}", at, "status", "status", old, STATUSES[old][0], new, STATUSES[new][0]))
        records.append(record)
    jira = JiraSite({"WEB": "Website"}, [BoardRecord("4", "WEB board", "WEB")], [], [], records, [])
    return Company(pd.DataFrame(), pd.DataFrame(), jira, NOW)


class JiraPages(JiraServer):
    """Remembers its answers: only the first of two equal questions costs it work."""

    def __init__(self, issues: int) -> None:
        super().__init__(site(issues))
        self._all = super()._issues()
        self._known: dict[str, Reply] = {}

    def _issues(self) -> list[Any]:
        return self._all

    def answer(self, request: Request) -> Reply:
        """Answer from memory when the same was asked before."""
        key = json.dumps([request.path, dict(request.query), request.body.decode()], sort_keys=True)
        if key not in self._known:
            self._known[key] = super().answer(request)
        return self._known[key]


def main() -> None:
    """Serve until killed."""
    vendor, size = sys.argv[1], int(sys.argv[2])
    with (Ga4Rows if vendor == "ga4" else JiraPages)(size) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
