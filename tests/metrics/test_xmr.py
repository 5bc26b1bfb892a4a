"""XmR charts beside published figures, worked examples, a second way of reading the rules, and simulation."""

from __future__ import annotations

import doctest
import math
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.stattools import acf

from metrics.stats import serial, xmr
from metrics.stats.absent import Absent
from metrics.stats.phases import Bounds, chart, inertia
from metrics.stats.serial import autocorrelation, one_step
from metrics.stats.xmr import Found, Limits, limits, nhs_signals, signals

REPLICATIONS = int(os.environ.get("KPI_REPLICATIONS", "300"))
"""KPI_REPLICATIONS=4000 asks for as many as the reference figures were made with."""
NIST = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
MONTHS = [
    2478, 2350, 2485, 2296, 2359, 2567, 3089, 2668, 1788, 2854, 2365, 1883, 1959, 1927, 2640, 2626, 2144, 2409, 4412, 3287, 3049, 3364, 3078, 2972,
    3415, 2753, 3102, 2191, 3693, 4385, 4699, 3031, 2659, 3885, 2628, 2621, 3071, 2002,
]  # fmt: skip
WEEKLY_RATE = [3.1, 3.22, 3.05, 3.18, 3.12, 3.25, 3.08, 3.15, 3.2, 3.11, 3.17, 3.09, 3.02, 2.98, 3.01, 3.04, 2.99, 3.05, 3.0, 2.97]
NEAR_UPPER = [50, 52, 49, 51, 48, 50, 53, 47, 51, 49, 55, 56, 51, 55, 54, 56]


def drawn(values: list[float], **more: float | str) -> Limits:
    found = limits(values, **more)  # type: ignore[arg-type]
    assert isinstance(found, Limits), found
    return found


def test_nist_flow_rate() -> None:
    """NIST/SEMATECH e-Handbook 6.3.2.2 prints 50.81, 55.8041 and 45.8159 (3/1.128 = 2.6596); XMR-02 has the usual factor 2.66."""
    found = drawn(NIST)
    assert found.centre == pytest.approx(50.81, abs=1e-9)
    assert found.mean_range == pytest.approx(1.877777778, abs=1e-9)
    assert (found.upper, found.lower) == (pytest.approx(55.80488889, abs=1e-6), pytest.approx(45.81511111, abs=1e-6))
    assert (round(found.upper, 2), round(found.lower, 2)) == (55.80, 45.82)
    assert found.range_limit == pytest.approx(6.136577778, abs=1e-6)
    assert signals(NIST, found) == Found((), (), (), ())


def test_spc_plotly_38_months() -> None:
    """The example of the spc_plotly documentation: mean 2820.63, mR 571.89, upper limit 4341.86."""
    found = drawn(MONTHS)
    assert [round(n, 2) for n in (found.centre, found.mean_range, found.upper)] == [2820.63, 571.89, 4341.86]
    assert [n + 1 for n in signals(MONTHS, found).rule1] == [19, 30, 31]


def test_xmr_08_median_ranges() -> None:
    found = drawn(MONTHS, by="median")
    assert (found.centre, found.mean_range) == (pytest.approx(2820.631579, abs=1e-6), 443.0)
    assert (found.upper, found.lower) == (pytest.approx(4213.866579, abs=1e-6), pytest.approx(1427.396579, abs=1e-6))
    assert found.range_limit == pytest.approx(1712.195, abs=1e-6)


def test_a_worked_example_of_six_values_is_provisional() -> None:
    """10, 12, 11, 13, 9, 14: mean 11.5, mR 2.8, limits 18.948 and 4.052, range limit 9.150; median range 2: 17.79 and 5.21."""
    found, by_median = drawn([10, 12, 11, 13, 9, 14]), drawn([10, 12, 11, 13, 9, 14], by="median")
    assert [round(n, 3) for n in (found.centre, found.mean_range, found.upper, found.lower, found.range_limit)] == [
        11.5,
        2.8,
        18.948,
        4.052,
        9.150,
    ]
    assert (round(by_median.upper, 2), round(by_median.lower, 2)) == (17.79, 5.21)
    assert found.is_provisional
    assert signals([12] * 20 + [19], found) == Found((20,), (), (), ())


