"""Covariance-averaged regression beside explicit inverses, published figures and certified numbers."""

from __future__ import annotations

import doctest
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import t as student
from statsmodels.datasets import longley, nile

from metrics.stats import did, discoveries, gls, impact
from metrics.stats.covariances import MASS_AR, MASS_WALK, MASS_WHITE, RHO, SHARE, STEP, family
from metrics.stats.gls import NoFit, fit, prepare
from metrics.stats.mixture import Mixture

Array = Any
PUBLISHED = {case["name"]: case for case in json.loads(Path(__file__).with_name("impact_published.json").read_text(encoding="utf-8"))}


def covariances(points: int) -> list[tuple[float, Array]]:
    """Return (prior mass, matrix) of every candidate, written out as the method states them."""
    i, j = np.indices((points, points))
    found = [(MASS_WHITE, np.eye(points))]
    for rho in RHO:
        for share in SHARE:
            found.append((MASS_AR / (len(RHO) * len(SHARE)), np.where(i == j, 1.0, share * rho ** abs(i - j))))
    found += [(MASS_WALK / len(STEP), np.eye(points) + q * np.minimum(i, j)) for q in STEP]
    return found


def dense(y: Array, design: Array, pre: int, weights: Array) -> Mixture:
    """Return the law of a weighted sum of the points after `pre`, by explicit inverses and determinants."""
    log_weight, means, scales = [], [], []
    k = design.shape[1]
    before, after = design[:pre], design[pre:]
    for mass, whole in covariances(len(y)):
        c, cross, ahead = whole[:pre, :pre], whole[:pre, pre:] @ weights, weights @ whole[pre:, pre:] @ weights
        inverse = np.linalg.inv(c)
        inside = before.T @ inverse @ before
        b = np.linalg.inv(inside) @ before.T @ inverse @ y[:pre]
        e = y[:pre] - before @ b
        left = e @ inverse @ e
        h = after.T @ weights - before.T @ inverse @ cross
        variance = left / (pre - k) * (ahead - cross @ inverse @ cross + h @ np.linalg.inv(inside) @ h)
        means.append(weights @ after @ b + cross @ inverse @ e)
        scales.append(math.sqrt(variance))
        log_weight.append(math.log(mass) - np.linalg.slogdet(c)[1] / 2 - np.linalg.slogdet(inside)[1] / 2 - (pre - k) / 2 * math.log(left))
    weight = np.exp(np.array(log_weight) - max(log_weight))
    return Mixture(weight / weight.sum(), np.array(means)[:, None], np.array(scales)[:, None], float(pre - k))


def made(seed: int = 3, points: int = 60) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.normal(size=points))
    return 5 + 2 * x + np.cumsum(rng.normal(size=points)) * 0.4 + rng.normal(size=points), np.column_stack([np.ones(points), x])


def test_the_filter_gives_what_explicit_inverses_give() -> None:
    y, design = made()
    for weights in (np.full(12, 1 / 12), np.eye(12)[7], np.linspace(-1, 2, 12)):
        expected, got = dense(y, design, 48, weights), fit(y[:48], design[:48]).forecast(design[48:], weights[None, :])
        assert got.weight == pytest.approx(expected.weight, rel=1e-7, abs=1e-12)
        assert got.mean == pytest.approx(expected.mean, rel=1e-8)
        assert got.scale == pytest.approx(expected.scale, rel=1e-7)


def test_the_coefficients_are_those_of_generalised_least_squares_under_every_candidate() -> None:
    y, design = made(5)
    found = fit(y, design).combination(np.eye(2))
    for place, (_, c) in enumerate(covariances(60)):
        inverse = np.linalg.inv(c)
        inside = np.linalg.inv(design.T @ inverse @ design)
        b = inside @ design.T @ inverse @ y
        left = (y - design @ b) @ inverse @ (y - design @ b) / 58
        assert found.mean[place] == pytest.approx(b, rel=1e-8)
        assert found.scale[place] == pytest.approx(np.sqrt(left * np.diag(inside)), rel=1e-7)


