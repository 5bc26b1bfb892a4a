"""A relationship over the store: the panel that is read, what is told of it, and what is refused with a reason."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy.dialects.postgresql import psycopg

from errors import QueryError
from metrics import Catalog
from metrics.relation_cells import Row, dense, finest, gather
from metrics.relation_events import MOST_PAGES, OTHER, compile_landings, splits
from metrics.relation_types import Relation
from metrics.relation_words import worth_words
from metrics.types import Period
from sandbox.plan import ELASTICITY
from tests.metrics.sandbox_rows import FINEST, rows_of
from tests.metrics.store import catalog
from tests.shop import DAYS, START, Shop

D = date(2026, 3, 2)
DEFINITIONS = """version: 1
measures:
  speed: {table: events, agg: p75, column: lcp_ms, where: {event: page_view}}
  views: {table: events, agg: count, where: {event: page_view}}
  signups: {table: events, agg: count, where: {event: signup}}
  sessions: {table: web_traffic, agg: sum, column: sessions}
  bought: {table: web_traffic, agg: sum, column: key_events}
  money: {table: web_traffic, agg: sum, column: revenue}
  engaged: {table: web_traffic, agg: sum, column: engaged_sessions}
  cls: {table: web_vitals, agg: sum, column: value_sum, where: {metric: CLS}}
kpis:
  site_speed: {value: speed, unit: ms}
  conversion: {numerator: bought, denominator: sessions}
  signup_rate: {numerator: signups, denominator: views}
  engagement: {numerator: engaged, denominator: sessions}
  spending: {formula: money / sessions}
  revenue: {value: money}
  layout: {value: cls}
  rolling: {value: sessions, window: 7d}
  fast_buys: {relationship: {driver: site_speed, outcome: conversion, by: [device], per: -100}}
  fast_joins: {relationship: {driver: site_speed, outcome: signup_rate, per: -100}}
  engaged_buys: {relationship: {driver: engagement, outcome: conversion, by: [device], per: 0.01}}
  alone: {relationship: {driver: engagement, outcome: conversion, per: 0.01}}
  by_formula: {relationship: {driver: engagement, outcome: spending, by: [device], per: 0.01}}
  by_rolling: {relationship: {driver: engagement, outcome: rolling, by: [device], per: 0.01}}
  by_revenue: {relationship: {driver: engagement, outcome: revenue, by: [device], per: 0.01}}
  from_nothing: {relationship: {driver: layout, outcome: conversion, by: [device], per: 1}}
  no_split: {relationship: {driver: layout, outcome: conversion, by: [channel], per: 1}}