def test_xmr_04_a_run_below_the_mean_without_a_point_outside() -> None:
    found = drawn(WEEKLY_RATE[:12])
    assert (found.centre, found.mean_range) == (pytest.approx(3.143333333, abs=1e-6), pytest.approx(0.1027272727, abs=1e-6))
    assert (found.upper, found.lower) == (pytest.approx(3.416587879, abs=1e-6), pytest.approx(2.870078788, abs=1e-6))
    told = signals(WEEKLY_RATE, found)
    assert [[n + 1 for n in places] for places in (told.rule1, told.rule2, told.rule3, told.ranges)] == [[], [19, 20], [20], []]


def test_xmr_06_three_of_four_near_the_upper_limit() -> None:
    """The reference draws these limits from ten points; they are full ones here to read all rules."""
    ten = drawn(NEAR_UPPER[:10])
    assert (ten.centre, ten.mean_range, ten.upper, ten.lower, ten.range_limit) == tuple(
        map(pytest.approx, (50.0, 3.0, 57.98, 42.02, 9.804))
    )
    told = signals(NEAR_UPPER, Limits(ten.centre, ten.lower, ten.upper, ten.mean_range, ten.range_limit, 12))
    assert [[n + 1 for n in places] for places in (told.rule1, told.rule2, told.rule3, told.ranges)] == [[], [], [14, 15, 16], []]


def test_xmr_10_where_the_factors_come_from() -> None:
    """d2 and d3 are the mean and the spread of |N(0, 2)|, integrated here as a fine sum."""
    grid = np.linspace(0, 20, 2_000_001)
    density = 2 * np.exp(-(grid**2) / 4) / math.sqrt(4 * math.pi)
    mean = np.trapezoid(grid * density, grid)
    spread = math.sqrt(np.trapezoid(grid**2 * density, grid) - mean**2)
    assert (pytest.approx(mean, abs=1e-9), pytest.approx(spread, abs=1e-9)) == (xmr.D2, xmr.D3)
    assert (pytest.approx(1.128379167, abs=1e-9), pytest.approx(0.8525024664, abs=1e-9)) == (xmr.D2, xmr.D3)
    assert (pytest.approx(2.658680776, abs=1e-9), pytest.approx(3.266531919, abs=1e-9)) == (3 / xmr.D2, 1 + 3 * xmr.D3 / xmr.D2)
    assert (round(3 / 1.128, 2), xmr.RANGE_SCALE) == (xmr.SCALE, pytest.approx(1 + 3 * 0.853 / 1.128, abs=2e-3))


def test_a_value_equal_to_the_mean_breaks_a_run() -> None:
    found = Limits(10.0, 4.0, 16.0, 2.0, 6.5, 12)
    assert signals([11] * 8, found).rule2 == (7,)
    assert signals([11] * 7 + [10] + [11] * 7, found).rule2 == ()
    assert signals([11] * 7 + [9] + [11] * 7, found).rule2 == ()


def test_limits_are_cut_where_values_cannot_go() -> None:
    counts, rates = [3, 0, 5, 1, 0, 4, 2, 6, 0, 3, 1, 2], [0.9, 0.99, 0.85, 1.0, 0.92, 0.97, 0.88, 1.0, 0.95, 0.99, 0.91, 0.96]
    assert drawn(counts).lower < 0
    assert drawn(counts, floor=0.0).lower == 0
    assert drawn(rates).upper > 1
    assert (drawn(rates, floor=0.0, ceiling=1.0).upper, drawn(rates, floor=0.0, ceiling=1.0).lower > 0) == (1.0, True)
    assert signals([*counts, 0], drawn(counts, floor=0.0)).rule1 == ()


