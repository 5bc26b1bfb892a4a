"""Says a definition in words, and where its numbers come from. Everything here follows from the definition; nothing is written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from metrics.check import Definitions
from metrics.definitions import KPI, Condition, Measure, Target, Where
from metrics.history import stands_on
from metrics.numerals import short
from metrics.tables import measurable_tables
from store.lineage import vendor_fields
from store.schema import FACTS, TIME_AXES

AGGREGATES = {
    "sum": "sum of {0}",
    "count": "number of rows",
    "count_distinct": "number of different {0}",
    "avg": "mean of {0}",
    "min": "smallest {0}",
    "max": "largest {0}",
    "median": "median of {0}",
}
_SIGNS = {"gt": "more than", "gte": "at least", "lt": "less than", "lte": "at most", "like": "like"}


@dataclass(frozen=True, slots=True)
class Origin:
    """One column that a KPI reads. fields: (connector, the vendor's field); part: the measure that reads it."""

    part: str
    table: str
    column: str
    meaning: str
    fields: tuple[tuple[str, str], ...]


def describe(name: str, definitions: Definitions) -> tuple[str, ...]:
    """Return what a KPI is, in sentences: what is computed, from what, when it is absent, what is wanted of it."""
    kpi = definitions.kpis[name]
    measures, kpis = stands_on(name, definitions)
    return (
        _computed(kpi, definitions.kpis[name].label or name),
        *(f"{part}: {measure_words(definitions.measures[part])}." for part in measures),
        *(_computed(definitions.kpis[part], part) for part in kpis if not _is_its_measure(part, definitions)),
        *_rules(kpi),
        *(f"Target: {target_words(target, kpi.shown_unit)}." for target in kpi.targets),
    )


def _computed(kpi: KPI, label: str) -> str:
    """Return what a KPI computes, as one sentence."""
    if kpi.relationship is not None:
        by = f", within each {' and '.join(kpi.relationship.by)}" if kpi.relationship.by else ""
        return f"{label} sets {kpi.relationship.outcome} against {kpi.relationship.driver}{by}: an association, not proof of cause."
    if kpi.conversion is not None:
        found = kpi.conversion
        after = f"not sooner than {found.after} and " if found.after else ""
        words = f"the share of different {found.entity} with {found.from_} who had {found.to} {after}within {found.within} after it"
    elif kpi.numerator is not None:
        words = f"{kpi.numerator} divided by {kpi.denominator}"
    elif kpi.formula is not None:
        words = kpi.formula
    else:
        words = f"the value of {kpi.value}"
    if kpi.window is not None:
        words += f"; over the {kpi.window} up to the end of each period"
    if kpi.to_date is not None:
        words += (
            "; from the beginning on"
            if kpi.to_date == "ever"
            else f"; from the beginning of the {kpi.to_date.replace('_', ' ')} to the end of each period"
        )
    where = f", where {where_words(kpi.where)}" if kpi.where else ""
    first = (
        "; both over the whole period first, never a mean of ratios"
        if kpi.numerator
        else "; each part over the whole period first"
        if kpi.formula
        else ""
    )
    return f"{label} is {words}{where}{first}."


def _is_its_measure(name: str, definitions: Definitions) -> bool:
    """Whether a KPI is nothing but the measure of its name, which is said already."""
    kpi = definitions.kpis[name]
    return kpi.value == name and name in definitions.measures and not kpi.where and kpi.window is None and kpi.to_date is None


def measure_words(measure: Measure) -> str:
    """Return what a measure counts or adds up."""
    columns = " and ".join(measure.columns)
    shape = AGGREGATES.get(measure.agg) or f"value that {measure.agg[1:]} % of all {{0}} do not exceed"
    where = f", where {where_words(measure.where)}" if measure.where else ""
    time = measure.time or TIME_AXES[measure.table].column
    day = "its day" if time == "day" else f"the day of its {time}"
    return f"{shape.format(columns)} in {measure.table}{where}; a row counts on {day}"


def where_words(where: Where) -> str:
    """Return conditions as people say them."""
    return " and ".join(_condition(column, wanted) for column, wanted in where.items())


def _condition(column: str, wanted: Any) -> str:
    if isinstance(wanted, list):
        return f"{column} is {' or '.join(map(_said, wanted))}"
    if not isinstance(wanted, Condition):
        return f"{column} is {_said(wanted)}"
    parts = []
    for key in sorted(wanted.model_fields_set):
        value = getattr(wanted, key)
        match key:
            case "not_":
                parts.append(f"is not {_said(value)}")
            case "in_":
                parts.append(f"is {' or '.join(map(_said, value))}")
            case "not_in":
                parts.append(f"is neither {' nor '.join(map(_said, value))}")
            case "is_null":
                parts.append("is empty" if value else "is not empty")
            case _:
                parts.append(f"is {_SIGNS[key]} {_said(value)}")
    return f"{column} {' and '.join(parts)}"


def _said(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def target_words(target: Target, unit: str | None) -> str:
    """Return a target in words; a share is said in percent."""
    ends = (target.low, target.high) if target.kind == "band" else (target.value,)
    said = " and ".join(_amount(end, unit) for end in ends if end is not None)
    wanted = f"between {said}" if target.kind == "band" else f"{target.kind.replace('_', ' ')} {said}"
    scopes = [f"{name} {' or '.join(values)}" for name, values in target.scope]
    scope = f" for {', '.join(scopes)}" if scopes else ""
    who = f" by {target.set_by}" if target.set_by else ""
    return f"{wanted}{scope} from {target.from_} to {target.to}, {target.provenance}{who}"


def _amount(value: float, unit: str | None) -> str:
    return f"{short(value * 100)} %" if unit == "%" else f"{short(value)} {unit}" if unit else short(value)


def _rules(kpi: KPI) -> Iterator[str]:
    """Yield what follows from the rest: direction, gaps, what may move, splits."""
    better = {"higher": "Higher is better.", "lower": "Lower is better.", "band": "Best inside its band."}.get(kpi.better)
    if better:
        yield better
    yield "A period without rows counts as 0." if kpi.fill == "zero" else "A period without rows has no value."
    if kpi.maturity_days:
        yield f"The last {kpi.maturity_days} days may still move."
    if kpi.dimensions is not None:
        yield f"May be split by {', '.join(kpi.dimensions)}." if kpi.dimensions else "Is not split."
    if kpi.grain == "sprint":
        yield "Exists by sprint only."


def lineage(name: str, definitions: Definitions) -> tuple[Origin, ...]:
    """Return every column that a KPI reads, with its meaning and the vendors' fields that fill it."""
    comments = {(table.name, column.name): column.comment for table in measurable_tables() for column in table.columns}
    found: dict[Origin, None] = {}
    for part, table, column in _read(name, definitions):
        found[Origin(part, table, column, comments.get((table, column), ""), vendor_fields(table, column))] = None
    return tuple(found)


def used_by(name: str, definitions: Definitions) -> tuple[str, ...]:
    """Return the KPIs that are made of this one, all the way up, and the relationships that it takes part in."""
    return tuple(other for other in definitions.kpis if other != name and name in stands_on(other, definitions)[1])


def _read(name: str, definitions: Definitions) -> Iterator[tuple[str, str, str]]:
    """Yield (part, table, column) for everything that is read: aggregated, compared, or put on the calendar."""
    measures, kpis = stands_on(name, definitions)
    for part in measures:
        measure = definitions.measures[part]
        for column in (*measure.columns, *measure.where, measure.time or TIME_AXES[measure.table].column):
            yield part, measure.table, column
    tables = sorted({definitions.measures[part].table for part in measures})
    for owner in (name, *kpis):
        for column in definitions.kpis[owner].where:
            yield from ((owner, table, column) for table in tables if column in FACTS[table].columns)
    conversion = definitions.kpis[name].conversion
    if conversion is not None:
        ends = {definitions.measures[end].table if end in definitions.measures else "events" for end in (conversion.from_, conversion.to)}
        for table in sorted(ends):
            yield from ((name, table, column) for column in (conversion.entity, *(("event", "time") if table == "events" else ())))
