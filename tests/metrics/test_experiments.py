"""Randomised tests from aggregates beside published examples, scipy, statsmodels and numerical differentiation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.stats.absent import Absent
from metrics.stats.experiments.arms import adjusted_arms, mean_arm, ratio_arm
from metrics.stats.experiments.effect import Effect, absolute_effect, relative_effect
from metrics.stats.experiments.moments import Moments, moments_of_sums, moments_of_values
from metrics.stats.experiments.posterior import Prior, posterior
from metrics.stats.experiments.quantiles import quantile_effect, quantile_of, rank_bounds
from metrics.stats.experiments.sample_size import users_for_means, users_for_shares
from tests.metrics.cases import near
from tests.metrics.experiments import AB, arms, held, there


@pytest.mark.parametrize("name", ["AB-01", "AB-03", "AB-05", "AB-07", "AB-09", "AB-11", "AB-17", "AB-19"])
def test_welch_on_aggregates_equals_the_reference(name: str) -> None:
    case = AB[name]
    given = case["inputs"]
    effect = relative_effect if given["difference"] == "relative" else absolute_effect
    held(case, there(effect(*arms(case), alpha=given["alpha"], alternative=given.get("alternative", "two-sided"))))


@pytest.mark.parametrize("name", ["AB-21", "AB-23", "AB-59"])
def test_ratios_and_adjusted_metrics_equal_the_reference(name: str) -> None:
    case = AB[name]
    given = case["inputs"]
    sides = [_wide(given[side]) for side in ("control", "treatment")]
    if name == "AB-21":
        control, treatment = (there(ratio_arm(side)) for side in sides)
        near(case, control.value, "ratio_control")
        near(case, treatment.value, "ratio_treatment")
    else:
        adjusted = there(adjusted_arms(sides[0], sides[1], is_ratio=name == "AB-59"))
        near(case, adjusted.theta, "theta")
        control, treatment = adjusted.control, adjusted.treatment
    effect = relative_effect if given["difference"] == "relative" else absolute_effect
    held(case, there(effect(control, treatment, alpha=given["alpha"])))


def _wide(arm: dict[str, float]) -> Moments:
    """Return the moments of an arm whose sums stand under one of three namings."""
    if "sum_m_post" in arm:
        names = [("m", "post"), ("d", "post"), ("m", "pre"), ("d", "pre")]
        sums = [arm[f"sum_{a}_{b}"] for a, b in names]
        cross = {("mpost", "dpost"), ("mpost", "mpre"), ("mpost", "dpre"), ("dpost", "dpre"), ("mpre", "dpost"), ("mpre", "dpre")}

        def product(i: int, j: int) -> float:
            (a, b), (c, d) = names[i], names[j]
            if i == j:
                return arm[f"sum_{a}_{b}_sq"]
            pair = (f"{a}{b}", f"{c}{d}")
            return arm["sum_{}_{}".format(*(pair if pair in cross else pair[::-1]))]
    else:
        first, second = ("m", "d") if "sum_m" in arm else ("y", "x")
        sums = [arm[f"sum_{first}"], arm[f"sum_{second}"]]

        def product(i: int, j: int) -> float:
            return arm["sum_md" if first == "m" else "sum_xy"] if i != j else arm[f"sum_{(first, second)[i]}2"]

    k = range(len(sums))
    return there(moments_of_sums(int(arm["n"]), sums, [[product(i, j) for j in k] for i in k]))


@pytest.mark.parametrize("name", ["AB-25", "AB-27", "AB-29"])
def test_the_bayesian_view_equals_the_reference(name: str) -> None:
    case = AB[name]
    prior = case["inputs"]["prior"]
    lift = there(relative_effect(*arms(case)))
    found = posterior(lift, Prior(**prior) if prior else None, lower_is_better=case["inputs"]["lower_is_better"])
    for wanted, value in (("posterior_mean", found.mean), ("posterior_sd", found.sd), ("chance_to_win", found.chance_to_win)):
        near(case, value, wanted)
    near(case, found.loss_of_control, "expected_loss_choose_control")
    near(case, found.loss_of_treatment, "expected_loss_choose_treatment")
    near(case, found.low, "ci", 0)
    near(case, found.high, "ci", 1)


def test_student_s_sleep_data_gives_what_r_prints() -> None:
    case = AB["AB-51"]
    groups = [np.array(case["inputs"][name]).reshape(-1, 1) for name in ("group1", "group2")]
    first, second = (mean_arm(there(moments_of_values(group))) for group in groups)
    found = there(absolute_effect(second, first))
    assert found.df is not None
    assert found.low is not None
    assert found.high is not None
    near(case, found.value / found.se, "t")
    near(case, found.df, "df")
    near(case, found.p_value, "p_value")
    near(case, found.low, "ci", 0)
    near(case, found.high, "ci", 1)


def test_the_sample_size_is_the_one_evan_miller_publishes() -> None:
    case = AB["AB-55"]
    near(case, there(users_for_shares(0.2, 0.25)), "n_null_variance_at_baseline")
    near(case, there(users_for_shares(0.2, 0.25, null="pooled")), "n_pooled_variance")
    assert isinstance(users_for_shares(0.2, 0.2), Absent)
    assert isinstance(users_for_shares(0.0, 0.2), Absent)
    assert isinstance(users_for_means(0.0, 0.2), Absent)


def test_the_planned_users_of_a_mean_find_it_in_four_of_five_tests() -> None:
    n = there(users_for_means(2.0, 0.3))
    power = scipy.stats.norm.cdf(0.3 / (2.0 * math.sqrt(2 / n)) - scipy.stats.norm.ppf(0.975))
    assert power == pytest.approx(0.8, abs=1e-6)


VALUES = st.lists(st.integers(-50, 200), min_size=3, max_size=30)


def effect_of(control: Sequence[float], treatment: Sequence[float]) -> Effect | Absent:
    sides = [mean_arm(there(moments_of_values(np.array(side, float).reshape(-1, 1)))) for side in (control, treatment)]
    return absolute_effect(sides[0], sides[1])


@given(VALUES, VALUES)
def test_welch_equals_scipy(control: list[int], treatment: list[int]) -> None:
    found = effect_of(control, treatment)
    if len(set(control)) == 1 and len(set(treatment)) == 1:
        assert isinstance(found, Absent)
        return
    found = there(found)
    if 1 in (len(set(control)), len(set(treatment))):
        return  # scipy warns of constant values
    oracle = scipy.stats.ttest_ind(treatment, control, equal_var=False)
    interval = oracle.confidence_interval()
    assert found.p_value == pytest.approx(oracle.pvalue, rel=1e-7, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-7, abs=1e-7)


@given(VALUES, VALUES, st.integers(-1000, 1000), st.sampled_from([0.5, 2.0, -4.0]))
def test_a_shift_changes_nothing_a_scale_scales_and_swapped_arms_change_the_sign(
    control: list[int], treatment: list[int], shift: int, scale: float
) -> None:
    if len(set(control)) == 1 and len(set(treatment)) == 1:
        return
    plain = there(effect_of(control, treatment))
    moved = there(effect_of([one + shift for one in control], [one + shift for one in treatment]))
    scaled = there(effect_of([one * scale for one in control], [one * scale for one in treatment]))
    swapped = there(effect_of(treatment, control))
    assert (moved.value, moved.se, moved.p_value) == pytest.approx((plain.value, plain.se, plain.p_value), rel=1e-9, abs=1e-9)
    assert (scaled.value, scaled.se) == pytest.approx((plain.value * scale, plain.se * abs(scale)), rel=1e-9, abs=1e-9)
    assert (swapped.value, swapped.se, swapped.p_value) == pytest.approx((-plain.value, plain.se, plain.p_value), rel=1e-9, abs=1e-12)


@given(VALUES, VALUES, st.randoms())
def test_the_order_of_users_does_not_matter(control: list[int], treatment: list[int], chance: Any) -> None:
    mixed = control.copy()
    chance.shuffle(mixed)
    left, right = effect_of(control, treatment), effect_of(mixed, treatment)
    if isinstance(left, Absent):
        assert left == right
    else:
        assert there(right).p_value == pytest.approx(left.p_value, rel=1e-9)


@given(VALUES)
def test_sums_and_values_give_the_same_moments(values: list[int]) -> None:
    sums = there(moments_of_sums(len(values), [sum(values)], [[sum(v * v for v in values)]]))
    raw = there(moments_of_values(np.array(values, float).reshape(-1, 1)))
    assert (sums.mean, sums.cov[0]) == (pytest.approx(raw.mean, abs=1e-9), pytest.approx(raw.cov[0], rel=1e-9, abs=1e-9))


def numeric_variance(estimate: Callable[[np.ndarray], float], means: np.ndarray, cov: np.ndarray) -> float:
    """Return the delta method's variance by central differences: the oracle of every gradient written by hand."""
    steps = 1e-6 * np.maximum(np.abs(means), 1.0)
    slopes = np.array([(estimate(means + step) - estimate(means - step)) / (2 * step.sum()) for step in np.diag(steps)])
    return float(slopes @ cov @ slopes)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_every_hand_written_gradient_equals_numerical_differentiation(seed: int, is_ratio: bool) -> None:
    rng = np.random.default_rng(seed)
    size = 4 if is_ratio else 2
    mix = rng.normal(size=(size, size)) + 2 * np.eye(size)
    sides = [there(moments_of_values(rng.normal(size=(n, size)) @ mix + rng.uniform(5, 9, size))) for n in (40, 55)]
    adjusted = there(adjusted_arms(sides[0], sides[1], is_ratio=is_ratio))

    def value(means: np.ndarray) -> float:
        now, before = (means[0] / means[1], means[2] / means[3]) if is_ratio else (means[0], means[1])
        return float(now - adjusted.theta * before)

    def lift(means: np.ndarray) -> float:
        base = means[0] / means[1] if is_ratio else means[0]
        return float((value(means[size:]) - value(means[:size])) / abs(base))

    means = np.array([*sides[0].mean, *sides[1].mean])
    cov = np.zeros((2 * size, 2 * size))
    cov[:size, :size], cov[size:, size:] = np.array(sides[0].cov) / 40, np.array(sides[1].cov) / 55
    found = there(relative_effect(adjusted.control, adjusted.treatment))
    assert found.value == pytest.approx(lift(means), rel=1e-9)
    assert found.se == pytest.approx(math.sqrt(numeric_variance(lift, means, cov)), rel=1e-5)


