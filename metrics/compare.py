"""Comparisons with an earlier period and with the target, in numbers and in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from metrics.definitions import KPI, Target
from metrics.numerals import percent
from metrics.types import Comparison, Pace, Period, Row, TargetStatus

NEAR = 0.05
"""A miss by at most this share of the target counts as near."""


def comparison(kpi: KPI, unit: str, value: float | None, base: float | None, period: Period, base_period: Period, note: str) -> Comparison:
    """Return value against base. A rate changes in points and has no ratio; an amount needs a base above 0 for one."""
    change = None if value is None or base is None else value - base
    ratio = change / abs(base) if change is not None and base and base > 0 and unit != "%" else None
    better = None
    if change and kpi.better in ("higher", "lower"):
        better = (change > 0) == (kpi.better == "higher")
    return Comparison(value, base, period, base_period, change, ratio, better, note)


def target_status(kpi: KPI, value: float | None, on: date, where: Sequence[tuple[str, tuple[str, ...]]] = ()) -> TargetStatus:
    """Return how a value stands against the target in force on a day; compared as stored, never as rounded.

    A placeholder is not agreed: it is never met.
    """
    target = kpi.target_on(on, where)
    if target is None:
        return TargetStatus("no_target", None, None, None, "No target.")
    if target.provenance == "placeholder":
        return TargetStatus("no_target", target.kind, target.value, None, "The target is a placeholder: nothing is agreed yet.")
    if value is None:
        return TargetStatus("unknown", target.kind, target.value, None, "No value to compare with the target.")
    if target.kind == "band":
        return _band(target, value)
    goal = float(target.value or 0.0)
    above = target.kind == "stay_above" or (target.kind == "reach" and kpi.better != "lower")
    met = value >= goal if above else value <= goal
    distance = (value - goal) / abs(goal) if goal else None
    near = distance is not None and abs(distance) <= NEAR
    return TargetStatus("met" if met else "near" if near else "missed", target.kind, goal, distance, _sentence(distance, met))


def _band(target: Target, value: float) -> TargetStatus:
    low, high = float(target.low or 0.0), float(target.high or 0.0)
    if low <= value <= high:
        return TargetStatus("met", "band", None, 0.0, "Inside the target band.")
    edge = low if value < low else high
    distance = (value - edge) / abs(edge) if edge else None
    near = distance is not None and abs(distance) <= NEAR
    side = "below" if value < low else "above"
    return TargetStatus("near" if near else "missed", "band", edge, distance, f"{_percent(distance)} {side} the target band.")


def _sentence(distance: float | None, met: bool) -> str:
    if distance is None or distance == 0:
        return "On target." if met else "Off target."
    return f"{_percent(distance)} {'above' if distance > 0 else 'below'} target."


def _percent(distance: float | None) -> str:
    if distance is None:
        return "Off"
    return percent(abs(distance), 1 if abs(distance) < 0.1 else 0)


def against_row(kpi: KPI, unit: str, row: Row, before: Row | None) -> Comparison:
    """Return a row against the one before it."""
    if before is None or before.value is None:
        return comparison(kpi, unit, row.value, None, row.period, row.period, "no comparison: there is no sprint before")
    return comparison(kpi, unit, row.value, before.value, row.period, before.period, f"against {before.label}")


def pace_of(target: float, period: Period, done: Period, actual: float, share: float | None, words: str) -> Pace:
    """Return the pace of a target to reach. share: how much of it is expected by the end of `done`, None when that is not known."""
    left = period.days - done.days
    required = max(0.0, target - actual) / left if left else None
    through = done.end - timedelta(days=1)
    if share is None:
        return Pace(target, period, through, actual, None, None, required, words)
    expected = target * share
    return Pace(target, period, through, actual, expected, actual / expected if expected > 0 else None, required, f"expected {words}")
