"""A KPI as pages and commands see it: its definition, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metrics.check import Definitions
from metrics.definitions import KPI as Definition
from metrics.definitions import Target, fingerprint
from metrics.marks import plans_of
from metrics.plan import Plan
from metrics.spans import FINER, ToDate
from metrics.tables import dimensions
from metrics.types import Grain
from store.schema import events

CALENDAR_GRAINS: tuple[Grain, ...] = ("hour", "day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year", "sprint", "total")


@dataclass(frozen=True, slots=True)
class KPI:
    """A KPI as the pages see it. Values with unit "%" are fractions of 1."""

    name: str
    label: str
    description: str
    owner: str
    team: str
    role: str
    type: str
    unit: str
    better: str
    dimensions: tuple[str, ...]
    maturity_days: int
    targets: tuple[Target, ...]
    grains: tuple[Grain, ...]
    fill: str
    tables: tuple[str, ...]
    formula: str
    hash: str


def show(name: str, definitions: Definitions, known: Mapping[str, Plan]) -> KPI:
    """Return a defined KPI with its tables, dimensions, grains and hash. known: the plans of the KPIs that have a value."""
    definition = definitions.kpis[name]
    relationship = definition.relationship
    plans = plans_of(name, definitions.measures, definitions.kpis, known)
    tables = tuple(sorted({table for plan in plans for table in plan.tables} | ({events.name} if relationship else set())))
    marks = fingerprint(definition, *(plan.meaning() for plan in plans))
    if relationship is not None:
        return _shown(name, definition, tables, (), (), marks)
    shared = frozenset.intersection(*(dimensions(table) for table in plans[0].split_tables))
    allowed = tuple(definition.dimensions) if definition.dimensions is not None else tuple(sorted(shared))
    return _shown(name, definition, tables, allowed, _grains(definition, plans[0]), marks)


def _shown(name: str, kpi: Definition, tables: tuple[str, ...], allowed: tuple[str, ...], grains: tuple[Grain, ...], marks: str) -> KPI:
    label = kpi.label or name.replace("_", " ").capitalize()
    unit = kpi.shown_unit or ""
    formula = _formula(kpi)
    return KPI(
        name,
        label,
        kpi.description,
        kpi.owner,
        kpi.team,
        kpi.role,
        kpi.type,
        unit,
        kpi.better,
        allowed,
        kpi.maturity_days,
        tuple(kpi.targets),
        grains,
        kpi.fill,
        tables,
        formula,
        marks,
    )


def _formula(kpi: Definition) -> str:
    if kpi.conversion is not None:
        return f"{kpi.conversion.from_} → {kpi.conversion.to} within {kpi.conversion.within}"
    return kpi.formula or (f"{kpi.numerator} / {kpi.denominator}" if kpi.numerator is not None else kpi.value or "")


def _grains(kpi: Definition, plan: Plan) -> tuple[Grain, ...]:
    """`grains` lists them (a sum over a free period goes with any of the calendar's); `grain: sprint` means that no calendar period makes sense; else `grain` is the finest.

    Hours need the hour of every row; a value to date needs grains that are not coarser than what it adds up to.
    """
    if kpi.grain == "sprint" and kpi.grains is None:
        return ("sprint",)
    possible = [grain for grain in CALENDAR_GRAINS if grain != "hour" or plan.has_hours]
    for leaf in plan.leaves:
        if isinstance(leaf.span, ToDate):
            possible = [grain for grain in possible if grain in (*FINER[leaf.span.unit], "sprint", "total")]
    if kpi.grains is not None:
        listed = [grain for grain in kpi.grains if grain in possible]
        return tuple(listed) if set(listed) <= {"sprint", "total"} else tuple(dict.fromkeys((*listed, "total")))
    coarser = CALENDAR_GRAINS[CALENDAR_GRAINS.index(kpi.grain) :] if kpi.grain else CALENDAR_GRAINS
    return tuple(grain for grain in coarser if grain in possible)
