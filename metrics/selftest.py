"""Runs the tests that analysts write beside a KPI: given rows, expected values, through the same compiler as every answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import Connection, Date, DateTime, create_engine, insert, literal_column
from sqlalchemy.exc import CompileError, DBAPIError
from sqlalchemy.pool import StaticPool

from errors import Issue
from metrics.asking import execute_written
from metrics.check import Definitions
from metrics.compile import compile_plan
from metrics.definitions import Case
from metrics.formula import evaluate
from metrics.plan import Plan, make_plan
from metrics.slots import Slots
from metrics.types import Period
from store.schema import FACTS, warehouse

TOLERANCE = 1e-9


def run_tests(definitions: Definitions) -> tuple[Issue, ...]:
    """Return an issue for every expectation that does not hold."""
    tested = {name: kpi for name, kpi in definitions.kpis.items() if kpi.tests and kpi.type != "relationship"}
    if not tested:
        return ()
    engine = create_engine("duckdb:///:memory:", poolclass=StaticPool)
    found: list[Issue] = []
    with engine.connect() as connection:
        plans = {name: make_plan(definitions.measures, definitions.kpis, name) for name in tested}
        read = sorted({table for plan in plans.values() for table in plan.tables})
        # nothing is there yet, and DuckDB imports pandas to look whether there is
        warehouse.create_all(connection, [FACTS[name] for name in read], checkfirst=False)
        connection.commit()
        for name, kpi in tested.items():
            plan = plans[name]
            for number, test in enumerate(kpi.tests):
                found += _run(connection, definitions, name, plan, number, test, kpi.fill == "zero")
                connection.rollback()
    engine.dispose()
    return tuple(found)


def _run(connection: Connection, definitions: Definitions, name: str, plan: Plan, number: int, test: Case, zero: bool) -> Iterator[Issue]:
    path = ("kpis", name, "tests", number)
    try:
        for row in test.given:
            _insert(connection, plan, row)
        actual = _values(connection, definitions, plan, test, zero)
    except (DBAPIError, CompileError, KeyError, ValueError) as error:
        reason = str(error.orig if isinstance(error, DBAPIError) else error).splitlines()[0]
        yield definitions.issue("KPI041", path, f"KPI '{name}': the test's rows do not fit the table: {reason[:160]}.", name)
        return
    for day, wanted in test.expect.items():
        got = actual.get(_day(day))
        if not _equal(got, wanted):
            yield definitions.issue(
                "KPI040", (*path, "expect"), f"KPI '{name}': the test expects {wanted} on {day}, but the definition gives {got}.", name
            )


def _insert(connection: Connection, plan: Plan, row: Mapping[str, Any]) -> None:
    """Insert one given row into every table that has all its columns, or the one it names; lists stand for one row a value."""
    given = {name: value for name, value in row.items() if name != "table"}
    tables = [row["table"]] if row.get("table") in plan.tables else plan.tables
    fitting = [table for table in tables if all(key in FACTS[table].columns for key in given)]
    if not fitting:
        unknown = sorted(key for key in given if not any(key in FACTS[table].columns for table in plan.tables))
        raise ValueError(f"no table of the KPI ({', '.join(plan.tables)}) has the column {', '.join(unknown) or 'combination given'}")
    lists = [value if isinstance(value, list) else [value] for value in given.values()]
    for values in product(*lists):
        parsed = {name: _value(fitting[0], name, value) for name, value in zip(given, values, strict=True)}
        execute_written(connection, insert(FACTS[fitting[0]]).values(**_filled(fitting[0], parsed)))


def _value(table: str, column: str, value: Any) -> Any:
    """Turn what YAML left a text into the day or the instant that the column holds."""
    kind = FACTS[table].c[column].type
    if isinstance(value, str) and isinstance(kind, Date):
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if isinstance(value, str) and isinstance(kind, DateTime) else value


def _filled(table: str, given: dict[str, Any]) -> dict[str, Any]:
    """Give columns that must not be empty, and that the test is silent about, something harmless."""
    filled = dict(given)
    for column in FACTS[table].columns:
        if not column.nullable and column.name not in filled:
            kind = column.type.python_type
            filled[column.name] = (
                "" if kind is str else literal_column("DATE '0001-01-01'") if kind is date else literal_column("TIMESTAMP '0001-01-01'")
            )
    return filled


def _values(connection: Connection, definitions: Definitions, plan: Plan, test: Case, zero: bool) -> dict[object, float | None]:
    """Return what the definition gives for every expected period, by its first day."""
    calendar, days = definitions.calendar, [_day(day) for day in test.expect]
    if test.grain in ("hour", "sprint"):
        raise ValueError(f"a test states values of days, weeks, months, …; '{test.grain}' cannot be tested here")
    spans = list(calendar.periods(test.grain, Period(min(days), max(days) + timedelta(days=1))))
    where = tuple((name, (v,) if isinstance(v, str) else tuple(v)) for name, v in test.where.items())
    slots = Slots(test.grain, Period(spans[0].start, spans[-1].end), calendar)
    rows = execute_written(connection, compile_plan(plan, slots, (), where)).all()
    stored: dict[Any, Any] = {row.period: row._mapping for row in rows}
    found: dict[object, float | None] = {}
    for span in spans:
        raw = {leaf.key: stored.get(None if test.grain == "total" else span.start, {}).get(leaf.key) for leaf in plan.leaves}
        leaves = {key: (0.0 if zero and plan.is_additive else None) if value is None else float(value) for key, value in raw.items()}
        found[span.start] = evaluate(plan.expression, leaves)[0]
    return found


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _equal(got: float | None, wanted: float | None) -> bool:
    if got is None or wanted is None:
        return got is wanted
    return math.isclose(got, wanted, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
