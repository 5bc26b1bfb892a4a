"""Which days a period is compared with, like for like. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from metrics.calendar import MONTHS_OF, Calendar
from metrics.types import Grain, Period

Base = Literal["previous_period", "previous_year"]
YEAR = 364
"""Days from a weekday to the same weekday a year before: 52 whole weeks, also where a year has 53."""


def base_of(calendar: Calendar, whole: Period, cut: Period, to: Base, grain: Grain | None) -> tuple[Period, str]:
    """Return the base of a period of which only `cut` counts, and what it is in words.

    A whole month, quarter or year asked for as such has the one before it, or the same one a year before, as its base, cut to as many
    days; every other period the days right before it, or the same weekdays 364 days before.
    """
    if grain in MONTHS_OF and calendar.floor(whole.start, grain) == whole.start and calendar.following(whole.start, grain) == whole.end:
        return _calendar_base(calendar, whole, cut, to, grain)
    if to == "previous_year":
        return cut.shift(-YEAR), "the same weekdays 364 days before"
    if grain == "week" and whole.days == 7:
        return cut.shift(-7), "the week before" if cut == whole else "the same days of the week before"
    return cut.shift(-whole.days), "the day before" if whole.days == 1 else f"the {whole.days} days before"


def _calendar_base(calendar: Calendar, whole: Period, cut: Period, to: Base, grain: Grain) -> tuple[Period, str]:
    name = grain.replace("_", " ")
    start = calendar.floor(whole.start - timedelta(days=1), grain) if to == "previous_period" else _year_before(whole.start)
    end = calendar.following(start, grain)
    words = f"the {name} before" if to == "previous_period" else f"the same {name} a year before"
    if cut == whole:
        return Period(start, end), words
    return Period(start, min(end, start + timedelta(days=cut.days))), f"the same days of {words}"


def _year_before(day: date) -> date:
    """Return the same day a year before; calendar periods never begin on 29 February."""
    return day.replace(year=day.year - 1)