"""


def view(day: int, hour: int, user: str | None, **more: Any) -> dict[str, Any]:
    """Return one event of a day after D, in Vienna; stored instants are naive UTC."""
    on = D + timedelta(days=day)
    told = {"event": "page_view", "device": "mobile", "channel": "Direct", "page": "/", "lcp_ms": 1000.0, **more}
    return {
        "day": on,
        "time": datetime(on.year, on.month, on.day, hour),
        "dedupe_key": f"{day}{hour}{user}{told['event']}",
        "user_id": user,
        **told,
    }


def panel_rows(home: Path, rows: list[dict[str, Any]], days: int = 3, **where: str) -> list[Row]:
    """Return what the statement reads of some events."""
    from metrics.relation_events import read_rows

    with catalog(home, DEFINITIONS, events=rows) as shop:
        statement = compile_landings(Period(D, D + timedelta(days=days)), FINEST, tuple((n, (v,)) for n, v in where.items()), "purchase")
        assert shop._opened is not None
        with shop._opened.engine.connect() as connection:
            return read_rows(connection, statement, 3)


def test_the_panel_of_the_shop_equals_pandas_on_the_companys_own_actions(shop: Shop) -> None:
    with shop.catalog() as opened:
        assert opened._opened is not None
        statement = compile_landings(Period(START, START + timedelta(days=DAYS)), FINEST, (), "purchase")
        from metrics.relation_events import read_rows

        with opened._opened.engine.connect() as connection:
            read = {(row.day, row.names): row for row in read_rows(connection, statement, 3)}
    truth = {(row.day, row.names): row for row in rows_of(shop.world.company.actions)}
    assert read.keys() == truth.keys()
    for key, row in truth.items():
        assert tuple(asdict(read[key]).values())[2:] == pytest.approx(tuple(asdict(row).values())[2:], abs=1e-7), key


def test_the_shop_tells_the_true_elasticity_with_its_grade_window_and_population(shop: Shop) -> None:
    with shop.catalog() as opened:
        found = opened.relation("speed_conversion")
        again = opened.relation("speed_conversion", Period(START, START + timedelta(days=DAYS)))
    assert found == again
    estimate = found.assessment.estimate
    assert estimate is not None
    assert estimate.low <= ELASTICITY <= estimate.high
    assert found.period == Period(START, START + timedelta(days=DAYS - 2))  # two days may still move
    assert found.sentence.startswith("Grade B: over 1 Sep 2025 – 17 Mar 2026 a 1% faster landing page (LCP) went with 0.")
    assert "visitor-days with a known page speed in" in found.sentence
    assert "more purchases (95%: " in found.sentence


def test_the_worth_of_100_ms_adds_up_from_its_segments(shop: Shop) -> None:
    with shop.catalog() as opened:
        found = opened.relation("speed_conversion")
    worth, estimate = found.worth, found.assessment.estimate
    assert worth is not None
    assert estimate is not None
    inside = [s for s in found.segments if s.low <= s.typical - 100 <= s.high]
    counts = [
        sum(s.counts * (((s.typical - 100) / s.typical) ** b - 1) for s in inside) for b in (estimate.value, estimate.high, estimate.low)
    ]
    money = [
        sum((s.revenue or 0) * (((s.typical - 100) / s.typical) ** b - 1) for s in inside)
        for b in (estimate.value, estimate.high, estimate.low)
    ]
    assert (worth.counts.value, worth.counts.low, worth.counts.high) == pytest.approx(counts)
    assert worth.revenue is not None
    assert (worth.revenue.value, worth.revenue.low, worth.revenue.high) == pytest.approx(money)
    assert worth.counts_a_month.value == pytest.approx(counts[0] * 30 / (DAYS - 2))
    assert worth.relative.value == pytest.approx(counts[0] / sum(s.counts for s in inside))
    assert worth.counts.low < worth.counts.value < worth.counts.high
    assert "100 ms less of LCP of the landing page" in worth_words(found)


def test_a_change_that_no_day_has_shown_is_not_told(shop: Shop, tmp_path: Path) -> None:
    from metrics.relation_worth import worth_of

    with shop.catalog() as opened:
        found = opened.relation("speed_conversion")
    worth, reason = worth_of(found.assessment, found.segments, -1_900.0, 198)
    assert worth is None
    assert "In no segment do the days show a change as large" in (reason or "")


def test_whose_visit_and_which_landing_page_by_hand(tmp_path: Path) -> None:
    """Ann lands on a slow page and buys; her second view and her second purchase change nothing but the revenue. Bob has no speed. Nobody is nobody."""
    rows = [
        view(0, 9, "ann", lcp_ms=2000.0), view(0, 10, "ann", lcp_ms=100.0, page="/checkout"), view(0, 11, "ann", event="purchase", revenue=30, lcp_ms=None),
        view(0, 12, "ann", event="purchase", revenue=12, lcp_ms=None), view(0, 9, "bob", lcp_ms=None), view(0, 10, "bob", event="purchase", revenue=5, lcp_ms=None),
        view(0, 9, None), view(0, 9, "cid", lcp_ms=0.0), view(1, 9, "ann", lcp_ms=500.0), view(2, 9, "dan", event="purchase", revenue=7),
    ]  # fmt: skip
    found = panel_rows(tmp_path, rows)
    assert [(row.day - D).days for row in found] == [0, 1]
    first, second = found
    assert (first.names, first.people, first.known, first.counts, first.revenue) == (("mobile", "Direct", "/"), 3, 1, 1, 42)
    assert first.logs == pytest.approx(math.log(2000), abs=1e-8)
    assert (second.people, second.known, second.counts, second.revenue) == (1, 1, 0, 0)


def test_a_condition_holds_for_the_landing_page(tmp_path: Path) -> None:
    rows = [view(0, 9, "ann", device="desktop"), view(0, 10, "ann"), view(0, 9, "bob")]
    assert [row.people for row in panel_rows(tmp_path, rows, device="mobile")] == [1]


def test_pages_beyond_the_busiest_are_one(tmp_path: Path) -> None:
    rows = [
        view(0, 9, f"u{page}-{n}", page=f"/p{page:02d}") for page in range(MOST_PAGES + 3) for n in range(2 if page < MOST_PAGES else 1)
    ]
    found = {row.names[2]: row.people for row in panel_rows(tmp_path, rows)}
    assert len(found) == MOST_PAGES + 1
    assert found[OTHER] == 3


def test_the_statement_compiles_for_postgresql() -> None:
    dialect: Any = psycopg.dialect()
    text = str(compile_landings(Period(D, D + timedelta(days=3)), FINEST, (("source", ("a",)),), "purchase").compile(dialect=dialect))
    assert "CAST(ln(" in text


def test_segments_are_as_fine_as_the_visitors_allow_and_the_rest_is_left_out_by_its_visitors_alone() -> None:
    days = Period(D, D + timedelta(days=10))
    rows = [
        Row(D + timedelta(days=n), (device, page), 400, 400, 40 if page == "/" else 0, 400 * 7.0, 0.0)
        for n in range(10)
        for device in "ab"
        for page in ("/", "/x")
    ]
    rows.append(Row(D, ("a", "/rare"), 90, 90, 80, 90 * 7.0, 0.0))  # many bought, but few came: about 9 may be expected
    by, ways = ("device", "page"), ((0, 1), (0,))
    every, part = finest(rows, days, by, ways)
    assert (part.by, part.names) == (("device", "page"), (("a", "/"), ("a", "/x"), ("b", "/"), ("b", "/x")))
    assert list(dense(every)) == [True, False, True, True, True][: len(every.names)] or ("a", "/rare") not in part.names
    thin = [Row(row.day, row.names, row.people / 10, row.known / 10, row.counts / 10, row.logs / 10, 0.0) for row in rows]
    assert finest(thin, days, by, ways)[1].by == ("device",)
    assert gather(rows, days, by, (0,)).counts.sum() == gather(rows, days, by, (0, 1)).counts.sum()


def test_splits_keep_what_the_relationship_asks_for() -> None:
    assert splits(("device",)) == (("device", "channel", "page"), ((0, 1, 2), (0, 2), (0, 1), (0,)))
    every, ways = splits(("channel",))
    assert every == ("channel", "device", "page")
    assert all(0 in way for way in ways)


def traffic_rows(
    days: int = 120, *, beta: float = -0.5, devices: tuple[str, ...] = ("desktop", "mobile"), seed: int = 1
) -> list[dict[str, Any]]:
    """Return GA4-like rows in which conversion follows the share of engaged sessions with a known elasticity."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in range(days):
        for place, device in enumerate(devices):
            share = 0.5 * math.exp(rng.normal(0, 0.15))
            sessions = int(rng.poisson(4000)) + 1
            rate = 0.05 / (1 + place) * (share / 0.5) ** beta * math.exp(0.1 * math.sin(day))
            rows.append(
                {"day": D + timedelta(days=day), "device": device, "sessions": sessions, "engaged_sessions": round(sessions * share),
                 "key_events": int(rng.binomial(sessions, rate)), "revenue": 100}
            )  # fmt: skip
    return rows


