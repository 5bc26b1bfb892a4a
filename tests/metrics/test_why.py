"""Why a KPI changed, from a store: worked by hand, adding up, and refusing where arithmetic would not be exact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from math import fsum
from pathlib import Path

import pytest

from errors import QueryError
from metrics import Catalog
from metrics.types import Period
from metrics.why import why
from tests.metrics.store import catalog, traffic
from tests.shop import Shop

WEEK = Period(date(2026, 1, 12), date(2026, 1, 19))
DEFINITIONS = """version: 1
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  purchases: {table: web_traffic, agg: sum, column: key_events}
  typical: {table: web_traffic, agg: median, column: sessions}
  devices: {table: web_traffic, agg: count_distinct, column: device}
  channels: {table: web_traffic, agg: count_distinct, column: channel}
kpis:
  rate: {numerator: purchases, denominator: sessions, better: higher}
  missed: {formula: 1 - purchases / sessions, unit: "%"}
  per_thousand: {formula: "1000 * coalesce(purchases, 0) / sessions"}
  sessions: {value: sessions, reconcile_with: {kpi: doubled, gap: 0.5}}
  doubled: {formula: 2 * sessions}
  lost: {formula: sessions - purchases, reconcile_with: {kpi: sessions, gap: 0.001}}
  typical: {value: typical}
  variety: {formula: devices * 1}
  per_channel: {formula: sessions / channels}
"""
BEFORE: Mapping[str, tuple[int, int]] = {"desktop": (6000, 300), "mobile": (4000, 80)}
AFTER: Mapping[str, tuple[int, int]] = {"desktop": (3000, 156), "mobile": (7000, 154)}


def opened(home: Path, before: Mapping[str, tuple[int, int]] = BEFORE, after: Mapping[str, tuple[int, int]] = AFTER) -> Catalog:
    rows = [
        traffic(start, size, hits, device=device, channel=channel)
        for start, side in ((WEEK.start - timedelta(days=7), before), (WEEK.start, after))
        for device, (size, hits) in side.items()
        for channel in ("all",)
    ]
    return catalog(home, DEFINITIONS, {"web_traffic": datetime(2026, 1, 19)}, web_traffic=rows)


def test_rat_03_and_04_through_the_store(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        found = why(store, "rate", WEEK, "device")
        unasked = why(store, "rate", WEEK)
        other = why(store, "rate", WEEK, "channel")
    assert (found.before, found.after, found.change) == tuple(map(pytest.approx, (0.038, 0.031, -0.007)))
    assert found.split is not None
    assert found.split.rates is not None
    assert (found.split.rates.rate, found.split.rates.mix) == (pytest.approx(0.002), pytest.approx(-0.009))
    assert found.split.is_reversal
    assert unasked.split == found.split, "a split in which total and segments disagree is chosen by itself"
    assert [split.by for split in other.reversals] == ["device"], "and shown whatever was asked for"
    assert other.split is not None
    assert other.split.reason == "all of it lies in one segment"
    assert fsum(one.effect for one in found.measures) == pytest.approx(-0.007, rel=1e-9)


def test_a_multiple_and_what_is_left_of_one_split_like_the_ratio(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        missed, thousand = why(store, "missed", WEEK, "device").split, why(store, "per_thousand", WEEK, "device").split
    assert missed is not None
    assert thousand is not None
    assert missed.rates is not None
    assert thousand.rates is not None
    assert (missed.rates.rate, missed.rates.mix) == (pytest.approx(-0.002), pytest.approx(0.009))
    assert (thousand.rates.rate, thousand.rates.mix) == (pytest.approx(2.0), pytest.approx(-9.0))


def test_a_sum_splits_into_its_segments(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        found = why(store, "lost", WEEK, "device")
    assert found.split is not None
    assert {a.segment: a.effect for a in found.split.amounts} == {"desktop": -2856.0, "mobile": 2926.0}
    assert fsum(a.effect for a in found.split.amounts) == found.change == 70.0
    assert {one.name: one.effect for one in found.measures} == {"sessions": 0.0, "purchases": 70.0}


def test_a_segment_that_is_new_and_one_without_a_hit(tmp_path: Path) -> None:
    with opened(tmp_path, {"desktop": (100, 10)}, {"desktop": (100, 10), "tablet": (100, 0)}) as store:
        found = why(store, "rate", WEEK, "device").split
    assert found is not None
    assert found.rates is not None
    assert (found.rates.rate, found.rates.mix) == (0.0, pytest.approx(-0.05))


@pytest.mark.parametrize(
    ("kpi", "reason"),
    [("typical", "do not add up"), ("per_channel", "segments do not add up to the total: what counts once may be in several, or in none")],
)
def test_what_does_not_add_up_is_not_split(tmp_path: Path, kpi: str, reason: str) -> None:
    with opened(tmp_path) as store:
        found = why(store, kpi, WEEK, "device")
    assert found.change is not None
    assert found.split is not None
    assert (found.split.rates, found.split.amounts) == (None, ())
    assert reason in (found.split.reason or "")


def test_a_side_that_is_absent_leaves_nothing_to_explain(tmp_path: Path) -> None:
    with opened(tmp_path, {}, AFTER) as store:
        found = why(store, "rate", WEEK)
    assert (found.change, found.split, found.measures) == (None, None, ())
    assert "the earlier period has no whole value" in (found.reason or "")


def test_unknown_dimensions_and_relationships_are_refused(tmp_path: Path, shop: Shop) -> None:
    with opened(tmp_path) as store, pytest.raises(QueryError, match="no dimension 'devise'"):
        why(store, "rate", WEEK, "devise")
    with shop.catalog() as store, pytest.raises(QueryError, match="relationship"):
        why(store, "speed_conversion")


def test_the_same_notion_elsewhere_inside_and_outside_its_band(tmp_path: Path) -> None:
    """10,000 sessions beside 20,000: half as many, on the edge of 50 %; and 9,690 beside 10,000: 3.1 % less, outside of 0.1 %."""
    with opened(tmp_path) as store:
        edge, outside, none = (why(store, kpi, WEEK).reconciliation for kpi in ("sessions", "lost", "rate"))
    assert none is None
    assert edge is not None
    assert outside is not None
    assert (edge.mine, edge.theirs, edge.difference, edge.is_usual) == (10_000, 20_000, -0.5, True)
    assert (outside.difference, outside.is_usual, outside.weeks, outside.outside) == (pytest.approx(-0.031), False, 2, 2)


def test_every_kpi_of_the_shop_adds_up_or_says_why_not(shop: Shop) -> None:
    with shop.catalog() as store:
        for name in (
            "sessions",
            "conversion_rate",
            "revenue_per_session",
            "activation_in_7_days",
            "velocity",
            "predictability",
            "churn",
            "open_bugs",
        ):
            found = why(store, name)
            assert found.change is not None, found.reason
            scale = max(abs(found.before or 0.0), abs(found.after or 0.0), 1e-12)
            if found.measures:
                assert abs(fsum(one.effect for one in found.measures) - found.change) <= 1e-9 * scale, name
            assert found.split is not None
            if found.split.rates is not None:
                assert abs(found.split.rates.rate + found.split.rates.mix - found.change) <= 1e-9 * scale, name
            elif found.split.amounts:
                assert abs(fsum(a.effect for a in found.split.amounts) - found.change) <= 1e-9 * scale, name
            else:
                assert found.split.reason