@pytest.mark.parametrize(
    ("baseline", "reason"),
    [([], "0 of the 6"), ([1, 2, 3, 4, 5], "5 of the 6"), ([7] * 12, "no variation"), ([0] * 12, "no variation"), ([1e12] * 8, "no variation"),
     ([0.1 + 0.2, 0.3, 0.3, 0.3, 0.3, 0.3], "no variation"), ([1, 2, 3, 4, 5, math.nan], "no finite")],
)  # fmt: skip
def test_no_limits_without_a_reason(baseline: list[float], reason: str) -> None:
    found = limits(baseline)
    assert isinstance(found, Absent)
    assert reason in found.reason


def test_a_median_range_of_0_draws_no_limits() -> None:
    assert limits([1, 1, 1, 1, 1, 1, 5], by="median") == Absent("half of the values equal the one before: the median range is 0")


def test_huge_counts_and_negative_amounts_have_limits_like_others() -> None:
    huge = drawn([1e12 + n for n in NIST])
    assert (huge.centre, huge.upper - huge.centre) == (pytest.approx(1e12 + 50.81), pytest.approx(4.995, abs=1e-2))
    assert drawn([-n for n in NIST]).lower == pytest.approx(-55.80488889)


VALUES = st.lists(st.integers(-1000, 1000), min_size=13, max_size=40).filter(lambda v: len(set(v[:12])) > 1)


def second_reading(values: list[float], of: Limits) -> tuple[list[int], list[int], list[int]]:
    """The rules once more, read off the words with plain loops."""
    outside, runs, near = [], [], []
    for n in range(len(values)):
        if values[n] > of.upper or values[n] < of.lower:
            outside.append(n)
        last = values[max(0, n - 7) : n + 1]
        if len(last) == 8 and (all(v > of.centre for v in last) or all(v < of.centre for v in last)):
            runs.append(n)
        four = values[n - 3 : n + 1] if n >= 3 else []
        highs = sum(1 for v in four if abs(v - of.upper) < abs(v - of.centre))
        lows = sum(1 for v in four if abs(v - of.lower) < abs(v - of.centre))
        if max(highs, lows) >= 3:
            near.append(n)
    return outside, runs, near


@given(VALUES)
def test_the_rules_agree_with_a_second_reading(values: list[int]) -> None:
    of = Limits(0.0, -600.0, 600.0, 225.5, 737.0, 12)
    told = signals(values, of)
    assert (list(told.rule1), list(told.rule2), list(told.rule3)) == second_reading([float(v) for v in values], of)


