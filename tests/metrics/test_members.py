"""A filter's choices are what the facts hold, and a filtered number is what pandas finds in the store's rows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from metrics.members import members
from metrics.types import Period, Question
from store.warehouse import Warehouse
from tests.metrics.store import catalog, traffic
from tests.shop import START, Shop

DEFINITIONS = """version: 1
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
kpis:
  sessions: {value: sessions, dimensions: [device]}
"""
WEEKS = 12
PARTS = [
    (("device", ("mobile",)),),
    (("channel", ("Email", "Paid Search")),),
    (("channel", ("Direct",)), ("device", ("desktop", "tablet"))),
]


def rows_of(shop: Shop, table: str) -> pd.DataFrame:
    """Return a table of the served generation, row by row."""
    with Warehouse(shop.space).open() as opened, opened.engine.connect() as connection:
        return pd.read_sql_query(f"SELECT * FROM {table}", connection)


def test_the_choices_are_what_the_facts_hold(shop: Shop) -> None:
    held = {name: set(rows_of(shop, "web_traffic")[name]) | set(rows_of(shop, "events")[name]) for name in ("device", "channel")}
    with shop.catalog() as opened:
        assert {name: set(members(opened, name)) for name in held} == held
        assert members(opened, "nonsense") == ()


def test_only_what_some_kpi_can_be_split_by_is_offered_and_no_value_has_its_name(tmp_path: Path) -> None:
    rows = [traffic(START, 1, channel="Email"), traffic(START, 2, device=None, channel="Direct")]
    with catalog(tmp_path, DEFINITIONS, web_traffic=rows) as opened:
        assert members(opened, "device") == ("mobile", "(none)")
        assert members(opened, "channel") == ()


@pytest.mark.parametrize("where", PARTS, ids=str)
def test_filtered_numbers_equal_pandas_on_the_rows_of_the_store(shop: Shop, where: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    period = Period(START + timedelta(weeks=5), START + timedelta(weeks=5 + WEEKS))
    traffic_rows, events = rows_of(shop, "web_traffic"), rows_of(shop, "events")
    with shop.catalog() as opened:
        for name, table in (("conversion_rate", traffic_rows), ("signups", events)):
            kept = table
            for dimension, values in where:
                kept = kept[kept[dimension].isin(values)]
            day = pd.to_datetime(kept["day"])
            kept = kept.assign(week=(day - pd.to_timedelta(day.dt.day_of_week, unit="D")).dt.date)
            if name == "conversion_rate":
                sums = kept.groupby("week")[["key_events", "sessions"]].sum()
                truth = (sums["key_events"] / sums["sessions"]).to_dict()
            else:
                truth = kept[kept["event"] == "signup"].groupby("week").size().to_dict()
            found = {row.period.start: row.value for row in opened.ask(Question(name, "week", period, where=where)).rows}
            weeks = [period.start + timedelta(weeks=n) for n in range(WEEKS)]
            assert found == pytest.approx({week: truth.get(week, 0) for week in weeks})
            assert found != {row.period.start: row.value for row in opened.ask(Question(name, "week", period)).rows}
