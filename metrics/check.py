"""Finds everything that is wrong with the definitions at once: codes, places, the nearest right word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import TypeAdapter, ValidationError

from errors import Issue, suggest
from metrics import layers
from metrics.calendar import Calendar
from metrics.check_language import conversion_issues, reference_issues, span_issues
from metrics.definitions import (
    KPI,
    Accepted,
    CalendarModel,
    Case,
    Certified,
    Condition,
    Conversion,
    Driver,
    Measure,
    Rebase,
    Reconcile,
    Relationship,
    Signals,
    Target,
    Where,
    is_identifier,
)
from metrics.document import Document, parse, read
from metrics.formula import FormulaError, names
from metrics.formula import parse as parse_formula
from metrics.plan import make_plan
from metrics.tables import dimensions, word
from metrics.units import EXAMPLE, HELD, unfit, unit_clash
from store.schema import FACTS, NON_ADDITIVE, TIME_AXES

TOP_LEVEL = ("version", "calendar", "measures", "kpis")
Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Definitions:
    """What holds of a file: the KPIs and measures without a problem, the calendar, and the problems of the others."""

    calendar: Calendar
    measures: Mapping[str, Measure]
    kpis: Mapping[str, KPI]
    issues: tuple[Issue, ...]
    document: Document

    def issue(self, code: str, path: Path_, message: str, kpi: str | None) -> Issue:
        """Return an error that points into the file."""
        return self.document.issue(code, path, message, kpi=kpi)


def check_file(path: Path) -> tuple[Definitions | None, tuple[Issue, ...]]:
    """Return what holds of a file, and every problem; None when the file is broken as a whole. The same bytes are checked once."""
    raw, issues = read(path)
    return (None, issues) if raw is None else _checked(path.name, raw)


@lru_cache(maxsize=8)
def _checked(name: str, raw: bytes) -> tuple[Definitions | None, tuple[Issue, ...]]:
    return _check(*parse(name, raw))


def check_text(name: str, text: str) -> tuple[Definitions | None, tuple[Issue, ...]]:
    """Return what holds of a text, and every problem; None when it is broken as a whole."""
    return _check(*parse(name, text.encode()))


def _check(document: Document | None, issues: tuple[Issue, ...]) -> tuple[Definitions | None, tuple[Issue, ...]]:
    if document is None:
        return None, issues
    whole = list(_whole(document))
    if whole:
        return None, tuple(whole)
    found: list[Issue] = list(_unknown_keys(document))
    calendar = _calendar(document, found)
    measures = _models(document, "measures", Measure, found)
    kpis = _models(document, "kpis", KPI, found)
    for name in list(measures):
        problems = list(_measure(document, name, measures[name]))
        found += problems
        if problems:
            del measures[name]
    written = {name for section in ("measures", "kpis") for name in (document.root.get(section) or {})}
    for name in list(kpis):
        problems = list(_kpi(document, name, kpis[name], measures, kpis, written))
        found += problems
        if any(p.level == "error" for p in problems):
            del kpis[name]
    for name, fault in layers.faults(kpis, measures).items():
        found.append(document.issue(fault.code, ("kpis", name), f"KPI '{name}' {fault.words}.", kpi=name))
        del kpis[name]
    for name, kpi in kpis.items():
        found += _reach(document, name, kpi, measures, kpis)
    bad = {issue.kpi for issue in found if issue.level == "error"}
    ordered = tuple(sorted(set(found), key=lambda i: (i.line, i.column, i.code, i.message)))
    return Definitions(calendar, measures, {n: k for n, k in kpis.items() if n not in bad}, ordered, document), ordered


def _whole(document: Document) -> Iterator[Issue]:
    root = document.root
    if not isinstance(root, Mapping):
        yield document.issue("KPI003", (), "the file must be a mapping that begins with 'version: 1'.")
        return
    if root.get("version") != 1:
        yield document.issue("KPI003", ("version",), f"'version' is {root.get('version')!r}; known: 1.")
    for section in ("calendar", "measures", "kpis"):
        if not isinstance(root.get(section) or {}, Mapping):
            yield document.issue("KPI003", (section,), f"'{section}' must be a mapping.")


def _unknown_keys(document: Document) -> Iterator[Issue]:
    for key in document.root:
        if key not in TOP_LEVEL:
            yield document.issue(
                "KPI010", (key,), f"unknown key '{key}'. Known keys: {', '.join(TOP_LEVEL)}.", suggestion=suggest(str(key), TOP_LEVEL)
            )


def _calendar(document: Document, found: list[Issue]) -> Calendar:
    model = _model(document, ("calendar",), CalendarModel, document.root.get("calendar") or {}, found, None) or CalendarModel()
    try:
        zone = ZoneInfo(model.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        found.append(document.issue("KPI011", ("calendar", "timezone"), f"'{model.timezone}' is not a time zone. Example: Europe/Vienna."))
        zone = ZoneInfo("UTC")
    return Calendar(zone, model.week_start, model.fiscal_year_start, model.currency)


def _models(document: Document, section: str, kind: Any, found: list[Issue]) -> dict[str, Any]:
    """Return the models of a section by name, leaving out the ones with problems."""
    models = {}
    for name, body in (document.root.get(section) or {}).items():
        path, kpi = (section, name), str(name) if section == "kpis" else None
        if not is_identifier(name):
            found.append(
                document.issue(
                    "KPI012", path, f"'{name}' cannot name a measure or a KPI: small letters, digits and _ only, a letter first.", kpi=kpi
                )
            )
            continue
        model = _model(document, path, kind, body if body is not None else {}, found, kpi)
        if model is not None:
            models[str(name)] = model
    return models


def _model(document: Document, path: Path_, kind: Any, body: object, found: list[Issue], kpi: str | None) -> Any:
    """Return the validated model, or None with its problems added."""
    try:
        return TypeAdapter(kind).validate_python(_plain(body))
    except ValidationError as error:
        translated = [_translated(document, path, kind, problem, kpi) for problem in error.errors(include_url=False)]
        found += list(dict.fromkeys(translated))
        return None


def _translated(document: Document, path: Path_, kind: Any, problem: Any, kpi: str | None) -> Issue:
    """Turn pydantic's words into ours: the key, the value, what is known, the nearest word."""
    inner = tuple(part for part in problem["loc"] if not (isinstance(part, str) and (part in _BRANCHES or "[" in part)))
    subject = f"KPI '{kpi}'" if kpi else " ".join(map(str, path[:2]))
    where, key, value = (*path, *inner), inner[-1] if inner else None, problem.get("input")
    match problem["type"]:
        case "extra_forbidden":
            known = _known(kind, inner[:-1])
            return document.issue(
                "KPI010",
                where,
                f"{subject} has the unknown key '{key}'. Known keys: {', '.join(known)}.",
                kpi=kpi,
                suggestion=suggest(str(key), known),
            )
        case "missing":
            return document.issue("KPI013", (*path, *inner[:-1]), f"{subject} lacks '{key}'.", kpi=kpi)
        case "literal_error":
            known_words = problem["ctx"]["expected"].replace(" or ", ", ").replace("'", "")
            hint = suggest(str(value), known_words.split(", "))
            return document.issue("KPI014", where, f"{subject}: '{key}' is '{value}'. Known: {known_words}.", kpi=kpi, suggestion=hint)
        case "value_error":
            return document.issue("KPI015", where, f"{subject}: {problem['ctx']['error']}.", kpi=kpi)
        case _:
            return document.issue(
                "KPI014", where, f"{subject}: '{key}' is {value!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}.", kpi=kpi
            )


