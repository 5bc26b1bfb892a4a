"""Turns the rows of the database into an answer: every period accounted for, every absence with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metrics.compile import SprintPeriod
from metrics.coverage import Reach
from metrics.definitions import KPI
from metrics.formula import Name, evaluate
from metrics.plan import Plan
from metrics.types import Period, Question, Row


@dataclass(frozen=True, slots=True)
class Slot:
    """One period of the answer: what the database calls it, what people call it, and whether it is still running."""

    key: object
    label: str
    period: Period
    running: bool = False


def slots_of(question: Question, periods: Sequence[Period], sprints: Sequence[SprintPeriod]) -> list[Slot]:
    """Return the slots of the asked grain, in order."""
    if question.grain == "sprint":
        return [Slot(place, s.name, s.period, not s.closed) for place, s in enumerate(sprints)]
    if question.grain == "total":
        return [Slot(None, p.start.isoformat(), p) for p in periods]
    return [Slot(p.start, p.start.isoformat(), p) for p in periods]


def rows_of(question: Question, kpi: KPI, plan: Plan, reach: Reach, slots: Sequence[Slot], found: Sequence[Any]) -> tuple[Row, ...]:
    """Return the answer's rows: every slot when nothing is split, else every combination that has rows."""
    by = question.by
    stored = {(row.period, *(getattr(row, d) for d in by)): row._mapping for row in found}
    return tuple(_rows(question, kpi, plan, reach, slots, stored))


def _rows(
    question: Question, kpi: KPI, plan: Plan, reach: Reach, slots: Sequence[Slot], stored: Mapping[tuple[object, ...], Mapping[Any, Any]]
) -> Iterator[Row]:
    split: dict[object, list[tuple[object, ...]]] = {}
    for key in sorted(stored, key=lambda k: tuple(map(str, k[1:]))):
        split.setdefault(key[0], []).append(key)
    for slot in slots:
        keys = split.get(slot.key, []) if question.by else [(slot.key,)]
        for key in keys:
            leaves = {leaf.key: _number(stored.get(key, {}).get(leaf.key)) for leaf in plan.leaves}
            if question.by and all(value is None for value in leaves.values()):
                continue
            yield _row(slot, dict(zip(question.by, map(str, key[1:]), strict=True)), leaves, kpi, plan, reach)


def _row(slot: Slot, dimensions: dict[str, str], leaves: dict[str, float | None], kpi: KPI, plan: Plan, reach: Reach) -> Row:
    complete = reach.is_complete(slot.period) and not slot.running
    settling = reach.is_settling(slot.period, kpi.maturity_days)
    # what a running sprint holds is known now, though its first day is not over
    outside = None if slot.running and plan.is_by_sprint else reach.reason_outside(slot.period)
    if outside is not None:
        return Row(slot.label, slot.period, dimensions, None, False, settling, outside)
    if kpi.fill == "zero" and plan.is_additive:
        leaves = {key: 0.0 if value is None else value for key, value in leaves.items()}
    value, reason = evaluate(plan.expression, leaves)
    return Row(slot.label, slot.period, dimensions, value, complete, settling, None if reason is None else _worded(reason, plan))


def _worded(reason: str, plan: Plan) -> str:
    """Put the measure's name where the plan has a key."""
    if isinstance(plan.expression, Name):
        return "no rows in this period"
    for leaf in plan.leaves:
        if reason == f"{leaf.key} has no value":
            return f"{leaf.name} has no rows in this period"
    return reason


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
