"""What a sync does when the vendors change nothing, add a day, restate a day, or go away."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pandas as pd
from sqlalchemy import func, select

from metrics.types import Question
from sandbox.world import next_day, restate
from store.ledger import Ledger
from store.schema import FACTS, events, web_traffic
from store.sprint_freezes import read_freezes
from store.warehouse import Warehouse
from tests.shop import Shop


def counts(shop: Shop) -> dict[str, int]:
    with Warehouse(shop.space).open() as opened, opened.engine.connect() as connection:
        return {name: int(connection.scalar(select(func.count()).select_from(table)) or 0) for name, table in FACTS.items()}


def traffic_by_day(shop: Shop) -> dict[object, tuple[int, int, Decimal]]:
    wanted = select(
        web_traffic.c.day, func.sum(web_traffic.c.sessions), func.sum(web_traffic.c.key_events), func.sum(web_traffic.c.revenue)
    )
    with Warehouse(shop.space).open() as opened, opened.engine.connect() as connection:
        return {day: (int(s), int(k), r) for day, s, k, r in connection.execute(wanted.group_by(web_traffic.c.day))}


def true_traffic_by_day(visits: pd.DataFrame) -> dict[object, tuple[int, int, Decimal]]:
    found = {}
    for day, group in visits.groupby("day"):
        found[pd.Timestamp(day).date()] = (len(group), int(group["purchases"].sum()), Decimal(int(group["revenue_cents"].sum())) / 100)
    return found


def serve(shop: Shop, world: object) -> None:
    """Let the vendors serve another state of the company."""
    for server in shop.servers:
        server.company = world.company  # type: ignore[attr-defined, union-attr]
        if hasattr(server, "invalidate"):
            server.invalidate()


def test_every_action_and_every_session_arrives(shop: Shop) -> None:
    rows = counts(shop)
    assert {name for name, count in rows.items() if not count} == {
        "campaigns",
        "milestones",
        "sprint_reports",
        "worklogs",
        "profiles",
        "funnel_steps",
        "retention_cohorts",
    }, (  # fmt: skip
        "what nobody asked for"
    )
    assert rows["events"] == len(shop.world.company.actions)
    assert traffic_by_day(shop) == true_traffic_by_day(shop.world.company.visits)


def test_m58_a_second_sync_without_changes_writes_nothing_and_publishes_nothing(small_shop: Shop) -> None:
    first = small_shop.sync()
    second = small_shop.sync()
    assert (first.generation, first.published, first.exit_code) == (1, True, 0)
    assert (second.generation, second.published, second.exit_code) == (1, False, 0)
    assert {name: source.rows_changed for name, source in second.sources.items()} == {"web": 0, "product": 0, "delivery": 0}
    assert sum(source.rows_read for source in second.sources.values()) > 0


def test_a_new_day_at_the_vendors_appears(small_shop: Shop) -> None:
    small_shop.sync()
    before = traffic_by_day(small_shop)
    later = next_day(small_shop.world)
    serve(small_shop, later)
    result = small_shop.sync(now=later.company.now + timedelta(hours=9))
    assert result.generation == 2
    after = traffic_by_day(small_shop)
    assert set(after) - set(before) == {later.end}
    assert after == true_traffic_by_day(later.company.visits)


def test_m16_a_restated_day_is_replaced_at_both_vendors(small_shop: Shop) -> None:
    small_shop.sync()
    before = traffic_by_day(small_shop)
    day = small_shop.world.end - timedelta(days=1)
    restate(small_shop.world.company, day, seed=3)
    serve(small_shop, small_shop.world)
    result = small_shop.sync()
    after = traffic_by_day(small_shop)
    assert result.generation == 2
    assert {d for d in after if after[d] != before[d]} == {day}
    assert after == true_traffic_by_day(small_shop.world.company.visits)
    actions = small_shop.world.company.actions
    with Warehouse(small_shop.space).open() as opened, opened.engine.connect() as connection:
        purchases = connection.execute(select(func.count(), func.sum(events.c.revenue)).where(events.c.event == "purchase")).one()
    bought = actions[actions["event"] == "purchase"]
    assert tuple(purchases) == (len(bought), Decimal(int(bought["revenue_cents"].sum())) / 100)


def test_a_vendor_that_is_down_stops_only_its_own_source(small_shop: Shop) -> None:
    small_shop.sync()
    small_shop.servers[1].stop()
    result = small_shop.sync()
    assert (result.exit_code, result.generation) == (3, 1)
    assert {name: source.status for name, source in result.sources.items()} == {"web": "ok", "product": "failed", "delivery": "ok"}
    assert "product" in (result.sources["product"].error or "")
    assert counts(small_shop)["events"] == len(small_shop.world.company.actions)
    small_shop.servers[1].stop = lambda: None  # type: ignore[method-assign]  # the fixture stops it once more


def test_a_restated_day_is_logged_with_what_was_shown_and_what_it_is_now(small_shop: Shop) -> None:
    small_shop.sync()
    before = small_shop.world.company.visits
    day = small_shop.world.end - timedelta(days=1)
    restate(small_shop.world.company, day, seed=3)
    after = small_shop.world.company.visits
    serve(small_shop, small_shop.world)
    with small_shop.catalog() as catalog:
        assert catalog.restatements() == ()
    small_shop.sync()
    with small_shop.catalog() as catalog:
        logged = {r.what: r for r in catalog.restatements() if (r.source, r.stream, r.day) == ("web", "traffic", day)}
        assert {r.day for r in catalog.restatements()} == {day}
    truth = [(len(v), v["revenue_cents"].sum() / 100) for v in (f[f["day"] == pd.Timestamp(day)] for f in (before, after))]
    assert (logged["sessions"].before, logged["sessions"].after, logged["sessions"].generation) == (truth[0][0], truth[1][0], 2)
    assert (logged["revenue"].before, logged["revenue"].after) == (truth[0][1], truth[1][1])
    assert "total_users" not in logged


def test_every_closed_sprint_is_frozen_twice_and_adds_up_to_the_velocity(shop: Shop) -> None:
    freezes = read_freezes(Ledger(shop.space))
    with shop.catalog() as catalog:
        velocity = {row.label: row.value or 0.0 for row in catalog.ask(Question("velocity", "sprint")).rows if row.complete}
    closed = {freeze.name: freeze.completed_points for freeze in freezes if freeze.moment == "close"}
    assert closed == velocity
    assert {freeze.name for freeze in freezes if freeze.moment == "start"} >= set(closed)
    assert all(freeze.replayed for freeze in freezes)