def test_the_prior_masses_add_up_to_one() -> None:
    assert family().mass.sum() == pytest.approx(1.0)
    assert len(family().mass) == len(covariances(3)) == 85


def test_a_point_that_is_not_known_is_as_if_its_row_and_column_were_struck_out() -> None:
    y, design = made(8)
    gone = y.copy()
    gone[[4, 20, 21, 47]] = np.nan
    kept = np.isfinite(gone)
    found = fit(gone, design).combination(np.eye(2))
    for place, (_, whole) in enumerate(covariances(60)):
        inverse = np.linalg.inv(whole[np.ix_(kept, kept)])
        b = np.linalg.solve(design[kept].T @ inverse @ design[kept], design[kept].T @ inverse @ y[kept])
        assert found.mean[place] == pytest.approx(b, rel=1e-8)


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_the_published_examples_give_the_averaged_figures_and_lie_within_the_other_engines(name: str) -> None:
    """vignette (truth 10), google, basque. The examples 'arma' and 'comparison' exist as output of R only: their data are not at hand."""
    case = PUBLISHED[name]
    y, pre = np.array(case["y"]), case["pre"]
    found = impact.effect(y, np.column_stack([np.ones(len(y)), *np.array(case["controls"])]), pre).average
    expected = case["averaged_gls"]
    assert (found.value, found.low, found.high) == pytest.approx((expected["effect"], *expected["interval"]), rel=1e-7)
    assert found.p == pytest.approx(expected["p"], rel=1e-4)
    lows, highs = zip(*(engine["interval"] for engine in case["engines"].values()), strict=True)
    assert min(lows) <= found.value <= max(highs)
    for engine, said in case["engines"].items():
        if said["effect"] is not None and "default" not in engine:
            assert found.low <= said["effect"] <= found.high, engine


def test_least_squares_inside_reaches_the_certified_figures_of_longley() -> None:
    """NIST Statistical Reference Datasets, Longley (higher difficulty); the columns are nearly alike."""
    data = longley.load_pandas()
    design = np.column_stack([np.ones(16), data.exog.to_numpy()])
    certified = [
        -3482258.63459582, 15.0618722713733, -0.358191792925910e-01, -2.02022980381683, -1.03322686717359, -0.511041056535807e-01, 1829.15146461355,
    ]  # fmt: skip
    assert prepare(data.endog.to_numpy(), design).start == pytest.approx(certified, rel=1e-8)


def test_the_nile_falls_in_1899() -> None:
    """Step -247.8 with standard error 28.4 (least squares) and 31.3 (Newey-West, 4 lags), as statsmodels has it; ours is wider, for it lets the level drift."""
    volume = nile.load_pandas().data["volume"].to_numpy()
    step = np.column_stack([np.ones(100), np.arange(1871, 1971) >= 1899])
    assert prepare(volume, step).start == pytest.approx([1097.75, -247.7777778], abs=1e-6)
    found = fit(volume, step).coefficient(1)
    assert found.low < -247.78 < found.high < -150
    whole = impact.effect(volume, np.ones((100, 1)), 28).average
    assert whole.low < -247.78 < whole.high


