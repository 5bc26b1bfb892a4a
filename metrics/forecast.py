"""Where a period is likely to end: what it holds so far and what its days left may bring, beside the plain forecast it has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np

from metrics.comparisons import Asks, Where, pace
from metrics.definitions import Target
from metrics.numerals import percent
from metrics.stats import ets, weekday
from metrics.stats.absent import Absent
from metrics.stats.pacing import Status, chance, status
from metrics.stats.skill import LEAST_COVERAGE, coverage, mase, pinball
from metrics.types import Pace, Period, Question, Row

Method = Literal["ets", "weekday"]
METHODS: dict[Method, str] = {
    "ets": "exponential smoothing of logs with a weekly season (ETS(A,N,A))",
    "weekday": "the mean of the last four same weekdays",
}
LONGEST, ORIGINS, FEWEST = 365, 12, 4
"""Days of history that are looked at; earlier days to forecast from; how many of those a comparison needs."""
QUANTILES = (0.1, 0.5, 0.9)
Paths = ets.Matrix


@dataclass(frozen=True, slots=True)
class Skill:
    """How good a method was, looking as many days ahead from earlier days, a week apart.

    origins: how many such days. error: mean |forecast − actual| of the period's rest, in the KPI's unit. mase: of single days, against the
    weekday-naive in its sample. pinball: mean loss of the 10, 50 and 90 % points. coverage: share of rests inside their 80 % interval.
    """

    origins: int
    error: float | None
    mase: float | None
    pinball: float | None
    coverage: float | None

    @property
    def is_unreliable(self) -> bool:
        """Whether the interval held too few of the earlier totals."""
        return self.coverage is not None and self.coverage < LEAST_COVERAGE


@dataclass(frozen=True, slots=True)
class Ahead:
    """What the period may hold by the end of a day to come: the 10, 50 and 90 % points of its running total."""

    day: date
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """A period's likely total. reason: why there is none. actual: of its days up to `through`. low and high: the 80 % interval.

    chance: share of simulated paths that reach the target; with the status that follows from it.
    """

    kpi: str
    unit: str
    period: Period | None = None
    through: date | None = None
    actual: float | None = None
    middle: float | None = None
    low: float | None = None
    high: float | None = None
    method: Method | None = None
    target: float | None = None
    chance: float | None = None
    status: Status | None = None
    pace: Pace | None = None
    skill: Skill | None = None
    other: Skill | None = None
    so_far: tuple[tuple[date, float], ...] = ()
    ahead: tuple[Ahead, ...] = ()
    reason: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _History:
    """Settled days without a gap, and how many days after them are known but may still move."""

    values: tuple[float, ...]
    unsettled: int


def forecast(catalog: Asks, kpi: str, where: Where = ()) -> Forecast:
    """Return where the running period of a KPI is likely to end: the target's when one is to be reached, else the month."""
    definition, covered = catalog.definition(kpi), catalog.covered(kpi)
    unit = definition.shown_unit or ""
    if not catalog.plan(kpi).is_summable:
        return Forecast(kpi, unit, reason="values of days do not add up to the value of a period, so there is no total to forecast")
    if covered is None:
        return Forecast(kpi, unit, reason="no day is covered yet")
    target = _target(catalog, kpi, covered.end, where)
    month = catalog.calendar.floor(covered.end, "month")
    period = Period(target.from_, target.to + timedelta(days=1)) if target else Period(month, catalog.calendar.following(month, "month"))
    rows = catalog.ask(
        Question(kpi, "day", Period(min(period.start, covered.end - timedelta(days=LONGEST)), covered.end), (), tuple(where))
    ).rows
    paced = pace(catalog, kpi, covered.end, where) if target else None
    base = Forecast(kpi, unit, period, covered.end - timedelta(days=1), pace=paced, target=float(target.value or 0.0) if target else None)
    return _filled(base, rows, lower_is_better=definition.better == "lower")


def _target(catalog: Asks, kpi: str, on: date, where: Where) -> Target | None:
    found = catalog.definition(kpi).target_on(on, where)
    return found if found is not None and found.kind == "reach" and found.provenance != "placeholder" else None


