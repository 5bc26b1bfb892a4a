"""What a definition must fulfil beyond its shape: tables, columns, names, targets, units. Knows no file format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from errors import Issue, suggest
from metrics.check_language import conversion_issues, reference_issues, span_issues
from metrics.definitions import KPI, Measure, Where
from metrics.document import Document, Path_
from metrics.formula import FormulaError, names
from metrics.formula import parse as parse_formula
from metrics.plan import make_plan
from metrics.tables import dimensions, word
from metrics.units import EXAMPLE, HELD, unfit, unit_clash, unit_slip
from store.schema import FACTS, NON_ADDITIVE, TIME_AXES, events


@dataclass(frozen=True, slots=True)
class Written:
    """What a file defines: the models that hold, and every name that it writes, right or wrong."""

    document: Document
    currency: str
    measures: Mapping[str, Measure]
    kpis: Mapping[str, KPI]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is being checked, and how it is called in a sentence."""

    document: Document
    path: Path_
    words: str
    kpi: str | None = None

    def issue(self, code: str, inner: Path_, message: str, hint: str | None = None, *, level: str = "error", at: Any = "key") -> Issue:
        """Return an issue about a part of the subject."""
        text = f"{self.words}{message}"
        return self.document.issue(code, (*self.path, *inner), text, kpi=self.kpi, suggestion=hint, level=level, at=at)


def columns_of(table: str) -> list[str]:
    """Return the columns that a definition may name."""
    return sorted(column.name for column in FACTS[table].columns if column.name != "slice")


def check_measure(document: Document, name: str, measure: Measure) -> Iterator[Issue]:
    """Yield what is wrong with a measure's table, columns, time and conditions."""
    subject = Subject(document, ("measures", name), f"measure '{name}'")
    if measure.table not in TIME_AXES:
        words = f" reads the unknown table '{measure.table}'. Known tables: {', '.join(sorted(TIME_AXES))}."
        yield subject.issue("KPI020", ("table",), words, suggest(measure.table, TIME_AXES), at="value")
        return
    for column in measure.columns:
        yield from _column(subject, measure, column)
    axis = TIME_AXES[measure.table]
    known = (axis.column, *axis.choices)
    if measure.time is not None and measure.time not in known:
        words = f": '{measure.time}' is no time column of {measure.table}. Known: {', '.join(known)}."
        yield subject.issue("KPI024", ("time",), words, suggest(measure.time, known), at="value")
    yield from check_where(subject, ("where",), measure.where, measure.table)


def _column(subject: Subject, measure: Measure, column: str) -> Iterator[Issue]:
    known = columns_of(measure.table)
    if column not in known:
        words = f": table {measure.table} has no column '{column}'. Known columns: {', '.join(known)}."
        yield subject.issue("KPI021", ("column",), words, suggest(column, known), at="value")
        return
    holds = word(FACTS[measure.table].c[column].type)
    if measure.agg not in ("count", "count_distinct") and holds != "number":
        words = f": '{measure.agg}' needs numbers; {column} holds {holds}. Use count or count_distinct."
        yield subject.issue("KPI022", ("agg",), words, at="value")
    elif measure.agg == "sum" and (measure.table, column) in NON_ADDITIVE:
        words = f": {column} counts distinct people in each cell and must never be summed. Count distinct user_id of the table events."
        yield subject.issue("KPI023", ("agg",), words, at="value")


def check_where(subject: Subject, path: Path_, where: Where, table: str) -> Iterator[Issue]:
    """Yield the conditions on columns that the table does not have, or that can never be met."""
    columns = columns_of(table)
    for key, wanted in where.items():
        if key not in columns:
            words = f": 'where' names the unknown column '{key}'. Known columns: {', '.join(columns)}."
            yield subject.issue("KPI021", (*path, key), words, suggest(key, columns))
            continue
        holds = word(FACTS[table].c[key].type)
        for value in unfit(holds, wanted):
            words = f": 'where' compares {key} with {value!r}, but {key} holds {HELD[holds]}. Example: {EXAMPLE[holds]}."
            yield subject.issue("KPI035", (*path, key), words)


