"""The targets of a KPI as a table: what was valid when, who set it, and whether it was met then."""

from __future__ import annotations

from metrics import KPI
from metrics.target_history import TargetThen
from pages.ui.numbers import day_words, range_words, value_words

SHAPE = {"met": "● Met", "missed": "▲ Missed", "running": "◆ Running", "unknown": "? Not known"}
KINDS = {"reach": "reach", "stay_above": "stay above", "stay_below": "stay below", "band": "stay between"}


def table(found: tuple[TargetThen, ...], kpi: KPI, currency: str) -> list[dict[str, str]]:
    """Return the targets as rows of text, the newest first."""
    return [
        {
            "days": range_words(one.target.from_, one.target.to),
            "target": _goal(one, kpi, currency),
            "met then": outcome(one),
            "where it is from": one.target.provenance,
            "set by": f"{one.target.set_by or '–'}{'' if one.target.set_on is None else f', {day_words(one.target.set_on)}'}",
            "why": one.target.reason or "",
        }
        for one in found
    ]


def _goal(one: TargetThen, kpi: KPI, currency: str) -> str:
    target = one.target
    ends = (target.low, target.high) if target.kind == "band" else (target.value,)
    part = ", ".join(f"{name} {' or '.join(values)}" for name, values in target.scope)
    return f"{KINDS[target.kind]} {' and '.join(value_words(end, kpi.unit, currency) for end in ends)}{f' ({part})' if part else ''}"


def outcome(one: TargetThen) -> str:
    """Return what became of a target."""
    if one.of:
        return f"{SHAPE[one.outcome]}: in {one.met} of {one.of} whole {one.grain}s"
    return f"{SHAPE[one.outcome]}: {one.words}"
