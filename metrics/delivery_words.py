"""The sentence about a team's delivery that a director would read aloud."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from metrics import numerals
from metrics.delivery_types import Delivery, Forecast, Outlook, Sprint
from metrics.numerals import fixed, percent, short

WORDS = {"likely": "likely in time", "at risk": "at risk", "unlikely": "unlikely to be in time", "unknown": ""}


def headline(forecast: Forecast) -> str:
    """Return when the next body of work is done, or why nobody can say."""
    open_ = [one for one in forecast.outlooks if one.items]
    if not open_:
        return "No item is open, so there is nothing to forecast."
    if forecast.reason is not None:
        return f"No finish date can be given: {forecast.reason}."
    chosen = next((one for one in open_ if one.kind == "release"), open_[0])
    return sentence(chosen, len(forecast.weekly), forecast.today)


def sentence(one: Outlook, weeks: int, today: date) -> str:
    """Return what is expected of one body of work."""
    of = "" if one.kind == "backlog" else f" of {one.kind} {one.name}"
    what = f"the {one.items} open items{of}" if one.items != 1 else f"the one open item{of}"
    after = f" (after {one.ahead} of earlier releases)" if one.ahead else ""
    verb = "finish" if one.items != 1 else "finishes"
    if one.p85 is None:
        return f"With the pace of the last {weeks} weeks {what}{after} {verb} at no date within ten years that could be named at {percent(0.85)}."
    text = f"With the pace of the last {weeks} weeks {what}{after} {verb} by {day(one.p85)} ({percent(0.85)})"
    if one.due is None or one.chance is None:
        return f"{text}." if one.kind == "backlog" else f"{text}; no day is planned."
    if one.due < today:
        return f"{text}; it was planned for {day(one.due)}, which has passed."
    return f"{text}; planned for {day(one.due)}: {WORDS[one.verdict]} ({share(one.chance)})."


def share(chance: float) -> str:
    """Return a chance out of 10,000 paths in percent; what no path showed is not said to be impossible, nor certain."""
    if chance < 0.005:
        return f"under {percent(0.01)}"
    return f"over {percent(0.99)}" if chance > 0.995 else percent(chance)


def day(value: date) -> str:
    """Return a day that nobody can misread."""
    return numerals.day(value)


def alike(sprints: Sequence[Sprint], most: int) -> tuple[Sprint, ...]:
    """Return the last sprints that are counted as the very last one is, in points or in items."""
    return tuple(one for one in sprints if one.unit == sprints[-1].unit)[-most:]


def velocity_words(delivery: Delivery, most: int = 7) -> str | None:
    """Return the velocity of the last closed sprints with its range, or None when there is none."""
    shown = alike(delivery.sprints, most)
    if not shown:
        return None
    closed = [one.numbers.completed for one in shown]
    many = f"the last {len(closed)} sprints" if len(closed) > 1 else "the only closed sprint"
    return f"Velocity {fixed(sum(closed) / len(closed), 1)} {shown[-1].unit} a sprint, between {short(min(closed))} and {short(max(closed))} in {many}."
