"""The reporting calendar: which periods a grain has, and where days begin. The only place that does dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from metrics.numerals import DEFAULT, Name
from metrics.types import Grain, Period

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Month = Literal["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
MONTHS: tuple[Month, ...] = get_args(Month)
MONTHS_OF: dict[str, int] = {"month": 1, "quarter": 3, "year": 12, "fiscal_quarter": 3, "fiscal_year": 12}


@dataclass(frozen=True, slots=True)
class Calendar:
    """Zone, first weekday and first fiscal month of the organisation, its currency, and how it writes numbers and days."""

    timezone: ZoneInfo
    week_start: Weekday = "monday"
    fiscal_year_start: Month = "january"
    currency: str = "EUR"
    locale: Name = DEFAULT

    @property
    def week_offset(self) -> int:
        """Days from Monday to the first day of the week."""
        return WEEKDAYS.index(self.week_start)

    @property
    def fiscal_offset(self) -> int:
        """Months from January to the first fiscal month."""
        return MONTHS.index(self.fiscal_year_start)

    def month_offset(self, grain: Grain) -> int:
        """Months by which the periods of a grain are shifted against the calendar year."""
        return self.fiscal_offset if grain.startswith("fiscal") else 0

    def floor(self, day: date, grain: Grain) -> date:
        """Return the first day of the period that `day` lies in."""
        if grain in ("hour", "day"):
            return day
        if grain == "week":
            return day - timedelta(days=(day.weekday() - self.week_offset) % 7)
        length, offset = MONTHS_OF[grain], self.month_offset(grain)
        months = day.year * 12 + day.month - 1 - offset
        return _month(months - months % length + offset)

    def following(self, start: date, grain: Grain) -> date:
        """Return the first day of the period after the one that begins on `start`."""
        if grain in ("hour", "day", "week"):
            return start + timedelta(days=7 if grain == "week" else 1)
        return _month(start.year * 12 + start.month - 1 + MONTHS_OF[grain])

    def periods(self, grain: Grain, within: Period) -> Iterator[Period]:
        """Yield the whole periods of a calendar grain that touch `within`, oldest first; "total" is `within` itself, "hour" its days."""
        if grain == "total":
            yield within
            return
        start = self.floor(within.start, grain)
        while start < within.end:
            end = self.following(start, grain)
            yield Period(start, end)
            start = end

    def back(self, period: Period, grain: Grain, least: int, least_days: int) -> Period:
        """Return a period that ends with this one and reaches back over at least so many periods of a grain, and so many days."""
        start = min(period.start, period.end - timedelta(days=least_days))
        if grain not in ("hour", "day", "total", "sprint"):
            early = self.floor(period.end - timedelta(days=1), grain)
            for _ in range(least):
                early = self.floor(early - timedelta(days=1), grain)
            start = min(start, early)
        return Period(start, period.end)

    def minutes_of(self, day: date) -> int:
        """Return how many minutes before the full hour of UTC an hour of the zone begins: 0 in most, 30 in India.

        Where clocks change by less than an hour, hours keep the beginning that they have on `day`.
        """
        offset = datetime(day.year, day.month, day.day, tzinfo=self.timezone).utcoffset() or timedelta(0)
        return int(offset.total_seconds() // 60) % 60

    def hours(self, within: Period) -> Iterator[datetime]:
        """Yield the beginnings (aware UTC) of the hours of a period: a day has 23, 24 or 25."""
        shift = timedelta(minutes=self.minutes_of(within.start))
        now = (self.begins(within.start) + shift).replace(minute=0, second=0) - shift
        while now < self.begins(within.end):
            yield now
            now += timedelta(hours=1)

    def begins(self, day: date) -> datetime:
        """Return the instant at which `day` begins in the reporting zone (aware UTC)."""
        return datetime(day.year, day.month, day.day, tzinfo=self.timezone).astimezone(UTC)

    def day_of(self, instant: datetime) -> date:
        """Return the reporting day of an instant; a naive one is UTC."""
        aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        return aware.astimezone(self.timezone).date()


def _month(months: int) -> date:
    return date(months // 12, months % 12 + 1, 1)