def check_kpi(written: Written, name: str) -> Iterator[Issue]:
    """Yield what is wrong with a KPI's own lines."""
    kpi, subject = written.kpis[name], Subject(written.document, ("kpis", name), f"KPI '{name}'", name)
    if kpi.targets and kpi.better == "none":
        yield subject.issue("KPI030", ("targets",), " has a target but no direction. Add 'better: higher', 'lower' or 'band'.")
    yield from _targets(subject, kpi)
    yield from _units(subject, kpi, written)
    yield from _names(subject, kpi, written)
    yield from conversion_issues(written.document, name, kpi, written.measures, written.kpis, set(written.names))
    yield from reference_issues(written.document, name, kpi, map(str, written.document.root.get("kpis") or ()))


def _targets(subject: Subject, kpi: KPI) -> Iterator[Issue]:
    for later, target in enumerate(kpi.targets):
        for earlier in kpi.targets[:later]:
            if target.scope == earlier.scope and target.from_ <= earlier.to and earlier.from_ <= target.to:
                words = f": this target overlaps the one from {earlier.from_} to {earlier.to}. Let one end before the other begins."
                yield subject.issue("KPI031", ("targets", later), words)
        wrong = {"stay_above": "lower", "stay_below": "higher"}.get(target.kind)
        if wrong is not None and kpi.better == wrong:
            yield subject.issue("KPI032", ("targets", later, "kind"), f" is better when {wrong}, but its target says {target.kind}.")


def _units(subject: Subject, kpi: KPI, written: Written) -> Iterator[Issue]:
    """Find sums of unlike units, targets of a share that are written in percent, and units that are slips."""
    if kpi.shown_unit == "%":
        for place, target in enumerate(kpi.targets):
            ends = [value for value in (target.value, target.low, target.high) if value is not None and abs(value) > 1]
            if ends:
                words = f" is a share, kept as a fraction of 1, but its target is {ends[0]:g}. Write 0.055 for 5.5 %."
                yield subject.issue("KPI036", ("targets", place), words, level="warning")
    meant = unit_slip(kpi.unit, written.currency, (other.unit for other in written.kpis.values() if other is not kpi))
    if meant is not None:
        words = f": the unit '{kpi.unit}' is used nowhere else and looks like '{meant}'."
        yield subject.issue("KPI038", ("unit",), words, f"Did you mean: {meant}?", level="warning", at="value")
    if kpi.formula is None:
        return
    try:
        expression = parse_formula(kpi.formula)
    except FormulaError:
        return
    clash = unit_clash(expression, {n: k.shown_unit for n, k in written.kpis.items() if k is not kpi})
    if clash is not None:
        yield subject.issue("KPI033", ("formula",), f" adds {clash[0]} and {clash[1]}: unlike units have no sum and no difference.")


def _names(subject: Subject, kpi: KPI, written: Written) -> Iterator[Issue]:
    used = list(_used(subject, kpi))
    unknown = [(key, name) for key, name in used if not isinstance(name, Issue) and name not in written.names]
    yield from (name for _, name in used if isinstance(name, Issue))
    for key, name in unknown:
        hint = suggest(name, written.names) or f"Known: {', '.join(sorted(written.names)[:12])}."
        yield subject.issue("KPI025", key, f" uses '{name}', which is neither a measure nor a KPI.", hint, at="value")
    if unknown:  # nothing further is looked at, but what the known measures tell should not wait for the next check
        tables = {written.measures[name].table for _, name in used if not isinstance(name, Issue) and name in written.measures}
        for table in sorted(tables):
            yield from check_where(subject, ("where",), kpi.where, table)


