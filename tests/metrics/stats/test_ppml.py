"""The panel estimator beside independent ones: statsmodels' Poisson model with a dummy for every segment and day, and refits by hand."""

from __future__ import annotations

import doctest
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from metrics.stats import elasticity, evidence, jackknife, reliability
from metrics.stats.elasticity import Effect, implied, relative_effect, seen_range, weighted_effect
from metrics.stats.jackknife import Estimate, critical, interval, leave_outs, standard_error
from metrics.stats.ppml import fit, two_way_residuals
from metrics.stats.regressors import cumulative, hinge, with_lead
from metrics.stats.reliability import P75_FACTOR, corrected, panel_reliability

Array = npt.NDArray[Any]
CASES: dict[str, Any] = {case["id"]: case for case in json.loads((Path(__file__).parent / "speed_cases.json").read_text(encoding="utf-8"))}


def drawn(seed: int, days: int = 24, segments: int = 4, beta: float = -0.5, mean: float = 300.0) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.normal(7.5, 0.2, (days, segments))
    exposure = rng.poisson(mean, (days, segments)) + 1.0
    counts = rng.poisson(exposure * 0.05 * np.exp(beta * (x - 7.5) + rng.normal(0, 0.3, segments) + rng.normal(0, 0.2, (days, 1))))
    return counts.astype(float), exposure, x