def test_cuped_finds_the_slope_of_the_covariate_and_removes_its_variance() -> None:
    rng = np.random.default_rng(5)
    before = rng.normal(10, 3, 4000)
    after = 0.8 * before + rng.normal(0, 1, 4000)
    table = np.column_stack([after, before])
    adjusted = there(adjusted_arms(there(moments_of_values(table[:2000])), there(moments_of_values(table[2000:]))))
    design = np.column_stack([before, np.ones(4000), np.arange(4000) < 2000])
    slope = np.linalg.lstsq(design, after, rcond=None)[0][0]
    assert adjusted.theta == pytest.approx(slope, rel=1e-9)
    assert adjusted.share_removed == pytest.approx(np.corrcoef(before, after)[0, 1] ** 2, abs=0.02)


def test_a_covariate_without_variance_is_refused() -> None:
    side = there(moments_of_values(np.array([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]])))
    assert adjusted_arms(side, side) == Absent("the covariate is the same for everyone")


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_users_are_no_number(n: int) -> None:
    assert isinstance(moments_of_sums(n, [0], [[0]]), Absent)
    assert isinstance(moments_of_values(np.ones((n, 1))), Absent)


def test_constant_arms_are_no_number() -> None:
    side = mean_arm(there(moments_of_values(np.full((50, 1), 0.1))))
    assert "same value" in str(absolute_effect(side, side))
    assert "same value" in str(relative_effect(side, side))


