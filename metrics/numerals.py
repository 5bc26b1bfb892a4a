"""Numbers and days as people of a locale read them: the one place that turns them into words. The values are never changed.

The locale is that of whoever reads: commands write English, a page asks its visitor's session (`follow`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from babel import Locale

Name = Literal["en", "en_GB", "cs", "da", "de", "de_AT", "de_CH", "es", "fi", "fr", "it", "nb", "nl", "pl", "pt", "sv"]
"""Locales whose words and digits run as the pages do, from left to right."""
NAMES: tuple[Name, ...] = get_args(Name)
DEFAULT: Name = "en"
MINUS = "\u2212"
_known_reader: ContextVar[Name | None] = ContextVar("known_reader", default=None)
_asked: list[Callable[[], Name]] = []


def follow(ask: Callable[[], Name]) -> None:
    """Have the locale asked for wherever a number is written: it differs from visitor to visitor."""
    _asked[:] = [ask]


@contextmanager
def reading(name: Name) -> Iterator[None]:
    """Write for somebody who is known, also in a thread that is no visitor's: a file that is made when it is fetched."""
    token = _known_reader.set(name)
    try:
        yield
    finally:
        _known_reader.reset(token)


def locale() -> Name:
    """Return the locale of whoever reads."""
    return _known_reader.get() or (_asked[0]() if _asked else DEFAULT)


def label(name: Name) -> str:
    """Return what a locale is called by those who use it."""
    return _known(name).get_display_name(name) or name


@cache
def _known(name: Name) -> Locale:
    from babel import Locale  # `kpi check` knows the names and pays for no data

    return Locale.parse(name)


@cache
def _pattern(name: Name, kind: Literal["decimal", "percent", "currency"], places: int, grouped: bool) -> Any:
    known = _known(name)
    formats = {
        "decimal": known.decimal_formats[None],
        "percent": known.percent_formats[None],
        "currency": known.currency_formats["standard"],
    }
    pattern = copy(formats[kind])
    pattern.frac_prec = places, places
    if not grouped:
        pattern.grouping = 1_000, 1_000
    return pattern


@lru_cache(16_384)  # a page that is drawn again writes the same numbers again, and Babel is slow
def _written(
    name: Name, value: float, kind: Literal["decimal", "percent", "currency"], places: int, grouped: bool, currency: str | None = None
) -> str:
    """Round as Python does, so that the same number is the same in every locale, and write it with the locale's signs."""
    shift = 2 if kind == "percent" else 0
    exact = Decimal(f"{value * 10**shift:.{places}f}").scaleb(-shift)
    more = {} if currency is None else {"currency": currency, "currency_digits": False}
    text: str = _pattern(name, kind, places, grouped).apply(abs(exact) if exact == 0 else exact, _known(name), **more)
    return text.replace("-", MINUS)


def fixed(value: float, places: int = 0, *, grouped: bool = True) -> str:
    """Return a number with so many decimals: 1,234.50."""
    return _written(locale(), value, "decimal", places, grouped)


def short(value: float) -> str:
    """Return a number with as many decimals as it needs, at most six digits, ungrouped: 2.5, 1234."""
    exact = Decimal(f"{value:.6g}")
    exponent = exact.as_tuple().exponent
    return fixed(float(exact), max(0, -exponent) if isinstance(exponent, int) else 0, grouped=False)


def percent(share: float, places: int = 0) -> str:
    """Return a share of 1 in percent: 3.1%."""
    return _written(locale(), share, "percent", places, True)


def money(value: float, currency: str, places: int) -> str:
    """Return an amount with its currency: €52,117."""
    return _written(locale(), value, "currency", places, True, currency)


def signed(text: Callable[[float], str], value: float) -> str:
    """Return a number with its sign, as `text` writes its size; what rounds to 0 has none."""
    size = text(abs(value))
    sign = "" if not any(digit in size for digit in "123456789") else MINUS if value < 0 else "+"
    return sign + size


def day(value: date) -> str:
    """Return a day that nobody can misread: 21 Nov 2026."""
    return _day(locale(), value)


@lru_cache(4_096)
def _day(name: Name, value: date) -> str:
    from babel.dates import format_date, format_skeleton

    text: str = format_date(value, "d MMM y", locale=name) if name == "en" else format_skeleton("yMMMd", value, locale=name)
    return text


def day_and_month(value: date) -> str:
    """Return a day of a year that is known: 21 Nov."""
    from babel.dates import format_date, format_skeleton

    name = locale()
    text: str = format_date(value, "d MMM", locale=name) if name == "en" else format_skeleton("MMMd", value, locale=name)
    return text
