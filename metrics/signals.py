"""Signal or noise: the XmR chart of a KPI, by week, by weekday-adjusted day, or by sprint. Whole and settled periods only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Protocol

import numpy as np

from errors import QueryError
from metrics.compare import target_status
from metrics.comparisons import Asks, Where
from metrics.definitions import KPI
from metrics.definitions import Signals as Clause
from metrics.formula import Name, evaluate
from metrics.numerals import fixed
from metrics.plan import Plan, expression_of
from metrics.shown import KPI as Shown
from metrics.signal_types import Point, ShownPhase, Signal
from metrics.spans import Rolling, ToDate
from metrics.stats.absent import Absent
from metrics.stats.phases import Bounds, Phase, chart
from metrics.stats.weekday import WEEKS, factors
from metrics.stats.xmr import FULL, Limits, run_length, side
from metrics.types import Answer, Grain, Question, Row
from metrics.verdict import assurance_of, variation_of

Series = Sequence[tuple[Row, float]]


class Judges(Asks, Protocol):
    """What signals need of a catalog."""

    def kpi(self, name: str) -> Shown: ...


ALTERNATES = -0.5


def signals(catalog: Judges, kpis: Sequence[str], where: Where = ()) -> dict[str, Signal]:
    """Return KPI → its signal, all asked at once; a KPI that cannot be judged says why in its signal, and takes no other with it."""
    found: dict[str, Signal] = {}
    asked: dict[str, Question] = {}
    for kpi in kpis:
        definition, grain = catalog.definition(kpi), _grain(catalog, kpi)
        reason = "a relationship has no value of its own" if grain is None else _refused(definition, catalog, kpi)
        if grain is None or reason is not None:
            found[kpi] = Signal(kpi, grain or "week", definition.better, reason=reason)
        elif grain == "sprint":
            found[kpi] = _by_sprint(catalog, kpi, where)
        elif catalog.covered(kpi) is None:
            found[kpi] = Signal(kpi, grain, definition.better, reason="no day is covered yet", is_short=True)
        else:
            asked[kpi] = Question(kpi, grain, None, (), tuple(where))
    for kpi, answer in _answers(catalog, asked).items():
        if isinstance(answer, QueryError):
            found[kpi] = Signal(kpi, asked[kpi].grain, catalog.definition(kpi).better, reason=str(answer).rstrip("."))
        elif answer.question.grain == "day":
            found[kpi] = _by_day(catalog, kpi, answer.rows, where)
        else:
            found[kpi] = judged(catalog, kpi, "week", answer.rows)
    return {kpi: found[kpi] for kpi in kpis}


def _answers(catalog: Judges, asked: Mapping[str, Question]) -> dict[str, Answer | QueryError]:
    """Return KPI → its answer, or why there is none; all asked at once where all can be answered."""
    try:
        return dict(zip(asked, catalog.ask_many(tuple(asked.values())), strict=True))
    except QueryError:
        return {kpi: _answer(catalog, question) for kpi, question in asked.items()}


def _answer(catalog: Judges, question: Question) -> Answer | QueryError:
    try:
        return catalog.ask(question)
    except QueryError as error:
        return error


def signal(catalog: Judges, kpi: str, where: Where = ()) -> Signal:
    """Return the signal of one KPI."""
    return signals(catalog, (kpi,), where)[kpi]


def _grain(catalog: Judges, kpi: str) -> Grain | None:
    """Return what a KPI is judged by: weeks, days when it asks for it and has them, sprints when it has nothing else."""
    definition = catalog.definition(kpi)
    if definition.relationship is not None:
        return None
    grains = catalog.kpi(kpi).grains
    if definition.signals is not None and definition.signals.season == "weekday" and "day" in grains:
        return "day"
    return "sprint" if "week" not in grains and "sprint" in grains else "week"


def _refused(definition: KPI, catalog: Judges, kpi: str) -> str | None:
    """Return why the values of a KPI draw no limits."""
    plan = catalog.plan(kpi)
    if not {"week", "day", "sprint"} & set(catalog.kpi(kpi).grains):
        return f"it has no value by week or sprint, only by {', '.join(catalog.kpi(kpi).grains)}"
    if definition.signals is not None and definition.signals.rules == "none":
        return "its definition asks for no signals"
    for leaf in plan.leaves:
        if isinstance(leaf.span, Rolling) and leaf.span.days > 7:
            return f"each value looks back over {leaf.span.days} days and shares most of them with the one before"
        if isinstance(leaf.span, ToDate) and (leaf.span.unit != "ever" or isinstance(plan.expression, Name)):
            return "a value to date grows by itself: limits are for values that stand alone"
    return None


def _by_sprint(catalog: Judges, kpi: str, where: Where) -> Signal:
    """Judge the closed sprints of the board that closed one last."""
    if catalog.covered(kpi) is None:
        return Signal(kpi, "sprint", catalog.definition(kpi).better, reason="no sprint is closed yet", is_short=True)
    answer = _answer(catalog, Question(kpi, "sprint", None, (), tuple(where)))
    if isinstance(answer, QueryError):
        return Signal(kpi, "sprint", catalog.definition(kpi).better, reason=str(answer).rstrip("."))
    rows = [row for row in answer.rows if row.complete]
    boards = catalog.boards()
    return judged(catalog, kpi, "sprint", [row for row in rows if boards.get(row.label) == boards.get(rows[-1].label)])


def _by_day(catalog: Judges, kpi: str, rows: Sequence[Row], where: Where) -> Signal:
    """Judge days freed of their weekday, or weeks while the weekdays' levels are not known."""
    series = settled(rows)
    first = series[: 7 * WEEKS]
    found = factors([value for _, value in first], [row.period.start.weekday() for row, _ in first])
    if not isinstance(found, Absent):
        adjusted = [value / found[row.period.start.weekday()] for row, value in series]
        return judged(catalog, kpi, "day", rows, adjusted)
    weeks = catalog.ask(Question(kpi, "week", None, (), tuple(where))).rows if "week" in catalog.kpi(kpi).grains else ()
    by_week = judged(catalog, kpi, "week", weeks)
    return replace(by_week, notes=(*by_week.notes, f"judged by week, not by weekday-adjusted day: {found.reason}"))


