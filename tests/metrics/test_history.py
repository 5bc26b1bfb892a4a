"""The history of definitions: recorded when in force, in words, never changed; the last good version outlives a broken file and a restart."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from errors import DefinitionError, StoreError
from metrics import check_file, in_force, open_catalog, record_definitions
from metrics.history import difference
from metrics.types import Period
from settings import Workspace
from store.definition_history import last_files, read_changes
from store.ledger import Ledger
from tests.metrics.store import catalog, traffic

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
GOOD = """version: 1
calendar: {timezone: Europe/Vienna}
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  visits: {table: web_traffic, agg: sum, column: engaged_sessions}
  purchases: {table: web_traffic, agg: sum, column: key_events}
kpis:
  rate: {numerator: purchases, denominator: sessions, label: Rate, better: higher, targets: [{from: 2026-01-01, to: 2026-12-31, kind: reach, value: 0.1}]}
  visits: {value: visits}
"""


def write(home: Path, text: str, hours: int) -> int:
    (home / "kpi_definitions.yaml").write_text(text)
    definitions, _ = check_file(home / "kpi_definitions.yaml")
    assert definitions is not None
    return record_definitions(Workspace(home), definitions, NOON + timedelta(hours=hours))


def test_each_change_is_kept_in_words_and_only_once(tmp_path: Path) -> None:
    counts = [
        write(tmp_path, GOOD, 0),
        write(tmp_path, GOOD, 1),
        write(tmp_path, GOOD.replace("denominator: sessions", "denominator: visits"), 2),
        write(tmp_path, GOOD.replace("denominator: sessions", "denominator: visits").replace("value: 0.1", "value: 0.2"), 3),
        write(tmp_path, GOOD.replace("column: engaged_sessions", "column: sessions, where: {device: mobile}"), 4),
        write(tmp_path, GOOD.replace("  visits: {value: visits}\n", ""), 5),
        write(tmp_path, GOOD.replace("numerator: purchases", "numerator: purchasez"), 6),
    ]
    assert counts == [2, 0, 1, 1, 2, 1, 2]
    told = [(c.kpi, c.words, c.is_new_hash, c.is_first) for c in read_changes(Ledger(Workspace(tmp_path)))]
    assert told == [
        ("rate", "first recorded", True, True),
        ("visits", "first recorded", True, True),
        ("rate", "denominator: sessions → visits", True, False),
        ("rate", "target value: 0.1 → 0.2", False, False),
        ("rate", "denominator: visits → sessions; target value: 0.2 → 0.1", True, False),
        ("visits", "measure visits, column: engaged_sessions → sessions; measure visits, where added: device: mobile", True, False),
        ("visits", "removed", True, False),
        ("visits", "back again", True, False),
        ("rate", "has a problem, and no value", True, False),
    ]
    assert read_changes(Ledger(Workspace(tmp_path)), "rate")[-1].hash is None
    assert last_files(Ledger(Workspace(tmp_path)))[0].since == NOON + timedelta(hours=6)


def test_differences_of_lists_and_mappings_are_named_one_by_one() -> None:
    before = {"kpi": {"dimensions": ["device", "page"], "where": {"device": "mobile"}, "fill": "zero"}}
    after = {"kpi": {"dimensions": ["device", "channel"], "where": {"device": ["mobile", "tablet"]}, "better": "higher"}}
    assert difference(before, after) == (
        "dimensions removed: page; dimensions added: channel; where device: mobile → [mobile, tablet]; fill removed: zero; better added: higher"
    )


@pytest.mark.parametrize("table", ["definition_files", "definition_changes"])
def test_the_history_only_grows(tmp_path: Path, table: str) -> None:
    write(tmp_path, GOOD, 0)
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id + 1"):
        with pytest.raises(StoreError, match="only grows"), Ledger(Workspace(tmp_path)).transaction() as connection:
            connection.execute(sql(statement))


def test_a_file_that_breaks_leaves_the_last_version_in_force_also_after_a_restart(tmp_path: Path) -> None:
    rows = [traffic(date(2026, 1, 5), 100, 7)]
    period = Period(date(2026, 1, 5), date(2026, 1, 6))
    with catalog(tmp_path, GOOD, web_traffic=rows) as shop:
        assert shop.force.broken == ()
        before = shop.total("rate", period).rows[0].value
    write(tmp_path, GOOD, 0)
    for broken in (GOOD.replace("kpis:", "kpis: ["), GOOD.replace("Vienna", "Wien"), "", GOOD.replace("kpis:", "kpis:\n  kpis: *x")):
        (tmp_path / "kpi_definitions.yaml").write_text(broken)
        with open_catalog(Workspace(tmp_path)) as shop:
            assert shop.total("rate", period).rows[0].value == before == 0.07
            assert shop.force.broken[0].level == "error"
            assert shop.force.since == NOON
    (tmp_path / "kpi_definitions.yaml").unlink()
    force = in_force(Workspace(tmp_path))
    assert (set(force.definitions.kpis), "the file is gone" in force.broken[0].message) == ({"rate", "visits"}, True)


def test_a_broken_file_without_an_earlier_version_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "kpi_definitions.yaml").write_text("kpis: [")
    with pytest.raises(DefinitionError, match="KPI001"):
        open_catalog(Workspace(tmp_path))
    assert not (tmp_path / "data").exists()


def test_a_change_of_meaning_is_an_event_and_the_first_record_is_none(tmp_path: Path) -> None:
    with catalog(tmp_path, GOOD, web_traffic=[traffic(date(2026, 1, 5), 100, 7)]) as shop:
        write(tmp_path, GOOD, 0)
        write(tmp_path, GOOD.replace("value: 0.1", "value: 0.2"), 1)
        write(tmp_path, GOOD.replace("denominator: sessions", "denominator: visits"), 35)
        found = [e for e in shop.events(Period(date(2026, 11, 1), date(2026, 12, 1))) if e.kind == "definition"]
        assert [(e.id, e.name, e.start) for e in found] == [
            ("rate", "Rate: denominator: sessions → visits; target value: 0.2 → 0.1", date(2026, 11, 22))
        ]
        assert shop.events(Period(date(2026, 11, 1), date(2026, 11, 22))) == ()


def test_a_certification_lapses_with_the_meaning_and_not_with_a_target(tmp_path: Path) -> None:
    with catalog(tmp_path, GOOD, web_traffic=[]) as shop:
        mark = shop.kpi("rate").hash
    certified = GOOD.replace("label: Rate", f'label: Rate, certified: {{by: growth, on: 2026-11-20, hash: "{mark}"}}')

    def codes(text: str) -> list[tuple[str, str, int]]:
        (tmp_path / "kpi_definitions.yaml").write_text(text)
        return [(i.code, i.level, i.line) for i in check_file(tmp_path / "kpi_definitions.yaml")[1]]

    assert codes(certified) == codes(certified.replace("value: 0.1", "value: 0.3")) == []
    assert codes(certified.replace("denominator: sessions", "denominator: visits")) == [("KPI042", "warning", 8)]
    assert codes(certified.replace("agg: sum, column: key_events", "agg: max, column: key_events")) == [("KPI042", "warning", 8)]
