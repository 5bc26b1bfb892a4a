"""Looking before the planned end: the confidence sequence beside published figures, a recursion and numerical integration."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
import scipy.stats

from metrics.stats.experiments.arms import Arm
from metrics.stats.experiments.effect import Effect, absolute_effect, relative_effect
from metrics.stats.experiments.sequence import always_valid, msprt_p, tuning
from tests.metrics.cases import near
from tests.metrics.experiments import AB, arms, held, there

REPLICATIONS = int(os.environ.get("KPI_REPLICATIONS", "400"))
"""KPI_REPLICATIONS=4000 asks for more."""


@pytest.mark.parametrize("name", ["AB-13", "AB-15"])
def test_the_confidence_sequence_equals_the_reference(name: str) -> None:
    case = AB[name]
    given = case["inputs"]
    users = given["control"]["n"] + given["treatment"]["n"]
    near(case, tuning(given["tuning_N_star"]), "rho")
    held(case, always_valid(there(relative_effect(*arms(case))), users, given["tuning_N_star"]))


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