def settled(rows: Sequence[Row]) -> list[tuple[Row, float]]:
    """Return the rows whose period is whole and may not move any more, with their values."""
    return [(row, row.value) for row in rows if row.complete and not row.settling and row.value is not None]


def judged(catalog: Judges, kpi: str, grain: Grain, rows: Sequence[Row], adjusted: Sequence[float] | None = None) -> Signal:
    """Return the signal of rows in time order. adjusted: what is judged instead of the value of each settled row."""
    definition, plan, series = catalog.definition(kpi), catalog.plan(kpi), settled(rows)
    clause = definition.signals or Clause.model_validate({})
    values = list(adjusted) if adjusted is not None else [value for _, value in series]
    starts = _starts(series, clause)
    phases = chart(
        values,
        tuple(starts),
        bounds=bounds(definition, plan, values, adjusted is not None),
        baselines=_baselines(series, clause, starts),
        rules=clause.rules,
    )
    points = tuple(_points(series, values, phases))
    shown = tuple(_shown(phase, starts.get(phase.start, "")) for phase in phases)
    found = Signal(kpi, grain, definition.better, points, shown, rules=clause.rules, is_adjusted=adjusted is not None)
    return _with_target(_with_variation(replace(found, notes=tuple(_notes(rows, series, shown)))), definition, plan)


def _starts(series: Series, clause: Clause) -> dict[int, str]:
    """Return place of the first point of each declared phase → why it began."""
    found = {}
    for rebase in sorted(clause.rebase, key=lambda one: one.on):
        place = next((n for n, (row, _) in enumerate(series) if row.period.start >= rebase.on), None)
        if place is not None:
            by = f", says {rebase.by}" if rebase.by else ""
            found[place] = f"{rebase.reason} ({rebase.event})" + by if rebase.event else rebase.reason + by
    return found


def _baselines(series: Series, clause: Clause, starts: dict[int, str]) -> dict[int, tuple[int, int]]:
    """Return the declared baseline, for the phase that it lies in."""
    if clause.baseline is None:
        return {}
    first, last = clause.baseline.get("from", date.min), clause.baseline.get("to", date.max)
    inside = [n for n, (row, _) in enumerate(series) if row.period.start >= first and row.period.end - timedelta(days=1) <= last]
    if not inside:
        return {}
    phase = max((place for place in (0, *starts) if place <= inside[0]), default=0)
    return {phase: (inside[0], inside[-1] + 1)}


def bounds(definition: KPI, plan: Plan, values: Sequence[float], is_adjusted: bool) -> Bounds:
    """Return what values cannot pass: amounts of money may be anything, a rate lies between 0 and 1, everything else is not below 0.

    Where values lie outside nevertheless, there is no such bound.
    """
    unit = definition.shown_unit or ""
    if any(value < 0 for value in values) or (len(unit) == 3 and unit.isupper()):
        return Bounds()
    is_rate = unit == "%" and is_size_free(plan) and all(value <= 1 for value in values) and not is_adjusted
    subtracts = unit != "%" and definition.formula is not None and "-" in repr(expression_of(definition))
    return Bounds(None if subtracts else 0.0, 1.0 if is_rate else None)


