"""When an effect may be stated, and in which words: worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from metrics.impact import rules
from metrics.impact.types import Placebos
from metrics.stats.mixture import Estimate
from metrics.types import Event, Period

HELD = Period(date(2026, 1, 5), date(2026, 9, 1))


def release(name: str, day: date) -> Event:
    return Event("release", name, name, day, day + timedelta(days=1))


def campaign(name: str, first: date, days: int) -> Event:
    return Event("campaign", name, name, first, first + timedelta(days=days))


def around(event: Event, *others: Event, held: Period = HELD) -> rules.Windows:
    found = rules.windows(event, others, held)
    assert isinstance(found, rules.Windows), found
    return found


def refusal(event: Event, *others: Event, held: Period = HELD) -> str:
    found = rules.windows(event, others, held)
    assert isinstance(found, rules.Refused), found
    return found.reason


def test_a_release_alone_gets_four_weeks_after_and_whole_weeks_before() -> None:
    found = around(release("A", date(2026, 5, 20)))
    assert (found.after.start, found.after.days, found.joint) == (date(2026, 5, 20), 28, ())
    assert (found.before.end, found.before.days) == (date(2026, 5, 20), 133)  # 135 days are held: 19 whole weeks


def test_no_more_than_26_weeks_before_count() -> None:
    assert around(release("A", date(2026, 8, 1))).before.days == 182


def test_the_window_ends_before_the_next_event_when_a_week_is_left() -> None:
    mine = release("A", date(2026, 5, 20))
    assert around(mine, release("B", date(2026, 6, 8))).after.days == 14  # 19 days, whole weeks
    assert around(mine, release("B", date(2026, 6, 8))).joint == ()


def test_an_event_within_a_week_makes_it_joint() -> None:
    mine = release("A", date(2026, 5, 20))
    assert around(mine, release("B", date(2026, 5, 24))).joint == ("B",)
    assert around(mine, release("B", date(2026, 5, 24))).after.days == 28
    assert around(mine, release("B", date(2026, 5, 20))).joint == ("B",)
    assert around(mine, release("B", date(2026, 5, 14))).joint == ("B",)  # six days before
    assert around(mine, release("B", date(2026, 5, 13))).joint == ()


def test_a_campaign_that_runs_or_just_ended_makes_it_joint() -> None:
    mine = release("A", date(2026, 5, 20))
    assert around(mine, campaign("C", date(2026, 4, 1), 60)).joint == ("C",)
    assert around(mine, campaign("C", date(2026, 5, 1), 15)).joint == ("C",)  # ended on the 15th
    assert around(mine, campaign("C", date(2026, 4, 1), 28)).joint == ()


def test_a_campaign_is_measured_on_its_own_whole_weeks() -> None:
    assert around(campaign("C", date(2026, 5, 20), 17)).after.days == 14
    assert around(campaign("C", date(2026, 5, 20), 90)).after.days == 28
    assert refusal(campaign("C", date(2026, 5, 20), 5)) == "it lasted 5 days; 7 are needed"


def test_the_time_before_must_be_56_days_and_four_times_the_time_after() -> None:
    assert refusal(release("A", date(2026, 3, 1))) == "55 whole days are held before it; 56 are needed"
    assert around(release("A", date(2026, 3, 2))).after.days == 14
    assert refusal(release("A", date(2025, 3, 1))).startswith("0 whole days are held before it")


def test_a_week_after_must_be_held() -> None:
    assert around(release("A", date(2026, 8, 25))).after.days == 7
    assert refusal(release("A", date(2026, 8, 26))) == "6 days after it, complete and settled; 7 are needed"
    assert refusal(release("A", date(2026, 8, 31))).startswith("1 day after it")
    assert refusal(release("A", date(2026, 12, 1))).startswith("0 days after it")


def test_the_turn_of_the_year_is_kept_out() -> None:
    held = Period(date(2026, 6, 1), date(2027, 3, 1))
    assert around(release("A", date(2026, 12, 1)), held=held).after.end == date(2026, 12, 22)
    assert "turn of the year" in refusal(release("A", date(2026, 12, 20)), held=held)
    assert "turn of the year" in refusal(release("A", date(2026, 12, 28)), held=held)
    assert around(release("A", date(2027, 1, 2)), held=held).after.days == 28


@pytest.mark.parametrize(
    ("low", "high", "better", "expected"),
    [
        (0.01, 0.2, "higher", "improved"),
        (0.01, 0.2, "lower", "worsened"),
        (-0.2, -0.01, "lower", "improved"),
        (-0.2, -0.01, "higher", "worsened"),
        (0.01, 0.2, "none", "rose"),
        (-0.2, -0.01, "band", "fell"),
        (-0.04, 0.04, "higher", "none"),
        (-0.04, 0.06, "higher", "open"),
        (-0.06, 0.04, "higher", "open"),
    ],
)
def test_the_verdict_follows_from_the_interval_and_the_direction(low: float, high: float, better: str, expected: str) -> None:
    found = Estimate((low + high) / 2, low, high, 0.5)
    assert rules.verdict(found, found, better) == expected


def test_without_a_share_an_interval_around_0_is_open() -> None:
    assert rules.verdict(None, Estimate(0.0, -0.01, 0.01, 1.0), "higher") == "open"


def placebos(number: int, significant: int, as_large: int = 0) -> Placebos:
    return Placebos((0.0,) * number, (), significant, as_large)


def test_more_than_one_in_ten_significant_placebos_refuse() -> None:
    assert rules.too_many(placebos(20, 3))
    assert not rules.too_many(placebos(20, 2))
    assert rules.too_many(placebos(8, 2))
    assert not rules.too_many(placebos(8, 1))
    assert not rules.too_many(placebos(4, 4))
    assert not rules.too_many(None)


def test_grades() -> None:
    up, wide = Estimate(0.1, 0.05, 0.2, 0.01), Estimate(0.1, -0.1, 0.3, 0.4)
    assert rules.grade(("B",), placebos(20, 0), up, up)[0] == "D"
    assert rules.grade((), placebos(20, 0), up, up)[0] == "B"
    assert rules.grade((), placebos(20, 0), wide, up)[0] == "C"
    assert rules.grade((), placebos(20, 0), wide, wide)[0] == "B"
    assert rules.grade((), placebos(20, 0, 1), None, up) == (
        "C", "no segment known to be untouched that would confirm it; 1 of 20 placebo dates show as much"
    )  # fmt: skip
    assert rules.grade((), None, up, up)[0] == "C"
