"""The SQL of every kind of KPI on both dialects at every grain, as it was last looked at. A difference is a question to the reviewer.

Refresh: KPI_SNAPSHOTS=write ./kpi test tests/metrics/test_snapshots.py
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql import psycopg

from metrics.check import check_text
from metrics.compile import compile_plan
from metrics.plan import make_plan
from metrics.shown import show
from metrics.slots import Slots, SprintPeriod
from metrics.types import Grain, Period
from tests.metrics.engines import in_memory

FOLDER = Path(__file__).parent / "snapshots"
DEFINITIONS = """version: 1
calendar: {timezone: Europe/Vienna, week_start: sunday, fiscal_year_start: april}
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  purchases: {table: web_traffic, agg: sum, column: key_events}
  people: {table: events, agg: count_distinct, column: user_id}
  speed: {table: events, agg: p75, column: lcp_ms, where: {event: page_view}}
  done: {table: work_items, agg: count, where: {type: {not: Epic}}}
  points: {table: sprint_items, agg: sum, column: points_at_end, where: {completed: true}}
kpis:
  simple: {value: people}
  ratio: {numerator: purchases, denominator: sessions}
  two_tables: {formula: "coalesce(done, 0) / sessions"}
  quantile: {value: speed}
  instants: {value: done}
  by_sprint: {value: points, grain: sprint}
  rolling_people: {value: people, window: 7d}
  rolling_ratio: {numerator: purchases, denominator: sessions, window: 4w}
  to_date: {value: people, to_date: fiscal_year}
  conversion: {conversion: {from: signup, to: purchase, entity: user_id, within: 7d}}
"""
DEFINED, ISSUES = check_text("k.yaml", DEFINITIONS)
assert DEFINED is not None
assert not ISSUES, ISSUES
PLANS = {name: make_plan(DEFINED.measures, DEFINED.kpis, name) for name in DEFINED.kpis}
KPIS = {name: show(name, DEFINED, PLANS) for name in DEFINED.kpis}
CASES = [(name, grain) for name, kpi in KPIS.items() for grain in get_args(Grain) if grain in kpi.grains]
PERIOD = Period(date(2026, 3, 1), date(2026, 4, 1))
SPRINTS = (SprintPeriod("jira", "7", "Sprint 7", Period(date(2026, 3, 2), date(2026, 3, 16))),)


def dialects() -> dict[str, Dialect]:
    postgresql: Any = psycopg.dialect
    return {"duckdb": in_memory().dialect, "postgresql": postgresql()}


def written(name: str, dialect: Dialect) -> str:
    """Return the statements of one KPI at all of its grains, values written in."""
    parts = []
    for grain in (grain for kpi, grain in CASES if kpi == name):
        assert DEFINED is not None
        slots = Slots(grain, PERIOD, DEFINED.calendar, SPRINTS if grain == "sprint" else (), Period(date(2025, 1, 1), date(2026, 5, 1)))
        by = KPIS[name].dimensions[:1]
        statement = compile_plan(PLANS[name], slots, by, (("device", ("mobile",)),) if "device" in KPIS[name].dimensions else ())
        text = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        parts.append(f"-- grain: {grain}\n" + "\n".join(line.rstrip() for line in text.splitlines()) + ";\n")
    return "\n".join(parts)


@pytest.mark.parametrize("dialect", ["duckdb", "postgresql"])
@pytest.mark.parametrize("name", sorted(KPIS))
def test_the_sql_is_the_one_that_was_looked_at(name: str, dialect: str) -> None:
    file = FOLDER / f"{name}.{dialect}.sql"
    text = written(name, dialects()[dialect])
    if os.environ.get("KPI_SNAPSHOTS") == "write":
        file.write_text(text, encoding="utf-8")
    assert file.exists(), f"no snapshot {file.name} yet: {__doc__}"
    assert text == file.read_text(encoding="utf-8"), f"the SQL of {name} changed; look at it, then refresh: {__doc__}"


def test_every_snapshot_belongs_to_a_kpi() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {f"{name}.{dialect}.sql" for name in KPIS for dialect in dialects()}
