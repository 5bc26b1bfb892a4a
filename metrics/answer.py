"""Turns the rows of the database into an answer: every period accounted for, every absence with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from metrics.calendar import Calendar
from metrics.coverage import Reach
from metrics.definitions import KPI
from metrics.formula import Name, evaluator
from metrics.plan import Plan
from metrics.slots import SprintPeriod
from metrics.spans import first_day
from metrics.types import Grain, Period, Question, Row

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


def sprint_slots(sprints: Sequence[SprintPeriod]) -> tuple[Slot, ...]:
    """Return one slot for each sprint, in order."""
    return tuple(Slot(place, s.name, s.period, not s.closed) for place, s in enumerate(sprints))


@lru_cache(maxsize=64)
def calendar_slots(grain: Grain, within: Period, calendar: Calendar) -> tuple[Slot, ...]:
    """Return the slots of a calendar grain, in order. Kept, because all cards of a page share them."""
    periods = tuple(calendar.periods(grain, within))
    if grain == "hour":
        whole = Period(periods[0].start, periods[-1].end)
        return tuple(_hour(begins, periods, whole, calendar) for begins in calendar.hours(whole))
    return tuple(Slot(None if grain == "total" else p.start, p.start.isoformat(), p) for p in periods)


def _hour(begins: datetime, days: Sequence[Period], whole: Period, calendar: Calendar) -> Slot:
    local = begins.astimezone(calendar.timezone)
    day = days[max(0, (local.date() - whole.start).days)]
    return Slot(begins.astimezone(UTC).replace(tzinfo=None), local.isoformat(timespec="minutes"), day, False, begins)


def rows_of(question: Question, kpi: KPI, plan: Plan, reach: Reach, slots: Sequence[Slot], stored: Stored) -> tuple[Row, ...]:
    """Return the answer's rows: every slot when nothing is split, else every combination that has rows."""
    return tuple((_split if question.by else _plain)(question, _Maker(kpi, plan, reach), slots, stored))


def _plain(_question: Question, maker: _Maker, slots: Sequence[Slot], stored: Stored) -> Iterator[Row]:
    nowhere: dict[str, float | None] = dict.fromkeys(leaf.key for leaf in maker.plan.leaves)
    together: dict[str, str] = {}
    for slot in slots:
        yield maker.row(slot, together, stored.get((slot.key,), nowhere), maker.state(slot))


def _split(question: Question, maker: _Maker, slots: Sequence[Slot], stored: Stored) -> Iterator[Row]:
    split: dict[object, list[tuple[dict[str, str], Mapping[str, float | None]]]] = {}
    named: dict[tuple[object, ...], dict[str, str]] = {}
    for key in sorted(stored, key=lambda k: tuple(map(str, k[1:]))):
        leaves, part = stored[key], key[1:]
        if any(value is not None for value in leaves.values()):
            dimensions = named.get(part) or named.setdefault(part, dict(zip(question.by, map(str, part), strict=True)))
            split.setdefault(key[0], []).append((dimensions, leaves))
    for slot in slots:
        if slot.key in split:
            state = maker.state(slot)
            yield from (maker.row(slot, dimensions, leaves, state) for dimensions, leaves in split[slot.key])


State = tuple[bool, bool, str | None]
"""Whether a period is complete, whether it settles, and why it says nothing."""


class _Maker:
    """Makes the rows of one KPI; what holds for all of them is worked out once."""

    def __init__(self, kpi: KPI, plan: Plan, reach: Reach) -> None:
        self.plan, self._reach = plan, reach
        self._spans = {leaf.span for leaf in plan.leaves} - {None}
        self._settled = reach.settled_before(kpi.maturity_days + plan.lag_days)
        self._is_by_sprint = plan.is_by_sprint
        self._fills = kpi.fill == "zero" and plan.is_additive
        self._withholds = kpi.partial == "withhold"
        self._evaluate = evaluator(plan.expression)
        lag = timedelta(days=plan.lag_days)
        self._first, self._end = reach.first or date.min, None if reach.end is None else reach.end - lag

    def state(self, slot: Slot) -> State:
        """Return how far a slot may be trusted."""
        start, end = slot.period.start, slot.period.end
        needed = min([start, *(first_day(span, start, end, self._reach.calendar) for span in self._spans)]) if self._spans else start
        complete = self._end is not None and not slot.running and end <= self._end and needed >= self._first
        settling = self._settled is not None and end > self._settled
        # what a running sprint holds is known now, though its first day is not over
        outside = None if slot.running and self._is_by_sprint else self._reach.reason_outside(slot.period)
        return complete and outside is None, settling, outside

    def row(self, slot: Slot, dimensions: dict[str, str], leaves: Mapping[str, float | None], state: State) -> Row:
        """Return the row of a slot and a combination."""
        complete, settling, outside = state
        if outside is not None:
            return Row(slot.label, slot.period, dimensions, None, False, settling, outside, slot.begins)
        if self._fills:
            leaves = {key: 0.0 if value is None else value for key, value in leaves.items()}
        value, reason = self._evaluate(leaves)
        if value is not None and self._withholds and not complete:
            value, reason = None, WITHHELD
        worded = None if reason is None else _worded(reason, self.plan)
        return Row(slot.label, slot.period, dimensions, value, complete, settling, worded, slot.begins)


def _worded(reason: str, plan: Plan) -> str:
    """Put the measure's name where the plan has a key."""
    if isinstance(plan.expression, Name) and reason != WITHHELD:
        return "no rows in this period"
    for leaf in plan.leaves:
        if reason == f"{leaf.key} has no value":
            return f"{leaf.name} has no rows in this period"
    return reason