@given(VALUES, st.integers(-5, 5), st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_signals_do_not_depend_on_shift_and_unit(values: list[int], shift: int, scale: float) -> None:
    plain, moved = drawn(values[:12]), drawn([scale * (v + shift) for v in values[:12]])
    assert moved.centre == pytest.approx(scale * (plain.centre + shift), abs=1e-9 * scale * 1000)
    assert moved.mean_range == pytest.approx(scale * plain.mean_range)
    edges = [
        abs(v - edge)
        for v in values
        for edge in (plain.lower, plain.upper, (plain.centre + plain.upper) / 2, (plain.centre + plain.lower) / 2)
    ]
    if min(edges) > 1e-6:  # a value on an edge is a matter of rounding
        assert signals([scale * (v + shift) for v in values], moved) == signals(values, plain)


@given(VALUES)
def test_mirrored_values_signal_at_the_same_places(values: list[int]) -> None:
    plain, mirrored = drawn(values[:12]), drawn([-v for v in values[:12]])
    assert (mirrored.lower, mirrored.upper) == (pytest.approx(-plain.upper), pytest.approx(-plain.lower))


def test_the_nhs_rules() -> None:
    of = Limits(10.0, 4.0, 16.0, 6 / 2.66, 7.4, 12)
    assert nhs_signals([11] * 7, of).rule2 == (6,)
    assert nhs_signals([7, 8, 9, 9.5, 11, 12, 13], of).rule2 == (6,)
    assert nhs_signals([7, 8, 9, 9.5, 11, 12], of).rule2 == ()
    assert nhs_signals([15, 10.5, 15], of).rule3 == (2,)
    assert nhs_signals([15, 9.5, 15], of).rule3 == ()


def test_autocorrelation_equals_statsmodels() -> None:
    values = np.random.default_rng(3).normal(size=24)
    for lag in (1, 2, 5):
        assert autocorrelation(values.tolist(), lag) == pytest.approx(acf(values, nlags=lag, adjusted=False)[lag], abs=1e-12)
    assert autocorrelation([5.0] * 12) is None
    assert autocorrelation([1.0, 2.0]) is None


def test_the_one_step_forecast_by_hand() -> None:
    """Mean 3, r = 0.4, freed of bias 0.4 + 2.6/5 = 0.92: 1 leads to expect 3 − 0.92 · 2 = 1.16."""
    step = one_step([1, 2, 3, 4, 5])
    assert step is not None
    assert (step.mean, step.coefficient) == (3.0, pytest.approx(0.92))
    assert step.expected([1, 5, 0]).tolist() == [pytest.approx(1.16), pytest.approx(4.84)]
    assert step.residuals([1, 5, 0]).tolist() == [pytest.approx(3.84), pytest.approx(-4.84)]
    assert one_step([2.0] * 20) is None


def test_limits_stay_as_values_come() -> None:
    values = (np.random.default_rng(9).normal(100, 5, 60)).tolist()
    early, late = chart(values[:30])[0], chart([*values, 500.0])[0]
    assert early.limits == late.limits
    assert late.found.rule1 == (60,)
    assert (chart(values[:30])[0].baseline, early.step) == ((0, 24), None)


def test_a_declared_phase_has_limits_of_its_own_and_the_first_keeps_its_own() -> None:
    rng = np.random.default_rng(4)
    values = [*rng.normal(100, 5, 20), *rng.normal(140, 5, 20)]
    first, second = chart(values, (20,))
    alone = limits(values[:20])
    assert first.limits == alone
    assert isinstance(second.limits, Limits)
    assert (first.stop, second.start, second.limits.centre) == (20, 20, pytest.approx(140, abs=4))
    assert second.found.rule1 == ()
    assert len(chart(values)[0].found.rule2) > 0


def test_a_declared_baseline_draws_the_limits() -> None:
    values = (np.random.default_rng(4).normal(100, 5, 40)).tolist()
    assert chart(values, baselines={0: (10, 30)})[0].limits == limits(values[10:30])


def test_values_that_follow_each_other_are_judged_by_their_one_step_forecast() -> None:
    rng, values = np.random.default_rng(12), [0.0]
    for _ in range(39):
        values.append(0.8 * values[-1] + float(rng.normal()))
    phase = chart(values)[0]
    assert phase.correlation == pytest.approx(acf(np.asarray(values[:24]), nlags=1, adjusted=False)[1])
    assert phase.step is not None
    assert phase.judged[0] is None
    assert phase.judged[1:] == tuple(phase.step.residuals(values))
    alone = drawn(phase.step.residuals(values[:24]).tolist())
    assert isinstance(phase.limits, Limits)
    assert (phase.limits.centre, phase.limits.upper, phase.limits.lower) == (alone.centre, alone.upper, alone.lower)
    assert (phase.limits.points, alone.points) == (24, 23)
    assert [one.limits.is_provisional for one in chart(values[:12]) if isinstance(one.limits, Limits)] == [False]
    assert chart([*values, values[-1] + 50])[0].found.rule1[-1] == 40


def test_a_step_inside_the_baseline_is_no_inertia() -> None:
    """16 values around 0 and 8 around 10 have an autocorrelation of 0.8; the forecast errors alternate, so values are judged as they are."""
    values = [*np.random.default_rng(1).normal(0, 1, 16), *np.random.default_rng(2).normal(10, 1, 16)]
    assert (autocorrelation(values[:24]) or 0) > 0.7
    assert inertia(values[:24]) is None
    phase = chart(values)[0]
    assert (phase.step, phase.limits) == (None, limits(values[:24]))
    assert 23 in phase.found.rule2


def test_a_smaller_step_shows_in_errors_that_alternate() -> None:
    """No range stands out here: what tells the step of 4 from inertia is that the forecast overcorrects."""
    baseline = [*np.random.default_rng(8).normal(0, 1, 16), *np.random.default_rng(108).normal(4, 1, 8)]
    ranges = np.abs(np.diff(baseline))
    assert (autocorrelation(baseline) or 0) > 0.4
    assert ranges.max() < 5 * np.median(ranges)
    assert inertia(baseline) is None


def test_short_series_say_how_short_they_are() -> None:
    assert chart([]) == ()
    assert chart([1, 2, 3])[0].limits == Absent("3 of the 6 points that limits need at least")
    assert chart([1, 2, 4, 3, 5, 2, 9])[0].correlation is None
    assert chart([0.5, 1.5, 0, 2, 1, 0.5], bounds=Bounds(0.0, None))[0].limits == limits([0.5, 1.5, 0, 2, 1, 0.5], floor=0.0)


def series(rng: np.random.Generator, coefficient: float, length: int = 24) -> list[float]:
    """A stationary AR(1) of unit variance."""
    values = [float(rng.normal())]
    for _ in range(length - 1):
        values.append(coefficient * values[-1] + math.sqrt(1 - coefficient**2) * float(rng.normal()))
    return values


def flagged(coefficient: float, *, guarded: bool) -> np.ndarray:
    rng, counts = np.random.default_rng(20261125), np.zeros(4)
    for _ in range(REPLICATIONS):
        values = series(rng, coefficient)
        told = chart(values)[0].found if guarded else signals(values, drawn(values))
        rules = [bool(told.rule1), bool(told.rule2), bool(told.rule3)]
        counts += [*rules, any(rules)]
    return counts / REPLICATIONS


@pytest.mark.parametrize(
    ("coefficient", "expected"),
    [(0.0, (0.06, 0.04, 0.03, 0.11)), (0.6, (0.553, 0.32925, 0.59525, 0.756))],
    ids=["XMR-11 independent", "XMR-12 AR(1) 0.6"],
)
def test_false_alarms_of_a_stable_series(coefficient: float, expected: tuple[float, ...]) -> None:
    """Shares of stable series of 24 values that are flagged by rule 1, 2, 3 and any. Tolerance: that of the reference and 3 standard errors."""
    found = flagged(coefficient, guarded=False)
    allowed = [0.03 + 3 * math.sqrt(p * (1 - p) / REPLICATIONS) for p in expected]
    assert np.all(np.abs(found - expected) <= allowed), found


def test_the_guard_takes_the_false_alarms_of_autocorrelation_away() -> None:
    """Without it three of four such series are flagged (75.3 % of 4,000), with it about one in six (15.7 %); of independent ones 9.0 %."""
    assert flagged(0.6, guarded=True)[3] == pytest.approx(0.157, abs=0.01 + 3 * math.sqrt(0.157 * 0.843 / REPLICATIONS))
    assert flagged(0.0, guarded=True)[3] == pytest.approx(0.09, abs=0.01 + 3 * math.sqrt(0.09 * 0.91 / REPLICATIONS))


def test_the_examples_in_the_docstrings_hold() -> None:
    assert [doctest.testmod(module).failed for module in (xmr, serial)] == [0, 0]