def test_quantiles_of_the_mixture_are_where_the_probability_says() -> None:
    law = Mixture(np.array([0.7, 0.3]), np.array([[0.0, 5.0], [4.0, 5.0]]), np.array([[1.0, 2.0], [0.2, 1e-3]]), 9.0)
    for share in (0.025, 0.5, 0.9, 0.975):
        for number, at in enumerate(law.quantile(share)):
            exact = sum(w * student.cdf((at - law.mean[c, number]) / law.scale[c, number], 9) for c, w in enumerate(law.weight))
            assert exact == pytest.approx(share, abs=1e-12)
    assert quad(lambda x: float(law.density(np.array([x, 5.0]))[0]), -60, 60, points=[4.0], limit=200)[0] == pytest.approx(1.0, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(shift=st.floats(-1e6, 1e6), scale=st.floats(1e-3, 1e6), seed=st.integers(0, 500))
def test_shift_and_scale_carry_over(shift: float, scale: float, seed: int) -> None:
    y, design = made(seed, 50)
    plain = impact.effect(y, design, 40).average
    moved = impact.effect(shift + scale * y, design, 40).average
    size = 1e-6 * (scale * (plain.high - plain.low)) + 1e-9 * abs(shift)
    assert (moved.value, moved.low, moved.high) == pytest.approx([scale * v for v in (plain.value, plain.low, plain.high)], abs=size)


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(4)), seed=st.integers(0, 500))
def test_the_order_of_the_columns_does_not_matter(order: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(50), rng.normal(size=(50, 3))])
    y = rng.normal(size=50)
    plain, mixed = (impact.effect(y, d, 40).average for d in (design, design[:, order]))
    assert (plain.value, plain.low, plain.high) == pytest.approx((mixed.value, mixed.low, mixed.high), rel=1e-6, abs=1e-9)


def test_huge_and_negative_values_and_repeated_runs_keep_every_digit() -> None:
    y, design = made(2, 70)
    first, second = (impact.effect(1e12 + y, design, 56) for _ in range(2))
    assert first == second
    assert first.average.value == pytest.approx(impact.effect(y, design, 56).average.value, abs=1e-3)
    assert impact.effect(-y, design, 56).average.value == pytest.approx(-impact.effect(y, design, 56).average.value)


def test_cumulative_is_the_average_times_the_points_and_fitted_is_one_step_ahead() -> None:
    y, design = made(4, 70)
    y[60] = np.nan
    found = impact.effect(y, design, 56)
    assert (found.before, found.after) == (56, 13)
    assert found.cumulative[-1].value == pytest.approx(13 * found.average.value)
    assert found.cumulative[-1].low == pytest.approx(13 * found.average.low)
    assert found.cumulative[4] == found.cumulative[3]
    assert len(found.expected) == 14
    assert np.corrcoef(found.fitted, y[:56])[0, 1] > 0.9


@pytest.mark.parametrize(
    ("y", "design", "words"),
    [
        (np.arange(3.0), np.ones((3, 1)), "too few"),
        (np.full(30, 7.0), np.ones((30, 1)), "do not vary"),
        (np.full(30, np.nan), np.ones((30, 1)), "too few"),
        (np.arange(30.0), np.column_stack([np.ones(30), np.ones(30)]), "says nothing that the others do not say"),
        (np.arange(30.0), np.column_stack([np.ones(30), np.zeros(30)]), "says nothing that the others do not say"),
    ],
)
def test_what_cannot_be_fitted_says_why(y: Array, design: Array, words: str) -> None:
    with pytest.raises(NoFit, match=words):
        fit(y, design)


def test_an_event_with_no_known_point_after_it_says_so() -> None:
    y, design = made(1, 40)
    y[30:] = np.nan
    with pytest.raises(NoFit, match="no point after the event"):
        impact.effect(y, design, 30)


def test_placebos_are_the_effects_at_the_earlier_dates() -> None:
    """One pass over time gives what a fit for every date gives; a column that has not begun plays no part."""
    y, design = made(6, 80)
    late = (np.arange(80) >= 50).astype(float)
    whole = np.column_stack([design, late])
    for found in impact.placebos(y, whole, 10, [30, 45, 65]):
        columns = whole if found.at == 65 else design
        expected = impact.effect(y[: found.at + 10], columns[: found.at + 10], found.at).average
        assert (found.value, found.p) == pytest.approx((expected.value, expected.p), rel=1e-6)
    assert impact.spread_out(range(100), 5) == [0, 25, 50, 74, 99]
    assert impact.spread_out([1, 2], 5) == [1, 2]


def test_the_examples_in_the_docstrings_hold() -> None:
    assert [doctest.testmod(module).failed for module in (gls, impact, did, discoveries)] == [0, 0, 0, 0]
