"""How a value changed, in words: by how much, in percent, up or down, better or worse, against what. And the one sentence of a KPI."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from metrics import KPI
from metrics.types import Comparison, TargetStatus
from pages.ui.numbers import change_size, day_words, signed_words, value_words

NONE = "no comparison"
JUDGED = {True: "better", False: "worse", None: ""}


def versus(comparison: Comparison) -> str:
    """Return what a value is held against: "previous 28 days", "same days, month before", "last year" (on the same weekdays)."""
    note = comparison.note.rsplit("against ", 1)[-1]
    if note == f"the {comparison.period.days} days before":
        return f"previous {comparison.period.days} days"
    if note.startswith("the same weekdays"):
        return "last year"
    if note.startswith("the same days of "):
        return "same days a year before" if note.endswith("a year before") else f"same days, {note.rsplit(' ', 2)[-2]} before"
    return note.removeprefix("the ")


def size(comparison: Comparison, unit: str, currency: str) -> str:
    """Return the size of a change: number and percent; of a rate, points; the number alone when the base allows no percent."""
    if comparison.change is None:
        return NONE
    amount = signed_words(abs(comparison.change), unit, currency).lstrip("+")
    if comparison.change_ratio is None:
        return amount
    return f"{amount} ({change_size(comparison, unit, currency)})"


def direction(comparison: Comparison) -> str:
    """Return up, down or flat."""
    if not comparison.change:
        return "flat"
    return "up" if comparison.change > 0 else "down"


def change(comparison: Comparison, unit: str, currency: str) -> str:
    """Return a change as one would say it, without what it is held against."""
    if comparison.change is None:
        return NONE
    if comparison.change == 0:
        return "flat"
    return f"{direction(comparison)} {size(comparison, unit, currency)}"


def short(comparison: Comparison, unit: str, currency: str) -> str:
    """Return the size of a change in as few signs as there are: percent, points, or the number alone."""
    return "flat" if comparison.change == 0 else change_size(comparison, unit, currency)


def sentence(
    kpi: KPI,
    value: float | None,
    reason: str | None,
    comparisons: Sequence[Comparison | None],
    target: TargetStatus,
    currency: str,
    through: date | None,
) -> str:
    """Return what a KPI does in one sentence, for captions, alternative texts and messages. through: last day that is held."""
    if value is None:
        return f"{kpi.label}: no value ({reason or 'no reason is known'})."
    told = [f"{change(one, kpi.unit, currency)} vs {versus(one)}" for one in comparisons if one is not None and one.change is not None]
    parts = [", ".join([f"{kpi.label} {value_words(value, kpi.unit, currency)}", *(told or [NONE])])]
    if target.verdict == "no_target":
        parts.append("no target")
    else:
        goal = "" if target.target is None else f" {value_words(target.target, kpi.unit, currency)}"
        parts.append(f"target{goal}: {target.sentence[0].lower()}{target.sentence[1:].rstrip('.')}")
    parts.append(f"data to {day_words(through)}")
    return "; ".join(parts) + "."
