"""Typical questions through the catalog against the same SQL written by hand, on synthetic events made by DuckDB itself.

Run: python -m bench.metrics [--events 2000000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine, create_engine

from metrics import Catalog, kept
from metrics.check import check_text
from metrics.days import Days
from metrics.types import Period, Question
from settings import Workspace
from store.schema import warehouse

FIRST, DAYS = date(2024, 10, 1), 730
ALL = Period(FIRST, FIRST + timedelta(days=DAYS))
LATE = Period(date(2026, 7, 6), date(2026, 9, 28))
DEFINITIONS = """version: 1
measures:
  views: {table: events, agg: count, where: {event: page_view}}
  bought: {table: events, agg: count, where: {event: purchase}}
  money: {table: events, agg: sum, column: revenue}
  begun: {table: events, agg: count, where: {event: session_start}}
  signups: {table: events, agg: count, where: {event: signup}}
  people: {table: events, agg: count_distinct, column: user_id}
  buyers: {table: events, agg: count_distinct, column: user_id, where: {event: purchase}}
  speed: {table: events, agg: p75, column: lcp_ms, where: {event: page_view}}
  sessions: {table: web_traffic, agg: sum, column: sessions}
  engaged: {table: web_traffic, agg: sum, column: engaged_sessions}
  purchases: {table: web_traffic, agg: sum, column: key_events}
  revenue: {table: web_traffic, agg: sum, column: revenue}
  good: {table: web_vitals, agg: sum, column: events, where: {rating: good}}
  loads: {table: web_vitals, agg: sum, column: events}
  shipped: {table: releases, agg: count}
kpis:
  event_conversion: {numerator: bought, denominator: begun}
  people: {value: people}
  speed: {value: speed}
  rolling_worth: {formula: money / begun, window: 7d}
  to_signup: {conversion: {from: begun, to: signups, entity: user_id, within: 7d}}
  to_purchase: {conversion: {from: signups, to: bought, entity: user_id, within: 7d}}
  retention: {conversion: {from: views, to: views, entity: user_id, after: 7d, within: 14d}}
  sessions: {value: sessions}
  engagement: {numerator: engaged, denominator: sessions}
  conversion: {numerator: purchases, denominator: sessions}
  revenue: {value: revenue}
  worth: {formula: revenue / sessions}
  good_share: {numerator: good, denominator: loads}
  signups: {value: signups}
  views: {value: views}
  money: {value: money}
  shipped: {value: shipped, fill: zero}
"""
CARDS = (
    "sessions",
    "engagement",
    "conversion",
    "revenue",
    "worth",
    "good_share",
    "event_conversion",
    "signups",
    "views",
    "money",
    "speed",
    "people",
)
STEPS = """SELECT {period}, count(DISTINCT (source, user_id)) FILTER (WHERE hit > 0) / count(DISTINCT (source, user_id))::DOUBLE FROM (
  SELECT *, count(*) FILTER (WHERE event = '{then}') OVER (PARTITION BY source, user_id ORDER BY epoch_us(time) RANGE BETWEEN {after} FOLLOWING AND {within} FOLLOWING) AS hit
  FROM events WHERE event IN ('{first}', '{then}') AND day >= '{start}')
