"""The measures that a KPI is made of, each asked over the same periods and splits as the KPI itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Engine

from metrics.asking import Prepared, run
from metrics.formula import Expression, Name
from metrics.plan import Leaf, Plan
from metrics.types import Row


@dataclass(frozen=True, slots=True)
class Part:
    """One measure of a KPI. key: what the expression calls it; name: what people call it; counts: whether it counts or adds up rows."""

    key: str
    name: str
    rows: tuple[Row, ...]
    counts: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """A KPI's expression and the measures in it. sql: what was asked."""

    expression: Expression
    parts: tuple[Part, ...]
    sql: str


def read_parts(engine: Engine, asked: Prepared) -> Parts:
    """Return the measures behind a question, from as few statements as possible."""
    leaves = asked.plan.leaves
    each = [replace(asked, plan=Plan(Name(leaf.key), (leaf,))) for leaf in leaves]
    with engine.connect() as connection:
        found = run(connection, each)
    parts = tuple(Part(leaf.key, leaf.name, rows, _counts(leaf)) for leaf, (rows, _) in zip(leaves, found, strict=True))
    return Parts(asked.plan.expression, parts, ";\n\n".join(dict.fromkeys(sql.text for _, sql in found)))


def _counts(leaf: Leaf) -> bool:
    return leaf.measure.agg in ("sum", "count", "count_distinct")
