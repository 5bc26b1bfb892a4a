"""The sentences about a randomised test: estimate, interval, population, and no more than was shown."""

from __future__ import annotations

from metrics.experiment_types import Kind, Reading, Readout
from metrics.stats.absent import Absent
from metrics.stats.experiments.effect import Effect


def headline(readout: Readout) -> str:
    """Return the sentence that a director would read aloud: what the primary metric did, or why nothing is said."""
    if readout.reason is not None:
        return f"No result is shown: {readout.reason}."
    return " ".join(sentence(one, readout) for one in readout.readings if one.is_primary)


def sentence(reading: Reading, readout: Readout) -> str:
    """Return what one metric did in one arm."""
    change = reading.change
    if isinstance(change, Absent):
        return f"{reading.metric} in '{reading.arm}': no result, because {change.reason}."
    shown = "relative" if isinstance(reading.lift, Effect) else "absolute"
    size = f"{amount(change.value, reading.kind)} ({ends(change, reading.kind, readout.alpha)})"
    if isinstance(reading.lift, Effect):
        size = f"{percent(reading.lift.value)} ({percent_ends(reading.lift, readout.alpha)})"
    until = {"planned end": "at the planned end", "interim": "so far", "no plan": "so far"}[readout.moment]
    users = f"{readout.users[reading.arm] + readout.users[readout.control]:,} users"
    if reading.direction == "not shown":
        return f"No difference in {reading.metric} between '{reading.arm}' and '{readout.control}' was shown {until}: {shown} change {size}, {users}."
    verb = "raised" if reading.direction == "higher" else "lowered"
    return f"'{reading.arm}' {verb} {reading.metric} {until}: {shown} change {size}, {users}, randomised (grade A)."


def amount(value: float, kind: Kind) -> str:
    """Return a change with its sign; a share changes in points."""
    return f"{value * 100:+.2f} points" if kind == "proportion" else f"{value:+.4g}"


def percent(value: float) -> str:
    """Return a relative change with its sign."""
    return f"{value * 100:+.2f} %"


def ends(effect: Effect, kind: Kind, alpha: float) -> str:
    """Return an interval as words."""
    low, high = (None if end is None else amount(end, kind) for end in (effect.low, effect.high))
    return _ends(low, high, alpha)


def percent_ends(effect: Effect, alpha: float) -> str:
    """Return an interval of a relative change as words."""
    low, high = (None if end is None else percent(end) for end in (effect.low, effect.high))
    return _ends(low, high, alpha)


def _ends(low: str | None, high: str | None, alpha: float) -> str:
    return f"{(1 - alpha) * 100:g} %: {low or 'open'} to {high or 'open'}"
