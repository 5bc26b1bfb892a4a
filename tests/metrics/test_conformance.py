"""Every shipped KPI at every grain and split by every dimension, on both engines: the answer equals pandas over the same facts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from ruamel.yaml import YAML
from sqlalchemy import Engine, insert, select, text

from metrics import Catalog, check_file
from metrics.types import Period, Question
from sandbox.world import make_world
from settings import PROJECT_ROOT, Workspace
from store.schema import FACTS, coverage, slices, sprints, warehouse
from tests.metrics.engines import Loaded
from tests.metrics.oracle import Oracle, Slice
from tests.shop import open_shop

START, DAYS = date(2026, 3, 9), 21
SHIPPED = PROJECT_ROOT / "kpi_definitions.yaml"
DOCUMENT: dict[str, Any] = YAML(typ="safe").load(SHIPPED.read_text(encoding="utf-8"))
KPIS = [name for name, body in DOCUMENT["kpis"].items() if "relationship" not in body]
GRAINS = ("day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year", "sprint", "total")
INTERNAL = {table.name: table for table in (coverage, slices)}
ASKED = Period(START - timedelta(days=3), START + timedelta(days=DAYS + 3))


@dataclass
class Company:
    """The facts of a small company: in DuckDB, in PostgreSQL, and in pandas."""

    catalogs: dict[str, Catalog]
    oracle: Oracle
    sprints: list[tuple[str, date, date, tuple[str, str]]]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, postgres: Engine) -> Iterator[Company]:
    with ExitStack() as stack:
        shop = open_shop(stack, tmp_path_factory.mktemp("small"), make_world(11, start=START, days=DAYS))
        assert shop.sync().exit_code == 0
        catalog = stack.enter_context(shop.catalog())
        with catalog._answering.generation().engine.connect() as connection:
            rows = {
                name: [dict(r._mapping) for r in connection.execute(select(table))] for name, table in [*FACTS.items(), *INTERNAL.items()]
            }
        copy(postgres, rows)
        definitions, _ = check_file(SHIPPED)
        assert definitions is not None
        there = Catalog(Workspace(shop.space.home), definitions, Loaded(postgres))
        yield Company({"duckdb": catalog, "postgresql": there}, oracle_of(rows), sprints_of(rows))


def copy(engine: Engine, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Bring the facts to another engine, row by row."""
    warehouse.drop_all(engine)
    warehouse.create_all(engine)
    with engine.begin() as connection:
        for name, found in rows.items():
            if found:
                connection.execute(insert({**FACTS, **INTERNAL}[name]), found)
        connection.execute(text("ANALYZE"))


def oracle_of(rows: dict[str, list[dict[str, Any]]]) -> Oracle:
    frames = {name: frame(name, found) for name, found in rows.items() if name not in INTERNAL}
    held: dict[str, tuple[date | None, date]] = {}
    ends = {(r["source"], r["stream"], r["slice"]): r["complete_through"] for r in rows["_slices"]}
    for row in rows["_coverage"]:
        first, end = row["covered_from"], local(row["complete_through"]).date()
        if first is not None and local(ends[row["source"], row["stream"], first] - timedelta(days=1)) > datetime(
            first.year, first.month, first.day, tzinfo=make_zone()
        ):
            first += timedelta(days=1)  # the vendor's first day begins after ours
        held[row["table_name"]] = (first, end)
    return Oracle(DOCUMENT, frames, held)


def local(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC).astimezone(make_zone())


def make_zone() -> ZoneInfo:
    return ZoneInfo(DOCUMENT["calendar"]["timezone"])


def frame(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=[c.name for c in FACTS[name].columns], dtype=object)
    for column in FACTS[name].columns:
        if column.type.python_type is datetime:
            made[column.name] = pd.to_datetime(made[column.name])
    return made


def sprints_of(rows: dict[str, list[dict[str, Any]]]) -> list[tuple[str, date, date, tuple[str, str]]]:
    """Return (name, first day, day after the last, who it is) of the sprints that began; none of the company's overlap on a board."""
    found = []
    for row in rows[sprints.name]:
        if row["start_at"] is not None and row["state"] != "future":
            first, last = (
                moment.replace(tzinfo=UTC).astimezone(make_zone()).date()
                for moment in (row["start_at"], row["completed_at"] or row["end_at"])
            )
            found.append((row["name"], first, last + timedelta(days=1), (row["source"], row["id"])))
    return found


@pytest.mark.parametrize("name", KPIS)
def test_every_answer_equals_pandas_on_both_engines(company: Company, name: str) -> None:
    kpi = company.catalogs["duckdb"].kpi(name)
    questions = [
        Question(name, grain, ASKED, split) for grain in GRAINS if grain in kpi.grains for split in [(), *((d,) for d in kpi.dimensions)]
    ]
    answers = {engine: catalog.ask_many(questions) for engine, catalog in company.catalogs.items()}
    compared = 0
    for place, question in enumerate(questions):
        wanted = expected(company, question)
        for engine in answers:
            got = {(row.label, *row.dimensions.values()): row.value for row in answers[engine][place].rows if row.value is not None}
            assert set(got) == set(wanted), (engine, question)
            for key, value in wanted.items():
                assert math.isclose(got[key], value, rel_tol=1e-9, abs_tol=1e-9), (engine, question, key, got[key], value)
                compared += 1
    assert compared


def expected(company: Company, question: Question) -> dict[tuple[str, ...], float]:
    """Return (period, split) → value of everything that has one; a period of which no day is held has none."""
    oracle = company.oracle
    first, end = oracle.reach(question.kpi)
    if question.grain == "sprint":
        periods = [(n, s, e, who) for n, s, e, who in company.sprints if s < ASKED.end and e > ASKED.start]
    else:
        periods = [(n, s, e, None) for n, s, e in oracle.periods(question.grain, ASKED.start, ASKED.end)]
    found: dict[tuple[str, ...], float] = {}
    for label, start, until, who in periods:
        if start >= end or (first is not None and until <= first):
            continue
        for key, value in oracle.answer(question.kpi, Slice(start, until, question.by, (), (), who)).items():
            if value is not None:
                found[label, *key] = value
    return found


def test_the_hours_of_a_kpi_equal_pandas_on_both_engines(company: Company) -> None:
    views = company.oracle.frames["events"]
    day = START + timedelta(days=5)
    question = Question("signups", "hour", Period(day, day + timedelta(days=1)))
    signups = views[(views["event"] == "signup") & (views["day"] == day)]
    wanted = signups["time"].dt.tz_localize("UTC").dt.tz_convert(make_zone()).dt.floor("h").value_counts()
    for engine, catalog in company.catalogs.items():
        rows = catalog.ask(question).rows
        assert len(rows) == 24
        assert {row.label: row.value for row in rows if row.value} == {at.isoformat(timespec="minutes"): n for at, n in wanted.items()}, (
            engine
        )
