"""Numbers, changes and times as people read them. The values themselves are never changed here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from metrics.types import Comparison, Period

LOCALE = "en"
MINUS = "\u2212"
NARROW = "\u202f"


def value_words(value: float | None, unit: str, currency: str) -> str:
    """Return a value with its unit; a rate is stored as a fraction of 1. None is a dash."""
    if value is None:
        return "–"
    if unit == "%":
        text = format_percent(value, "0.00%" if abs(value) < 0.1 else "0.0%", locale=LOCALE)
    elif len(unit) == 3 and unit.isupper():
        pattern = "¤#,##0.00" if abs(value) < 1_000 else "¤#,##0"
        text = format_currency(value, unit, format=pattern, locale=LOCALE, currency_digits=False)
    else:
        text = f"{_amount(value)}{NARROW}{unit}" if unit else _amount(value)
    return text.replace("-", MINUS)


def _amount(value: float) -> str:
    if value == int(value) or abs(value) >= 1_000:
        return format_decimal(value, "#,##0", locale=LOCALE)
    return format_decimal(value, "#,##0.0" if abs(value) >= 10 else "#,##0.00", locale=LOCALE)


def change_words(comparison: Comparison, unit: str, currency: str) -> str:
    """Return how a value changed: up, down or flat, by how much, against what. A rate changes in points."""
    if comparison.change is None:
        return comparison.note or "no comparison"
    if comparison.change == 0:
        return f"flat {comparison.note}"
    direction = "up" if comparison.change > 0 else "down"
    return f"{direction} {change_size(comparison, unit, currency)} {comparison.note}"


def change_size(comparison: Comparison, unit: str, currency: str) -> str:
    """Return the size of a change without its sign: points for a rate, percent where the base allows it, else the amount."""
    if comparison.change is None:
        return "–"
    if unit == "%":
        return f"{format_decimal(abs(comparison.change) * 100, '0.00', locale=LOCALE)}{NARROW}points"
    if comparison.change_ratio is not None:
        return format_percent(abs(comparison.change_ratio), "0.0%", locale=LOCALE)
    return value_words(abs(comparison.change), unit, currency)


def signed_words(change: float, unit: str, currency: str) -> str:
    """Return a change with its sign; a rate changes in points."""
    sign = "+" if change > 0 else MINUS if change < 0 else ""
    if unit == "%":
        return f"{sign}{format_decimal(abs(change) * 100, '0.00', locale=LOCALE)}{NARROW}points"
    return f"{sign}{value_words(abs(change), unit, currency)}"


def arrow(comparison: Comparison) -> str:
    """Return the sign of a change as a shape."""
    if not comparison.change:
        return "→"
    return "▲" if comparison.change > 0 else "▼"


def day_words(day: date | None) -> str:
    """Return a day that nobody can misread: 21 Nov 2026."""
    return "–" if day is None else format_date(day, "d MMM y", locale=LOCALE)


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
    return "<0.1%" if 0 < share < 0.001 else format_percent(share, "0.0%" if share < 0.1 else "0%", locale=LOCALE)


def range_words(first: date, last: date) -> str:
    """Return two days, both included, as one range."""
    return f"{day_words(first)} – {day_words(last)}"


def period_words(period: Period) -> str:
    """Return a period as its day, or as its first and last day."""
    last = period.end - timedelta(days=1)
    return day_words(period.start) if last <= period.start else range_words(period.start, last)
