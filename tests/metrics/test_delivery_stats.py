"""Numbers of sprints and flow beside published rules, exact convolution, second implementations and properties."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.stats.burndown import Step, burn, ideal_line
from metrics.stats.control_chart import rolling_line, window_of
from metrics.stats.finish_dates import DAYS_A_WEEK, PATHS, exact_total, finish, items_by, refusal
from metrics.stats.flow import counts_by_place, little, percentiles, wip_by_day
from metrics.stats.sprint_numbers import Member, sprint_numbers
from metrics.stats.status_time import Time, days_in, flow_efficiency, time_of
from tests.metrics.cases import load, near

SPR = load("sprint")
WEEKLY = SPR["SPR-16"]["inputs"]["weekly_throughput"]


def sprint_of_the_example() -> list[Member]:
    """A sprint with the totals of SPR-02: committed 21, completed 18, added 9, removed 13."""
    return [
        Member(True, True, False, 5, 5),  # A
        Member(True, True, False, 3, 8),  # B, estimated anew
        Member(True, True, False, None, 2),  # I, estimated late
        Member(True, False, True, 13, 13),  # removed
        Member(False, True, False, 3, 3),  # added and done
        Member(False, False, False, 6, 6),  # added and not done
    ]


def test_spr_02_the_ratios_of_a_sprint() -> None:
    case = SPR["SPR-02"]
    found = sprint_numbers(sprint_of_the_example())
    assert (found.committed, found.completed, found.kept) == (21, 18, case["inputs"]["completed_committed_at_start_estimate"])
    shares = (found.completed_share, found.kept_share, found.added_share, found.removed_share)
    names = ("completed_over_committed", "committed_items_completed_at_start_estimate", "scope_change_added", "scope_change_removed")
    for share, name in zip(shares, names, strict=True):
        assert share is not None
        near(case, share, name)
    not_done = 6
    assert found.re_estimated == 7  # B and I
    assert found.committed + found.re_estimated + found.added - found.removed == found.completed + not_done


def test_spr_18_a_sprint_without_a_commitment_has_no_ratio() -> None:
    found = sprint_numbers([Member(False, True, False, 8, 8)])
    assert (found.committed, found.completed) == (0, SPR["SPR-18"]["expected"]["completed"])
    assert found.completed_share is SPR["SPR-18"]["expected"]["predictability"] is None
    assert (found.kept_share, found.added_share, found.removed_share) == (None, None, None)


def test_no_item_is_no_sprint_and_what_is_not_estimated_is_counted() -> None:
    assert sprint_numbers([]).completed == 0
    assert sprint_numbers([Member(True, True, False, None, None)]).unestimated == 1


@given(st.permutations(sprint_of_the_example()))
def test_the_order_of_the_items_does_not_matter(members: list[Member]) -> None:
    assert sprint_numbers(members) == sprint_numbers(sprint_of_the_example())


def test_spr_06_scope_events_stand_apart_from_completions() -> None:
    case = SPR["SPR-06"]
    days = case["inputs"]["length_days"]
    found = burn([Step(day, kind, size) for day, kind, size in case["inputs"]["events"]], days)
    assert (list(found.remaining), list(found.scope), list(found.done)) == tuple(
        case["expected"][n] for n in ("remaining", "scope", "done")
    )
    assert found.scope_steps[:8] == (0, 0, 5, 0, 3, 1, -8, 2)  # the commitment itself is no change of scope
    line = ideal_line(21, [True] * days)
    assert line is not None
    near(case, line[7], "ideal_remaining_day7")


def test_spr_07_the_ideal_line_rests_on_days_off() -> None:
    working = [True] * 5 + [False] * 2 + [True] * 5
    line = ideal_line(20, working)
    assert line is not None
    assert line == pytest.approx((20, 18, 16, 14, 12, 10, 10, 10, 8, 6, 4, 2, 0))
    assert ideal_line(20, [False, False]) is None


@given(st.lists(st.tuples(st.integers(0, 10), st.sampled_from(["scope", "done"]), st.integers(-9, 9)), max_size=30))
def test_a_burndown_is_the_running_sum_of_its_steps(events: list[tuple[int, Any, int]]) -> None:
    found = burn([Step(*event) for event in events], 10)
    for day in range(11):
        scope = sum(size for at, kind, size in events if kind == "scope" and at <= day)
        done = sum(size for at, kind, size in events if kind == "done" and at <= day)
        assert (found.scope[day], found.done[day], found.remaining[day]) == (scope, done, scope - done)


def test_spr_08_percentiles_are_of_type_7() -> None:
    case = SPR["SPR-08"]
    found = percentiles(case["inputs"]["values"])
    assert found is not None
    for level, value in found.items():
        near(case, value, f"p{level}")
    assert percentiles([]) is None


@given(st.lists(st.floats(0.01, 1000), min_size=1, max_size=40), st.floats(0.1, 10), st.floats(0, 50))
def test_percentiles_follow_scale_and_shift_and_equal_scipy(values: list[float], scale: float, shift: float) -> None:
    found, moved = percentiles(values), percentiles([one * scale + shift for one in values])
    assert found is not None
    assert moved is not None
    for level, value in found.items():
        assert moved[level] == pytest.approx(value * scale + shift, rel=1e-9)
        assert value == pytest.approx(scipy.stats.mstats.mquantiles(values, level / 100, alphap=1, betap=1)[0], rel=1e-9)


def test_spr_09_the_rolling_line_holds_a_fifth_of_the_items_odd_and_at_least_five() -> None:
    assert [window_of(n) for n in (1, 15, 25, 30, 50, 100)] == [5, 5, 5, 7, 11, 21]
    values = SPR["SPR-08"]["inputs"]["values"]
    found = rolling_line(values)
    assert found.window == 5
    assert found.mean[0] == pytest.approx(np.mean(values[:3]))
    assert found.mean[7] == pytest.approx(np.mean(values[5:10]))
    assert found.sd[7] == pytest.approx(np.sqrt(np.mean((np.array(values[5:10]) - np.mean(values[5:10])) ** 2)))
    assert found.mean[-1] == pytest.approx(np.mean(values[-3:]))
    assert rolling_line([]).mean == ()
    assert rolling_line([4.0]).sd == (0.0,)


def test_spr_10_time_after_reopening_counts() -> None:
    case = SPR["SPR-10"]
    names = {"To Do": "todo", "In Progress": "doing", "Done": "done"}
    changes = [(datetime.fromisoformat(at), names[status]) for at, status in case["inputs"]["transitions"]]
    start, end = changes[1][0], changes[-1][0]
    near(case, days_in(changes, {"doing"}, end), "time_in_progress_days")
    near(case, (end - start) / timedelta(days=1), "first_start_to_last_done_days")
    near(case, (end - datetime.fromisoformat(case["inputs"]["created"])) / timedelta(days=1), "lead_time_days")
    near(case, (changes[2][0] - start) / timedelta(days=1), "first_done_cycle_days")
    assert time_of(changes, start, end) == Time(5.25, 1.0)


def test_flow_efficiency_is_a_sum_over_a_sum() -> None:
    assert flow_efficiency([Time(1, 0), Time(1, 8)]) == pytest.approx(0.2)
    assert flow_efficiency([]) is None
    assert flow_efficiency([Time(0, 0)]) is None
    assert time_of([], datetime(2026, 1, 1), datetime(2026, 1, 2)) is None


def test_spr_12_little_s_law() -> None:
    case = SPR["SPR-12"]
    weeks = 10
    found = little([18] * 7 * weeks, 12 * weeks, [10.5] * 120)
    assert found.expected_days is not None
    near(case, found.expected_days, "average_cycle_time_days")
    near(case, found.expected_days / 7, "average_cycle_time_weeks")
    assert found.agrees is True
    assert little([18] * 70, 120, [14.5]).agrees is False
    assert little([2] * 35 + [30] * 35, 120, [10.0]).agrees is None
    assert "nothing was finished" in (little([18] * 70, 0, []).reason or "")
    assert "no item was in progress" in (little([0] * 70, 3, [0.1]).reason or "")


def test_spr_14_work_in_progress_at_day_ends() -> None:
    case = SPR["SPR-14"]
    stays = [(start, end) for start, end in case["inputs"]["intervals"]]
    found = wip_by_day(stays, case["inputs"]["today"] + 1)
    assert found == case["expected"]["wip"]
    near(case, float(np.mean(found)), "average_wip")
    assert sum(counts_by_place([end for _, end in stays if end is not None], 13)) == case["expected"]["throughput_days_0_12"]


@given(st.lists(st.tuples(st.integers(-5, 20), st.integers(0, 12) | st.none()), max_size=25))
def test_work_in_progress_equals_a_count_day_by_day(drawn: list[tuple[int, int | None]]) -> None:
    stays = [(start, None if length is None else start + length) for start, length in drawn]
    expected = [sum(start <= day and (end is None or end > day) for start, end in stays) for day in range(15)]
    assert wip_by_day(stays, 15) == expected


def weeks_of(items: int, share: float) -> int:
    day = finish(WEEKLY, items).day(share)
    assert day is not None
    return math.ceil(day / DAYS_A_WEEK)


def test_spr_15_the_plain_average_is_optimistic() -> None:
    assert 30 / np.mean(WEEKLY) == pytest.approx(7.7, abs=0.01)
    found = finish(WEEKLY, 30)
    assert found.within(8 * DAYS_A_WEEK) == pytest.approx(0.63, abs=0.01)
    assert weeks_of(30, 0.85) == 10
    assert weeks_of(30, 0.5) == 8


@pytest.mark.parametrize("items", [1, 7, 30, 60])
@pytest.mark.parametrize("weeks", [1, 4, 8, 12])
def test_the_simulation_equals_the_exact_convolution_at_week_ends(items: int, weeks: int) -> None:
    exact = float(exact_total(WEEKLY, weeks)[items:].sum())
    assert finish(WEEKLY, items).within(weeks * DAYS_A_WEEK) == pytest.approx(
        exact, abs=4 * math.sqrt(max(exact * (1 - exact), 1e-4) / PATHS)
    )


@pytest.mark.parametrize("day", [1, 3, 12, 38])
def test_the_simulation_equals_the_exact_mixture_within_a_week(day: int) -> None:
    items = 30 if day > 12 else 8 if day > 5 else 3
    weeks, rest = divmod(day, DAYS_A_WEEK)
    thinned = np.zeros(max(WEEKLY) + 1)
    for n in WEEKLY:
        thinned[: n + 1] += scipy.stats.binom.pmf(np.arange(n + 1), n, rest / DAYS_A_WEEK) / len(WEEKLY)
    exact = float(np.convolve(exact_total(WEEKLY, weeks), thinned)[items:].sum())
    assert finish(WEEKLY, items).within(day) == pytest.approx(exact, abs=4 * math.sqrt(max(exact * (1 - exact), 1e-4) / PATHS))


def test_spr_16_how_many_items_in_six_weeks() -> None:
    case = SPR["SPR-16"]
    total = exact_total(WEEKLY, 6)
    near(case, float(total @ np.arange(len(total))), "mean")
    near(case, float(total[20:].sum()), "p_at_least_20")
    assert [items_by(WEEKLY, 6, share) for share in (0.5, 0.85, 0.95)] == [24, 18, 15]


def test_a_forecast_is_the_same_each_time_and_later_when_more_is_left() -> None:
    assert np.array_equal(finish(WEEKLY, 30).days, finish(WEEKLY, 30).days)
    dates = [finish(WEEKLY, items).day(0.85) or 0 for items in (1, 5, 20, 40, 80)]
    assert dates == sorted(dates)
    assert len(set(dates)) == len(dates)
    one = finish(WEEKLY, 30)
    assert (one.day(0.5) or 0) <= (one.day(0.85) or 0) <= (one.day(0.95) or 0)


@settings(max_examples=20, deadline=None)
@given(st.permutations(WEEKLY))
def test_the_order_of_the_weeks_hardly_moves_the_chance(weekly: list[int]) -> None:
    assert finish(weekly, 30).within(50) == pytest.approx(finish(WEEKLY, 30).within(50), abs=0.03)


def test_too_little_history_and_weeks_without_an_end_are_refused() -> None:
    assert "only 4 whole weeks" in (refusal([3, 4, 2, 5]) or "")
    assert "nothing was finished" in (refusal([0] * 9) or "")
    assert refusal([0, 0, 0, 0, 1]) is None
    for weekly, items in (([3] * 4, 3), ([0] * 9, 3), ([3] * 9, 0)):
        with pytest.raises(ValueError):
            finish(weekly, items)


def test_what_takes_longer_than_ten_years_has_no_date_and_huge_counts_have_one() -> None:
    assert finish([0, 0, 0, 0, 1], 100_000).day(0.5) is None
    assert finish([10**12] * 5, 10**13).day(0.5) == 50