def test_a_control_of_zero_has_no_lift_and_a_denominator_of_zero_no_ratio() -> None:
    zero = mean_arm(there(moments_of_values(np.array([[-1.0], [1.0]]))))
    other = mean_arm(there(moments_of_values(np.array([[1.0], [3.0]]))))
    assert "no relative change" in str(relative_effect(zero, other))
    assert isinstance(ratio_arm(there(moments_of_values(np.array([[1.0, 0.0], [2.0, 0.0]])))), Absent)


def test_negative_revenue_is_an_ordinary_number_and_the_lift_divides_by_its_size() -> None:
    control = mean_arm(there(moments_of_values(np.array([[-10.0], [-12.0], [-8.0]]))))
    treatment = mean_arm(there(moments_of_values(np.array([[-5.0], [-7.0], [-3.0]]))))
    assert there(absolute_effect(control, treatment)).value == pytest.approx(5.0)
    assert there(relative_effect(control, treatment)).value == pytest.approx(0.5)


def test_a_million_million_users_lose_no_digit() -> None:
    n = 10**12
    low, high = 10**8, 10**8 + 1  # half of the users each: the variance is 1/4, and Σx² is about 10²⁸
    total, squares = n // 2 * (low + high), n // 2 * (low**2 + high**2)
    found = there(moments_of_sums(n, [total], [[squares]]))
    assert found.cov[0][0] == pytest.approx(0.25, rel=1e-9)
    naive = (float(squares) - float(total) ** 2 / n) / (n - 1)
    assert naive != pytest.approx(0.25, rel=0.01)


