"""Sprints of a team: their numbers by Jira's rules, from the best record there is, and the running one day by day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from metrics.calendar import Calendar
from metrics.delivery_facts import Changes, Facts
from metrics.delivery_types import Basis, Burndown, Sprint, Team, Unit
from metrics.stats.burndown import Step, burn, ideal_line
from metrics.stats.sprint_numbers import Member, sprint_numbers
from metrics.types import Period
from store.sprint_freezes import SprintFreeze

Freezes = Mapping[tuple[str, str, str], SprintFreeze]
"""(source, sprint, moment) → freeze."""
SATURDAY = 5


def by_key(freezes: Iterable[SprintFreeze]) -> Freezes:
    """Return the freezes by what they are of."""
    return {(one.source, one.sprint_id, one.moment): one for one in freezes}


def closed_sprints(team: Team, facts: Facts, freezes: Freezes, calendar: Calendar) -> tuple[Sprint, ...]:
    """Return the closed sprints, oldest first."""
    return tuple(_closed(team, facts, row, freezes, calendar) for row in facts.sprints if row.state == "closed")


def _closed(team: Team, facts: Facts, row: Any, freezes: Freezes, calendar: Calendar) -> Sprint:
    start, close = (freezes.get((team.source, row.id, moment)) for moment in ("start", "close"))
    basis: Basis = "replayed"
    if facts.reports.get(row.id):
        members, basis = [_reported(one) for one in facts.reports[row.id]], "report"
    elif start is not None and close is not None:
        members, basis = _frozen(start, close), "replayed" if close.replayed or start.replayed else "frozen"
    else:
        members = [_held(one) for one in facts.members.get(row.id, ())]
    return _sprint(row, members, calendar, basis)


def _held(row: Any) -> Member:
    return Member(bool(row.committed), bool(row.completed), row.removed_at is not None, row.points_at_start, row.points_at_end)


def _frozen(start: SprintFreeze, close: SprintFreeze) -> list[Member]:
    """Return the items as they stood: the estimate at the start from the freeze at the start."""
    before = {one.item_id: one.points for one in start.items}
    return [Member(one.committed, one.completed, one.removed, before.get(one.item_id), one.points) for one in close.items]


def _reported(row: Any) -> Member:
    """Return an item as the vendor's report shows it; what was completed elsewhere counts for nothing."""
    elsewhere = row.outcome == "completed_elsewhere"
    committed = not row.added_during and not elsewhere
    done = row.outcome == "completed"
    return Member(committed, done, row.outcome == "removed" or elsewhere, row.points_initial, 0.0 if elsewhere else row.points_final)


def _sprint(row: Any, members: Sequence[Member], calendar: Calendar, basis: Basis | None) -> Sprint:
    """Return a sprint, counted in items when none of its items is estimated."""
    unit: Unit = "points" if any(one.start or one.end for one in members) or not members else "items"
    counted = members if unit == "points" else [Member(one.committed, one.completed, one.removed, 1, 1) for one in members]
    days = Period(calendar.day_of(row.start_at), calendar.day_of(row.completed_at or row.end_at or row.start_at) + timedelta(days=1))
    return Sprint(row.id, row.name or row.id, days, row.state, unit, sprint_numbers(counted), basis)


def current_sprint(facts: Facts, calendar: Calendar, today: date) -> Burndown | None:
    """Return the running sprint day by day; the last closed one when none runs, None when there is none."""
    begun = [row for row in facts.sprints if row.state in ("active", "closed") and calendar.day_of(row.start_at) < today]
    if not begun:
        return None
    running = [row for row in begun if row.state == "active"]
    return burndown(facts, (running or begun)[-1], calendar, today)


def burndown(facts: Facts, row: Any, calendar: Calendar, today: date) -> Burndown:
    """Return one sprint day by day, through its last day or the last whole day that is held."""
    members = facts.members.get(row.id, [])
    sprint = _sprint(row, [_held(one) for one in members], calendar, None)
    last = sprint.days.end if row.state == "closed" else today
    days, planned = _days(sprint.days.start, last), _days(sprint.days.start, sprint.days.end)
    steps = [step for one in members for step in _steps(one, row, facts.changes, calendar, sprint.unit, len(days))]
    found = burn(steps, len(days))
    ideal = ideal_line(sprint.numbers.committed, [day.weekday() < SATURDAY for day in planned])
    return Burndown(
        sprint,
        days,
        max(days, planned, key=len),
        found.remaining,
        found.scope,
        found.done,
        found.scope_steps,
        ideal,
        _notes(members, sprint),
    )


def _days(start: date, end: date) -> tuple[date, ...]:
    return tuple(start + timedelta(days=n) for n in range((end - start).days))


def _notes(members: Sequence[Any], sprint: Sprint) -> tuple[str, ...]:
    found = []
    if sprint.unit == "points" and sprint.numbers.unestimated:
        found.append(f"{sprint.numbers.unestimated} of {sprint.numbers.items} items have no estimate and count 0 points.")
    if any(one.points_at_start != one.points_at_end for one in members):
        found.append("When an estimate changed is not kept: it is drawn on the day the item was done, else on the last day.")
    if sprint.unit == "items":
        found.append("No item of this sprint has an estimate, so items are counted.")
    return tuple(found)


def _steps(member: Any, row: Any, changes: Changes, calendar: Calendar, unit: Unit, days: int) -> list[Step]:
    """Return what an item did to scope and completions. Only its last stay in the sprint is known."""
    start, first = row.start_at, calendar.day_of(row.start_at)
    end = row.completed_at if row.state == "closed" and row.completed_at is not None else datetime.max  # noqa: DTZ901  # naive UTC, as held
    if member.completed_outside and not member.committed:
        return []

    def place(at: datetime) -> int:
        return 0 if at <= start else (calendar.day_of(at) - first).days + 1

    before, after = (1.0, 1.0) if unit == "items" else (member.points_at_start or 0.0, member.points_at_end or 0.0)
    joined = start if member.committed else member.added_at or start
    until = member.removed_at or end
    steps = [Step(place(joined), "scope", before)]
    moves = [(at, left, entered) for at, left, entered in changes.get(member.item_id, ()) if max(joined, start) < at <= until]
    if member.removed_at is not None:
        return [*steps, Step(place(until), "scope", -before)]
    ends = [at for at, left, entered in moves if entered == "done" and left != "done"]
    if before != after:
        steps.append(Step(place(ends[-1]) if ends else days, "scope", after - before))
    for at, left, entered in moves:
        if "done" in (left, entered) and left != entered:
            steps.append(Step(place(at), "done", after if entered == "done" else -after))
        if "cancelled" in (left, entered) and left != entered:  # nobody will do it any more: a change of scope
            steps.append(Step(place(at), "scope", -after if entered == "cancelled" else after))
    return steps
