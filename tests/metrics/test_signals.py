"""Signals of KPIs over small stores whose numbers are known, and the words that follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from metrics import Catalog
from metrics.definitions import Target
from metrics.signal_types import Signal
from metrics.signals import signal, signals
from metrics.stats.xmr import Limits, limits
from metrics.types import TargetStatus
from metrics.verdict import assurance_of, sentence, short, variation_of
from tests.metrics.store import catalog, traffic
from tests.shop import Shop

MONDAY = date(2025, 1, 6)
STABLE = [50, 52, 49, 51, 48, 50, 53, 47, 51, 49, 52, 50, 48, 51, 50, 49, 52, 47, 51, 50, 53, 48, 50, 49]
HEAD = """version: 1
measures:
  sessions: {{table: web_traffic, agg: sum, column: sessions}}
  purchases: {{table: web_traffic, agg: sum, column: key_events}}
kpis:
  x: {kpi}
"""


def weekly(home: Path, values: Sequence[float], kpi: str = "{value: sessions, better: higher}", sessions: int | None = None) -> Catalog:
    """A store whose weekly sums are `values`, each on its Monday and with zeros on the other days."""
    rows = [
        traffic(MONDAY + timedelta(days=7 * n + d), sessions or (int(v) if d == 0 else 0), int(v) if d == 0 else 0)
        for n, v in enumerate(values)
        for d in range(7)
    ]
    through = datetime.combine(MONDAY + timedelta(days=7 * len(values)), datetime.min.time())
    return catalog(home, HEAD.format(kpi=kpi), {"web_traffic": through}, web_traffic=rows)


def of(home: Path, values: Sequence[float], kpi: str = "{value: sessions, better: higher}", sessions: int | None = None) -> Signal:
    with weekly(home, values, kpi, sessions) as opened:
        return signal(opened, "x")


def test_a_point_outside_is_an_improvement_since_its_week(tmp_path: Path) -> None:
    found = of(tmp_path, [*STABLE, 50, 90])
    drawn = limits([float(v) for v in STABLE], floor=0.0)
    assert found.phases[0].limits == drawn
    assert (found.variation, found.rises, found.since) == ("improvement", True, MONDAY + timedelta(days=7 * 25))
    assert (found.points[-1].rules, len(found.points)) == ((1,), 26)
    assert short(found) == "Improving since 2025-06-30 by week"
    assert sentence(found) == "Improving since 2025-06-30."


def test_a_run_of_eight_is_a_concern_since_its_first_week(tmp_path: Path) -> None:
    found = of(tmp_path, [*STABLE, 50, *[49, 48, 49, 49, 48, 49, 48, 49]], "{value: sessions, better: higher}")
    assert isinstance(found.phases[0].limits, Limits)
    assert found.phases[0].limits.centre == 50
    assert (found.variation, found.points[-1].rules) == ("concern", (2,))
    assert found.since == MONDAY + timedelta(days=7 * 25)


def test_which_way_is_better_decides(tmp_path: Path) -> None:
    assert [variation_of(better, True) for better in ("higher", "lower", "none", "band")] == ["improvement", "concern", "high", "high"]
    assert [variation_of(better, False) for better in ("higher", "lower", "none")] == ["concern", "improvement", "low"]
    assert variation_of("higher", None) == "common"


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "Not enough whole weeks"), (5, "Not enough whole weeks"), (11, "Not enough whole weeks"), (12, "Stable by week")],
)
def test_none_below_six_provisional_below_twelve(tmp_path: Path, count: int, words: str) -> None:
    found = of(tmp_path, STABLE[:count]) if count else of(tmp_path, [0], "{value: sessions, where: {device: none}}")
    assert short(found) == words
    drawn = found.phases[-1].limits if found.phases else None
    assert (drawn is None) == (count < 6)
    assert found.reason is not None or count == 12


def test_provisional_limits_know_a_point_outside(tmp_path: Path) -> None:
    found = of(tmp_path, [50, 52, 49, 51, 48, 50, 51, 49, 50, 51, 120])
    assert found.phases[0].limits is not None
    assert found.phases[0].limits.is_provisional
    assert found.variation == "improvement"


def test_constant_weeks_have_no_limits_and_say_so(tmp_path: Path) -> None:
    found = of(tmp_path, [7] * 20)
    assert (found.variation, found.phases[0].limits) == (None, None)
    assert "no variation to judge by" in sentence(found)
    assert short(found) == "Variation is not judged"


def test_the_running_week_is_left_out(tmp_path: Path) -> None:
    rows = [traffic(MONDAY + timedelta(days=7 * n), v) for n, v in enumerate([*STABLE, 1])]
    through = datetime.combine(MONDAY + timedelta(days=7 * 24 + 3), datetime.min.time())
    with catalog(tmp_path, HEAD.format(kpi="{value: sessions, better: higher}"), {"web_traffic": through}, web_traffic=rows) as opened:
        found = signal(opened, "x")
    assert (len(found.points), found.variation) == (24, "common")


def test_weeks_that_may_still_move_are_left_out(tmp_path: Path) -> None:
    assert len(of(tmp_path, STABLE, "{value: sessions, maturity: 10d}").points) == 22


def test_a_declared_phase_has_its_reason_and_both_are_kept(tmp_path: Path) -> None:
    start = MONDAY + timedelta(days=7 * 24)
    kpi = f"{{value: sessions, better: higher, signals: {{rebase: [{{on: {start}, reason: new checkout, by: growth, event: R7}}]}}}}"
    found = of(tmp_path, [*STABLE, *(v + 40 for v in STABLE)], kpi)
    assert [(p.start, p.stop, p.why) for p in found.phases] == [(0, 24, ""), (24, 48, "new checkout (R7), says growth")]
    assert [p.limits and p.limits.centre for p in found.phases] == [50, 90]
    assert found.variation == "common"
    assert of(tmp_path, [*STABLE, *(v + 40 for v in STABLE)]).variation == "improvement"


def test_a_declared_baseline_and_other_rules_and_none(tmp_path: Path) -> None:
    end = MONDAY + timedelta(days=7 * 12 - 1)
    found = of(tmp_path, STABLE, f"{{value: sessions, signals: {{baseline: {{from: {MONDAY}, to: {end}}}, rules: nhs}}}}")
    assert found.phases[0].limits == limits([float(v) for v in STABLE[:12]], floor=0.0)
    assert found.rules == "nhs"
    assert of(tmp_path, STABLE, "{value: sessions, signals: {rules: none}}").reason == "its definition asks for no signals"


def test_weekdays_are_taken_out_of_daily_values(tmp_path: Path) -> None:
    """Weekends bring half: raw days would always be outside or near; freed of their weekday they are stable, but for the last day."""
    shape, noise = [10, 10, 10, 10, 10, 5, 5], [100, 104, 98, 102, 96, 100, 106, 94, 102, 98]
    values = [shape[n % 7] * noise[n * 7 % 10] for n in range(70)] + [2000]
    rows = [traffic(MONDAY + timedelta(days=n), v) for n, v in enumerate(values)]
    through = datetime.combine(MONDAY + timedelta(days=71), datetime.min.time())
    kpi = "{value: sessions, better: higher, signals: {season: weekday}}"
    with catalog(tmp_path, HEAD.format(kpi=kpi), {"web_traffic": through}, web_traffic=rows) as opened:
        found = signal(opened, "x")
    assert (found.grain, found.is_adjusted, len(found.points)) == ("day", True, 71)
    assert found.points[5].value < 700 < found.points[5].adjusted
    assert [n for n, p in enumerate(found.points) if 1 in p.rules] == [70]


def test_short_days_are_judged_by_week_and_say_why(tmp_path: Path) -> None:
    found = of(tmp_path, STABLE, "{value: sessions, signals: {season: weekday}}")
    assert found.grain == "week"
    assert any("weekday factors need values above 0" in note for note in found.notes)


@pytest.mark.parametrize(
    ("kpi", "reason"),
    [("{value: sessions, window: 28d}", "looks back over 28 days"), ("{value: sessions, to_date: month}", "grows by itself"), ("{value: sessions, to_date: ever}", "grows by itself"),
     ("{value: sessions, grains: [month]}", "no value by week or sprint, only by month, total")],
)  # fmt: skip
def test_values_that_share_their_days_draw_no_limits(tmp_path: Path, kpi: str, reason: str) -> None:
    found = of(tmp_path, STABLE, kpi)
    assert found.points == ()
    assert reason in (found.reason or "")


def test_rates_are_cut_at_their_ends_and_money_is_not(tmp_path: Path) -> None:
    wild = [0, 40, 2, 38, 1, 39, 0, 40, 3, 37, 2, 40]
    rate = of(tmp_path, wild, "{numerator: purchases, denominator: sessions, better: higher}", sessions=6)
    assert (rate.points[0].lower, rate.points[0].upper) == (0.0, 1.0)
    assert (of(tmp_path, wild).points[0].lower or 0) == 0.0
    assert (of(tmp_path, wild, "{value: sessions, unit: EUR}").points[0].lower or 0) < 0


TARGET = "targets: [{{from: 2024-01-01, to: 2030-01-01, kind: {kind}, value: {value}}}]"


@pytest.mark.parametrize(
    ("kind", "value", "assurance", "words"),
    [
        ("stay_above", 0.01, "keeps_passing", "On target, stable."),
        ("stay_above", 0.0702, "by_chance", "Met this time; the target lies inside the limits, so it will sometimes be missed with nothing changed."),
        ("stay_above", 0.072, "by_chance", "Missed this time; the target lies inside the limits, so it will sometimes be met with nothing changed."),
        ("stay_above", 0.2, "keeps_failing", "The system as it stands cannot reach the target: change the system or the target."),
        ("stay_below", 0.01, "keeps_failing", "The system as it stands cannot reach the target: change the system or the target."),
    ],
)  # fmt: skip
def test_a_stable_rate_against_its_target(tmp_path: Path, kind: str, value: float, assurance: str, words: str) -> None:
    better = "higher" if kind == "stay_above" else "lower"
    kpi = f"{{numerator: purchases, denominator: sessions, better: {better}, {TARGET.format(kind=kind, value=value)}}}"
    found = of(tmp_path, [*STABLE, 50], kpi, sessions=100)
    assert found.variation == "common"
    assert (found.assurance, sentence(found)) == (assurance, words)


def test_a_moving_rate_against_its_target(tmp_path: Path) -> None:
    def words(last: int, better: str, target: float) -> str:
        kind = "stay_above" if better == "higher" else "stay_below"
        kpi = f"{{numerator: purchases, denominator: sessions, better: {better}, {TARGET.format(kind=kind, value=target)}}}"
        return sentence(of(tmp_path, [*STABLE, last], kpi, sessions=100))

    assert words(90, "higher", 0.2) == "Below target, improving since 2025-06-23."
    assert words(10, "higher", 0.001) == "On target but worsening since 2025-06-23 — look now."
    assert words(90, "lower", 0.01) == "Above target and worsening since 2025-06-23 — look now."
    assert words(90, "higher", 0.1) == "On target, improving since 2025-06-23."


def test_sums_and_targets_to_reach_are_not_held_against_weekly_limits(tmp_path: Path) -> None:
    found = of(tmp_path, STABLE, f"{{value: sessions, better: higher, {TARGET.format(kind='stay_above', value=40)}}}")
    assert (found.assurance, found.status) == (None, None)
    assert any("not said to be one of a week" in note for note in found.notes)
    reach = of(tmp_path, STABLE, f"{{value: sessions, better: higher, {TARGET.format(kind='reach', value=40)}}}")
    assert any("reached by a day" in note for note in reach.notes)


def target(kind: str, value: float | None = None, low: float | None = None, high: float | None = None) -> Target:
    return Target.model_validate({"from": MONDAY, "to": date(2030, 1, 1), "kind": kind, "value": value, "low": low, "high": high})


DRAWN = Limits(10.0, 4.0, 16.0, 2.0, 6.0, 24)


@pytest.mark.parametrize(
    ("wanted", "better", "assurance"),
    [(target("stay_above", 4.0), "higher", "keeps_passing"), (target("stay_above", 4.0001), "higher", "by_chance"), (target("stay_above", 16.0), "higher", "by_chance"),
     (target("stay_above", 16.0001), "higher", "keeps_failing"), (target("stay_below", 16.0), "lower", "keeps_passing"), (target("stay_below", 3.9), "lower", "keeps_failing"),
     (target("band", low=4.0, high=16.0), "band", "keeps_passing"), (target("band", low=5.0, high=16.0), "band", "by_chance"), (target("band", low=17.0, high=20.0), "band", "keeps_failing")],
)  # fmt: skip
def test_assurance_at_its_edges(wanted: Target, better: str, assurance: str) -> None:
    assert assurance_of(wanted, DRAWN, better) == assurance


def test_words_for_unusual_values_without_a_better_side() -> None:
    status = TargetStatus("missed", "band", 5.0, 0.2, "")
    found = Signal("x", "week", "band", variation="high", since=MONDAY, rises=True, status=status)
    assert sentence(found) == "Above target, unusually high since 2025-01-06."
    assert sentence(Signal("x", "sprint", "none", variation="low", since=MONDAY, rises=False)) == "Unusually low since 2025-01-06."


def test_all_kpis_of_the_shop_have_a_verdict_or_a_reason(shop: Shop) -> None:
    with shop.catalog() as opened:
        names = [kpi.name for kpi in opened.kpis()]
        found = signals(opened, names)
        alone = signal(opened, "conversion_rate")
    assert list(found) == names
    assert found["conversion_rate"] == alone
    for name, one in found.items():
        assert (one.variation is not None) != (one.reason is not None), name
        assert sentence(one).endswith(".")
        assert all(point.value == point.value for point in one.points)
    assert found["velocity"].grain == "sprint"
    assert found["speed_conversion"].reason == "a relationship has no value of its own"