def _used(subject: Subject, kpi: KPI) -> Iterator[tuple[Path_, str | Issue]]:
    """Yield (key, name) for everything a KPI names, or the reason why its formula cannot be read."""
    if kpi.relationship is not None:
        yield ("relationship", "driver"), kpi.relationship.driver
        yield ("relationship", "outcome"), kpi.relationship.outcome
    if kpi.formula is not None:
        try:
            used_names = sorted(names(parse_formula(kpi.formula)))
            if not used_names:
                raise FormulaError("it has numbers only; name at least one measure or KPI", 1)
            yield from ((("formula",), used) for used in used_names)
        except FormulaError as error:
            words = f": in '{kpi.formula[:80]}', character {error.column}: {error}. Example: revenue / sessions."
            yield (), subject.issue("KPI026", ("formula",), words, at="value")
    for key in ("value", "numerator", "denominator"):
        used_name = getattr(kpi, key)
        if used_name is not None:
            yield (key,), used_name


def check_reach(written: Written, name: str) -> Iterator[Issue]:
    """Yield what needs the tables behind a KPI: its dimensions, its conditions, the rows of its tests."""
    kpi, subject = written.kpis[name], Subject(written.document, ("kpis", name), f"KPI '{name}'", name)
    if kpi.relationship is not None:
        yield from _dimensions(subject, ("relationship", "by"), kpi.relationship.by, (events.name,))
        return
    plan = make_plan(written.measures, written.kpis, name)
    tables = plan.split_tables
    yield from span_issues(written.document, name, kpi, plan)
    yield from _dimensions(subject, ("dimensions",), kpi.dimensions or (), tables)
    for place, target in enumerate(kpi.targets):
        yield from _dimensions(subject, ("targets", place, "where"), target.where, tables)
    for table in plan.tables:
        about = Subject(subject.document, subject.path, f"KPI '{name}' (table {table})", name)
        yield from check_where(about, ("where",), kpi.where, table)
    yield from _tests(subject, kpi, plan.tables)


def _dimensions(subject: Subject, path: Path_, named: Iterable[str], tables: tuple[str, ...]) -> Iterator[Issue]:
    shared = sorted(frozenset.intersection(*(dimensions(table) for table in tables)))
    for place, dimension in enumerate(named):
        if dimension not in shared:
            words = f" has no dimension '{dimension}': not every table it reads ({', '.join(tables)}) knows it. Known: {', '.join(shared) or 'none'}."
            yield subject.issue("KPI029", (*path, dimension if isinstance(named, Mapping) else place), words, suggest(dimension, shared))


def _tests(subject: Subject, kpi: KPI, tables: tuple[str, ...]) -> Iterator[Issue]:
    for place, test in enumerate(kpi.tests):
        for number, row in enumerate(test.given):
            read = (row["table"],) if row.get("table") in FACTS else tables
            known = sorted({column for table in read for column in columns_of(table)} | {"table"})
            for key in row:
                if key not in known:
                    words = f": the test's rows do not fit the tables it reads ({', '.join(read)}): there is no column '{key}'."
                    yield subject.issue("KPI041", ("tests", place, "given", number, key), words, suggest(str(key), known))
        for day in test.expect:
            if not isinstance(day, date) and test.grain != "sprint" and not _is_day(day):
                words = f": the test expects a value on '{day}', which is no day. Write days as 2026-01-31."
                yield subject.issue("KPI041", ("tests", place, "expect", day), words)


def _is_day(text: object) -> bool:
    try:
        date.fromisoformat(str(text))
    except ValueError:
        return False
    return True


def alike(written: Written) -> Iterator[Issue]:
    """Yield a warning for every KPI that bears the label of an earlier one."""
    seen: dict[str, str] = {}
    for name, kpi in written.kpis.items():
        if kpi.label is None:
            continue
        first = seen.setdefault(kpi.label.casefold(), name)
        if first != name:
            subject = Subject(written.document, ("kpis", name), f"KPI '{name}'", name)
            yield subject.issue("KPI037", ("label",), f" has the label of KPI '{first}': people cannot tell them apart.", level="warning")
