"""From the store to the verdict: which KPIs an event names, what is said of them, and that absence has a reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cli import app
from errors import QueryError, StoreError
from metrics import Catalog, open_catalog
from metrics.impact import Impact, events, impacts, words
from settings import Workspace
from tests.metrics.store import Rows, catalog
from tests.shop import Shop

DEFINITIONS = """version: 1
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  purchases: {table: web_traffic, agg: sum, column: key_events}
  speed: {table: events, agg: p75, column: lcp_ms}
kpis:
  sessions: {value: sessions, better: higher}
  conversion: {numerator: purchases, denominator: sessions, better: higher}
  week_of_sessions: {value: sessions, window: 7d}
  speed: {value: speed, unit: ms, better: lower}
"""
START, DAYS = date(2026, 1, 5), 180
LAUNCH = START + timedelta(days=120)


def shop_rows(seed: int = 1, sessions: float = 1.0, rate: float = 1.0) -> list[dict[str, Any]]:
    """Return 180 days of two channels; from the launch on sessions and purchases a session are multiplied."""
    rng, rows = np.random.default_rng(seed), []
    for n in range(DAYS):
        day = START + timedelta(days=n)
        live = day >= LAUNCH
        for channel, mean in (("Direct", 700.0), ("Email", 300.0)):
            count = int(rng.poisson(mean * (sessions if live else 1.0) * (1.1 if day.weekday() < 5 else 0.75)))
            bought = int(rng.binomial(count, 0.06 * (rate if live else 1.0)))
            rows.append({"day": day, "channel": channel, "campaign": "(not set)", "sessions": count, "key_events": bought})
    return rows


def a_release(name: str, day: date, id: str = "1") -> dict[str, Any]:
    return {"id": id, "name": name, "project": "WEB", "released_on": day, "released": True}


def an_item(key: str, release: str, kpi: str | None, **more: Any) -> dict[str, Any]:
    return {"id": key, "key": key, "release_id": release, "kpi": kpi, "created_at": datetime(2026, 1, 6), **more}


def made(home: Path, definitions: str = DEFINITIONS, **tables: Rows) -> Catalog:
    ends = datetime(2026, 7, 4)  # the last day of the rows is the third
    through: Mapping[str, Any] = {"web_traffic": ends.astimezone()}
    return catalog(home, definitions, through, **{"web_traffic": shop_rows(), **tables})


def one(opened: Catalog, event: str, kpi: str) -> Impact:
    with opened:
        found = impacts(opened, event, (kpi,)).impacts
    assert len(found) == 1
    return found[0]


def test_a_release_that_raises_conversion_is_found_with_its_size(tmp_path: Path) -> None:
    found = one(made(tmp_path, web_traffic=shop_rows(rate=1.25), releases=[a_release("New", LAUNCH)]), "New", "conversion")
    assert (found.verdict, found.grain, found.scale, found.grade) == ("improved", "day", "log", "C")
    assert found.relative is not None
    assert found.effect is not None
    assert found.relative.low < 0.25 < found.relative.high
    assert found.relative.high - found.relative.low < 0.2
    assert found.effect.low < 0.06 * 0.25 < found.effect.high
    assert "After release New, Conversion was" in words.sentence(found)
    assert len(found.points) == 119 + 28  # whole weeks before
    assert found.placebos is not None
    assert len(found.placebos.effects) == 20


def test_a_release_that_does_nothing_is_none_or_open(tmp_path: Path) -> None:
    found = one(made(tmp_path, web_traffic=shop_rows(2), releases=[a_release("New", LAUNCH)]), "1", "sessions")
    assert found.verdict in ("none", "open")
    assert found.total is not None
    assert found.total.low < 0 < found.total.high
    assert found.points[-1].so_far == found.total
    assert found.effect is not None
    assert found.relative is not None
    observed = float(np.mean([p.observed for p in found.points[-28:] if p.observed is not None]))
    assert found.relative.low == pytest.approx(observed / (observed - found.effect.low) - 1)
    assert found.relative.high == pytest.approx(observed / (observed - found.effect.high) - 1)
    assert found.total.value == pytest.approx(28 * found.effect.value)


def test_the_plain_comparison_is_the_ratio_of_the_sums(tmp_path: Path) -> None:
    rows = shop_rows(rate=1.25)
    found = one(made(tmp_path, web_traffic=rows, releases=[a_release("New", LAUNCH)]), "New", "conversion")
    sums = [
        [
            sum(r[c] for r in rows if LAUNCH + timedelta(days=a) <= r["day"] < LAUNCH + timedelta(days=a + 28))
            for c in ("key_events", "sessions")
        ]
        for a in (0, -28)
    ]
    (now, visits), (then, before) = sums
    assert found.naive is not None
    assert found.naive.relative == pytest.approx(now / visits / (then / before) - 1)


def test_a_campaign_is_compared_with_the_channels_that_it_did_not_use(tmp_path: Path) -> None:
    rows = shop_rows()
    for n in range(28):
        rows.append({"day": LAUNCH + timedelta(days=n), "channel": "Email", "campaign": "mail", "sessions": 100 + n % 3, "key_events": 6})
    found = one(made(tmp_path, web_traffic=rows), "mail", "sessions")
    assert (found.verdict, found.grade, found.controls) == ("improved", "B", ("every channel but Email",))
    assert found.effect is not None
    assert found.effect.low < 101 < found.effect.high
    assert found.panel is not None
    assert found.panel.low < 101 / 300 / 1.0 < found.panel.high * 1.1
    assert found.others is not None
    assert found.others.low < 0 < found.others.high


def test_a_campaign_of_visitors_who_do_not_buy_changes_the_mix_and_not_the_others(tmp_path: Path) -> None:
    """400 visitors a day who buy nothing: the rate of all falls by 400/1400 = 29 %, that of the others does not change."""
    rows = shop_rows()
    for n in range(28):
        rows.append({"day": LAUNCH + timedelta(days=n), "channel": "Social", "campaign": "reach", "sessions": 400, "key_events": 0})
    found = one(made(tmp_path, web_traffic=rows), "reach", "conversion")
    assert found.verdict == "worsened"
    assert found.relative is not None
    assert found.relative.low < -0.28 < found.relative.high
    assert found.others is not None
    assert found.others.low < 0 < found.others.high
    assert "It is the mix" in words.sentence(found)


def test_the_kpis_are_those_that_the_items_of_a_release_name(tmp_path: Path) -> None:
    items = [
        an_item("W-1", "1", "sessions"), an_item("W-2", "1", "sessions"), an_item("W-3", "1", None), an_item("W-4", "2", "conversion"),
        an_item("W-5", "1", "conversion", deleted_at=datetime(2026, 2, 1)), an_item("W-6", "1", "no_such_kpi"),
    ]  # fmt: skip
    with made(
        tmp_path, releases=[a_release("New", LAUNCH), a_release("Later", LAUNCH + timedelta(days=35), "2")], work_items=items
    ) as opened:
        found = impacts(opened).impacts
    assert [(i.event.name, i.kpi, i.named_by, i.expected) for i in found] == [
        ("New", "sessions", ("W-1", "W-2"), "higher, by how much is not recorded"),
        ("Later", "conversion", ("W-4",), "higher, by how much is not recorded"),
    ]


def test_an_event_that_names_none_is_measured_on_the_certified_else_on_outputs_with_a_target(tmp_path: Path) -> None:
    target = "    targets: [{from: 2026-01-01, to: 2026-12-31, kind: stay_above, value: 0.05, provenance: agreed, set_by: us, set_on: 2026-01-01}]\n"
    long = DEFINITIONS.replace(
        "  conversion: {numerator: purchases, denominator: sessions, better: higher}\n",
        "  conversion:\n    numerator: purchases\n    denominator: sessions\n    better: higher\n" + target,
    )
    with made(tmp_path, long, releases=[a_release("New", LAUNCH)]) as opened:
        report, mark = impacts(opened), opened.kpi("sessions").hash
    assert [i.kpi for i in report.impacts] == ["conversion"]
    assert "outputs with a target, because no KPI is certified" in report.rule
    certified = long.replace(
        "sessions: {value: sessions, better: higher}",
        'sessions: {value: sessions, better: higher, certified: {by: me, on: 2026-01-01, hash: "MARK"}}',
    )
    for hash_, expected in ((mark, "sessions"), ("0123456789ab", "conversion")):  # a certificate of another definition has lapsed
        (tmp_path / "kpi_definitions.yaml").write_text(certified.replace("MARK", hash_), encoding="utf-8")
        with open_catalog(Workspace(tmp_path)) as opened:
            assert [i.kpi for i in impacts(opened).impacts] == [expected]


def test_what_cannot_be_told_has_a_reason_and_no_number(tmp_path: Path) -> None:
    rows = [{**r, "key_events": min(r["key_events"], 1)} for r in shop_rows()]
    released = [a_release("Early", START + timedelta(days=20)), a_release("Rare", LAUNCH, "2")]
    with made(tmp_path, web_traffic=rows, releases=released) as opened:
        asked = {kpi: impacts(opened, "Rare", (kpi,)).impacts[0] for kpi in ("conversion", "week_of_sessions", "speed")}
        asked["early"] = impacts(opened, "Early", ("sessions",)).impacts[0]
    assert "fewer than 30 are counted in a usual week" in asked["conversion"].reason
    assert "repeats days of the one before" in asked["week_of_sessions"].reason
    assert "no whole day of it is held" in asked["speed"].reason
    assert "20 whole days are held before it" in asked["early"].reason
    for found in asked.values():
        assert (found.verdict, found.grade, found.effect, found.relative) == ("refused", "R", None, None)
        assert "cannot be told" in words.sentence(found)


def test_a_constant_kpi_is_refused_without_a_warning(tmp_path: Path) -> None:
    rows = [{**r, "sessions": 500} for r in shop_rows()]
    found = one(made(tmp_path, web_traffic=rows, releases=[a_release("New", LAUNCH)]), "New", "sessions")
    assert (found.verdict, found.reason) == ("refused", "the values do not vary beyond what the design explains")


def test_an_unknown_event_or_kpi_is_named_with_the_likely_one(tmp_path: Path) -> None:
    with made(tmp_path, releases=[a_release("Checkout 2.0", LAUNCH)]) as opened:
        with pytest.raises(QueryError, match=r"no release or campaign 'Checkout 2'.*Did you mean: Checkout 2\.0"):
            impacts(opened, "Checkout 2")
        with pytest.raises(QueryError, match="no KPI 'sesions'"):
            impacts(opened, None, ("sesions",))


def test_no_event_gives_an_empty_report_and_an_empty_store_an_error(tmp_path: Path) -> None:
    with made(tmp_path) as opened:
        report = impacts(opened)
    assert (report.impacts, report.looks, words.headline(report)) == ((), 0, "No release or campaign is held yet.")
    empty = tmp_path / "empty"
    empty.mkdir()
    with open_catalog(Workspace(empty)) as opened, pytest.raises(StoreError):
        impacts(opened)


def test_a_campaign_that_is_planned_and_seen_counts_once(tmp_path: Path) -> None:
    rows = shop_rows()
    rows.append({"day": LAUNCH, "channel": "Email", "campaign": "mail", "sessions": 10, "key_events": 1})
    planned = [{"id": "c1", "name": "Mail", "channel": "Email", "start_on": LAUNCH, "end_on": LAUNCH + timedelta(days=20)}]
    with made(tmp_path, web_traffic=rows, campaigns=planned) as opened:
        assert [(e.name, (e.end - e.start).days) for e in events(opened)] == [("Mail", 21)]


def test_the_whole_shop_gives_answers_reasons_and_the_same_twice(shop: Shop) -> None:
    with shop.catalog() as opened:
        first, second = impacts(opened), impacts(opened)
    assert first == second
    assert {i.event.kind for i in first.impacts} == {"release", "campaign"}
    assert all(i.reason for i in first.impacts)
    assert first.looks == sum(i.effect is not None and i.verdict != "refused" for i in first.impacts)
    assert first.hold <= first.clear <= first.looks


def test_the_command_prints_a_table_one_event_and_json(shop: Shop) -> None:
    run = CliRunner().invoke
    table = run(app, ["analyse", "impact", "--home", str(shop.space.home)])
    assert table.exit_code == 0, table.output
    assert "WEB 2.2" in table.stdout
    told = run(app, ["analyse", "impact", "--home", str(shop.space.home), "--event", "WEB 2.2", "--kpi", "site_speed"])
    assert told.exit_code == 0, told.output
    assert "plain before and after" in told.stdout
    document = json.loads(run(app, ["analyse", "impact", "--home", str(shop.space.home), "--event", "WEB 2.2", "--json"]).stdout)
    assert document["impacts"][0]["event"]["name"] == "WEB 2.2"
    assert {"headline", "multiplicity", "looks", "hold", "rule"} <= set(document)
    assert "NaN" not in json.dumps(document)
    unknown = run(app, ["analyse", "impact", "--home", str(shop.space.home), "--event", "nothing"])
    assert unknown.exit_code != 0
