"""Finds everything that is wrong with the definitions at once: codes, places, the nearest right word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel

from errors import Issue, suggest
from metrics import layers
from metrics.calendar import Calendar
from metrics.check_rules import Written, alike, check_kpi, check_measure, check_reach
from metrics.check_shape import model
from metrics.compose import Slip
from metrics.definitions import KPI, CalendarModel, Measure, is_identifier
from metrics.document import Document, Path_, parse, read
from metrics.marks import lapsed

TOP_LEVEL = ("version", "calendar", "measures", "kpis")


@dataclass(frozen=True, slots=True)
class Definitions:
    """What holds of a file: the KPIs and measures without a problem, the calendar, and the problems of the others."""

    calendar: Calendar
    measures: Mapping[str, Measure]
    kpis: Mapping[str, KPI]
    issues: tuple[Issue, ...]
    document: Document

    def issue(self, code: str, path: Path_, message: str, kpi: str | None, suggestion: str | None = None, level: str = "error") -> Issue:
        """Return an issue that points into the file."""
        return self.document.issue(code, path, message, kpi=kpi, suggestion=suggestion, level=level)


def check_file(path: Path) -> tuple[Definitions | None, tuple[Issue, ...]]:
    """Return what holds of a file, and every problem; None when the file is broken as a whole. The same bytes are checked once."""
    raw, issues = read(path)
    return (None, issues) if raw is None else _checked(path.name, raw)


@lru_cache(maxsize=8)
def _checked(name: str, raw: bytes) -> tuple[Definitions | None, tuple[Issue, ...]]:
    return _check(*parse(name, raw))


def check_text(name: str, text: str) -> tuple[Definitions | None, tuple[Issue, ...]]:
    """Return what holds of a text, and every problem; None when it is broken as a whole."""
    return _checked(name, text.encode())


def _check(document: Document | None, issues: tuple[Issue, ...]) -> tuple[Definitions | None, tuple[Issue, ...]]:
    if document is None:
        return None, issues
    whole = list(_whole(document))
    if whole:
        return None, tuple(whole)
    found = [*_unknown_keys(document), *_doubles(document)]
    calendar = _calendar(document, found)
    measures = _models(document, "measures", Measure, found)
    kpis = _models(document, "kpis", KPI, found)
    slips = [_slip(document, slip) for slip in document.slips]
    told = {(slip.line, slip.column) for slip in slips}
    found = [*slips, *(issue for issue in found if (issue.line, issue.column) not in told)]
    for name in list(measures):
        problems = list(check_measure(document, name, measures[name]))
        found += problems
        if problems:
            del measures[name]
    names = frozenset(str(name) for section in ("measures", "kpis") for name in document.root.get(section) or {})
    written = Written(document, "EUR" if calendar is None else calendar.currency, measures, kpis, names)
    found += alike(written)
    # every KPI is looked at before any of them goes: a name may be that of a KPI which has a problem itself
    of = {name: list(check_kpi(written, name)) for name in kpis}
    found += (issue for problems in of.values() for issue in problems)
    kpis = {name: kpi for name, kpi in kpis.items() if not any(issue.level == "error" for issue in of[name])}
    for name, fault in layers.faults(kpis, measures).items():
        found.append(document.issue(fault.code, ("kpis", name), f"KPI '{name}' {fault.words}.", kpi=name))
        del kpis[name]
    standing = replace(written, kpis=kpis)
    for name in kpis:
        found += check_reach(standing, name)
    for name, present in lapsed(measures, kpis):
        words = f"KPI '{name}' was certified as {kpis[name].certified.hash}, but its definition is {present} now. './kpi certify {name} --by NAME' renews it."
        found.append(document.issue("KPI042", ("kpis", name, "certified"), words, kpi=name, level="warning"))
    ordered = tuple(sorted(set(found), key=lambda i: (i.line, i.column, i.code, i.message)))
    if calendar is None:  # days would begin elsewhere: every number would be another one
        return None, ordered
    bad = {issue.kpi for issue in found if issue.level == "error"}
    return Definitions(calendar, measures, {n: k for n, k in kpis.items() if n not in bad}, ordered, document), ordered


def _whole(document: Document) -> Iterator[Issue]:
    root = document.root
    if not isinstance(root, Mapping):
        yield document.issue("KPI003", (), "the file must be a mapping that begins with 'version: 1'.")
        return
    if root.get("version") != 1 or isinstance(root.get("version"), bool):
        near = next((key for key in root if key not in TOP_LEVEL and suggest(str(key), ["version"])), "version")
        said = f"'version' is {root['version']!r}; known: 1" if "version" in root else "'version' is missing"
        yield document.issue("KPI003", (near,), f"{said}. The file begins with 'version: 1'.", suggestion="Did you mean: version?")
    for section in ("calendar", "measures", "kpis"):
        if not isinstance(root.get(section) or {}, Mapping):
            yield document.issue("KPI003", (section,), f"'{section}' must be a mapping of names.")
    for double in document.doubles:
        if not double.path or double.path[0] == "calendar":
            yield _double(document, double)
    for slip in document.slips:
        if len(slip.path) < 2 or slip.path[0] not in ("measures", "kpis"):
            yield _slip(document, slip)


def _unknown_keys(document: Document) -> Iterator[Issue]:
    known = ", ".join(TOP_LEVEL)
    for key in document.root:
        if key not in TOP_LEVEL:
            words = f"unknown key '{key}'. Known keys: {known}. A KPI stands below 'kpis', indented by two spaces."
            yield document.issue("KPI010", (key,), words, suggestion=suggest(str(key), TOP_LEVEL))


def _doubles(document: Document) -> Iterator[Issue]:
    return (_double(document, double) for double in document.doubles)


def _double(document: Document, double: Any) -> Issue:
    """Nobody can say which of two was meant: what they belong to is refused."""
    whole = (*double.path, double.key)
    kpi = str(whole[1]) if whole[0] == "kpis" and len(whole) > 1 else None
    words = f"'{double.key}' stands twice, first in line {double.first[0]}. Delete one, or rename it."
    line, column = double.again
    return Issue("error", "KPI005", document.file, line, column, kpi, words)


def _slip(document: Document, slip: Slip) -> Issue:
    kpi = str(slip.path[1]) if slip.path[:1] == ("kpis",) and len(slip.path) > 1 else None
    words = f"KPI '{kpi}': {slip.refused.words}" if kpi else slip.refused.words
    return Issue("error", slip.refused.code, document.file, slip.refused.line, slip.refused.column, kpi, words)


def _calendar(document: Document, found: list[Issue]) -> Calendar | None:
    shape: CalendarModel | None = model(document, ("calendar",), CalendarModel, document.root.get("calendar") or {}, found, None)
    if shape is None:
        return None
    try:
        zone = ZoneInfo(shape.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        words = f"'{shape.timezone}' is not a time zone. Example: Europe/Vienna."
        hint = suggest(shape.timezone, available_timezones())
        found.append(document.issue("KPI011", ("calendar", "timezone"), words, suggestion=hint, at="value"))
        return None
    return Calendar(zone, shape.week_start, shape.fiscal_year_start, shape.currency, shape.locale)


def _models(document: Document, section: str, kind: type[BaseModel], found: list[Issue]) -> dict[str, Any]:
    """Return the models of a section by name, leaving out the ones with problems."""
    models = {}
    spoilt = {(*double.path, double.key)[1] for double in document.doubles if (*double.path, double.key)[0] == section}
    spoilt |= {slip.path[1] for slip in document.slips if slip.path[0] == section}
    for name, body in (document.root.get(section) or {}).items():
        path, kpi = (section, name), str(name) if section == "kpis" else None
        if not is_identifier(name):
            words = f"'{name}' cannot name a measure or a KPI: small letters, digits and _ only, a letter first. Example: page_speed."
            found.append(document.issue("KPI012", path, words, kpi=kpi))
            continue
        held = model(document, path, kind, body if body is not None else {}, found, kpi)
        if held is not None and name not in spoilt:
            models[str(name)] = held
    return models
