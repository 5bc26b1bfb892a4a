"""What an estimate of a driver's effect may be called: its checks, its grade, and why it is refused. Knows no KPI."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Literal

import numpy as np

from metrics import numerals
from metrics.stats.jackknife import Estimate, interval
from metrics.stats.panel import Panel, Shift, coefficients, demand_shift, elasticity, lead_placebo
from metrics.stats.reliability import LEAST, corrected, panel_reliability

Grade = Literal["A", "B", "C", "D", "R"]
Outcome = Literal["passed", "failed", "not run"]
Single = Callable[[Panel], Estimate | None]
LEAST_DAYS = 56
LEAST_COUNTS = 1_000
WIDEST = 0.5
"""Largest half width of a 95 % interval that is told as a number."""
LEAST_COVERAGE = 0.5
IMPLAUSIBLE = -1.0
"""Randomised figures lie between −0.2 and −0.4; below this a note says so."""
GRADES: dict[Grade, str] = {
    "A": "a randomised test",
    "B": "a panel of segments that passes every check",
    "C": "one series, or a panel with one reservation",
    "D": "descriptive only",
    "R": "refused",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check in words. costs: what failing does; a check that was not run costs what its failing would when that is a grade."""

    name: str
    outcome: Outcome
    words: str
    costs: Literal["refusal", "grade", "nothing"]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What may be said. estimate: None when refused. compatible: the interval of a refusal that is only too wide. reason: why it is refused."""

    grade: Grade
    estimate: Estimate | None
    checks: tuple[Check, ...]
    reason: str | None = None
    compatible: Estimate | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the driver comes from. same_draws: it was measured on those who are counted. coverage: share of them for whom it was; None = not known."""

    same_draws: bool
    coverage: float | None = None
    noun: str = "conversions"
    people: str = "visitor-days"


def assess(panel: Panel, origin: Origin, lags: int = 0, breaks: tuple[int, ...] = (), single: Single | None = None) -> Assessment:
    """Return the estimate of a panel with every check of it, its grade, or why there is none.

    breaks: days, counted from the first, from which something is measured anew: the segments of each part get effects of their own.
    single: the estimator of a panel with one segment, which day effects cannot be taken from; without it one segment is refused.
    """
    early = (volume(panel, origin.noun), definition(panel, breaks, origin.noun), segments(panel, single is not None), coverage(origin))
    if any(check.outcome == "failed" and check.costs == "refusal" for check in early):
        return _refused(early)
    if single is not None and early[2].outcome == "failed":
        return _series(early, single(panel))
    panel = panel.cut(breaks)
    alone = coefficients(panel, panel.driver[None])
    raw = elasticity(panel, lags) if lags else interval(alone)
    trust, estimate = measured(panel, origin, raw)
    checks = (*early, trust, variation(estimate), demand(demand_shift(panel, alone)), placebo(lead_placebo(panel)))
    failed = [check for check in checks if check.costs == "refusal" and check.outcome != "passed"]
    if failed or estimate is None:
        too_wide = len(failed) == 1 and failed[0].name == VARIATION
        return _refused(checks, estimate if too_wide else None)
    lost = sum(check.costs == "grade" and check.outcome != "passed" for check in checks)
    grade: Grade = "B" if lost == 0 else "C" if lost == 1 else "D"
    notes = (_implausible(estimate),) if estimate.value < IMPLAUSIBLE else ()
    return Assessment(grade, estimate, checks, notes=notes)


def _series(early: tuple[Check, ...], estimate: Estimate | None) -> Assessment:
    """Return what is told of one segment: no check needs other segments, and the grade is one lower."""
    wide = variation(estimate)
    if wide.outcome == "failed" or estimate is None:
        return _refused((*early, wide), estimate)
    return Assessment("C", estimate, (*early, wide), notes=(_implausible(estimate),) if estimate.value < IMPLAUSIBLE else ())


def _refused(checks: tuple[Check, ...], compatible: Estimate | None = None) -> Assessment:
    reasons = [check.words for check in checks if check.costs == "refusal" and check.outcome != "passed"]
    return Assessment("R", None, checks, " ".join(reasons), compatible)


VOLUME, DEFINITION, SEGMENTS, COVERAGE, RELIABILITY = "Volume", "Definition break", "Segments", "Coverage", "Reliability"
VARIATION, DEMAND, PLACEBO = "Variation", "Demand shocks", "Lead placebo"


def volume(panel: Panel, noun: str) -> Check:
    """Check that there are enough days and enough counts."""
    counts = np.where(panel.used, panel.counts, 0.0)
    days, total = int(panel.used.any(axis=1).sum()), float(counts.sum())
    enough = days >= LEAST_DAYS and total >= LEAST_COUNTS
    words = f"{days} days with {total:,.0f} {noun}; at least {LEAST_DAYS} days and {LEAST_COUNTS:,} {noun} are needed."
    return Check(VOLUME, "passed" if enough else "failed", words if enough else f"Not enough data: {words}", "refusal")


