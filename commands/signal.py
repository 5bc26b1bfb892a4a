"""The JSON form of a signal, as kpi query prints it."""

from __future__ import annotations

from typing import Any

from errors import DashboardError
from metrics import Catalog
from metrics.comparisons import Where
from metrics.signal_types import Point, ShownPhase, Signal
from metrics.signals import signal
from metrics.verdict import sentence, short


def signal_of(catalog: Catalog, kpi: str, where: Where) -> dict[str, Any]:
    """Return what variation says of a KPI; what cannot be judged says why and never stops a query."""
    try:
        return document(signal(catalog, kpi, where))
    except DashboardError as error:
        return document(Signal(kpi, "week", "none", reason=str(error).rstrip(".")))


def document(found: Signal) -> dict[str, Any]:
    """Return a signal as plain data. limits are those of the last phase; points carry those in force for them."""
    return {
        "grain": found.grain,
        "basis": "residuals" if found.follows else "weekday_adjusted" if found.is_adjusted else "values",
        "rules": found.rules,
        "variation": found.variation,
        "since": found.since,
        "assurance": found.assurance,
        "target": None if found.status is None else found.status.verdict,
        "short": short(found),
        "verdict": sentence(found),
        "reason": found.reason,
        "limits": _limits(found.phases[-1]) if found.phases else None,
        "phases": [_phase(phase, found) for phase in found.phases],
        "points": [_point(point) for point in found.points],
        "notes": list(found.notes),
    }


def _limits(phase: ShownPhase) -> dict[str, Any] | None:
    drawn = phase.limits
    if drawn is None:
        return None
    return {
        "centre": drawn.centre,
        "lower": drawn.lower,
        "upper": drawn.upper,
        "mean_range": drawn.mean_range,
        "range_limit": drawn.range_limit,
        "baseline_points": drawn.points,
        "provisional": drawn.is_provisional,
    }


def _phase(phase: ShownPhase, found: Signal) -> dict[str, Any]:
    return {
        "from": found.points[phase.start].label,
        "to": found.points[phase.stop - 1].label,
        "why": phase.why or None,
        "autocorrelation": phase.correlation,
        "limits": _limits(phase),
        "reason": phase.absent,
    }


def _point(point: Point) -> dict[str, Any]:
    return {
        "period": point.label,
        "value": point.value,
        "judged": point.judged,
        "expected": point.expected,
        "lower": point.lower,
        "upper": point.upper,
        "rules": list(point.rules),
    }