WHERE event = '{first}' AND day < '{end}' GROUP BY 1"""
DAY_US = 86_400_000_000


@dataclass
class Facts:
    """The synthetic facts, as a catalog wants them."""

    engine: Engine
    identity: str
    number: int = 1

    def close(self) -> None:
        self.engine.dispose()


@dataclass(frozen=True)
class Case:
    """A question through the catalog, and the statements that answer it by hand."""

    name: str
    questions: tuple[Question, ...]
    by_hand: tuple[str, ...]


def steps(first: str, then: str, period: str, after: int, within: int, asked: Period) -> str:
    """Count people per source, as the KPI does: the same user_id of two products is two people."""
    after, within = after * DAY_US + 1, within * DAY_US
    return STEPS.format(first=first, then=then, period=period, after=after, within=within, start=asked.start, end=asked.end)


CASES = (
    Case("q1 daily conversion rate by device", (Question("event_conversion", "day", ALL, ("device",)),), ("SELECT day, device, count(*) FILTER (WHERE event = 'purchase') / nullif(count(*) FILTER (WHERE event = 'session_start'), 0)::DOUBLE FROM events GROUP BY 1, 2",)),
    Case("q2 weekly distinct users", (Question("people", "week", ALL),), ("SELECT date_trunc('week', day), count(DISTINCT user_id) FROM events GROUP BY 1",)),
    Case("q3 p75 LCP by day and device", (Question("speed", "day", ALL, ("device",)),), ("SELECT day, device, percentile_cont(0.75) WITHIN GROUP (ORDER BY lcp_ms) FROM events WHERE event = 'page_view' GROUP BY 1, 2",)),
    Case("q4 7-day rolling revenue per session", (Question("rolling_worth", "day", ALL),), ("SELECT day, sum(m) OVER w / sum(n) OVER w FROM (SELECT day, sum(revenue)::DOUBLE AS m, count(*) FILTER (WHERE event = 'session_start') AS n FROM events GROUP BY 1) WINDOW w AS (ORDER BY day RANGE BETWEEN INTERVAL 6 DAYS PRECEDING AND CURRENT ROW)",)),
    Case("q5 funnel of three steps, monthly", (Question("to_signup", "month", ALL), Question("to_purchase", "month", ALL)), (steps("session_start", "signup", "date_trunc('month', day)", 0, 7, ALL), steps("signup", "purchase", "date_trunc('month', day)", 0, 7, ALL))),
    Case("q6 daily speed × conversion × releases", (Question("good_share", "day", ALL), Question("conversion", "day", ALL), Question("shipped", "day", ALL)), ("SELECT v.day, v.g, t.c, r.n FROM (SELECT day, sum(events) FILTER (WHERE rating = 'good') / sum(events)::DOUBLE AS g FROM web_vitals GROUP BY 1) v JOIN (SELECT day, sum(key_events) / nullif(sum(sessions), 0)::DOUBLE AS c FROM web_traffic GROUP BY 1) t USING (day) LEFT JOIN (SELECT released_on AS day, count(*) AS n FROM releases GROUP BY 1) r USING (day)",)),
    Case("q7 weekly retention, 84 days", (Question("retention", "week", LATE),), (steps("page_view", "page_view", "date_trunc('week', day)", 7, 14, LATE),)),
    Case("q8 period against previous period", (Question("event_conversion", "total", Period(ALL.end - timedelta(days=28), ALL.end)), Question("event_conversion", "total", Period(ALL.end - timedelta(days=56), ALL.end - timedelta(days=28)))), (f"SELECT day >= DATE '{ALL.end - timedelta(days=28)}', count(*) FILTER (WHERE event = 'purchase') / count(*) FILTER (WHERE event = 'session_start')::DOUBLE FROM events WHERE day >= '{ALL.end - timedelta(days=56)}' GROUP BY 1",)),
)  # fmt: skip


MADE = f"""CREATE TEMP MACRO draw(i, seed, n) AS (hash(i, seed) % n)::BIGINT;
INSERT INTO events SELECT 'product', day, day::TIMESTAMP + to_seconds(draw(i, 8, 86400)), day, 'u' || draw(i, 1, greatest(:events // 40, 1)),
    CASE WHEN draw(i, 2, 10) < 6 THEN 'page_view' WHEN draw(i, 2, 10) < 8 THEN 'session_start' WHEN draw(i, 2, 10) = 8 THEN 'signup' ELSE 'purchase' END,
    ['desktop', 'mobile', 'tablet'][1 + draw(i, 3, 3)], ['Email', 'Search', 'Social', 'Direct', 'Referral'][1 + draw(i, 4, 5)], '/p' || draw(i, 5, 20),
    CASE WHEN draw(i, 2, 10) < 6 THEN 500 + draw(i, 6, 4000) END, CASE WHEN draw(i, 2, 10) = 9 THEN draw(i, 7, 20000) / 100.0 END, NULL, i::VARCHAR, NULL, false
    FROM (SELECT i, DATE '{FIRST}' + (i * {DAYS} // :events)::INTEGER AS day FROM range(:events) t(i));
CREATE TEMP VIEW cells AS SELECT DATE '{FIRST}' + (i // 30)::INTEGER AS day, i % 30 AS cell, draw(i, 9, 500) AS n FROM range({DAYS * 30}) t(i);
INSERT INTO web_traffic SELECT 'web', day, day, ['desktop', 'mobile', 'tablet'][1 + cell % 3], 'c' || cell % 10, '/', '(none)', n + 20, n, n, n // 3, n // 25, n * 1.5 FROM cells;
INSERT INTO web_vitals SELECT 'web', day, day, ['desktop', 'mobile', 'tablet'][1 + cell % 3], '/', 'LCP', ['good', 'needs-improvement', 'poor'][1 + cell % 3], n + 1, n * 2000 FROM cells;
INSERT INTO releases (source, slice, id, released_on) SELECT 'jira', DATE '0001-01-01', i::VARCHAR, DATE '{FIRST}' + (i * 14)::INTEGER FROM range(52) t(i);
INSERT INTO _coverage SELECT s, t, t, 'made', DATE '{FIRST}', TIMESTAMP '{ALL.end}', 1, '' FROM (VALUES ('product', 'events'), ('web', 'web_traffic'), ('web', 'web_vitals'), ('jira', 'releases')) v(s, t)"""


def make(engine: Engine, events: int) -> None:
    """Fill the facts: `events` events of two years, and daily aggregates of 30 cells."""
    warehouse.create_all(engine)
    with engine.begin() as connection:
        for statement in MADE.replace(":events", str(events)).split(";\n"):
            connection.exec_driver_sql(statement)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ask(catalog: Catalog, questions: Sequence[Question]) -> object:
    kept.answers.clear()
    return catalog.ask_many(questions)


def by_hand(engine: Engine, statements: Sequence[str]) -> list[Any]:
    with engine.connect() as connection:
        return [connection.exec_driver_sql(statement).all() for statement in statements]


def agree(case: Case, catalog: Catalog, engine: Engine) -> None:
    """Both ways must give the same numbers, or their times mean nothing."""
    asked = sum(row.value or 0.0 for answer in catalog.ask_many(case.questions) for row in answer.rows)
    width = len(case.questions) if case.name.startswith("q6") else 1
    found = sum(float(value or 0) for rows in by_hand(engine, case.by_hand) for row in rows for value in row[-width:])
    assert abs(asked - found) <= 1e-6 * max(abs(found), 1.0), (case.name, asked, found)


def overview(catalog: Catalog) -> object:
    """Twelve cards: a value, a sparkline of 90 days, and two comparisons each."""
    period = Period(ALL.end - timedelta(days=28), ALL.end)
    trend = Period(ALL.end - timedelta(days=90), ALL.end)
    lines = catalog.ask_many([Question(kpi, "day", trend) for kpi in CARDS])
    return lines, catalog.compare_many(CARDS, Days(period, period), ("previous_period", "previous_year"))


def overview_cold(catalog: Catalog) -> object:
    kept.answers.clear()
    return overview(catalog)


def run(events: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "facts.duckdb"
        engine = create_engine(f"duckdb:///{path}")
        print(f"{events:,} events made in {timed(lambda: make(engine, events)):.1f} s, {path.stat().st_size / 1e6:,.0f} MB")
        definitions, issues = check_text("bench", DEFINITIONS)
        assert definitions is not None, issues
        catalog = Catalog(Workspace(Path(folder)), definitions, Facts(engine, "bench"))
        gc.freeze()  # what is alive now is the program itself
        slowest = 0.0
        print(f"{'':44}{'by hand':>10}{'catalog':>10}{'more':>10}{'more':>8}")
        for case in CASES:
            agree(case, catalog, engine)
            hands, asks = partial(by_hand, engine, case.by_hand), partial(ask, catalog, case.questions)
            both = [(timed(hands), timed(asks)) for _ in range(rounds)]
            hand, asked = median(one for one, _ in both), median(one for _, one in both)
            slowest = max(slowest, asked)
            print(f"{case.name:44}{hand * 1000:8.0f}ms{asked * 1000:8.0f}ms{(asked - hand) * 1000:+8.0f}ms{asked / hand - 1:+8.0%}")
        cold = median(timed(lambda: overview_cold(catalog)) for _ in range(rounds))
        warm = median(timed(lambda: overview(catalog)) for _ in range(rounds))
        print(
            f"overview of {len(CARDS)} KPIs: {cold * 1000:,.0f} ms cold ({cold / slowest:.2f} × the slowest question), {warm * 1000:.1f} ms kept"
        )
        catalog.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    run(given.events, given.rounds)
