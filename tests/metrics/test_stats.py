"""Statistics beside an independent oracle."""

from __future__ import annotations

import doctest
import math

import pytest
from statsmodels.stats.proportion import proportion_confint

from metrics.formula import FormulaError, Name, Number, Operation, evaluate, parse
from metrics.speed import Cell, by_device, crude, mix, standardised
from metrics.stats import standardise, wilson
from metrics.stats.standardise import Group, standardised_rate
from metrics.stats.wilson import wilson_interval


@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (1, 1), (0, 50), (3, 40), (50, 100), (999, 1000), (21, 100_000)])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_equals_statsmodels(successes: int, trials: int, confidence: float) -> None:
    expected = proportion_confint(successes, trials, alpha=1 - confidence, method="wilson")
    got = wilson_interval(successes, trials, confidence=confidence)
    assert got is not None
    assert got == pytest.approx(expected, abs=1e-12)


def test_wilson_of_nothing_is_nothing_and_of_nonsense_an_error() -> None:
    assert wilson_interval(0, 0) is None
    with pytest.raises(ValueError, match="3 successes in 2 trials"):
        wilson_interval(3, 2)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert [doctest.testmod(module).failed for module in (wilson, standardise)] == [0, 0]


def test_standardisation_by_hand() -> None:
    """Snow-white example: 10 of 100 and 30 of 50 with shares 0.8 and 0.2 give 0.08 + 0.12 = 0.20."""
    found = standardised_rate({"a": Group(100, 10), "b": Group(50, 30)}, {"a": 0.8, "b": 0.2})
    assert found is not None
    rate, low, high = found
    p, q = 10.5 / 101, 30.5 / 51
    half = 1.959963984540054 * math.sqrt(0.64 * p * (1 - p) / 100 + 0.04 * q * (1 - q) / 50)
    assert (rate, low, high) == (pytest.approx(0.2), pytest.approx(0.2 - half), pytest.approx(0.2 + half))
    assert standardised_rate({"a": Group(100, 10)}, {"a": 0.8, "b": 0.2}) is None


def test_equal_rates_within_devices_standardise_to_a_flat_line_where_the_crude_one_falls() -> None:
    """Desktop buys 10 % and phone 2 % at every speed; phones are mostly slow. Only the mix makes the crude curve fall."""
    cells = [
        Cell("desktop", 1, 900, 90),
        Cell("desktop", 4, 100, 10),
        Cell("phone", 1, 100, 2),
        Cell("phone", 4, 900, 18),
        Cell("phone", None, 5, 0),
    ]
    weights = mix(cells)
    assert weights == {"desktop": 0.5, "phone": 0.5}
    assert [bucket.rate for bucket in crude(cells)] == pytest.approx([0.092, 0.028])
    assert [bucket.rate for bucket in standardised(cells, weights)] == pytest.approx([0.06, 0.06])
    assert next((b.device, b.low_ms, b.rate) for b in by_device(cells)) == ("desktop", 1000.0, pytest.approx(0.1))


def test_a_bucket_in_which_a_device_is_rare_is_not_standardised() -> None:
    cells = [Cell("desktop", 0, 900, 90), Cell("phone", 0, 29, 1)]
    assert standardised(cells, mix(cells))[0].rate is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("8 / 4 / 2", 1),
        ("5 - 3 - 1", 1),
        ("-a + 10", 8),
        ("a * -3", -6),
        ("2.5 * a", 5),
        ("((a))", 2),
    ],
)
def test_formulas_follow_the_rules_of_arithmetic(text: str, value: float) -> None:
    assert evaluate(parse(text), {"a": 2.0}) == (value, None)


def test_absence_and_division_by_zero_have_reasons() -> None:
    assert evaluate(parse("a / b"), {"a": 1.0, "b": None}) == (None, "b has no value")
    assert evaluate(parse("a / b"), {"a": 1.0, "b": 0.0}) == (None, "denominator is 0")
    assert parse("a / 2") == Operation("/", Name("a"), Number(2.0))


@pytest.mark.parametrize(
    "text",
    ["", "1 +", "a b", "(a", "a)", "a ** 2", "1..2", "a.b", "x[0]", "lambda: 1", "a;b", "(" * 60 + "a" + ")" * 60, "a" * 1001, "1e5", "Ä"],
)
def test_what_is_no_formula_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(FormulaError) as refused:
        parse(text)
    assert refused.value.column >= 1
