"""Turns the rows of the database into an answer: every period accounted for, every absence with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from metrics.calendar import Calendar
from metrics.coverage import Reach
from metrics.definitions import KPI
from metrics.formula import Name, evaluate
from metrics.plan import Plan
from metrics.slots import SprintPeriod
from metrics.spans import first_day
from metrics.types import Period, Question, Row

Stored = Mapping[tuple[object, ...], Mapping[str, float | None]]
"""(what the database calls the period, dimension, …) → key of a leaf → its value."""
WITHHELD = "withheld until the period is over and all of its sources hold it"


@dataclass(frozen=True, slots=True)
class Slot:
    """One period of the answer: what the database calls it, what people call it, and whether it is still running."""

    key: object
    label: str
    period: Period
    running: bool = False
    begins: datetime | None = None


def slots_of(question: Question, periods: Sequence[Period], sprints: Sequence[SprintPeriod], calendar: Calendar) -> tuple[Slot, ...]:
    """Return the slots of the asked grain, in order."""
    if question.grain == "sprint":
        return tuple(Slot(place, s.name, s.period, not s.closed) for place, s in enumerate(sprints))
    if question.grain == "hour":
        whole = Period(periods[0].start, periods[-1].end)
        return tuple(_hour(begins, periods, whole, calendar) for begins in calendar.hours(whole))
    return tuple(Slot(None if question.grain == "total" else p.start, p.start.isoformat(), p) for p in periods)


def _hour(begins: datetime, days: Sequence[Period], whole: Period, calendar: Calendar) -> Slot:
    local = begins.astimezone(calendar.timezone)
    day = days[max(0, (local.date() - whole.start).days)]
    return Slot(begins.astimezone(UTC).replace(tzinfo=None), local.isoformat(timespec="minutes"), day, False, begins)


def rows_of(question: Question, kpi: KPI, plan: Plan, reach: Reach, slots: Sequence[Slot], stored: Stored) -> tuple[Row, ...]:
    """Return the answer's rows: every slot when nothing is split, else every combination that has rows."""
    return tuple(_rows(question, kpi, plan, reach, slots, stored))


def _rows(question: Question, kpi: KPI, plan: Plan, reach: Reach, slots: Sequence[Slot], stored: Stored) -> Iterator[Row]:
    split: dict[object, list[tuple[object, ...]]] = {}
    for key in sorted(stored, key=lambda k: tuple(map(str, k[1:]))):
        split.setdefault(key[0], []).append(key)
    nothing: Mapping[str, float | None] = {}
    for slot in slots:
        state = _state(slot, kpi, plan, reach)
        for key in split.get(slot.key, []) if question.by else [(slot.key,)]:
            found = stored.get(key, nothing)
            leaves = {leaf.key: found.get(leaf.key) for leaf in plan.leaves}
            if question.by and all(value is None for value in leaves.values()):
                continue
            yield _row(slot, dict(zip(question.by, map(str, key[1:]), strict=True)), leaves, kpi, plan, state)


State = tuple[bool, bool, str | None]
"""Whether a period is complete, whether it settles, and why it says nothing."""


def _state(slot: Slot, kpi: KPI, plan: Plan, reach: Reach) -> State:
    start, end = slot.period.start, slot.period.end
    needed = min((first_day(leaf.span, start, end, reach.calendar) for leaf in plan.leaves), default=start)
    complete = reach.is_complete(Period(needed, end), plan.lag_days) and not slot.running
    settling = reach.is_settling(slot.period, kpi.maturity_days + plan.lag_days)
    # what a running sprint holds is known now, though its first day is not over
    outside = None if slot.running and plan.is_by_sprint else reach.reason_outside(slot.period)
    return complete and outside is None, settling, outside


def _row(slot: Slot, dimensions: dict[str, str], leaves: dict[str, float | None], kpi: KPI, plan: Plan, state: State) -> Row:
    complete, settling, outside = state
    if outside is not None:
        return Row(slot.label, slot.period, dimensions, None, False, settling, outside, slot.begins)
    if kpi.fill == "zero" and plan.is_additive:
        leaves = {key: 0.0 if value is None else value for key, value in leaves.items()}
    value, reason = evaluate(plan.expression, leaves)
    if value is not None and kpi.partial == "withhold" and not complete:
        value, reason = None, WITHHELD
    worded = None if reason is None else _worded(reason, plan)
    return Row(slot.label, slot.period, dimensions, value, complete, settling, worded, slot.begins)


def _worded(reason: str, plan: Plan) -> str:
    """Put the measure's name where the plan has a key."""
    if isinstance(plan.expression, Name) and reason != WITHHELD:
        return "no rows in this period"
    for leaf in plan.leaves:
        if reason == f"{leaf.key} has no value":
            return f"{leaf.name} has no rows in this period"
    return reason