_BRANCHES = frozenset({"Condition", "Driver", "bool", "int", "float", "str", "date"})


def _known(kind: Any, inner: Path_) -> list[str]:
    """Return the keys that the model at `inner` takes."""
    model = kind
    for part in inner:
        if isinstance(part, int):
            continue
        model = _NESTED.get(str(part), model)
    return sorted(field.alias or name for name, field in model.model_fields.items())


_NESTED: dict[str, Any] = {
    "targets": Target,
    "relationship": Relationship,
    "conversion": Conversion,
    "accepted": Accepted,
    "drivers": Driver,
    "reconcile_with": Reconcile,
    "signals": Signals,
    "rebase": Rebase,
    "certified": Certified,
    "tests": Case,
    "calendar": CalendarModel,
    "where": Condition,
}


def _measure(document: Document, name: str, measure: Measure) -> Iterator[Issue]:
    path: Path_ = ("measures", name)
    if measure.table not in TIME_AXES:
        yield document.issue(
            "KPI020",
            (*path, "table"),
            f"measure '{name}' reads the unknown table '{measure.table}'. Known tables: {', '.join(sorted(TIME_AXES))}.",
            suggestion=suggest(measure.table, TIME_AXES),
        )
        return
    table = FACTS[measure.table]
    columns = sorted(c.name for c in table.columns if c.name != "slice")
    for column in measure.columns:
        if column not in columns:
            yield document.issue(
                "KPI021",
                (*path, "column"),
                f"measure '{name}': table {measure.table} has no column '{column}'. Known columns: {', '.join(columns)}.",
                suggestion=suggest(column, columns),
            )
        elif measure.agg not in ("count", "count_distinct") and word(table.c[column].type) != "number":
            yield document.issue(
                "KPI022",
                (*path, "agg"),
                f"measure '{name}': '{measure.agg}' needs numbers; {column} holds {word(table.c[column].type)}. Use count or count_distinct.",
            )
        elif measure.agg == "sum" and (measure.table, column) in NON_ADDITIVE:
            yield document.issue(
                "KPI023",
                (*path, "agg"),
                f"measure '{name}': {column} counts distinct people in each cell and must never be summed. Count distinct user_id of the table events.",
            )
    if measure.time is not None and measure.time not in (TIME_AXES[measure.table].column, *TIME_AXES[measure.table].choices):
        known = (TIME_AXES[measure.table].column, *TIME_AXES[measure.table].choices)
        yield document.issue(
            "KPI024",
            (*path, "time"),
            f"measure '{name}': '{measure.time}' is no time column of {measure.table}. Known: {', '.join(known)}.",
            suggestion=suggest(measure.time, known),
        )
    yield from _where(document, (*path, "where"), measure.where, measure.table, f"measure '{name}'", None)