def ask(home: Path, kpi: str, **tables: Any) -> Relation:
    with catalog(home, DEFINITIONS, **tables) as shop:
        return shop.relation(kpi)


def test_any_driver_and_outcome_are_a_panel_of_daily_values(tmp_path: Path) -> None:
    found = ask(tmp_path, "engaged_buys", web_traffic=traffic_rows())
    estimate = found.assessment.estimate
    assert estimate is not None
    assert estimate.low <= -0.5 <= estimate.high
    assert (found.basis, found.by, found.assessment.grade) == ("daily values", ("device",), "C")  # the driver's sampling error is not known
    assert found.sentence.startswith("Grade C: over 2 Mar 2026 – 29 Jun 2026 1% higher Engagement went with 0.")
    assert "% lower Conversion (95%: " in found.sentence
    assert found.worth is not None
    assert found.worth.revenue is None
    assert found.worth.without_revenue == "No revenue is known for all of these visitors."
    assert "engaged_sessions" in found.sql


def test_one_segment_is_told_as_a_series_a_grade_lower(tmp_path: Path) -> None:
    found = ask(tmp_path, "alone", web_traffic=traffic_rows())
    estimate = found.assessment.estimate
    assert found.assessment.grade == "C"
    assert estimate is not None
    assert estimate.low <= -0.5 <= estimate.high
    assert found.sentence.startswith("Grade C: ")
    assert any("One segment only" in check.words for check in found.assessment.checks)


@pytest.mark.parametrize(
    ("kpi", "reason"),
    [
        ("by_formula", "'spending' is neither a ratio with a numerator and a denominator nor a count"),
        ("by_rolling", "'rolling' adds up several days"),
        ("no_split", "has no dimension 'channel'"),
    ],
)
def test_what_makes_no_panel_is_refused_with_its_reason(kpi: str, reason: str, tmp_path: Path) -> None:
    vitals = [{"day": D, "device": "mobile", "metric": "CLS", "value_sum": 1}]
    found = ask(tmp_path, kpi, web_traffic=traffic_rows(60), web_vitals=vitals)
    assert (found.assessment.grade, found.assessment.estimate, found.worth) == ("R", None, None)
    assert reason in (found.assessment.reason or "")
    assert found.sentence.startswith("No number is told for how ")
    assert reason in found.sentence