def _filled(base: Forecast, rows: Sequence[Row], *, lower_is_better: bool) -> Forecast:
    assert base.period is not None
    assert base.through is not None
    mine = [row for row in rows if row.period.start >= base.period.start]
    if any(row.value is None or not row.complete for row in mine):
        return replace(base, reason="not all days since the period's start have a value")
    so_far, total = [], 0.0
    for row in mine:
        total += row.value or 0.0
        so_far.append((row.period.start, total))
    known = replace(base, actual=total, so_far=tuple(so_far))
    left = (base.period.end - base.through).days - 1
    history = _history(rows)
    if isinstance(history, Absent):
        return replace(known, reason=history.reason)
    ahead = left + history.unsettled
    skills = {method: _skill(history.values, ahead, method) for method in METHODS}
    method = _chosen(skills)
    paths = _paths(history.values, ahead, method)
    if isinstance(paths, Absent):
        return replace(known, reason=paths.reason)
    totals = total + np.cumsum(paths[:, history.unsettled :], axis=1)
    return _told(known, method, skills, totals, lower_is_better=lower_is_better)


def _history(rows: Sequence[Row]) -> _History | Absent:
    """Return the last settled days without a gap."""
    settled = [row for row in rows if row.complete and not row.settling]
    values: list[float] = []
    for row in reversed(settled[-LONGEST:]):
        if row.value is None:
            break
        values.append(row.value)
    if len(values) < ets.LEAST:
        gap = "" if len(values) == len(settled) else ", counted back to the last day without a value"
        return Absent(f"a forecast needs {ets.LEAST} whole days, there are {len(values)}{gap}")
    return _History(tuple(reversed(values)), sum(1 for row in rows if row.complete and row.settling))


def _paths(values: Sequence[float], days: int, method: Method) -> Paths | Absent:
    if method == "weekday":
        return weekday.paths(values, days)
    model = ets.fit(values)
    return model if isinstance(model, Absent) else ets.simulate(model, days)


def _chosen(skills: dict[Method, Skill]) -> Method:
    """Keep the model only where it was shown to win, by the pinball loss: it weighs the interval as well as the middle."""
    model, plain = skills["ets"].pinball, skills["weekday"].pinball
    enough = min(skill.origins for skill in skills.values()) >= FEWEST
    return "ets" if enough and model is not None and (plain is None or model < plain) else "weekday"


def _skill(values: Sequence[float], days: int, method: Method) -> Skill:
    """Forecast from up to twelve earlier days, a week apart, as many days ahead as now, knowing nothing later."""
    errors, scaled, losses, held, actuals = [], [], [], [], []
    for origin in range(len(values) - days, ets.LEAST - 1, -7)[:ORIGINS]:
        before, actual = values[:origin], values[origin : origin + days]
        paths, whole = _paths(before, days, method), float(sum(actual))
        if isinstance(paths, Absent):
            continue
        points = np.quantile(paths.sum(axis=1), QUANTILES)
        middle = weekday.naive(before, days) if method == "weekday" else np.median(paths, axis=0).tolist()
        errors.append(abs(float(points[1]) - whole))
        scaled.append(mase(before, actual, middle, ets.SEASON))
        losses.append(float(np.mean([pinball(q, float(point), whole) for q, point in zip(QUANTILES, points, strict=True)])))
        held.append((float(points[0]), float(points[2])))
        actuals.append(whole)
    return Skill(len(held), _mean(errors), _mean(scaled), _mean(losses), coverage(held, actuals))


def _mean(values: Sequence[float | None]) -> float | None:
    """Return the mean, None without values or with an absent one."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known and len(known) == len(values) else None


def _told(known: Forecast, method: Method, skills: dict[Method, Skill], totals: Paths, *, lower_is_better: bool) -> Forecast:
    assert known.through is not None
    points = np.quantile(totals, QUANTILES, axis=0)
    days = [known.through + timedelta(days=n + 1) for n in range(totals.shape[1])]
    ahead = tuple(Ahead(day, *map(float, points[:, n])) for n, day in enumerate(days))
    share = None if known.target is None else chance(totals[:, -1].tolist(), known.target, lower_is_better=lower_is_better)
    other: Method = "weekday" if method == "ets" else "ets"
    return replace(
        known,
        method=method,
        middle=ahead[-1].middle,
        low=ahead[-1].low,
        high=ahead[-1].high,
        ahead=ahead,
        chance=share,
        status=None if share is None else status(share),
        skill=skills[method],
        other=skills[other],
        notes=tuple(_notes(method, skills)),
    )


def _notes(method: Method, skills: dict[Method, Skill]) -> list[str]:
    mine, notes = skills[method], []
    if min(skill.origins for skill in skills.values()) < FEWEST:
        notes.append(f"looking so far ahead was possible from {mine.origins} earlier days only; which method is better is not known")
    if mine.coverage is None:
        notes.append("how often the interval holds is not known yet")
    elif mine.is_unreliable:
        notes.append(f"unreliable: the {percent(0.8)} interval held {percent(mine.coverage)} of {mine.origins} earlier totals")
    return notes