def _where(document: Document, path: Path_, where: Where, table: str, subject: str, kpi: str | None) -> Iterator[Issue]:
    columns = sorted(c.name for c in FACTS[table].columns if c.name != "slice")
    for key, wanted in where.items():
        if key in columns:
            holds = word(FACTS[table].c[key].type)
            for value in unfit(holds, wanted):
                yield document.issue(
                    "KPI035",
                    (*path, key),
                    f"{subject}: 'where' compares {key} with {value!r}, but {key} holds {HELD[holds]}. Example: {EXAMPLE[holds]}.",
                    kpi=kpi,
                )
        else:
            yield document.issue(
                "KPI021",
                (*path, key),
                f"{subject}: 'where' names the unknown column '{key}'. Known columns: {', '.join(columns)}.",
                kpi=kpi,
                suggestion=suggest(key, columns),
            )


def _kpi(
    document: Document, name: str, kpi: KPI, measures: Mapping[str, Measure], kpis: Mapping[str, KPI], written: set[str]
) -> Iterator[Issue]:
    path: Path_ = ("kpis", name)
    if kpi.targets and kpi.better == "none":
        yield document.issue(
            "KPI030", (*path, "targets"), f"KPI '{name}' has a target but no direction. Add 'better: higher', 'lower' or 'band'.", kpi=name
        )
    yield from _targets(document, path, name, kpi)
    yield from _units(document, path, name, kpi, kpis)
    yield from _names(document, path, name, kpi, measures, kpis, written)
    yield from conversion_issues(document, name, kpi, measures, kpis, written)
    yield from reference_issues(document, name, kpi, map(str, document.root.get("kpis") or ()))


def _targets(document: Document, path: Path_, name: str, kpi: KPI) -> Iterator[Issue]:
    for later, target in enumerate(kpi.targets):
        for earlier in kpi.targets[:later]:
            if target.scope == earlier.scope and target.from_ <= earlier.to and earlier.from_ <= target.to:
                yield document.issue(
                    "KPI031",
                    (*path, "targets", later),
                    f"KPI '{name}': this target overlaps the one from {earlier.from_} to {earlier.to}. Let one end before the other begins.",
                    kpi=name,
                )
        wrong = {"stay_above": "lower", "stay_below": "higher"}.get(target.kind)
        if wrong is not None and kpi.better == wrong:
            yield document.issue(
                "KPI032",
                (*path, "targets", later, "kind"),
                f"KPI '{name}' is better when {wrong}, but its target says {target.kind}.",
                kpi=name,
            )


