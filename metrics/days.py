"""Which days a page is asked for by a name, and which of them one KPI can tell already. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from metrics.bases import Base, base_of
from metrics.calendar import Calendar
from metrics.types import Grain, Period

LAST = {"7d": 7, "28d": 28, "90d": 90}
TO_DATE: dict[str, Grain] = {"wtd": "week", "mtd": "month", "qtd": "quarter", "ytd": "year"}
FULL: dict[str, Grain] = {"week": "week", "month": "month", "quarter": "quarter"}
LATE_DAYS = 2
"""A source further than this behind the newest one does not hold the page's days back: its KPIs say until when they go."""


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days. grain: the calendar's when they are one of its periods, or the part of one that is over; whole: all of that period, else the days themselves.

    is_fixed: people chose the days one by one, so others are never shown in their place.
    """

    period: Period
    whole: Period
    grain: Grain | None = None
    is_fixed: bool = False

    @property
    def last(self) -> date:
        """The last day."""
        return self.period.last

    @property
    def is_to_date(self) -> bool:
        """Whether the calendar's period still runs."""
        return self.period != self.whole

    def base(self, calendar: Calendar, to: Base) -> tuple[Period, str]:
        """Return what the days are compared with, and that in words; a part of a period with the same part."""
        return base_of(calendar, self.whole, self.period, to, self.grain)


def chosen(name: str, covered: Period, calendar: Calendar) -> Days:
    """Return the days of a preset; the last one is the last that is covered. On the last day of a month, the month to date is all of it."""
    last = covered.end - timedelta(days=1)
    if name in TO_DATE:
        start = calendar.floor(last, TO_DATE[name])
        return Days(Period(start, covered.end), Period(start, calendar.following(start, TO_DATE[name])), TO_DATE[name])
    if name in FULL:
        return _full(calendar, covered.end, FULL[name])
    period = Period(covered.end - timedelta(days=LAST[name]), covered.end)
    return Days(period, period)


def fixed(first: date, last: date, covered: Period) -> Days | None:
    """Return the days from a first to a last one, both included, as far as they are covered; None when none is."""
    start, end = max(first, covered.start), min(last + timedelta(days=1), covered.end)
    period = Period(start, end)
    return Days(period, period, None, True) if start < end else None


def fitted(days: Days, end: date | None, calendar: Calendar) -> Days | None:
    """Return the days as one KPI can tell them whose days are whole before `end`; None when none of them is.

    The last N days move back; of a period to date less is over; instead of a full week, month or quarter the last full one is shown.
    """
    if end is None or end >= days.period.end:
        return days
    if days.grain is not None and not days.is_to_date:
        return _full(calendar, end, days.grain)
    if days.is_to_date or days.is_fixed:
        return replace(days, period=Period(days.period.start, end)) if end > days.period.start else None
    period = days.period.shift((end - days.period.end).days)
    return Days(period, period)


def _full(calendar: Calendar, before: date, grain: Grain) -> Days:
    end = calendar.floor(before, grain)
    period = Period(calendar.floor(end - timedelta(days=1), grain), end)
    return Days(period, period, grain)


def shared(covered: Iterable[Period | None]) -> Period | None:
    """Return the days that several KPIs can tell together: one that is much behind the newest does not hold the others back."""
    known = [period for period in covered if period is not None]
    if not known:
        return None
    newest = max(period.end for period in known)
    end = min(period.end for period in known if (newest - period.end).days <= LATE_DAYS)
    start = min(period.start for period in known)
    return Period(start, end) if start < end else None
