"""Difference in differences beside the Poisson regression of statsmodels, closed forms and published figures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student
from statsmodels.stats.multitest import multipletests

from metrics.stats.did import Panel, difference, estimate, log_effect
from metrics.stats.discoveries import discoveries
from metrics.stats.gls import NoFit

Array = Any


def made(seed: int = 1, days: int = 84, after: int = 28, segments: int = 4, tau: float = 0.3) -> Panel:
    rng = np.random.default_rng(seed)
    late, touched = np.arange(days) >= days - after, np.arange(segments) < 1
    exposure = rng.uniform(50, 400, (days, segments))
    rate = np.exp(rng.normal(-2, 0.4, segments)[None, :] + rng.normal(0, 0.2, days)[:, None] + tau * late[:, None] * touched)
    return Panel(rng.poisson(exposure * rate).astype(float), exposure, touched, late)


def by_statsmodels(panel: Panel) -> float:
    """Return tau of the Poisson regression with a dummy for each segment and each day."""
    days, segments = panel.counts.shape
    day, segment = np.repeat(np.arange(days), segments), np.tile(np.arange(segments), days)
    columns = [panel.after[day] * panel.touched[segment], *(segment == s for s in range(segments)), *(day == d for d in range(1, days))]
    model = sm.GLM(
        panel.counts.ravel(), np.column_stack(columns).astype(float), sm.families.Poisson(), offset=np.log(panel.exposure.ravel())
    )
    return float(model.fit(tol=1e-13, maxiter=200).params[0])


def test_tau_is_that_of_the_poisson_regression_with_all_dummies() -> None:
    panel = made(days=42, after=14)
    assert log_effect(panel) == pytest.approx(by_statsmodels(panel), abs=1e-8)


def test_two_by_two_is_the_ratio_of_ratios() -> None:
    """A release in one market, another market as control: 385/11000 ÷ 300/10000 against 546/21000 ÷ 500/20000."""
    panel = Panel(
        np.array([[300.0, 500.0], [385.0, 546.0]]),
        np.array([[10_000.0, 20_000.0], [11_000.0, 21_000.0]]),
        np.array([True, False]),
        np.array([False, True]),
    )
    assert log_effect(panel) == pytest.approx(math.log(385 / 11_000 / (300 / 10_000) / (546 / 21_000 / (500 / 20_000))), abs=1e-10)
    assert log_effect(panel) == pytest.approx(0.1149299667, abs=1e-9)


def test_snow_and_card_and_krueger() -> None:
    """Snow 1855 as tabulated by Cunningham (Causal Inference: The Mixtape): -78 deaths per 10,000 houses.

    Card and Krueger 1994, table 3, rows 1 and 2: full-time equivalent jobs a restaurant, New Jersey 20.44 to 21.03, Pennsylvania 23.33 to 21.17;
    they print 2.76 from unrounded means, which the rounded ones reach within their rounding of four times 0.005.
    """
    assert difference(85, 19, 135, 147) == -78
    assert difference(20.44, 21.03, 23.33, 21.17) == pytest.approx(2.76, abs=0.02)


def test_the_interval_is_the_jackknife_over_blocks_by_hand() -> None:
    panel = made(days=63, after=21)
    parts, worth = 0.0, 0.0
    for days, number in ((np.arange(42), 6), (np.arange(42, 63), 3)):
        each = np.array([log_effect(panel.without(block)) for block in np.array_split(days, number)])
        part = (number - 1) / number * ((each - each.mean()) ** 2).sum()
        parts, worth = parts + part, worth + part**2 / (number - 1)
    half = student.ppf(0.975, parts**2 / worth) * math.sqrt(parts)
    found = estimate(panel)
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half), abs=1e-10)
    assert found.p == pytest.approx(2 * student.sf(abs(found.value) / math.sqrt(parts), parts**2 / worth), rel=1e-8)


def test_the_interval_covers_the_truth_with_correlated_segments() -> None:
    hits = 0
    for seed in range(120):
        rng = np.random.default_rng([7, seed])
        slow = np.zeros((140, 4))
        for day in range(1, 140):
            slow[day] = 0.6 * slow[day - 1] + rng.normal(0, 0.12, 4)
        late, touched = np.arange(140) >= 112, np.arange(4) < 1
        mean = 60 * np.exp(slow + rng.normal(0, 0.2, 140)[:, None] + 0.2 * late[:, None] * touched)
        found = estimate(Panel(rng.poisson(mean).astype(float), np.ones((140, 4)), touched, late))
        hits += found.low <= 0.2 <= found.high
    assert hits >= 0.88 * 120


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 300), scale=st.floats(0.01, 1e6), order=st.permutations(range(4)))
def test_scale_of_the_exposure_and_order_of_the_segments_do_not_matter(seed: int, scale: float, order: list[int]) -> None:
    panel = made(seed, days=42, after=14)
    other = Panel(panel.counts[:, order], scale * panel.exposure[:, order], panel.touched[order], panel.after)
    assert log_effect(other) == pytest.approx(log_effect(panel), abs=1e-8)


def test_huge_counts_and_empty_segments_and_days_do_no_harm() -> None:
    panel = made(days=42, after=14)
    padded = Panel(
        np.column_stack([panel.counts, np.zeros(42)]), np.column_stack([panel.exposure, np.zeros(42)]), np.append(panel.touched, False), panel.after
    )  # fmt: skip
    assert log_effect(padded) == pytest.approx(log_effect(panel), abs=1e-9)
    assert log_effect(Panel(panel.counts * 1e12, panel.exposure, panel.touched, panel.after)) == pytest.approx(log_effect(panel), abs=1e-8)
    quiet = panel.counts.copy()
    quiet[3] = 0
    assert math.isfinite(log_effect(Panel(quiet, panel.exposure, panel.touched, panel.after)))


def test_what_cannot_be_compared_says_why() -> None:
    panel = made(days=42, after=14)
    nothing = panel.counts * ~(panel.after[:, None] & panel.touched)
    with pytest.raises(NoFit, match="no count"):
        log_effect(Panel(nothing, panel.exposure, panel.touched, panel.after))
    with pytest.raises(NoFit, match="no count"):
        log_effect(Panel(panel.counts[:, :1], panel.exposure[:, :1], panel.touched[:1], panel.after))
    with pytest.raises(NoFit, match="14 days are too few"):
        estimate(panel)
    same = Panel(np.ones((84, 2)), np.ones((84, 2)), np.array([True, False]), np.arange(84) >= 56)
    with pytest.raises(NoFit, match="do not differ"):
        estimate(same)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.sampled_from([0.01, 0.05, 0.2]))
def test_discoveries_are_those_of_statsmodels(p_values: list[float], rate: float) -> None:
    assert discoveries(p_values, rate=rate) == list(multipletests(p_values, alpha=rate, method="fdr_bh")[0])


def test_discoveries_of_a_few_true_findings_among_many_are_those_of_statsmodels() -> None:
    for seed in range(50):
        rng = np.random.default_rng(seed)
        p_values = list(np.concatenate([rng.uniform(0, 1, 30), rng.uniform(0, 0.02, 6)]))
        assert discoveries(p_values) == list(multipletests(p_values, alpha=0.05, method="fdr_bh")[0])


def test_no_findings_give_no_discoveries() -> None:
    assert discoveries([]) == []