def by_dummies(counts: Array, exposure: Array, regressors: Array) -> tuple[Array, Array]:
    """Return coefficients and standard errors of statsmodels' GLM with dummies, over the cells with an exposure."""
    days, segments = np.indices(counts.shape)
    used = (exposure > 0) & np.isfinite(regressors).all(axis=0)
    used &= (np.where(used, counts, 0).sum(axis=1, keepdims=True) > 0) & (np.where(used, counts, 0).sum(axis=0, keepdims=True) > 0)
    day, segment = (np.unique(part[used], return_inverse=True)[1] for part in (days, segments))
    columns = [r[used] for r in regressors] + list(np.eye(segment.max() + 1)[segment].T) + list(np.eye(day.max() + 1)[day].T[1:])
    model = sm.GLM(counts[used], np.column_stack(columns), family=sm.families.Poisson(), offset=np.log(exposure[used]))
    found = model.fit(tol=1e-12, maxiter=200)
    return found.params[: len(regressors)], found.bse[: len(regressors)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mean", [300.0, 20.0])
def test_coefficients_and_model_errors_equal_a_poisson_model_with_dummies(seed: int, mean: float) -> None:
    counts, exposure, x = drawn(seed, mean=mean)
    exposure[3, 1] = 0.0
    counts[3, 1] = 0.0
    regressors = cumulative(x, 2)
    found = fit(counts, exposure, regressors)
    coefficients, errors = by_dummies(counts, exposure, regressors)
    assert found.solved
    assert found.coefficients == pytest.approx(coefficients, rel=1e-7, abs=1e-9)
    assert [float(found.model_se(k)) for k in range(3)] == pytest.approx(errors, rel=1e-6)


def test_the_jackknife_equals_eight_refits_by_hand() -> None:
    counts, exposure, x = drawn(5, days=40)
    keep = leave_outs(40)[:, :, None] & np.ones((40, 4), dtype=bool)
    found = interval(fit(counts[None], exposure[None], x[None, None], keep).coefficients[:, 0])
    whole = by_dummies(counts, exposure, x[None])[0][0]
    refits = []
    for block in range(8):
        stay = np.arange(40) // 5 != block
        refits.append(by_dummies(counts[stay], exposure[stay], x[None][:, stay])[0][0])
    se = np.sqrt(7 / 8 * sum((b - whole) ** 2 for b in refits))
    assert found is not None
    assert (found.value, found.se) == (pytest.approx(whole), pytest.approx(se))
    assert (found.low, found.high) == pytest.approx((whole - 2.364624 * se, whole + 2.364624 * se))


def test_case_spd_02_what_100_ms_are_worth() -> None:
    case = CASES["SPD-02"]
    i, e = case["inputs"], case["expected"]
    estimate = Estimate(i["beta"], np.nan, *i["ci"])
    found = relative_effect(estimate, i["lcp"], i["change_ms"])
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((e["relative_effect"], *e["ci"]), abs=1e-9)
    extra = weighted_effect(estimate, np.array([i["lcp"]]), i["change_ms"], np.array([i["sessions"] * i["cr"]]))
    assert extra is not None
    assert (extra.value, extra.low, extra.high) == pytest.approx((e["extra_conversions"], *e["extra_ci"]), abs=1e-8)


def test_case_spd_04_panel_with_jackknife() -> None:
    case = CASES["SPD-04"]
    i, e = case["inputs"], case["expected"]
    counts, exposure, x = np.array(i["conversions"], dtype=float), np.array(i["sessions"]), np.log(np.array(i["lcp"]))
    keep = leave_outs(16, i["blocks"])[:, :, None] & np.ones((16, 3), dtype=bool)
    found = fit(counts[None], exposure[None], x[None, None], keep)
    told = interval(found.coefficients[:, 0])
    assert told is not None
    assert found.coefficients[1:, 0] == pytest.approx(e["leave_out_estimates"], rel=1e-8)
    assert float(found.model_se()[0]) == pytest.approx(e["poisson_model_se"], rel=1e-7)
    assert (told.value, told.se, told.low, told.high) == pytest.approx((e["beta"], e["jackknife_se"], *e["ci95_t7"]), rel=1e-8)


def test_case_spd_08_reliability() -> None:
    case = CASES["SPD-08"]
    i, e = case["inputs"], case["expected"]
    share = reliability.reliability(i["within_variance"], i["sampling_variance"])
    assert share == pytest.approx(e["reliability"], abs=1e-9)
    found = corrected(Estimate(i["beta_hat"], i["se"], -0.46, -0.14), share or 0.0)
    assert found is not None
    assert (found.value, found.se) == pytest.approx((e["beta_corrected"], e["se_corrected"]), abs=1e-9)
    assert corrected(Estimate(-0.3, 0.08, -0.46, -0.14), 0.499) is None
    assert reliability.reliability(0.0, 0.1) is None


def test_case_spd_10_plateau() -> None:
    case = CASES["SPD-10"]
    i = case["inputs"]
    found = fit(np.array(i["conversions"]), np.array(i["sessions"]), hinge(np.log(np.array(i["lcp"])), i["knee_ms"]))
    assert found.coefficients == pytest.approx([case["expected"]["above"], case["expected"]["below"]], abs=1e-5)


def test_published_figures_on_one_scale() -> None:
    """Vodafone: LCP 31 % better, sales +8 %, leads +15 %, carts +11 %; Akamai: desktop 1.8 s, +0.1 s −2.4 % (reference SPD-01)."""
    assert [round(implied(change, 0.69), 2) for change in (0.08, 0.15, 0.11)] == [-0.21, -0.38, -0.28]
    assert [round(implied(change, ratio), 2) for change, ratio in ((-0.024, 1.9 / 1.8), (-0.071, 2.8 / 2.7))] == [-0.45, -2.03]


def test_the_noise_of_a_p75_is_that_of_a_normal_quantile() -> None:
    z = stats.norm.ppf(0.75)
    assert pytest.approx(0.75 * 0.25 / stats.norm.pdf(z) ** 2, rel=1e-3) == P75_FACTOR


def test_leave_outs_cover_every_day_once_and_the_t_quantile_is_scipys() -> None:
    kept = leave_outs(59)
    assert kept.shape == (9, 59)
    assert kept[0].all()
    assert ((~kept[1:]).sum(axis=0) == 1).all()
    assert min((~kept[1:]).sum(axis=1)) == 7
    assert [critical(), critical(20), critical(8, 0.8)] == pytest.approx(
        [stats.t.ppf(0.975, 7), stats.t.ppf(0.975, 19), stats.t.ppf(0.9, 7)], rel=1e-12
    )
    assert standard_error(np.array([1.0, 1.0, 3.0])) == pytest.approx(np.sqrt(1 / 2 * 4))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), up=st.floats(1e-3, 1e9), people=st.floats(1e-3, 1e6), shift=st.floats(-5, 5))
def test_neither_units_nor_order_move_a_coefficient(seed: int, up: float, people: float, shift: float) -> None:
    counts, exposure, x = drawn(seed, days=12, segments=3)
    plain = fit(counts, exposure, x[None]).coefficients[0]
    rng = np.random.default_rng(seed)
    days, segments = rng.permutation(12), rng.permutation(3)
    moved = tuple(part[days][:, segments] for part in (counts * up, exposure * people, x + shift))
    assert fit(moved[0], moved[1], moved[2][None]).coefficients[0] == pytest.approx(plain, rel=1e-6, abs=1e-8)
    assert fit(counts, exposure, 2 * x[None]).coefficients[0] == pytest.approx(plain / 2, rel=1e-6, abs=1e-8)
    # a level of its own for every segment and for every day of conversion changes nothing either
    levels = exposure * np.exp(rng.normal(size=(12, 1)) + rng.normal(size=3))
    assert fit(counts, levels, x[None]).coefficients[0] == pytest.approx(plain, rel=1e-6, abs=1e-8)