def test_sums_that_cannot_belong_together_are_refused() -> None:
    assert "sum of squares" in str(moments_of_sums(10, [100], [[500]]))
    assert "sum of products" in str(moments_of_sums(4, [0, 0], [[4, 9], [9, 4]]))
    assert "finite" in str(moments_of_sums(4, [math.inf], [[4]]))
    assert isinstance(moments_of_sums(4, [Fraction(10)], [[Fraction(30)]]), Moments)


def test_rank_bounds_cover_the_quantile_as_often_as_they_promise() -> None:
    for n, share in ((200, 0.5), (400, 0.9), (1000, 0.25)):
        bounds = rank_bounds(n, share)
        assert bounds is not None
        low, high = bounds
        covered = scipy.stats.binom.cdf(high - 1, n, share) - scipy.stats.binom.cdf(low - 1, n, share)
        assert 0.95 <= covered <= 0.975
    assert rank_bounds(100, 0.5) == (40, 61)  # the textbook's ranks for a median of 100 (Conover, Practical Nonparametric Statistics)
    assert rank_bounds(10, 0.95) is None


def test_the_error_of_a_quantile_is_the_asymptotic_one_and_equal_values_have_none() -> None:
    rng = np.random.default_rng(30)
    found = there(quantile_of(rng.exponential(1.0, 40_000), 0.9))
    expected = math.sqrt(0.9 * 0.1 / 40_000) / 0.1  # √(q(1−q)/n) / density at the quantile
    assert found.se == pytest.approx(expected, rel=0.15)
    assert found.value == pytest.approx(math.log(10), abs=4 * expected)
    effect = there(quantile_effect(found, found))
    assert (effect.value, effect.p_value) == (0.0, 1.0)
    flat = there(quantile_of(np.ones(100), 0.5))
    assert isinstance(quantile_effect(flat, flat), Absent)
    assert isinstance(quantile_of(np.array([]), 0.5), Absent)
