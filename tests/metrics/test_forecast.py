"""Forecasts of a period's total from a store: what they add up from, when the model is kept, and why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from metrics import Catalog
from metrics.forecast import Skill, forecast
from metrics.stats import ets, weekday
from tests.metrics.store import catalog, traffic
from tests.metrics.test_ahead import days
from tests.shop import Shop

HEAD = "version: 1\nmeasures:\n  sessions: {{table: web_traffic, agg: sum, column: sessions}}\nkpis:\n  x: {kpi}\n"
END = date(2026, 3, 20)


def daily(home: Path, values: Sequence[float], kpi: str = "{value: sessions, better: higher}") -> Catalog:
    """A store whose last day is 19 March 2026."""
    first = END - timedelta(days=len(values))
    rows = [traffic(first + timedelta(days=n), int(v)) for n, v in enumerate(values)]
    return catalog(home, HEAD.format(kpi=kpi), {"web_traffic": datetime.combine(END, datetime.min.time())}, web_traffic=rows)


def test_the_total_is_what_is_there_and_the_paths_of_the_days_left(tmp_path: Path) -> None:
    values = days("drifting", 4, 200)
    with daily(tmp_path, values) as opened:
        found = forecast(opened, "x")
    model = ets.fit(values)
    assert isinstance(model, ets.Smoothed)
    totals = sum(values[-19:]) + ets.simulate(model, 12).sum(axis=1)
    assert (found.period and (found.period.start, found.period.end), found.through) == (
        (date(2026, 3, 1), date(2026, 4, 1)),
        date(2026, 3, 19),
    )
    assert (found.method, found.actual) == ("ets", sum(values[-19:]))
    assert (found.low, found.middle, found.high) == tuple(np.quantile(totals, [0.1, 0.5, 0.9]))
    assert [one.day for one in found.ahead] == [END + timedelta(days=n) for n in range(12)]
    assert found.skill is not None
    assert found.skill.origins == 12


def test_twelve_earlier_days_tell_how_good_it_was(tmp_path: Path) -> None:
    """Each of them knows nothing that came later: worked out again here, from the values alone."""
    values = days("drifting", 4, 200)
    with daily(tmp_path, values) as opened:
        found = forecast(opened, "x")
    held, errors = [], []
    for origin in range(188, 188 - 12 * 7, -7):
        model = ets.fit(values[:origin])
        assert isinstance(model, ets.Smoothed)
        low, middle, high = np.quantile(ets.simulate(model, 12).sum(axis=1), [0.1, 0.5, 0.9])
        whole = sum(values[origin : origin + 12])
        held.append(low <= whole <= high)
        errors.append(abs(middle - whole))
    assert found.skill is not None
    assert (found.skill.coverage, found.skill.error) == (sum(held) / 12, pytest.approx(np.mean(errors)))


def test_the_model_is_kept_only_where_it_wins(tmp_path: Path) -> None:
    """A level that jumps up and down every four weeks: the mean of four weekdays does better than smoothing, or the other way: by the loss."""
    values = days("AR", 7, 120)
    with daily(tmp_path, values) as opened:
        found = forecast(opened, "x")
    losses = {found.method: found.skill and found.skill.pinball, "other": found.other and found.other.pinball}
    assert None not in losses.values()
    assert losses[found.method] <= losses["other"]  # type: ignore[operator]


def test_the_benchmark_stands_in_while_nothing_was_shown(tmp_path: Path) -> None:
    values = days("stable", 7, 70)
    with daily(tmp_path, values) as opened:
        found = forecast(opened, "x")
    paths = weekday.paths(values, 12)
    assert isinstance(paths, np.ndarray)
    assert found.method == "weekday"
    assert found.middle == pytest.approx(sum(values[-19:]) + np.median(paths.sum(axis=1)))
    assert any("is not known" in note for note in found.notes)


TARGET = "targets: [{{from: 2026-03-01, to: 2026-03-31, kind: reach, value: {value}}}]"


@pytest.mark.parametrize(
    ("better", "value", "status"),
    [("higher", 1, "on_track"), ("higher", 10**6, "off_track"), ("lower", 10**6, "on_track"), ("lower", 1, "off_track")],
)
def test_a_target_to_reach_has_a_chance_a_status_and_a_pace(tmp_path: Path, better: str, value: int, status: str) -> None:
    values = days("stable", 2, 150)
    with daily(tmp_path, values, f"{{value: sessions, better: {better}, {TARGET.format(value=value)}}}") as opened:
        found = forecast(opened, "x")
    assert (found.status, found.chance) == (status, 1.0 if status == "on_track" else 0.0)
    assert found.pace is not None
    assert found.pace.note == "expected as weekdays came in over the last 8 whole weeks"


def test_pace_follows_the_weekdays(tmp_path: Path) -> None:
    """Weekdays bring 10, weekends 5. March 2026 has 22 weekdays and 9 weekend days: 265 units; through the 19th, 14 and 5: 165."""
    values = [10 if (END - timedelta(days=90 - n)).weekday() < 5 else 5 for n in range(90)]
    with daily(tmp_path, values, f"{{value: sessions, better: higher, {TARGET.format(value=530)}}}") as opened:
        found = opened.pace("x", date(2026, 3, 19))
    assert found is not None
    assert (found.actual, found.expected, found.share) == (165.0, pytest.approx(530 * 165 / 265), pytest.approx(0.5))


@pytest.mark.parametrize(
    ("kpi", "values", "reason"),
    [("{value: sessions, window: 7d}", [5.0] * 70, "do not add up"), ("{value: sessions}", [5.0, 6.0] * 20, "needs 56 whole days, there are 40"), ("{value: sessions}", [0.0] * 90, "not always above 0"),
     ("{value: sessions}", [*[5.0, 7.0] * 45, -9.0, *[5.0] * 20], "a forecast on logs")],
)  # fmt: skip
def test_no_forecast_without_a_reason(tmp_path: Path, kpi: str, values: list[float], reason: str) -> None:
    with daily(tmp_path, values, kpi) as opened:
        found = forecast(opened, "x")
    if found.reason is None:  # the plain forecast needs no logs
        assert (reason, found.method) == ("a forecast on logs", "weekday")
    else:
        assert found.middle is None
        assert reason in found.reason


def test_an_interval_that_rarely_held_is_unreliable() -> None:
    assert [Skill(12, 1.0, 1.0, 1.0, held).is_unreliable for held in (0.64, 0.65, None)] == [True, False, False]


def test_every_kpi_of_the_shop_has_a_forecast_or_a_reason(shop: Shop) -> None:
    with shop.catalog() as opened:
        found = [forecast(opened, name) for name in ("sessions", "signups", "conversion_rate", "site_speed", "throughput")]
    for one in found:
        assert (one.middle is None) == (one.reason is not None), one
        if one.middle is not None:
            assert one.low is not None
            assert one.high is not None
            assert one.low <= one.middle <= one.high
