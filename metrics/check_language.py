"""Finds what is wrong with conversions and with the days that values look back over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from errors import Issue, suggest
from metrics.definitions import KPI, Measure
from metrics.document import Document
from metrics.plan import Plan, step
from metrics.spans import FINER, ToDate
from store.schema import FACTS


def conversion_issues(
    document: Document, name: str, kpi: KPI, measures: Mapping[str, Measure], kpis: Mapping[str, KPI], written: set[str]
) -> Iterator[Issue]:
    """Check both ends of a conversion: what they name, and that both say who."""
    if kpi.conversion is None:
        return
    path = ("kpis", name, "conversion")
    for key, used in (("from", kpi.conversion.from_), ("to", kpi.conversion.to)):
        if used not in measures and used in written:
            word = "is a KPI; a conversion goes from a measure to a measure" if used in kpis else "has problems of its own"
            yield document.issue("KPI028", (*path, key), f"KPI '{name}' converts '{used}', which {word}.", kpi=name)
            continue
        table = step(measures, used).table
        columns = sorted(c.name for c in FACTS[table].columns if c.name != "slice")
        if kpi.conversion.entity not in columns:
            yield document.issue(
                "KPI021",
                (*path, "entity"),
                f"KPI '{name}': table {table} of '{used}' has no column '{kpi.conversion.entity}'. Known columns: {', '.join(columns)}.",
                kpi=name,
                suggestion=suggest(kpi.conversion.entity, columns),
            )


def reference_issues(document: Document, name: str, kpi: KPI, written: Iterable[str]) -> Iterator[Issue]:
    """Check that drivers and the KPI to reconcile with exist."""
    known = sorted(written)
    named: list[tuple[tuple[str | int, ...], str]] = [
        (("drivers", place), one if isinstance(one, str) else one.kpi) for place, one in enumerate(kpi.drivers)
    ]
    if kpi.reconcile_with is not None:
        named.append((("reconcile_with", "kpi"), kpi.reconcile_with.kpi))
    for path, used in named:
        if used not in known:
            yield document.issue(
                "KPI025",
                ("kpis", name, *path),
                f"KPI '{name}' names '{used}', which is no KPI.",
                kpi=name,
                suggestion=suggest(used, known) or f"Known: {', '.join(known[:12])}.",
            )


def span_issues(document: Document, name: str, kpi: KPI, plan: Plan) -> Iterator[Issue]:
    """Check that the grains a KPI lists can be answered: hours need the hour, a value to date no grain coarser than its unit."""
    units = [leaf.span.unit for leaf in plan.leaves if isinstance(leaf.span, ToDate)]
    for place, grain in enumerate(kpi.grains or ()):
        words = None
        if grain == "hour" and not plan.has_hours:
            whole = next((leaf for leaf in plan.leaves if leaf.instant is None), None)
            reason = (
                f"{whole.measure.table}.{whole.time} tells only the day" if whole else "a value that looks back or ahead is one of days"
            )
            words = f"has no grain 'hour': {reason}"
        coarse = next((unit for unit in units if grain not in ("hour", "sprint", "total", *FINER[unit])), None)
        if coarse is not None:
            words = f"has no grain '{grain}': the {coarse.replace('_', ' ')} to date says nothing about it"
        if words is not None:
            yield document.issue("KPI039", ("kpis", name, "grains", place), f"KPI '{name}' {words}.", kpi=name)
