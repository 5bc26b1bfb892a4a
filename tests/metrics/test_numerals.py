"""Numbers and days by locale: Babel's own words are the oracle, and English is as Python writes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from babel.dates import format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent, parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from metrics import numerals
from metrics.numerals import MINUS, NAMES, Name

SIZES = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False).map(lambda value: round(value, 6))


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    before = list(numerals._asked)
    yield
    numerals._asked[:] = before


def read_in(name: Name) -> None:
    numerals.follow(lambda: name)


@given(st.sampled_from(NAMES), SIZES, st.integers(0, 4))
def test_what_is_written_is_what_was_meant(name: Name, value: float, places: int) -> None:
    read_in(name)
    written = numerals.fixed(value, places)
    assert parse_decimal(written.replace(MINUS, "-"), locale=name) == Decimal(f"{value:.{places}f}")
    assert "-" not in written


@given(st.sampled_from(NAMES), st.integers(-10_000_000, 10_000_000))
def test_signs_and_spaces_are_babels(name: Name, value: int) -> None:
    read_in(name)
    assert numerals.fixed(value) == format_decimal(value, locale=name).replace("-", MINUS)
    assert numerals.percent(value / 100) == format_percent(Decimal(value) / 100, locale=name).replace("-", MINUS)
    assert numerals.money(value, "EUR", 2) == format_currency(value, "EUR", locale=name).replace("-", MINUS)


@given(st.sampled_from([name for name in NAMES if name != "en"]), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_days_are_babels(name: Name, day: date) -> None:
    read_in(name)
    assert numerals.day(day) == format_skeleton("yMMMd", day, locale=name)


@given(SIZES, st.integers(0, 4))
def test_english_is_as_python_writes_it(value: float, places: int) -> None:
    python = f"{value:,.{places}f}"
    assert numerals.fixed(value, places) == (python.lstrip("-") if not python.strip("-0.,") else python.replace("-", MINUS))


def test_the_ways_of_three_languages() -> None:
    seen = {}
    for name in ("en", "de", "fr"):
        read_in(name)
        seen[name] = [
            numerals.fixed(-1234.5, 1),
            numerals.percent(0.0312, 2),
            numerals.money(52117, "EUR", 0),
            numerals.day(date(2026, 3, 21)),
        ]
    assert seen == {
        "en": ["\u22121,234.5", "3.12%", "€52,117", "21 Mar 2026"],
        "de": ["\u22121.234,5", "3,12\u00a0%", "52.117\u00a0€", "21. März 2026"],
        "fr": ["\u22121\u202f234,5", "3,12\u00a0%", "52\u202f117\u00a0€", "21 mars 2026"],
    }


def test_short_numbers_have_no_needless_digits() -> None:
    read_in("de")
    assert [numerals.short(value) for value in (2.5, 1234.0, 0.0, 1e-3)] == ["2,5", "1234", "0", "0,001"]
    assert [numerals.signed(numerals.percent, value) for value in (0.12, -0.12, 0.001)] == ["+12\u00a0%", "\u221212\u00a0%", "0\u00a0%"]


def test_outside_of_a_page_english_is_written() -> None:
    numerals._asked.clear()
    assert numerals.locale() == "en"
    assert numerals.label("fr") == "français"
