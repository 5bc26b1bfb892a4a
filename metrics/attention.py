"""Which KPIs need attention now, the worst first. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from metrics.signal_types import Signal
from metrics.types import TargetStatus

Trouble = Literal["missed_and_worsening", "missed", "worsening", "absent"]
ORDER: tuple[Trouble, ...] = ("missed_and_worsening", "missed", "worsening", "absent")


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one KPI. is_absent: it has no value at all."""

    kpi: str
    status: TargetStatus
    signal: Signal | None
    is_absent: bool = False


def trouble(state: State) -> Trouble | None:
    """Return what is wrong with a KPI: its target is missed, it moves the wrong way beyond its usual variation, or it has no value."""
    worsens = state.signal is not None and state.signal.variation == "concern"
    if state.is_absent:
        return "absent"
    if state.status.verdict == "missed":
        return "missed_and_worsening" if worsens else "missed"
    return "worsening" if worsens else None


def ranked(states: Iterable[State]) -> tuple[tuple[State, Trouble], ...]:
    """Return the KPIs that need attention: by kind of trouble, then the furthest from its target, then what began last."""
    found = [(state, kind) for state in states if (kind := trouble(state)) is not None]
    return tuple(sorted(found, key=lambda pair: _place(*pair)))


def _place(state: State, kind: Trouble) -> tuple[int, float, int, str]:
    since = state.signal.since if state.signal is not None and state.signal.since is not None else date.min
    # a value on target or without one has no distance to speak of
    distance = abs(state.status.distance or 0.0) if state.status.verdict in ("missed", "near") else 0.0
    return ORDER.index(kind), -distance, -since.toordinal(), state.kpi
