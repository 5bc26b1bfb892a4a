"""How a KPI stands against its target over some days: held against it, on its pace, or not comparable and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from metrics.compare import NEAR, target_status
from metrics.comparisons import Asks
from metrics.definitions import Target
from metrics.plan import Plan
from metrics.shown import KPI
from metrics.signals import is_size_free
from metrics.spans import Rolling, ToDate
from metrics.stats.weekday import WEEKS
from metrics.types import Pace, Period, Question, TargetStatus, Verdict


class Stands(Asks, Protocol):
    """What a standing needs of a catalog."""

    def kpi(self, name: str) -> KPI: ...
    def pace(self, kpi: str, on: date) -> Pace | None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """status: fit to show; pace: of a target to reach, None for another one; until: last day of the target in force, None without one."""

    status: TargetStatus
    pace: Pace | None = None
    until: date | None = None


def standing(catalog: Stands, kpi: str, value: float | None, days: Period, by_sprint: bool = False) -> Standing:
    """Return how a value of some days stands against the target in force on their last day."""
    on = days.end - timedelta(days=1)
    definition = catalog.definition(kpi)
    target = definition.target_on(on)
    status = target_status(definition, value, on)
    if target is None or status.verdict in ("no_target", "unknown"):
        return Standing(status, None, None if target is None else target.to)
    if target.kind == "reach":
        return _reaching(catalog, kpi, target, status, on)
    if not by_sprint and not is_comparable(catalog.plan(kpi)):
        words = f"Not held against it: the target is not said to be one of {days.days} days."
        return Standing(TargetStatus("unknown", target.kind, target.value, None, words), None, target.to)
    return Standing(status, None, target.to)


def is_comparable(plan: Plan) -> bool:
    """Whether a value of any number of days may be held against a target that holds all the time."""
    return is_size_free(plan, (Rolling, ToDate))


def _reaching(catalog: Stands, kpi: str, target: Target, status: TargetStatus, on: date) -> Standing:
    """A target to reach is told by its pace; where days do not add up, by whether the value is there yet."""
    pace = catalog.pace(kpi, on)
    if pace is None or pace.share is None or pace.actual is None:
        if status.verdict == "met" or on >= target.to or pace is None:
            return Standing(status, pace, target.to)
        sentence = f"To be reached by {target.to}: {status.sentence[0].lower()}{status.sentence[1:]}"
        if catalog.plan(kpi).is_summable:
            sentence = f"{pace.note[0].upper()}{pace.note[1:]}."
        return Standing(TargetStatus("unknown", "reach", target.value, status.distance, sentence), pace, target.to)
    gap = pace.share - 1
    verdict: Verdict = "met" if gap >= 0 else "near" if gap >= -NEAR else "missed"
    words = f"{pace.share:.0%} of the pace, {pace.note}."
    return Standing(TargetStatus(verdict, "reach", target.value, gap, words), pace, target.to)


def questions(catalog: Stands, kpi: str, on: date) -> Iterator[Question]:
    """Yield what the pace of a target to reach will ask, so that it can be asked together with the rest."""
    target, covered = catalog.definition(kpi).target_on(on), catalog.covered(kpi)
    if target is None or target.kind != "reach" or covered is None or not catalog.plan(kpi).is_summable:
        return
    end = min(target.to + timedelta(days=1), covered.end)
    if end <= target.from_ or target.pace == "none":
        return
    yield Question(kpi, "total", Period(target.from_, end))
    if target.pace == "weekday":
        yield Question(kpi, "day", Period(end - timedelta(days=7 * WEEKS), end))
