"""Which target was valid when, and whether it was met then: by whole week, by sprint, or by its last day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from metrics.compare import target_status
from metrics.definitions import Target
from metrics.standing import Stands, is_comparable
from metrics.types import Grain, Period, Question, Row

Outcome = Literal["met", "missed", "running", "unknown"]


@dataclass(frozen=True, slots=True)
class TargetThen:
    """One target and what became of it. met, of: whole periods of `grain` in its days that met it, and all of them; of 0: outcome and words tell.

    outcome: met or missed once its days are over, running while they are not, unknown with the reason in words.
    """

    target: Target
    outcome: Outcome
    grain: Grain | None
    met: int
    of: int
    words: str


def target_history(catalog: Stands, kpi: str) -> tuple[TargetThen, ...]:
    """Return the targets of a KPI, the newest first."""
    targets = sorted(catalog.definition(kpi).targets, key=lambda one: (one.from_, one.scope), reverse=True)
    return tuple(_then(catalog, kpi, target) for target in targets)


def _then(catalog: Stands, kpi: str, target: Target) -> TargetThen:
    covered = catalog.covered(kpi)
    if target.provenance == "placeholder":
        return TargetThen(target, "unknown", None, 0, 0, "a placeholder: nothing is agreed yet")
    if covered is None or target.from_ >= covered.end or target.to < covered.start:
        return TargetThen(target, "unknown", None, 0, 0, "no day of it is held")
    if target.kind == "reach":
        return _reached(catalog, kpi, target, covered)
    grain = _grain(catalog, kpi)
    if grain is None:
        return TargetThen(target, "unknown", None, 0, 0, "it is not said to be one of a week, so weeks are not held against it")
    rows = list(_inside(catalog, kpi, target, covered, grain))
    met = sum(target_status(catalog.definition(kpi), row.value, _last(row), target.scope).verdict == "met" for row in rows)
    over = target.to < covered.end
    outcome: Outcome = "unknown" if not rows else "running" if not over else "met" if met == len(rows) else "missed"
    return TargetThen(target, outcome, grain, met, len(rows), "" if rows else f"no whole {grain} of it has a value")


def _reached(catalog: Stands, kpi: str, target: Target, covered: Period) -> TargetThen:
    end = target.to + timedelta(days=1)
    if end > covered.end:
        return TargetThen(target, "running", None, 0, 0, f"it runs until {target.to}")
    row = catalog.ask(Question(kpi, "total", Period(target.from_, end), (), target.scope)).rows[0]
    if row.value is None or not row.complete:
        return TargetThen(target, "unknown", None, 0, 0, row.reason or "not all of its days are held")
    verdict = target_status(catalog.definition(kpi), row.value, target.to, target.scope).verdict
    return TargetThen(target, "met" if verdict == "met" else "missed", None, 0, 0, "by its last day")


def _grain(catalog: Stands, kpi: str) -> Grain | None:
    grains: Sequence[Grain] = catalog.kpi(kpi).grains
    if grains == ("sprint",):
        return "sprint"
    if not is_comparable(catalog.plan(kpi)):
        return None
    return next((grain for grain in ("week", "month", "quarter") if grain in grains), None)


def _inside(catalog: Stands, kpi: str, target: Target, covered: Period, grain: Grain) -> Iterator[Row]:
    """Yield the whole periods that end while the target holds, and have a value."""
    period = Period(max(target.from_, covered.start), min(target.to + timedelta(days=1), covered.end))
    for row in catalog.ask(Question(kpi, grain, period, (), target.scope)).rows:
        if row.complete and row.value is not None and target.from_ <= _last(row) <= target.to:
            yield row


def _last(row: Row) -> date:
    return row.period.end - timedelta(days=1)
