"""Which days a value looks back over, other than its own period: rolling windows and values to date. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from metrics.calendar import Calendar
from metrics.types import Grain

Unit = Literal["week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year", "ever"]
EARLIEST = date(1970, 1, 1)
"""First day that may be asked for; "ever" begins there."""


@dataclass(frozen=True, slots=True)
class Rolling:
    """The last `days` days up to the period's last one."""

    days: int


@dataclass(frozen=True, slots=True)
class ToDate:
    """From the first day of the unit that the period's last day lies in; "ever" has no first day."""

    unit: Unit


Span = Rolling | ToDate

FINER: dict[Unit, tuple[Grain, ...]] = {
    "week": ("day", "week"),
    "month": ("day", "week", "month"),
    "quarter": ("day", "week", "month", "quarter"),
    "fiscal_quarter": ("day", "week", "month", "fiscal_quarter"),
    "year": ("day", "week", "month", "quarter", "year"),
    "fiscal_year": ("day", "week", "month", "fiscal_quarter", "fiscal_year"),
    "ever": ("day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year"),
}
"""Unit → the calendar grains at which a value to date makes sense: a quarter's month to date would be one month of three."""


def first_day(span: Span | None, start: date, until: date, calendar: Calendar) -> date:
    """Return the first day that a value of the period [start, until) is made of."""
    match span:
        case None:
            return start
        case Rolling(days):
            return until - timedelta(days=days)
        case ToDate("ever"):
            return EARLIEST
        case ToDate(unit):
            assert unit != "ever"
            return calendar.floor(until - timedelta(days=1), unit)