def definition(panel: Panel, breaks: tuple[int, ...], noun: str) -> Check:
    """Check that every part between two breaks could stand alone."""
    if not breaks:
        return Check(DEFINITION, "passed", "No day is on record on which one of the two sides was measured anew.", "refusal")
    ends = [0, *breaks, len(panel.counts)]
    parts = [panel.days(first, last) for first, last in pairwise(ends)]
    if all(volume(part, noun).outcome == "passed" for part in parts):
        return Check(DEFINITION, "passed", f"The window is split on {len(breaks)} day(s) on which something was measured anew.", "refusal")
    words = f"Something was measured anew inside the window, and one of the {len(parts)} parts has too few days or {noun} for itself."
    return Check(DEFINITION, "failed", words, "refusal")


def segments(panel: Panel, has_single: bool = False) -> Check:
    """Check that there is more than one segment: day effects need one to compare with. has_single: whether one alone can be told, a grade lower."""
    number = int((panel.used.any(axis=0) & (np.where(panel.used, panel.counts, 0.0).sum(axis=0) > 0)).sum())
    if number >= 2:
        return Check(SEGMENTS, "passed", f"{number} segments are compared within the same days.", "refusal")
    if number and has_single:
        return Check(SEGMENTS, "failed", "One segment only: a single series over time, told one grade lower.", "grade")
    words = "One segment only: a single series cannot be told from what else changes from day to day."
    return Check(SEGMENTS, "failed", words if number else "No segment has enough data.", "refusal")


def coverage(origin: Origin) -> Check:
    """Check that the driver is known for most of those who are counted."""
    if origin.coverage is None:
        return Check(COVERAGE, "passed", "The driver has one value for everybody in a segment on a day.", "refusal")
    good = origin.coverage >= LEAST_COVERAGE
    known = f"known for {origin.coverage:.1%} of {origin.people}"
    return Check(COVERAGE, "passed" if good else "failed", f"The driver is {known}; at least {LEAST_COVERAGE:.0%} are needed.", "refusal")


def measured(panel: Panel, origin: Origin, raw: Estimate | None) -> tuple[Check, Estimate | None]:
    """Check that the driver moves more than its sample does, and return the estimate, corrected where it must be."""
    if origin.same_draws:
        return Check(RELIABILITY, "passed", "The driver is measured on those who are counted: no correction is needed.", "refusal"), raw
    if panel.noise is None:
        words = "The driver's sampling error is not known; if it is large, the estimate lies too near to 0."
        return Check(RELIABILITY, "not run", words, "grade"), raw
    share = panel_reliability(panel.driver, panel.noise, panel.expected)
    good = share is not None and share >= LEAST
    said = "none" if share is None else f"{share:.2f}"
    words = f"{said} of the driver's movement within segments is its own; at least {LEAST} is needed, and the estimate is divided by it."
    fixed = corrected(raw, share) if raw is not None and share is not None and good else None
    return Check(RELIABILITY, "passed" if good else "failed", words, "refusal"), fixed


def variation(estimate: Estimate | None) -> Check:
    """Check that the driver moved enough for a number."""
    if estimate is None:
        return Check(VARIATION, "failed", "The driver does not move within segments, or the effect is not identified.", "refusal")
    good = estimate.half_width <= WIDEST
    words = f"The 95% interval reaches {estimate.half_width:.2f} to either side"
    rest = "." if good else f"; more than {WIDEST} is not told as a number. The driver hardly moved within segments, or the data are few."
    return Check(VARIATION, "passed" if good else "failed", words + rest, "refusal")


def demand(shift: Shift | None) -> Check:
    """Check that the estimate does not come from waves of visitors that move driver and outcome at once."""
    if shift is None:
        return Check(DEMAND, "not run", "Whether waves of visitors move both sides could not be checked.", "refusal")
    words = f"With the number of visitors held, the elasticity moves by {signed(shift.change)} (95%: ±{shift.half_width:.2f})"
    if not shift.suspicious:
        return Check(DEMAND, "passed", f"{words}: no sign that waves of visitors move both sides.", "refusal")
    return Check(
        DEMAND, "failed", f"{words}: waves of visitors move driver and outcome at once, and the two cannot be told apart.", "refusal"
    )


def placebo(lead: Estimate | None) -> Check:
    """Check that tomorrow's driver does not seem to move today's outcome."""
    if lead is None:
        return Check(PLACEBO, "not run", "Tomorrow's driver could not be put beside today's.", "grade")
    words = f"Tomorrow's driver goes with {signed(lead.value)} (95%: {signed(lead.low)} to {signed(lead.high)})"
    if not lead.excludes_zero:
        return Check(PLACEBO, "passed", f"{words}: compatible with none, as it must be.", "grade")
    return Check(PLACEBO, "failed", f"{words}: it cannot move today's outcome, so something else moves both. One grade lower.", "grade")


def signed(value: float, places: int = 2) -> str:
    """Return a number with its sign; what rounds to 0 has none.

    >>> signed(-0.004), signed(1234.5, 0), signed(0.5)
    ('0.00', '+1,234', '+0.50')
    """
    return numerals.signed(partial(numerals.fixed, places=places), value)


def _implausible(estimate: Estimate) -> str:
    return f"An elasticity of {signed(estimate.value)} is large: the randomised figures that were published lie between −0.2 and −0.4. Look for something else that changed."
