"""The hash of a definition, and whether what was certified is still what is defined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from metrics.definitions import KPI, Measure, fingerprint
from metrics.plan import Plan, make_plan


def plans_of(name: str, measures: Mapping[str, Measure], kpis: Mapping[str, KPI], known: Mapping[str, Plan]) -> tuple[Plan, ...]:
    """Return the plans behind a KPI: its own, or those of both sides of a relationship. known: plans that were made before."""
    relationship = kpis[name].relationship
    parts = (name,) if relationship is None else (relationship.driver, relationship.outcome)
    return tuple(known.get(part) or make_plan(measures, kpis, part) for part in parts)


def definition_hash(name: str, measures: Mapping[str, Measure], kpis: Mapping[str, KPI]) -> str:
    """Return the hash that changes when a KPI, or anything it is made of, means something else."""
    return fingerprint(kpis[name], *(plan.meaning() for plan in plans_of(name, measures, kpis, {})))


def lapsed(measures: Mapping[str, Measure], kpis: Mapping[str, KPI]) -> Iterator[tuple[str, str]]:
    """Yield (KPI, present hash) for every KPI whose certification was given to another definition."""
    for name, kpi in kpis.items():
        if kpi.certified is not None:
            present = definition_hash(name, measures, kpis)
            if present != kpi.certified.hash:
                yield name, present
