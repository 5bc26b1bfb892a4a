"""Puts prepared questions to a store: one statement for one question, one pass over a table for many that share period and split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import ClauseElement, Connection, CursorResult, Dialect

from metrics.answer import Slot, Stored, rows_of
from metrics.compile import compile_plan, compile_scans
from metrics.coverage import Reach
from metrics.definitions import KPI
from metrics.plan import Leaf, Plan
from metrics.slots import Slots
from metrics.types import Question, Row


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question with everything that decides its rows."""

    question: Question
    definition: KPI
    plan: Plan
    reach: Reach
    slots: Slots
    spans: tuple[Slot, ...]

    @property
    def zero(self) -> bool:
        """Whether a leaf without rows counts as 0."""
        return self.definition.fill == "zero" and self.plan.is_additive

    def rows(self, stored: Stored) -> tuple[Row, ...]:
        """Return the answer's rows from the values of the leaves."""
        return rows_of(self.question, self.definition, self.plan, self.reach, self.spans, stored)


class Written:
    """SQL for people to read, values written in. Put into words when somebody wants to see it, which takes as long as a small query."""

    def __init__(self, statements: Sequence[ClauseElement], dialect: Dialect) -> None:
        self._statements, self._dialect = tuple(statements), dialect

    @cached_property
    def text(self) -> str:
        """The statements, one after the other."""
        return ";\n\n".join(dict.fromkeys(written(statement, self._dialect) for statement in self._statements))


Found = tuple[tuple[Row, ...], Written]
"""The rows of an answer, and the SQL that brought them."""


def run(connection: Connection, prepared: Sequence[Prepared]) -> list[Found]:
    """Return rows and SQL of every question, in their order."""
    found: dict[int, Found] = {}
    groups: dict[object, list[int]] = {}
    for place, one in enumerate(prepared):
        groups.setdefault((one.slots, one.question.by, one.question.where), []).append(place)
    for places in groups.values():
        mine = [prepared[place] for place in places]
        results = [_alone(connection, mine[0])] if len(mine) == 1 else _together(connection, mine)
        found.update(zip(places, results, strict=True))
    return [found[place] for place in range(len(prepared))]


def _alone(connection: Connection, one: Prepared) -> Found:
    statement = compile_plan(one.plan, one.slots, one.question.by, one.question.where, one.zero)
    stored = _stored(connection.execute(statement).all(), one.question.by, [leaf.key for leaf in one.plan.leaves])
    return one.rows(stored), Written([statement], connection.dialect)


def _together(connection: Connection, many: Sequence[Prepared]) -> list[Found]:
    """Read every table once for all questions: what two of them share is worked out once."""
    shared: dict[str, Leaf] = {}
    for leaf in (leaf for one in many for leaf in one.plan.leaves):
        shared.setdefault(leaf.identity, replace(leaf, key=f"m{len(shared)}"))
    by, where = many[0].question.by, many[0].question.where
    values: dict[tuple[object, ...], dict[str, float | None]] = {}
    statements: dict[str, ClauseElement] = {}
    for leaves, statement in compile_scans(tuple(shared.values()), many[0].slots, by, where):
        for key, found in _stored(connection.execute(statement).all(), by, [leaf.key for leaf in leaves]).items():
            values.setdefault(key, {}).update(found)
        statements.update(dict.fromkeys((leaf.key for leaf in leaves), statement))
    names = [{leaf.key: shared[leaf.identity].key for leaf in one.plan.leaves} for one in many]
    sql = [Written([statements[common] for common in mine.values()], connection.dialect) for mine in names]
    return [(one.rows(_renamed(values, mine)), text) for one, mine, text in zip(many, names, sql, strict=True)]


def _renamed(values: Mapping[tuple[object, ...], dict[str, float | None]], names: Mapping[str, str]) -> Stored:
    return {key: {name: found.get(common) for name, common in names.items()} for key, found in values.items()}


def _stored(rows: Sequence[Any], by: Sequence[str], keys: Sequence[str]) -> dict[tuple[object, ...], dict[str, float | None]]:
    """Return (period, *by) → leaf → value, of rows that begin with period and by."""
    width, columns = 1 + len(by), tuple(enumerate(keys, 1 + len(by)))
    return {tuple(row[:width]): {key: None if row[n] is None else float(row[n]) for n, key in columns} for row in rows}


def written(statement: ClauseElement, dialect: Dialect) -> str:
    """Return a statement with its values written in, for people to read."""
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def execute_written(connection: Connection, statement: ClauseElement) -> CursorResult[Any]:
    """Run a statement with its values written in: for the first value that is handed over DuckDB imports pandas, which takes half a second.

    For what a process asks once; the statements of answers are kept compiled, without their values.
    """
    return connection.exec_driver_sql(written(statement, connection.dialect))
