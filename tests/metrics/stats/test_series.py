"""One series without segments: design S13, and what has no answer."""

from __future__ import annotations

import os

import numpy as np
import pytest
import statsmodels.api as sm

from metrics.stats.panel import Panel
from metrics.stats.series import single_series

REPLICATIONS = int(os.environ.get("KPI_REPLICATIONS", "60"))
DAYS = 180


def wandering(rng: np.random.Generator, rho: float, sd: float) -> np.ndarray:
    """Return a first-order autoregression with this standard deviation, from its own law."""
    out = np.empty(DAYS)
    out[0] = rng.normal(0, sd)
    for t in range(1, DAYS):
        out[t] = rho * out[t - 1] + rng.normal(0, sd * np.sqrt(1 - rho**2))
    return out


def draw(design: str, rng: np.random.Generator) -> Panel:
    """Return one year's half of the design as the reference case describes it."""
    t = np.arange(DAYS)
    if design == "c":
        driver, shock, beta = rng.normal(0, 0.02, DAYS).cumsum(), rng.normal(0, 0.02, DAYS).cumsum(), 0.0
    else:
        driver, shock = {
            "a": lambda: (wandering(rng, 0.6, 0.06), wandering(rng, 0.5, 0.05)),
            "b": lambda: (wandering(rng, 0.8, 0.08), wandering(rng, 0.8, 0.06)),
        }[design]()
        shock, beta = shock + 0.10 * t / DAYS, -0.5
    sessions = np.round(8_000 * np.exp(0.25 * np.cos(2 * np.pi * t / 7) + 0.05 * rng.normal(size=DAYS)))
    rate = 0.03 * np.exp(beta * driver + shock + 0.10 * np.sin(2 * np.pi * t / 7))
    return Panel(rng.poisson(sessions * rate)[:, None].astype(float), sessions[:, None], driver[:, None] + np.log(2_000))


@pytest.mark.parametrize(("design", "truth"), [("a", -0.5), ("b", -0.5), ("c", 0.0)])
def test_spd_s13_the_interval_holds_the_truth_where_plain_least_squares_fails(design: str, truth: float) -> None:
    rng = np.random.default_rng(13)
    held = plain = 0
    for _ in range(REPLICATIONS):
        panel = draw(design, rng)
        found = single_series(panel)
        assert found is not None
        held += found.low <= truth <= found.high
        y, t = np.log(panel.counts[:, 0] / panel.exposure[:, 0]), np.arange(DAYS)
        columns = np.column_stack([panel.driver[:, 0], t[:, None] % 7 == np.arange(7), t / DAYS]).astype(float)
        low, high = sm.OLS(y, columns).fit().conf_int()[0]
        plain += low <= truth <= high
    print(f"{design}: {REPLICATIONS} replications, ours {held / REPLICATIONS:.3f}, least squares {plain / REPLICATIONS:.3f}")
    assert held / REPLICATIONS >= 0.91 - 4 * np.sqrt(0.93 * 0.07 / REPLICATIONS) * (REPLICATIONS < 400)
    if design != "a":
        assert plain < held


def test_a_shift_of_the_driver_and_a_scale_of_the_counts_change_nothing() -> None:
    panel = draw("a", np.random.default_rng(1))
    first = single_series(panel)
    second = single_series(Panel(panel.counts * 3, panel.exposure * 7, panel.driver + 4))
    assert first is not None
    assert second is not None
    assert (second.value, second.low, second.high) == pytest.approx((first.value, first.low, first.high), rel=1e-6)


def test_gaps_are_not_filled_and_nothing_to_learn_from_is_nothing() -> None:
    panel = draw("a", np.random.default_rng(2))
    holes = panel.driver.copy()
    holes[20:30] = np.nan
    with_gap = single_series(Panel(panel.counts, panel.exposure, holes))
    assert with_gap is not None
    assert with_gap.low < -0.5 < with_gap.high
    flat = Panel(panel.counts, panel.exposure, np.full_like(panel.driver, 7.6))
    few = Panel(panel.counts / 100, panel.exposure, panel.driver)
    none = Panel(panel.counts * np.nan, panel.exposure, panel.driver)
    assert [single_series(one) for one in (flat, few, none)] == [None, None, None]
