"""The canonical tables as analysts see them: columns, dimensions, time axes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Date, DateTime, String, Table
from sqlalchemy.types import TypeEngine

from store.schema import FACTS, NON_ADDITIVE, TIME_AXES

DIMENSIONS = frozenset(
    {
        "device",
        "channel",
        "campaign",
        "landing_page",
        "page",
        "event",
        "rating",
        "metric",
        "project",
        "type",
        "status_category",
        "board",
        "source",
    }
)


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """One column. additive False: its values must never be summed."""

    name: str
    type: str
    comment: str
    additive: bool


@dataclass(frozen=True, slots=True)
class TableInfo:
    """One table and the column by which its rows fall on the calendar."""

    name: str
    time: str
    columns: tuple[ColumnInfo, ...]


def measurable_tables() -> tuple[TableInfo, ...]:
    """Return the tables that a measure may read, by name."""
    return tuple(TableInfo(name, TIME_AXES[name].column, _columns(FACTS[name])) for name in sorted(TIME_AXES))


def _columns(table: Table) -> tuple[ColumnInfo, ...]:
    shown = [c for c in table.columns if c.name != "slice"]
    return tuple(ColumnInfo(c.name, word(c.type), c.comment or "", (table.name, c.name) not in NON_ADDITIVE) for c in shown)


def word(kind: TypeEngine[object]) -> str:
    """Return the word for a column's type: text, day, instant, yes/no or number."""
    if isinstance(kind, String):
        return "text"
    if isinstance(kind, Date):
        return "day"
    if isinstance(kind, DateTime):
        return "instant"
    return "yes/no" if kind.python_type is bool else "number"


def dimensions(table: str) -> frozenset[str]:
    """Return the columns of a table that values may be split by."""
    return frozenset(c.name for c in FACTS[table].columns) & DIMENSIONS
