"""What the tests of Mixpanel share: a company of four actions made by hand, and a server that says what it is told."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import create_engine

from connectors.mixpanel import Connector, MixpanelSettings
from sandbox.mixpanel import MixpanelServer, line_of
from sandbox.server import Reply
from sandbox.tables import ACTION_COLUMNS, VISIT_COLUMNS, Company, JiraSite
from settings import Workspace
from store.lines import RefusedLines, Unreadable
from store.schema import FACTS, arrow_schema, events
from store.stage import Stage
from store.types import Batch, Window, day_end, day_start
from store.warehouse import Warehouse

VIENNA = ZoneInfo("Europe/Vienna")
DAY = date(2026, 3, 27)
NOON = 1_774_612_800
"""2026-03-27 12:00 UTC."""


def company(*actions: tuple[str, int, str, float, int]) -> Company:
    """Return a company with these actions: (event, time, user, lcp_ms, revenue_cents)."""
    rows = [
        {
            "insert_id": f"i{n}",
            "session_id": f"s-{user}",
            "user_id": user,
            "time": time,
            "event": event,
            "device": "desktop",
            "channel": "Direct",
            "page": "/",
            "lcp_ms": lcp,
            "inp_ms": float("nan"),
            "cls": float("nan"),
            "revenue_cents": cents,
        }
        for n, (event, time, user, lcp, cents) in enumerate(actions)
    ]
    frame = pd.DataFrame(rows, columns=list(ACTION_COLUMNS))
    now = datetime(2026, 3, 29, tzinfo=UTC)
    return Company(pd.DataFrame(columns=list(VISIT_COLUMNS)), frame, JiraSite({}, [], [], [], [], []), now)


FOUR = (
    ("page_view", NOON, "a", 1200.0, 0),
    ("page_view", NOON + 1, "b", float("nan"), 0),
    ("purchase", NOON + 2, "a", float("nan"), 1999),
    ("page_view", NOON + 86_400, "a", 900.0, 0),
)


def event(name: str | None = "page_view", **properties: Any) -> str:
    """Return one line of an export; a property of ... is left out."""
    full = {"time": NOON, "distinct_id": "u-1", "$insert_id": "i-1", **properties}
    return line_of(name, {key: value for key, value in full.items() if value is not ...})  # type: ignore[arg-type]  # null on purpose


def connector(url: str, **settings: Any) -> Connector:
    return Connector("product", MixpanelSettings(**{"project_id": "77", "start": DAY, "endpoint": url, **settings}), VIENNA)


def read_day(url: str, day: date = DAY, **settings: Any) -> Batch:
    """Read one day, its rows as the database reads them from the lines."""
    source = connector(url, **settings)
    return as_table(source.read(source.streams()[0], Window(day_start(day, source.zone()), day_end(day, source.zone()))))


def as_table(batches: Iterable[Batch]) -> Batch:
    """Return the batches of one day as one that holds the rows of its table, and the mark of those that drifted."""
    come = list(batches)  # whatever refuses the day does so before a database is opened
    with tempfile.TemporaryDirectory() as folder, create_engine("duckdb:///:memory:").connect() as connection:
        events.create(connection)
        stage = Stage(Path(folder), "product", "events", "events")
        for batch in come:
            stage.add(batch)
        try:
            stage.load(connection, "events", [batch.slice])
        except Unreadable:
            connection.rollback()
            events.create(connection)
            stage.repair(batch.slice)
            try:
                stage.load(connection, "events", [batch.slice])
            except RefusedLines as refused:
                raise refused.error from None
        names = arrow_schema("events").names
        found = connection.exec_driver_sql(f"SELECT {', '.join(names)} FROM events").cursor.to_arrow_table()  # type: ignore[union-attr]
    drifted = ("drift",) if any(found["drifted"].to_pylist()) else ()
    return replace(batch, rows=found.cast(arrow_schema("events")), flags=(*batch.flags, *drifted))


@contextmanager
def answering(reply: Reply) -> Iterator[MixpanelServer]:
    """Serve this reply to everything."""
    with MixpanelServer(company(*FOUR)) as server:
        server.fault = lambda _request, _number: reply
        yield server


def stored(folder: Path, *lines: str) -> pd.DataFrame:
    """Return what a warehouse holds of a day whose export is exactly these lines, asked for twice."""
    with answering(Reply(200, "".join(lines).encode(), {"Content-Type": "text/plain"})) as server:
        for _ in range(2):
            source = connector(server.url)
            stream, window = source.streams()[0], Window(day_start(DAY, source.zone()), day_end(DAY, source.zone()))
            with Warehouse(Workspace(folder)).build(reporting_zone="UTC") as build:
                build.replace(source="product", connector="mixpanel", stream=stream, batches=source.read(stream, window))
                published = build.publish()
        assert published is None, "the same export again changes nothing"
    with Warehouse(Workspace(folder)).open() as facts, facts.engine.connect() as connection:
        return pd.read_sql(FACTS["events"].select(), connection)


def exported(*lines: str | bytes, **settings: Any) -> Batch:
    """Read a day whose export is exactly these lines."""
    body = b"".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    with answering(Reply(200, body, {"Content-Type": "text/plain"})) as server:
        return read_day(server.url, **settings)
