"""Exact decompositions: worked cases, a second way of computing each, and what holds for any data."""

from __future__ import annotations

import doctest
from itertools import permutations
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.stats import decompose
from metrics.stats.absent import Absent
from metrics.stats.decompose import RateMix, contributions, rate_mix

BEFORE, AFTER = {"desktop": (6000, 300), "mobile": (4000, 80)}, {"desktop": (3000, 156), "mobile": (7000, 154)}


def split(before: dict[str, tuple[float, float]], after: dict[str, tuple[float, float]]) -> RateMix:
    found = rate_mix(before, after)
    assert isinstance(found, RateMix), found
    return found


def test_rat_04_and_03_both_rates_rise_while_the_total_falls() -> None:
    found = split(BEFORE, AFTER)
    assert (found.change, found.rate, found.mix) == tuple(pytest.approx(n, abs=1e-12) for n in (-0.007, 0.002, -0.009))
    assert found.is_reversal
    assert [(e.segment, e.rates) for e in found.effects] == [("desktop", (0.05, 0.052)), ("mobile", (0.02, 0.022))]


def test_the_worked_check_of_four_and_two_percent() -> None:
    """Shares 50/50 to 30/70, rates 4.0 and 2.0 % to 4.5 and 2.2 %: 3.00 to 2.89 %; rate +0.32, mix −0.43 points."""
    found = split({"a": (500, 20), "b": (500, 10)}, {"a": (300, 13.5), "b": (700, 15.4)})
    assert [round(100 * n, 2) for n in (found.before, found.after, found.rate, found.mix)] == [3.0, 2.89, 0.32, -0.43]


def test_a_segment_that_comes_or_goes_is_all_mix() -> None:
    found = split({"a": (100, 10)}, {"a": (100, 10), "b": (100, 50)})
    assert (found.change, found.rate) == (pytest.approx(0.2), 0.0)
    assert found.mix == pytest.approx(0.2)
    assert found.effects[1].rates == (None, 0.5)
    assert not found.is_reversal


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ({}, {"a": (1, 1)}, "denominator is 0"),
        ({"a": (0, 0)}, {"a": (1, 1)}, "denominator is 0"),
        ({"a": (10, 1), "b": (0, 3)}, {"a": (10, 1)}, "without a denominator"),
        ({"a": (10, 1), "b": (-1, 3)}, {"a": (10, 1)}, "below 0"),
    ],
)
def test_no_split_without_a_reason(before: dict[str, tuple[float, float]], after: dict[str, tuple[float, float]], reason: str) -> None:
    found = rate_mix(before, after)
    assert isinstance(found, Absent)
    assert reason in found.reason


def test_one_segment_is_all_rate_and_no_reversal() -> None:
    found = split({"a": (100, 10)}, {"a": (50, 10)})
    assert (found.rate, found.mix, found.is_reversal) == (pytest.approx(0.1), 0.0, False)


SIDE = st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(1, 10**12), st.integers(-(10**12), 10**12)), min_size=1)


@given(SIDE, SIDE)
def test_rate_and_mix_add_up_to_the_change(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> None:
    found = split(before, after)  # type: ignore[arg-type]
    parts = [part for effect in found.effects for part in (effect.rate, effect.mix)]
    assert abs(fsum(parts) - found.change) <= 1e-9 * max(abs(found.change), *map(abs, parts))
    assert (found.rate, found.mix) == (fsum(e.rate for e in found.effects), fsum(e.mix for e in found.effects))


@given(SIDE, SIDE, st.sampled_from([0.5, 4.0, 1024.0]))
def test_units_and_order_of_segments_do_not_matter(
    before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]], scale: float
) -> None:
    found = split(before, after)  # type: ignore[arg-type]
    scaled = split(*({n: (size, hits * scale) for n, (size, hits) in side.items()} for side in (before, after)))
    assert (scaled.rate, scaled.mix) == (found.rate * scale, found.mix * scale)
    mixed = split(*(dict(reversed(side.items())) for side in (before, after)))  # type: ignore[arg-type]
    assert {e.segment: (e.rate, e.mix) for e in mixed.effects} == {e.segment: (e.rate, e.mix) for e in found.effects}


@given(SIDE, SIDE)
def test_back_and_forth_is_the_same_with_the_other_sign(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> None:
    there, back = split(before, after), split(after, before)  # type: ignore[arg-type]
    assert (back.rate, back.mix) == (pytest.approx(-there.rate, rel=1e-12), pytest.approx(-there.mix, rel=1e-12))


def ratio(values: dict[str, float | None]) -> float | None:
    top, bottom = values["n"], values["d"]
    return None if top is None or not bottom else top / bottom


def test_a_ratio_contributes_by_midpoints() -> None:
    """ΔN · mean of 1/D, and mean of N · Δ(1/D): 30/100 to 60/150."""
    found = contributions(ratio, {"n": 30.0, "d": 100.0}, {"n": 60.0, "d": 150.0})  # type: ignore[arg-type]
    assert found == {"n": pytest.approx(30 * (1 / 100 + 1 / 150) / 2), "d": pytest.approx(45 * (1 / 150 - 1 / 100))}
    assert fsum(found.values()) == pytest.approx(0.4 - 0.3, rel=1e-9)


def test_a_sum_contributes_by_each_parts_own_change_and_what_stays_by_nothing() -> None:
    found = contributions(lambda v: v["a"] - v["b"] + 2 * v["c"], {"a": 1.0, "b": 2.0, "c": 3.0}, {"a": 5.0, "b": 1.0, "c": 3.0})  # type: ignore[operator]
    assert found == {"a": 4.0, "b": 1.0, "c": 0.0}


def test_no_contributions_without_a_reason() -> None:
    assert contributions(ratio, {"n": 1.0, "d": 0.0}, {"n": 2.0, "d": 1.0}) == Absent(  # type: ignore[arg-type]
        "the formula has no value when only some of its parts have changed"
    )
    many = {str(n): 0.0 for n in range(9)}
    found = contributions(lambda v: sum(v.values()), many, dict.fromkeys(many, 1.0))  # type: ignore[arg-type]
    assert isinstance(found, Absent)
    assert "9 parts changed" in found.reason


def by_orders(formula, before: dict[str, float], after: dict[str, float]) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """The definition itself: the mean step of each part over all orders, one order after the other."""
    orders = list(permutations(before))
    steps: dict[str, list[float]] = {name: [] for name in before}
    for order in orders:
        now = dict(before)
        for name in order:
            last = formula(now)
            now[name] = after[name]
            steps[name].append(formula(now) - last)
    return {name: fsum(each) / len(orders) for name, each in steps.items()}


NUMBER = st.floats(1, 1e6)


@given(st.tuples(NUMBER, NUMBER, NUMBER, NUMBER), st.tuples(NUMBER, NUMBER, NUMBER, NUMBER))
def test_contributions_are_the_mean_over_all_orders_and_add_up(first: tuple[float, ...], last: tuple[float, ...]) -> None:
    before, after = dict(zip("abcd", first, strict=True)), dict(zip("abcd", last, strict=True))

    def formula(v: dict[str, float]) -> float:
        return v["a"] * v["b"] / v["c"] + v["d"]

    found = contributions(formula, before, after)  # type: ignore[arg-type]
    assert not isinstance(found, Absent)
    largest = max(map(abs, (formula(before), formula(after), *found.values())))
    assert abs(fsum(found.values()) - (formula(after) - formula(before))) <= 1e-9 * largest
    second = by_orders(formula, before, after)
    assert all(abs(found[name] - second[name]) <= 1e-9 * largest for name in found)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(decompose).failed == 0