def _units(document: Document, path: Path_, name: str, kpi: KPI, kpis: Mapping[str, KPI]) -> Iterator[Issue]:
    """Find sums of unlike units, and targets of a share that are written in percent."""
    if kpi.shown_unit == "%":
        for place, target in enumerate(kpi.targets):
            ends = [value for value in (target.value, target.low, target.high) if value is not None and abs(value) > 1]
            if ends:
                yield document.issue(
                    "KPI036",
                    (*path, "targets", place),
                    f"KPI '{name}' is a share, kept as a fraction of 1, but its target is {ends[0]:g}. Write 0.055 for 5.5 %.",
                    kpi=name,
                    level="warning",
                )
    try:
        clash = unit_clash(parse_formula(kpi.formula or "0"), {n: k.shown_unit for n, k in kpis.items() if n != name})
    except FormulaError:
        return
    if clash is not None:
        yield document.issue(
            "KPI033",
            (*path, "formula"),
            f"KPI '{name}' adds {clash[0]} and {clash[1]}: unlike units have no sum and no difference.",
            kpi=name,
        )


def _names(
    document: Document, path: Path_, name: str, kpi: KPI, measures: Mapping[str, Measure], kpis: Mapping[str, KPI], written: set[str]
) -> Iterator[Issue]:
    known = sorted({*written, *measures, *kpis})
    for key, used in _used(document, path, name, kpi):
        if isinstance(used, Issue):
            yield used
        elif used not in written:
            yield document.issue(
                "KPI025",
                (*path, *key),
                f"KPI '{name}' uses '{used}', which is neither a measure nor a KPI.",
                kpi=name,
                suggestion=suggest(used, known) or f"Known: {', '.join(known[:12])}.",
            )


def _used(document: Document, path: Path_, name: str, kpi: KPI) -> Iterator[tuple[Path_, str | Issue]]:
    """Yield (key, name) for everything a KPI is made of, or the reason why its formula cannot be read."""
    if kpi.relationship is not None:
        yield ("relationship", "driver"), kpi.relationship.driver
        yield ("relationship", "outcome"), kpi.relationship.outcome
        return
    if kpi.formula is not None:
        try:
            used_names = sorted(names(parse_formula(kpi.formula)))
            if not used_names:
                raise FormulaError("it has numbers only; name at least one measure or KPI", 1)
            yield from ((("formula",), used) for used in used_names)
        except FormulaError as error:
            yield (
                (),
                document.issue(
                    "KPI026", (*path, "formula"), f"KPI '{name}': in '{kpi.formula[:80]}', character {error.column}: {error}.", kpi=name
                ),
            )
        return
    if kpi.conversion is not None:
        return
    for key in ("value", "numerator", "denominator"):
        used_name = getattr(kpi, key)
        if used_name is not None:
            yield (key,), used_name


def _reach(document: Document, name: str, kpi: KPI, measures: Mapping[str, Measure], kpis: Mapping[str, KPI]) -> Iterator[Issue]:
    """Check what needs the tables behind a KPI: its dimensions and its own conditions."""
    path: Path_ = ("kpis", name)
    if kpi.relationship is not None:
        return
    plan = make_plan(measures, kpis, name)
    tables = plan.split_tables
    shared = sorted(frozenset.intersection(*(dimensions(table) for table in tables)))
    yield from span_issues(document, name, kpi, plan)
    for place, dimension in enumerate(kpi.dimensions or ()):
        if dimension not in shared:
            yield document.issue(
                "KPI029",
                (*path, "dimensions", place),
                f"KPI '{name}' has no dimension '{dimension}': not every table it reads ({', '.join(tables)}) knows it. Known: {', '.join(shared) or 'none'}.",
                kpi=name,
                suggestion=suggest(dimension, shared),
            )
    for table in tables:
        yield from _where(document, (*path, "where"), kpi.where, table, f"KPI '{name}' (table {table})", name)


def _plain(value: Any) -> Any:
    """Return the document's value without the loader's own types."""
    if isinstance(value, Mapping):
        return {str(k) if not isinstance(k, str) and not hasattr(k, "isoformat") else k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value
