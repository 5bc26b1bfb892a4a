"""Shares, small counts, the split of the arms and many metrics at once, beside published tables, scipy and statsmodels."""

from __future__ import annotations

import math

import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from metrics.stats.absent import Absent
from metrics.stats.experiments.multiplicity import benjamini_hochberg, holm
from metrics.stats.experiments.small_counts import Share, fisher_p, newcombe
from metrics.stats.experiments.srm import sample_ratio
from metrics.stats.wilson import wilson_interval
from tests.metrics.cases import near
from tests.metrics.experiments import AB, there


@pytest.mark.parametrize("name", ["AB-31", "AB-33", "AB-35", "AB-37", "AB-39"])
def test_the_split_check_equals_the_reference_and_scipy(name: str) -> None:
    case = AB[name]
    observed, weights = case["inputs"]["observed"], case["inputs"]["weights"]
    found = there(sample_ratio(observed, weights))
    near(case, found.chi2, "chi2")
    near(case, found.p_value, "p_value")
    assert (found.df, found.is_flagged) == (case["expected"]["df"], case["expected"]["srm_flag"])
    oracle = scipy.stats.chisquare(observed, [w / sum(weights) * sum(observed) for w in weights])
    assert found.p_value == pytest.approx(oracle.pvalue, rel=1e-9)


@pytest.mark.parametrize("name", ["AB-41", "AB-43", "AB-45"])
def test_newcombe_equals_the_published_table_and_statsmodels(name: str) -> None:
    case = AB[name]
    given = case["inputs"]
    first, second = Share(given["x1"], given["n1"]), Share(given["x2"], given["n2"])
    difference, low, high = there(newcombe(first, second))
    near(case, difference, "difference")
    near(case, low, "ci", 0)
    near(case, high, "ci", 1)
    oracle = confint_proportions_2indep(first.successes, first.trials, second.successes, second.trials, method="newcomb")
    assert (low, high) == pytest.approx(oracle, abs=1e-9)


@pytest.mark.parametrize("name", ["AB-47", "AB-49"])
def test_wilson_equals_the_published_table(name: str) -> None:
    case = AB[name]
    ends = wilson_interval(case["inputs"]["x"], case["inputs"]["n"])
    assert ends is not None
    near(case, ends[0], "ci", 0)
    near(case, ends[1], "ci", 1)


def test_adjusted_p_values_equal_the_reference() -> None:
    case = AB["AB-53"]
    for place, (step_down, step_up) in enumerate(
        zip(holm(case["inputs"]["p_values"]), benjamini_hochberg(case["inputs"]["p_values"]), strict=True)
    ):
        near(case, step_down, "holm", place)
        near(case, step_up, "benjamini_hochberg", place)


@settings(max_examples=30)  # statsmodels collects all garbage at each call
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjusted_p_values_equal_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-12)
    assert benjamini_hochberg(p_values) == pytest.approx(multipletests(p_values, method="fdr_bh")[1], abs=1e-12)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_fisher_equals_the_enumerated_tables(a: int, b: int, c: int, d: int) -> None:
    first, second = Share(a, a + b), Share(c, c + d)
    rows, column, whole = a + b, a + c, a + b + c + d
    chances = {x: math.comb(rows, x) * math.comb(whole - rows, column - x) / math.comb(whole, column) for x in range(max(0, column - (whole - rows)), min(rows, column) + 1)}  # fmt: skip
    exact = sum(chance for chance in chances.values() if chance <= chances[a] * (1 + 1e-7))
    assert fisher_p(first, second) == pytest.approx(min(1.0, exact), rel=1e-6)


@given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 40), st.integers(1, 40))
def test_swapped_shares_mirror_newcombe(a: int, n: int, b: int, m: int) -> None:
    first, second = Share(min(a, n), n), Share(min(b, m), m)
    there_, back = there(newcombe(first, second)), there(newcombe(second, first))
    assert there_ == pytest.approx((-back[0], -back[2], -back[1]), abs=1e-12)
    assert there_[1] <= there_[0] <= there_[2]


def test_a_split_without_users_or_with_one_arm_is_no_check() -> None:
    assert isinstance(sample_ratio([0, 0], [1, 1]), Absent)
    assert isinstance(sample_ratio([10], [1]), Absent)
    assert isinstance(newcombe(Share(0, 0), Share(1, 2)), Absent)
    assert there(sample_ratio([100, 0, 100], [1, 0, 1])).df == 1


@given(st.permutations([(1000, 0.5), (1100, 0.3), (800, 0.2)]))
def test_the_order_of_the_arms_does_not_matter_to_the_split(arms_: list[tuple[int, float]]) -> None:
    base = there(sample_ratio([1000, 1100, 800], [0.5, 0.3, 0.2]))
    assert there(sample_ratio([n for n, _ in arms_], [w for _, w in arms_])).chi2 == pytest.approx(base.chi2)
