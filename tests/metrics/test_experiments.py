"""Randomised tests from aggregates beside published examples, scipy, statsmodels and numerical differentiation."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from metrics.stats.absent import Absent
from metrics.stats.experiments.arms import Arm, adjusted_arms, mean_arm, ratio_arm
from metrics.stats.experiments.effect import Effect, absolute_effect, relative_effect
from metrics.stats.experiments.moments import Moments, moments_of_sums, moments_of_values
from metrics.stats.experiments.multiplicity import benjamini_hochberg, holm
from metrics.stats.experiments.posterior import Prior, posterior
from metrics.stats.experiments.quantiles import quantile_effect, quantile_of, rank_bounds
from metrics.stats.experiments.sample_size import users_for_means, users_for_shares
from metrics.stats.experiments.sequence import always_valid, msprt_p, tuning
from metrics.stats.experiments.small_counts import Share, fisher_p, newcombe
from metrics.stats.experiments.srm import sample_ratio
from metrics.stats.wilson import wilson_interval
from tests.metrics.cases import load, near

AB = load("ab")
REPLICATIONS = int(os.environ.get("KPI_REPLICATIONS", "400"))
"""KPI_REPLICATIONS=4000 asks for more."""


T = TypeVar("T")


def there(found: T | Absent) -> T:
    assert not isinstance(found, Absent), found
    return found


def moments(arm: dict[str, Any], metric: str = "mean") -> Moments:
    squares = arm["sum"] if metric == "proportion" else arm["sum_squares"]
    return there(moments_of_sums(arm["n"], [arm["sum"]], [[squares]], is_proportion=metric == "proportion"))


def arms(case: dict[str, Any]) -> tuple[Arm, Arm]:
    given = case["inputs"]
    control, treatment = (mean_arm(moments(given[side], given["metric"])) for side in ("control", "treatment"))
    return control, treatment


def held(case: dict[str, Any], found: Effect) -> None:
    near(case, found.value, "effect")
    near(case, found.se, "se")
    near(case, found.p_value, "p_value")
    for place, end in enumerate((found.low, found.high)):
        if isinstance(case["expected"]["ci"][place], str):
            assert end is None
        else:
            assert end is not None
            near(case, end, "ci", place)
    if "df" in case["expected"] and found.df is not None:
        near(case, found.df, "df")


@pytest.mark.parametrize("name", ["AB-01", "AB-03", "AB-05", "AB-07", "AB-09", "AB-11", "AB-17", "AB-19"])
def test_welch_on_aggregates_equals_the_reference(name: str) -> None:
    case = AB[name]
    given = case["inputs"]
    effect = relative_effect if given["difference"] == "relative" else absolute_effect
    held(case, there(effect(*arms(case), alpha=given["alpha"], alternative=given.get("alternative", "two-sided"))))


@pytest.mark.parametrize("name", ["AB-13", "AB-15"])
def test_the_confidence_sequence_equals_the_reference(name: str) -> None:
    case = AB[name]
    given = case["inputs"]
    users = given["control"]["n"] + given["treatment"]["n"]
    near(case, tuning(given["tuning_N_star"]), "rho")
    held(case, always_valid(there(relative_effect(*arms(case))), users, given["tuning_N_star"]))


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


def test_adjusted_p_values_equal_the_reference() -> None:
    case = AB["AB-53"]
    for place, (step_down, step_up) in enumerate(
        zip(holm(case["inputs"]["p_values"]), benjamini_hochberg(case["inputs"]["p_values"]), strict=True)
    ):
        near(case, step_down, "holm", place)
        near(case, step_up, "benjamini_hochberg", place)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjusted_p_values_equal_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-12)
    assert benjamini_hochberg(p_values) == pytest.approx(multipletests(p_values, method="fdr_bh")[1], abs=1e-12)


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


def test_msprt_equals_the_reference_and_the_integrated_mixture() -> None:
    case = AB["AB-57"]
    given = case["inputs"]
    near(case, msprt_p(given["diff"], given["var_diff"], given["tau2"]), "always_valid_p")
    sd, tau = math.sqrt(given["var_diff"]), math.sqrt(given["tau2"])
    effects = np.linspace(-12 * tau, 12 * tau, 200_001)
    ratio = scipy.stats.norm.pdf(given["diff"], effects, sd) / scipy.stats.norm.pdf(given["diff"], 0, sd)
    mixed = np.trapezoid(ratio * scipy.stats.norm.pdf(effects, 0, tau), effects)
    near(case, float(mixed), "likelihood_ratio")


def test_the_sequence_is_the_inverted_mixture_of_likelihoods() -> None:
    effect, users, planned = Effect(0.5, 0.2, None, None, None, 0.0), 800, 1000
    found = always_valid(effect, users, planned)
    assert found.high is not None
    tau = tuning(planned) * effect.se * math.sqrt(users)  # the mixture over effects that ρ stands for
    grid = np.linspace(-15 * tau, 15 * tau, 200_001)
    at_end = effect.value - found.high  # the null hypothesis at the end of the interval
    ratio = np.exp((at_end * grid - grid**2 / 2) / effect.se**2)
    evidence = np.trapezoid(ratio * scipy.stats.norm.pdf(grid, 0, tau), grid)
    assert evidence == pytest.approx(1 / 0.05, rel=1e-6)
    assert found.p_value == pytest.approx(msprt_p(effect.value, effect.se**2, tau**2), rel=1e-12)


def repeated_looks_error(looks: int, z: float = 1.959963985, nodes: int = 80) -> float:
    """Return the chance that |S_k|/√k exceeds z at any of k = 1 … looks, by the recursion of Armitage, McPherson and Rowe 1969.

    The density of the sum divided by √k, where no look has exceeded z yet, is held at Gauss-Legendre nodes within ±z.
    """
    places, weights = np.polynomial.legendre.leggauss(nodes)
    places, weights = places * z, weights * z
    density, error = scipy.stats.norm.pdf(places), 2 * float(scipy.stats.norm.sf(z))
    for k in range(2, looks + 1):
        sums, end = places * math.sqrt(k - 1), z * math.sqrt(k)
        error += float(weights * density @ (scipy.stats.norm.sf(end - sums) + scipy.stats.norm.cdf(-end - sums)))
        moved = scipy.stats.norm.pdf(places[:, None] * math.sqrt(k) - sums[None, :])
        density = math.sqrt(k) * moved @ (weights * density)
    return error


@pytest.mark.parametrize(("looks", "published"), [(2, 0.083), (5, 0.142), (10, 0.193), (20, 0.248)])
def test_ab_56_looking_often_at_a_fixed_horizon_test_raises_false_alarms_as_armitage_found(looks: int, published: float) -> None:
    assert repeated_looks_error(looks) == pytest.approx(published, abs=6e-4)


def test_ab_61_the_sequence_keeps_its_promise_at_twenty_looks_and_the_fixed_test_does_not() -> None:
    case = AB["AB-61"]
    given = case["inputs"]
    rng = np.random.default_rng(1)
    per_look, looks = given["users_per_arm_per_look"], given["looks"]
    # sums of 500 unit normal values are exactly normal, and their variance is known well enough to be taken as 1
    steps = rng.normal(0, math.sqrt(per_look), (REPLICATIONS, looks, 2)).cumsum(axis=1)
    fixed = valid = 0
    for path in steps:
        effects = [there(absolute_effect(*(Arm(n, s / n, 1.0, s / n, 1.0, 1.0) for s in sums))) for n, sums in zip(range(per_look, per_look * looks + 1, per_look), path, strict=True)]  # fmt: skip
        fixed += any(effect.p_value < 0.05 for effect in effects)
        users = range(2 * per_look, 2 * per_look * looks + 1, 2 * per_look)
        valid += any(always_valid(e, n, given["tuning_N_star"]).p_value < 0.05 for e, n in zip(effects, users, strict=True))
    print(f"{REPLICATIONS} replications: fixed horizon {fixed / REPLICATIONS:.4f}, sequence {valid / REPLICATIONS:.4f}")
    for share, name in ((fixed / REPLICATIONS, "any_rejection_fixed_horizon"), (valid / REPLICATIONS, "any_rejection_sequential")):
        published = case["expected"][name]
        # whatever the seed: four standard errors of ours, and the rounding of the published share
        assert share == pytest.approx(published, abs=4 * math.sqrt(published * (1 - published) / REPLICATIONS) + case["tolerance"]["abs"])
    assert valid / REPLICATIONS <= case["expected"]["acceptance"]["sequential_max"]


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