def is_size_free(plan: Plan, apart: type[Rolling] | tuple[type[Rolling], type[ToDate]] = Rolling) -> bool:
    """Whether a value can be compared over periods of any length: it stays the same when everything that adds up doubles.

    apart: spans whose length the period's does not change.
    """
    adds = {leaf.key for leaf in plan.leaves if leaf.measure.agg in ("sum", "count", "count_distinct") and not isinstance(leaf.span, apart)}
    once = {leaf.key: 3.0 + 2.0 * place for place, leaf in enumerate(plan.leaves)}
    twice = {key: value * 2 if key in adds else value for key, value in once.items()}
    return evaluate(plan.expression, once) == evaluate(plan.expression, twice)


def _points(series: Series, values: Sequence[float], phases: Sequence[Phase]) -> Iterator[Point]:
    for phase in phases:
        drawn = phase.limits if isinstance(phase.limits, Limits) else None
        for place in range(phase.start, phase.stop):
            (row, value), inner = series[place], place - phase.start
            expected = phase.expected[inner]
            base = expected if phase.step is not None else 0.0
            lower, upper = (None, None) if drawn is None or base is None else (base + drawn.lower, base + drawn.upper)
            completed = [(1, phase.found.rule1), (2, phase.found.rule2), (3, phase.found.rule3)]
            rules = tuple(rule for rule, places in completed if place in places)
            yield Point(row.label, row.period, value, values[place], phase.judged[inner], expected, lower, upper, rules)


def _shown(phase: Phase, why: str) -> ShownPhase:
    drawn, absent = (phase.limits, None) if isinstance(phase.limits, Limits) else (None, phase.limits.reason)
    return ShownPhase(phase.start, phase.stop, why, drawn, absent, phase.step is not None, phase.correlation)


def _notes(rows: Sequence[Row], series: Series, phases: Sequence[ShownPhase]) -> Iterator[str]:
    missing = sum(1 for row in rows if row.complete and not row.settling and row.value is None)
    if missing and series:
        yield f"{missing} whole periods without a value are left out"
    for phase in phases[-1:]:
        if phase.follows and phase.correlation is not None:
            yield (
                f"values follow each other (lag-1 autocorrelation of the baseline {fixed(phase.correlation, 2)}): judged is the difference from a "
                "one-step forecast, because limits around the values would be too tight"
            )
        elif phase.correlation is not None and phase.correlation < ALTERNATES:
            yield f"values alternate (lag-1 autocorrelation of the baseline {fixed(phase.correlation, 2)}): limits are wider than they need be"


def _with_variation(found: Signal) -> Signal:
    """Say what the last point belongs to: a point outside first, then a run; nothing but a point outside while limits are provisional."""
    phase = found.phases[-1] if found.phases else None
    if phase is None or phase.limits is None:
        return replace(found, reason=(phase and phase.absent) or "no whole period has a value", is_short=len(found.points) < FULL)
    last, drawn = found.points[-1], phase.limits
    if 1 in last.rules or 2 in last.rules:
        rises = (last.judged or 0.0) > drawn.centre
        return replace(
            found, variation=variation_of(found.better, rises), rises=rises, since=_since(found.points[phase.start :], drawn, rises)
        )
    if drawn.is_provisional:
        return replace(found, reason=f"limits from {drawn.points} points are provisional; a verdict needs {FULL}", is_short=True)
    return replace(found, variation="common")


def _since(points: Sequence[Point], drawn: Limits, rises: bool) -> date:
    """Return the first day of the run that the last point belongs to, when a rule has made it one; else that point's own."""
    sides = side(np.array([drawn.centre if point.judged is None else point.judged for point in points]), drawn.centre)
    run = run_length(sides, len(points) - 1) if 2 in points[-1].rules else 1
    return points[-max(run, 1)].period.start


def _with_target(found: Signal, definition: KPI, plan: Plan) -> Signal:
    """Hold the last point and the limits against the target, where values of such a period can be held against it at all."""
    if not found.points or found.variation is None:
        return found
    last = found.points[-1]
    on = last.period.end - timedelta(days=1)
    target = definition.target_on(on)
    if target is None or target.provenance == "placeholder":
        return found
    if target.kind == "reach":
        return _noted(found, "the target is to be reached by a day: pace and forecast tell about it, not limits")
    if found.grain != "sprint" and not is_size_free(plan):
        return _noted(found, f"the target is not said to be one of a {found.grain}: it is not held against these limits")
    held = replace(found, status=target_status(definition, last.value, on))
    if found.follows or found.is_adjusted:
        return _noted(held, "limits are not those of the values themselves: whether the target lies inside is not said")
    drawn = found.phases[-1].limits
    return held if drawn is None or drawn.is_provisional else replace(held, assurance=assurance_of(target, drawn, definition.better))


def _noted(found: Signal, note: str) -> Signal:
    return replace(found, notes=(*found.notes, note))
