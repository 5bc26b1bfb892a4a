"""Numbers, changes and times as people read them. The values themselves are never changed here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from metrics.numerals import MINUS, day, fixed, money, percent
from metrics.types import Comparison, Period

NARROW = "\u202f"


def value_words(value: float | None, unit: str, currency: str) -> str:
    """Return a value with its unit; a rate is stored as a fraction of 1. None is a dash."""
    if value is None:
        return "–"
    if unit == "%":
        return percent(value, 2 if abs(value) < 0.1 else 1)
    if len(unit) == 3 and unit.isupper():
        return money(value, unit, 2 if abs(value) < 1_000 else 0)
    return f"{_amount(value)}{NARROW}{unit}" if unit else _amount(value)


def _amount(value: float) -> str:
    if value == int(value) or abs(value) >= 1_000:
        return fixed(value)
    return fixed(value, 1 if abs(value) >= 10 else 2)


def change_size(comparison: Comparison, unit: str, currency: str) -> str:
    """Return the size of a change without its sign: points for a rate, percent where the base allows it, else the amount."""
    if comparison.change is None:
        return "–"
    if unit == "%":
        return f"{fixed(abs(comparison.change) * 100, 2)}{NARROW}points"
    if comparison.change_ratio is not None:
        return percent(abs(comparison.change_ratio), 1)
    return value_words(abs(comparison.change), unit, currency)


def signed_words(change: float, unit: str, currency: str) -> str:
    """Return a change with its sign; a rate changes in points."""
    sign = "+" if change > 0 else MINUS if change < 0 else ""
    if unit == "%":
        return f"{sign}{fixed(abs(change) * 100, 2)}{NARROW}points"
    return f"{sign}{value_words(abs(change), unit, currency)}"


def arrow(comparison: Comparison) -> str:
    """Return the sign of a change as a shape."""
    if not comparison.change:
        return "→"
    return "▲" if comparison.change > 0 else "▼"


def day_words(shown: date | None) -> str:
    """Return a day that nobody can misread: 21 Nov 2026."""
    return "–" if shown is None else day(shown)


def age_words(at: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago an instant was; from a day on, the day."""
    if at is None:
        return "never"
    age = (now or datetime.now(UTC)) - at
    if age < timedelta(minutes=1):
        return "just now"
    if age < timedelta(hours=1):
        return f"{int(age.total_seconds() // 60)} min ago"
    if age < timedelta(days=1):
        return f"{int(age.total_seconds() // 3600)} h ago"
    return f"on {day_words(at.date())}"


def instant_words(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant as a day and a time of the reporting zone."""
    local = at.astimezone(zone)
    return f"{day_words(local.date())}, {local:%H:%M}"


def share_words(share: float) -> str:
    """Return a share of 1 as percent; what is there at all is never 0%."""
    return f"<{percent(0.001, 1)}" if 0 < share < 0.001 else percent(share, 1 if share < 0.1 else 0)


def range_words(first: date, last: date) -> str:
    """Return two days, both included, as one range."""
    return f"{day_words(first)} – {day_words(last)}"


def period_words(period: Period) -> str:
    """Return a period as its day, or as its first and last day."""
    last = period.end - timedelta(days=1)
    return day_words(period.start) if last <= period.start else range_words(period.start, last)


def first_day(label: str, period: Period) -> date | str:
    """Return what names a period of a series: its first day, or what people call it where it has a name of its own, as sprints have."""
    return period.start if label == period.start.isoformat() else label