def test_fits_at_once_are_fits_one_by_one() -> None:
    many = [drawn(seed) for seed in range(3)]
    together = fit(*(np.stack([one[k] for one in many]) for k in (0, 1)), np.stack([one[2] for one in many])[:, None])
    assert together.coefficients[:, 0] == pytest.approx([fit(c, n, x[None]).coefficients[0] for c, n, x in many], rel=1e-9)


@pytest.mark.parametrize(
    "what", ["constant", "segment level", "day level", "one segment", "no counts", "no exposure", "no driver", "one day"]
)
def test_a_panel_that_says_nothing_has_no_coefficient(what: str) -> None:
    counts, exposure, x = drawn(1)
    match what:
        case "constant":
            x = np.full_like(x, 7.5)
        case "segment level":
            x = np.tile(np.arange(4.0), (24, 1))
        case "day level":
            x = np.tile(np.arange(24.0)[:, None], (1, 4))
        case "one segment":
            counts, exposure, x = counts[:, :1], exposure[:, :1], x[:, :1]
        case "no counts":
            counts = np.zeros_like(counts)
        case "no exposure":
            exposure = np.zeros_like(exposure)
        case "no driver":
            x = np.full_like(x, np.nan)
        case "one day":
            counts, exposure, x = counts[:1], exposure[:1], x[:1]
    found = fit(counts, exposure, x[None])
    if what != "one day":  # four segments on one day differ in level only, which their effects take
        assert not found.solved
    assert not found.solved or np.isfinite(found.coefficients).all()
    assert found.solved or np.isnan(found.coefficients).all()


def test_separated_counts_are_refused_and_huge_ones_are_not() -> None:
    counts, exposure, x = drawn(2)
    bought_only_when_fast = np.where(x < 7.3, counts, 0.0)
    assert not fit(bought_only_when_fast, exposure, (x < 7.3)[None].astype(float)).solved
    huge = fit(counts * 1e12, exposure * 1e12, x[None])
    assert huge.coefficients[0] == pytest.approx(fit(counts, exposure, x[None]).coefficients[0], rel=1e-8)
    with pytest.raises(ValueError, match="negative"):
        fit(-counts, exposure, x[None])


def test_residuals_are_orthogonal_to_every_segment_and_day() -> None:
    rng = np.random.default_rng(3)
    weights = rng.random((2, 30, 5)) * (rng.random((2, 30, 5)) > 0.2)
    left = two_way_residuals(weights, rng.normal(size=(2, 3, 30, 5)))
    assert np.abs((weights[:, None] * left).sum(axis=-1)).max() < 1e-10
    assert np.abs((weights[:, None] * left).sum(axis=-2)).max() < 1e-10


def test_lags_and_lead_by_hand() -> None:
    x = np.array([[1.0], [2.0], [4.0]])
    assert cumulative(x, 1)[:, :, 0].tolist()[0] == [1, 2, 4]
    assert np.array_equal(cumulative(x, 1)[1, :, 0], [np.nan, -1, -2], equal_nan=True)
    assert np.array_equal(with_lead(x)[0, :, 0], [2, 4, np.nan], equal_nan=True)


def test_reliability_of_a_panel_whose_noise_is_known() -> None:
    """Own movement of sd 0.1 and noise of sd 0.05 give 1 − 0.0025 ÷ 0.0125 = 0.8, whatever the effects."""
    rng = np.random.default_rng(4)
    own = rng.normal(0, 0.1, (2_000, 3)) + rng.normal(size=(2_000, 1)) + np.arange(3)
    noise = np.full(own.shape, 0.05**2)
    found = panel_reliability(own + rng.normal(0, 0.05, own.shape), noise, np.ones(own.shape))
    assert found == pytest.approx(0.8, abs=0.02)


def test_effects_turn_round_with_their_sign_and_ranges_are_weighted() -> None:
    assert Effect(0.1, 0.05, 0.2).times(-10) == Effect(-1.0, -2.0, -0.5)
    assert relative_effect(Estimate(-0.3, 0.1, -0.5, -0.1), 100, -100) is None
    assert relative_effect(Estimate(-0.3, 0.1, -0.5, -0.1), 0, 10) is None
    assert weighted_effect(Estimate(-0.3, 0.1, -0.5, -0.1), np.array([100.0]), 10, np.array([0.0])) is None
    assert weighted_effect(Estimate(-0.3, 0.1, -0.5, -0.1), np.array([100.0]), 10, np.array([-4.0])) is None
    values = np.arange(1.0, 101.0)
    assert seen_range(values, np.ones(100)) == pytest.approx((5.5, 95.5))
    assert seen_range(np.full(3, np.nan), np.ones(3)) is None


def test_the_examples_in_the_docstrings_hold() -> None:
    assert [doctest.testmod(module).failed for module in (jackknife, reliability, elasticity, evidence)] == [0, 0, 0, 0]
