"""How often the interval holds the truth, and how often nothing looks like something, over simulated companies.

Generator: x = 100 + 10 a, a a stationary AR(1) with 0.9; y = 50 + 1.2 x + u, plus 3 in the last 28 days; u with unit 2 as the name says.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from metrics.stats.gls import fit
from metrics.stats.impact import placebos, spread_out
from metrics.stats.mixture import Estimate

REPLICATIONS = int(os.environ.get("KPI_REPLICATIONS", "40"))
"""KPI_REPLICATIONS=1000 asks for more."""
AFTER, UNIT, EFFECT = 28, 2.0, 3.0


def autoregressive(rng: np.random.Generator, rho: float, points: int) -> Any:
    values, shocks = np.empty(points), rng.normal(size=points)
    values[0] = shocks[0]
    for t in range(1, points):
        values[t] = rho * values[t - 1] + np.sqrt(1 - rho**2) * shocks[t]
    return values


def errors(kind: str, rng: np.random.Generator, points: int) -> Any:
    if kind.startswith("ar"):
        return UNIT * autoregressive(rng, float(kind[2:]), points)
    noise = UNIT * rng.normal(size=points)
    if kind.startswith("rw"):
        return noise + np.cumsum(rng.normal(size=points)) * float(kind[2:]) * UNIT
    return noise + (4 * np.sin(2 * np.pi * np.arange(points) / 7) if kind == "weekly" else 0)


def made(kind: str, before: int, seed: int, size: float = EFFECT) -> tuple[Any, Any]:
    points, rng = before + AFTER, np.random.default_rng([20261122, seed])
    x = 100 + 10 * autoregressive(rng, 0.9, points)
    y = 50 + 1.2 * x + errors(kind, rng, points) + size * (np.arange(points) >= before)
    weekdays = [(np.arange(points) % 7 == day).astype(float) for day in range(1, 7)] if kind == "weekly" else []
    return y, np.column_stack([np.ones(points), x, *weekdays])


def average(y: Any, design: Any, before: int) -> Estimate:
    """Return the average effect alone, without its course: the same number as `effect` gives, sooner."""
    law = fit(y[:before], design[:before]).forecast(design[before:], np.full((1, AFTER), 1 / AFTER))
    expected, observed = law.estimates()[0], float(y[before:].mean())
    return Estimate(observed - expected.value, observed - expected.high, observed - expected.low, 1.0)


@pytest.mark.parametrize(("before", "kind"), [(b, k) for b in (90, 180) for k in ("white", "rw0.05", "rw0.2", "ar0.6", "ar0.9", "weekly")])
def test_the_interval_holds_the_truth(before: int, kind: str) -> None:
    found = [average(*made(kind, before, seed), before) for seed in range(REPLICATIONS)]
    share = np.mean([e.low <= EFFECT <= e.high for e in found])
    bias, spread = np.mean([e.value - EFFECT for e in found]), np.std([e.value for e in found])
    print(before, kind, f"coverage {share:.3f}, width {np.mean([e.high - e.low for e in found]):.2f}, bias {bias:+.3f}")
    least = 0.86 if kind == "rw0.2" else 0.89  # the drift of 0.2 is the one in which every engine falls short
    assert share >= least - 2.6 * np.sqrt(0.08 / REPLICATIONS)
    assert abs(bias) <= 4 * spread / np.sqrt(REPLICATIONS)


@pytest.mark.parametrize("kind", ["white", "ar0.6"])
def test_at_dates_on_which_nothing_happened_little_is_found(kind: str) -> None:
    """At most 10 % of 20 placebo dates are significant."""
    runs = []
    for seed in range(max(8, REPLICATIONS // 10)):
        y, design = made(kind, 180, 10_000 + seed, 0.0)
        runs += [run.p < 0.05 for run in placebos(y, design, AFTER, spread_out(range(60, 153), 20))]
    print(kind, f"{np.mean(runs):.3f} of {len(runs)}")
    assert np.mean(runs) <= 0.1
