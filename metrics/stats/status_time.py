"""Where the time of an item went: worked on or waiting, from its changes of status."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

ACTIVE = frozenset({"doing"})
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Time:
    """Days between the first start and the last end of an item."""

    active: float
    waiting: float


def days_in(changes: Sequence[tuple[datetime, str]], categories: Collection[str], until: datetime) -> float:
    """Return the days spent in some categories, also after an item was opened again.

    Shape: changes are (when, category entered), oldest first; the last one lasts until `until`.
    Source: Atlassian, control chart: time after reopening counts.
    """
    marks = [*changes, (until, "")]
    spent = (later - at for (at, category), (later, _) in pairwise(marks) if category in categories)
    return sum(spent, timedelta(0)) / DAY


def time_of(changes: Sequence[tuple[datetime, str]], start: datetime, end: datetime) -> Time | None:
    """Return the time between start and end as active (in a doing category) and waiting (anything else); None when nothing is known.

    Shape: as `days_in`, over the whole life of the item.
    """
    before = [category for at, category in changes if at <= start]
    inside = [(at, category) for at, category in changes if start < at < end]
    if not before or end <= start:
        return None
    active = days_in([(start, before[-1]), *inside], ACTIVE, end)
    return Time(active, max(0.0, (end - start) / DAY - active))


def flow_efficiency(times: Iterable[Time]) -> float | None:
    """Return the active share of the time of all items together, a fraction of 1: sum over sum, never a mean of shares."""
    known = list(times)
    whole = sum(one.active + one.waiting for one in known)
    return sum(one.active for one in known) / whole if whole > 0 else None
