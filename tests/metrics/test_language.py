"""Tables and definitions that hypothesis makes up: the answer of every engine equals the one worked out in pandas."""

from __future__ import annotations

import json
import math
import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from metrics.types import Period, Question
from store.schema import FACTS, warehouse
from tests.metrics.engines import in_memory, load, opened, whole
from tests.metrics.oracle import Oracle, Slice

EXAMPLES = int(os.environ.get("KPI_EXAMPLES", "100"))
FIRST, DAYS = date(2025, 12, 20), 45
GRAINS = ("day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year", "total")
DEVICES = st.sampled_from([None, "mobile", "desktop", "tablet"])
PEOPLE = st.sampled_from([None, "a", "b", "c", "d"])
DAY = st.integers(0, DAYS - 1).map(lambda n: FIRST + timedelta(days=n))
NUMBER = st.one_of(st.none(), st.integers(-5, 50))


def instant(day: date, minutes: int) -> datetime:
    """An instant of that day in Vienna: midnight there is 23:00 UTC in winter."""
    return datetime(day.year, day.month, day.day) - timedelta(hours=1) + timedelta(minutes=minutes)


@st.composite
def an_event(draw: st.DrawFn) -> dict[str, Any]:
    day = draw(DAY)
    name = draw(st.sampled_from(["signup", "purchase", "page_view"]))
    row = {"day": day, "time": instant(day, draw(st.integers(0, 1439))), "event": name, "user_id": draw(PEOPLE), "device": draw(DEVICES)}
    return {**row, "channel": draw(st.sampled_from([None, "Email", "Search"])), "lcp_ms": draw(st.one_of(st.none(), st.integers(1, 4000).map(float)))}  # fmt: skip


TRAFFIC = st.fixed_dictionaries(
    {"day": DAY, "device": DEVICES, "channel": st.sampled_from([None, "Email"]), "sessions": NUMBER, "key_events": NUMBER, "engaged_sessions": NUMBER}
)  # fmt: skip


@st.composite
def an_item(draw: st.DrawFn) -> dict[str, Any]:
    begun, done = instant(draw(DAY), draw(st.integers(0, 1439))), instant(draw(DAY), draw(st.integers(0, 1439)))
    finished = draw(st.booleans())
    row = {"id": draw(st.sampled_from("xyz")), "created_at": begun, "done_at": done if finished else None, "type": draw(st.sampled_from([None, "Bug", "Story"]))}  # fmt: skip
    return {**row, "source": draw(st.sampled_from(["src_work_items", "other"])), "points": draw(NUMBER), "deleted_at": draw(st.sampled_from([None, None, None, begun]))}  # fmt: skip


WHERES = {
    "events": [{}, {"event": "signup"}, {"event": ["purchase", "page_view"]}, {"device": {"not": "mobile"}}, {"device": {"is_null": False}, "lcp_ms": {"gte": 900}}, {"channel": {"not_in": ["Email"]}}, {"event": {"like": "p%"}}],
    "web_traffic": [{}, {"device": "mobile"}, {"sessions": {"gt": 3, "lte": 40}}, {"channel": {"in": ["Email"]}}, {"device": {"is_null": True}}],
    "work_items": [{}, {"type": "Bug"}, {"type": {"not": "Bug"}}, {"points": {"lt": 20}}],
}  # fmt: skip
NUMBERS = {"events": ["lcp_ms"], "web_traffic": ["sessions", "key_events", "engaged_sessions"], "work_items": ["points"]}
COUNTED = {"events": ["user_id", "device", ["user_id", "day"]], "web_traffic": ["device", ["device", "channel"]], "work_items": ["id", "type", ["source", "id"]]}  # fmt: skip


@st.composite
def a_measure(draw: st.DrawFn, table: str | None = None) -> dict[str, Any]:
    table = table or draw(st.sampled_from(sorted(WHERES)))
    agg = draw(st.sampled_from(["sum", "count", "count", "count_distinct", "count_distinct", "avg", "min", "max", "median", "p75", "p10"]))
    body: dict[str, Any] = {"table": table, "agg": agg, "where": draw(st.sampled_from(WHERES[table]))}
    if agg == "count_distinct":
        body["column"] = draw(st.sampled_from(COUNTED[table]))
    elif agg != "count" or draw(st.booleans()):
        body["column"] = draw(st.sampled_from(NUMBERS[table]))
    if table == "work_items" and draw(st.booleans()):
        body["time"] = "created_at"
    return body


