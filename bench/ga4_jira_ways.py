"""A sync of one source, or the client library by itself. Arguments: vendor, way, url, folder."""

from __future__ import annotations

import json
import shutil
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests
from google.analytics.data_v1beta.types import DateRange, Dimension, Metric, RunReportRequest
from jira import JIRA

import connectors.ga4.client
import connectors.jira  # imported before the clock starts
from bench.measured import measure
from connectors.ga4.reports import TRAFFIC
from connectors.sync import Order, sync
from settings import Workspace, load_sources

START, DAYS = date(2026, 3, 1), 100
SOURCES = {
    "ga4": '  one:\n    connector: ga4\n    property: "123456"\n    endpoint: {url}\n    start: {start}\n',
    "jira": "  one:\n    connector: jira\n    projects: [WEB]\n    endpoint: {url}\n",
}


def ga4_library(url: str) -> int:
    """Read every cell of every day into lists."""
    client, cells = connectors.ga4.client._local(url, "rest"), 0
    for n in range(DAYS):
        day = str(START + timedelta(days=n))
        request = RunReportRequest(
            property="properties/123456", dimensions=[Dimension(name=d) for d in TRAFFIC.dimensions], metrics=[Metric(name=m) for m in TRAFFIC.metrics],
            date_ranges=[DateRange(start_date=day, end_date=day)], limit=250_000,
        )  # fmt: skip
        answer = client.run_report(request)
        rows = [[v.value for v in (*row.dimension_values, *row.metric_values)] for row in answer.rows]
        cells += len(rows)
    return cells


def jira_library(url: str) -> int:
    """Read every issue with the changes that the search embeds."""
    client = JIRA(server=url, basic_auth=("bot@example.com", "sandbox"))
    return len(client.search_issues("project = WEB", maxResults=False, expand="changelog"))  # type: ignore[call-overload]  # the library takes False for "all", its annotations do not


def bridge(vendor: str, url: str, folder: Path) -> int:
    """Sync into a published generation; the seconds inside calls to the server are left in waited.json."""
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    space, waited = Workspace(home), [0.0]
    space.sources_file.write_text("version: 1\nsources:\n" + SOURCES[vendor].format(url=url, start=START))
    send = requests.Session.send

    def timed(self: Any, *arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return send(self, *arguments, **named)
        finally:
            waited[0] += time.perf_counter() - began

    requests.Session.send = timed  # type: ignore[method-assign]  # the one door of all calls, whichever library makes them
    now = datetime(START.year, START.month, START.day, tzinfo=UTC) + timedelta(days=DAYS)
    result = sync(space, load_sources(space), ZoneInfo("Europe/Vienna"), Order(), now=now, report=lambda _progress: None)
    assert result.exit_code == 0, result
    (folder / "waited.json").write_text(json.dumps(waited[0]))
    streams = result.sources["one"].streams
    return streams["traffic" if vendor == "ga4" else "work_items"].rows_read


if __name__ == "__main__":
    vendor, way, url, folder = sys.argv[1:]
    if way == "bridge":
        measure(lambda: bridge(vendor, url, Path(folder)))
    else:
        measure(lambda: (ga4_library if vendor == "ga4" else jira_library)(url))