def test_a_driver_without_values_at_zero_or_below_and_an_outcome_below_zero_are_refused(tmp_path: Path) -> None:
    rows = traffic_rows(60)
    places = {"a": [], "b": [{"day": D, "device": "mobile", "metric": "CLS", "value_sum": 0}]}
    reasons = ["'layout' has no covered day yet", "values of 0 or below"]
    for (name, vitals), reason in zip(places.items(), reasons, strict=True):
        home = tmp_path / name
        home.mkdir()
        assert reason in (ask(home, "from_nothing", web_traffic=rows, web_vitals=vitals).assessment.reason or "")
    home = tmp_path / "c"
    home.mkdir()
    rows[3]["revenue"] = -5
    assert "below 0" in (ask(home, "by_revenue", web_traffic=rows).assessment.reason or "")


def test_another_converting_event_than_a_purchase(tmp_path: Path) -> None:
    rows = [view(day, 9, f"{day}-{n}", lcp_ms=1000.0 + n) for day in range(3) for n in range(4)]
    rows += [view(day, 10, f"{day}-0", event="signup") for day in range(3)]
    found = ask(tmp_path, "fast_joins", events=rows)
    assert (found.basis, found.noun, found.assessment.grade) == ("visitor-days", "signups", "R")
    assert "Not enough data: 0 days with 0 signups" in (found.assessment.reason or "")


def test_a_store_of_one_day_and_questions_that_cannot_be_put(tmp_path: Path) -> None:
    with catalog(tmp_path, DEFINITIONS, events=[view(0, 9, "ann")], web_traffic=traffic_rows(3)) as shop:
        assert shop.relation("fast_buys").assessment.grade == "R"
        with pytest.raises(QueryError, match="not a relationship"):
            shop.relation("site_speed")
        with pytest.raises(QueryError, match=r"no dimension 'devise'.*Did you mean: device"):
            shop.relation("fast_buys", where=(("devise", ("mobile",)),))
        with pytest.raises(QueryError, match="no dimension 'page'"):
            shop.relation("engaged_buys", where=(("page", ("/",)),))
        with pytest.raises(QueryError, match="no settled day from 1999"):
            shop.relation("fast_buys", Period(date(1999, 1, 1), date(1999, 3, 1)))


def test_a_day_on_which_a_side_was_measured_anew_splits_the_window(tmp_path: Path) -> None:
    """GA4 counts half of the engaged sessions from day 60 on; on record, it is a level of its own."""
    rows = traffic_rows(120)
    for row in rows:
        if row["day"] >= D + timedelta(days=60) and row["device"] == "mobile":
            row["engaged_sessions"] //= 2
    told = DEFINITIONS.replace(
        "engagement: {numerator: engaged, denominator: sessions}",
        f"engagement: {{numerator: engaged, denominator: sessions, signals: {{rebase: [{{on: {D + timedelta(days=60)}, reason: new tag}}]}}}}",
    )
    with catalog(tmp_path, told, web_traffic=rows) as shop:
        found = shop.relation("engaged_buys")
    assert "split on 1 day" in next(check.words for check in found.assessment.checks if check.name == "Definition break")
    estimate = found.assessment.estimate
    assert estimate is not None
    assert estimate.low <= -0.5 <= estimate.high


def test_no_effect_is_told_as_such(tmp_path: Path) -> None:
    found = ask(tmp_path, "engaged_buys", web_traffic=traffic_rows(beta=0.0))
    assert "no effect of Engagement on Conversion larger than 0." in found.sentence
    assert "was found (95%: " in found.sentence


def test_a_document_of_it_is_json_without_anything_that_is_no_number(shop: Shop) -> None:
    from commands.relationship import as_document

    with shop.catalog() as opened:
        document = as_document(opened.relation("speed_conversion"))
    text = json.dumps(document, default=str, allow_nan=False)
    assert json.loads(text)["period"] == {"from": "2025-09-01", "to": "2026-03-17"}
    assert json.loads(text)["assessment"]["grade"] == "B"


def test_a_catalog_that_knows_more_serves_the_same_generation(shop: Shop) -> None:
    with shop.catalog() as opened:
        wider = opened.beside({"relation_counts": opened.definition("sessions")})
        assert isinstance(wider, Catalog)
        assert wider.generation == opened.generation
        assert (
            wider.total("relation_counts", Period(START, START + timedelta(days=7))).rows[0].value
            == opened.total("sessions", Period(START, START + timedelta(days=7))).rows[0].value
        )