ARITHMETIC = ["a + b", "a - 2 * b", "a / b", "(a + b) / (b + 1)", "-a", "min(a, b)", "max(a, b, 3)", "abs(a - b)", "round(a / b, 2)", "round(a)", "coalesce(a, b)", "if_missing(a / b, 0)", "a * coalesce(b, 1) - 0.5"]  # fmt: skip
DEVICE_WHERES = [{"device": "mobile"}, {"device": {"not": "mobile"}}, {"device": ["mobile", "tablet"]}]


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """Measures a and b, KPIs over them, and the KPI x that is asked for, up to three KPIs deep."""
    measures = {"a": draw(a_measure()), "b": draw(a_measure())}
    kind = draw(st.sampled_from(["simple", "ratio", "formula", "formula", "rolling", "rolling", "cumulative", "conversion", "spans"]))
    by_device = {m["table"] for m in measures.values()} <= {"events", "web_traffic"}
    where = {"where": draw(st.sampled_from([{}, *DEVICE_WHERES]))} if by_device else {}
    inner = draw(st.sampled_from([{"value": "a"}, {"numerator": "a", "denominator": "b"}, {"formula": draw(st.sampled_from(ARITHMETIC))}]))
    span = draw(st.sampled_from([{"window": "1d"}, {"window": "7d"}, {"window": "4w"}, {"to_date": "month"}, {"to_date": "week"}, {"to_date": "fiscal_year"}, {"to_date": "ever"}]))  # fmt: skip
    kpis: dict[str, Any] = {"inner": {**inner, **where}}
    match kind:
        case "conversion":
            ends = draw(st.sampled_from([("signup", "purchase", "user_id"), ("page_view", "page_view", "user_id"), ("created", "done", "id"), ("a", "b", None)]))  # fmt: skip
            measures |= {
                "created": {"table": "work_items", "agg": "count", "time": "created_at"},
                "done": {"table": "work_items", "agg": "count"},
            }
            entity = ends[2] or {"events": "user_id", "work_items": "id", "web_traffic": "device"}[measures["a"]["table"]]
            if ends[2] is None:
                measures["b"] = draw(a_measure(measures["a"]["table"]))
            after = draw(st.sampled_from([{}, {}, {"after": "6h"}, {"after": "2d"}]))
            kpis["x"] = {"conversion": {"from": ends[0], "to": ends[1], "entity": entity, "within": draw(st.sampled_from(["12h", "3d", "2w"])), **after}}  # fmt: skip
            if after and hours_of(after["after"]) >= hours_of(kpis["x"]["conversion"]["within"]):
                kpis["x"]["conversion"].pop("after")
        case "rolling" | "cumulative":
            kpis["x"] = {**draw(st.sampled_from([inner, {"value": "inner"}])), **span, **where}
        case "spans":
            kpis["today"], kpis["long"] = {**inner, "window": "1d"}, {"value": "b", **span}
            kpis["x"] = {"formula": "today / long"}
        case _:
            kpis["x"] = {**inner, **where} if kind != "formula" else {"formula": draw(st.sampled_from(["inner", "inner / a", "a - inner"]))}
    kpis["x"]["fill"] = draw(st.sampled_from(["gap", "zero"]))
    week, fiscal = draw(st.sampled_from(["monday", "sunday", "wednesday"])), draw(st.sampled_from(["january", "february", "april"]))
    return {"version": 1, "calendar": {"timezone": "Europe/Vienna", "week_start": week, "fiscal_year_start": fiscal}, "measures": measures, "kpis": kpis}  # fmt: skip


def hours_of(text: str) -> int:
    return int(text[:-1]) * {"h": 1, "d": 24, "w": 168}[text[-1]]


FACTS_DRAWN = st.fixed_dictionaries(
    {"events": st.lists(an_event(), max_size=25), "web_traffic": st.lists(TRAFFIC, max_size=15), "work_items": st.lists(an_item(), max_size=12)}
)  # fmt: skip


def frame(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows as pandas reads them: a decimal is a number, a missing value stays missing."""
    filled = [whole(table, row, place) for place, row in enumerate(rows)]
    made = pd.DataFrame(filled, columns=[c.name for c in FACTS[table].columns], dtype=object)
    for column in FACTS[table].columns:
        if column.type.python_type is datetime:
            made[column.name] = pd.to_datetime(made[column.name])
    return made


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def database(request: pytest.FixtureRequest) -> Engine:
    made: Engine = in_memory() if request.param == "duckdb" else request.getfixturevalue("postgres")
    warehouse.drop_all(made)
    warehouse.create_all(made)
    return made


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("language")


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 200,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(facts=FACTS_DRAWN, document=definitions(), data=st.data())
def test_every_answer_equals_pandas(
    database: Engine, home: Path, facts: dict[str, Any], document: dict[str, Any], data: st.DataObject
) -> None:
    catalog = opened(home, json.dumps(document, default=str), load(database, facts))
    kpi = catalog.kpi("x")
    grain = data.draw(st.sampled_from([g for g in GRAINS if g in kpi.grains]), label="grain")
    start = FIRST + timedelta(days=data.draw(st.integers(0, DAYS - 1), label="start"))
    end = start + timedelta(days=data.draw(st.integers(1, 40), label="length"))
    dimensions = data.draw(st.sampled_from([(), *((d,) for d in kpi.dimensions), kpi.dimensions[:2]]), label="by")
    where = data.draw(st.sampled_from([(), *((d, ("mobile", "(none)")) for d in kpi.dimensions if d == "device")]), label="where")
    asked = (where,) if where else ()
    oracle = Oracle(document, {name: frame(name, rows) for name, rows in facts.items()})
    wanted: dict[tuple[str, ...], float | None] = {}
    for label, first, last in oracle.periods(grain, start, end):
        for key, value in oracle.answer("x", Slice(first, last, dimensions, asked)).items():
            wanted[label, *key] = value
    answers = catalog.ask_many(
        [Question("x", grain, Period(start, end), dimensions, asked), Question("inner", "total", Period(start, end))]
    )
    got = {(row.label, *row.dimensions.values()): row.value for row in answers[0].rows}
    assert set(got) == set(wanted)
    for key, value in wanted.items():
        assert same(got[key], value), (key, got[key], value, answers[0].sql)


def same(got: float | None, wanted: float | None) -> bool:
    if got is None or wanted is None:
        return got is wanted
    return math.isclose(got, wanted, rel_tol=1e-9, abs_tol=1e-9)
