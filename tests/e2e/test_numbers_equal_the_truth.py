"""For every shipped KPI, `kpi query --json` equals pandas on the company's own records, at every grain, whole and split."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Any

import pytest

from cli import main
from metrics import check_file
from settings import PROJECT_ROOT
from tests.e2e.truth_kpis import KPIS, TruthTables, expected, periods, sprint_periods
from tests.shop import DAYS, START, Shop

GRAINS = ("day", "week", "month", "sprint")
EXACT = {
    "sessions",
    "new_users",
    "revenue",
    "active_users",
    "signups",
    "buyers",
    "velocity",
    "committed",
    "throughput",
    "bugs_created",
    "purchases",
    "tracked_purchases",
    "weekly_active_users",
    "monthly_active_users",
    "open_bugs",
    "work_in_progress",
}
TOLERANCE = 1e-9


@pytest.fixture(scope="session")
def tables(shop: Shop) -> TruthTables:
    return TruthTables.of(shop.world)


def query(shop: Shop, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["--home", str(shop.space.home), "query", *arguments, "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_the_truth_covers_every_shipped_kpi_with_a_value() -> None:
    definitions, issues = check_file(PROJECT_ROOT / "kpi_definitions.yaml")
    assert issues == ()
    assert definitions is not None
    assert set(KPIS) == {name for name, kpi in definitions.kpis.items() if kpi.type != "relationship"}
    assert len(KPIS) >= 30


QUESTIONS = [(name, grain, split) for name in sorted(KPIS) for grain in GRAINS for split in (False, True) if not split or KPIS[name].by]


@pytest.mark.parametrize(("name", "grain", "split"), QUESTIONS, ids=[f"{n}-{g}-{'split' if s else 'whole'}" for n, g, s in QUESTIONS])
def test_kpi_query_equals_pandas(
    shop: Shop, tables: TruthTables, capsys: pytest.CaptureFixture[str], name: str, grain: str, split: bool
) -> None:
    kpi = KPIS[name]
    if kpi.table == "members" and grain != "sprint":
        assert main(["--home", str(shop.space.home), "query", name, "--grain", grain, "--json"]) == 2
        assert f"has no grain '{grain}'. Known: sprint." in capsys.readouterr().err
        return
    end = START + timedelta(days=DAYS)
    spans = sprint_periods(shop.world) if grain == "sprint" else periods(grain, START, end)
    last = max(span[2] for span in spans) - timedelta(days=1)
    arguments = [name, "--grain", grain, "--from", str(START), "--to", str(max(last, end))]
    document = query(shop, capsys, *arguments, *(["--by", kpi.by[0]] if split and kpi.by else []))
    wanted = {key: value for key, value in expected(tables, kpi, spans, split, end).items() if not (split and value is None)}
    got = {_key(row, kpi.by[0] if split and kpi.by else None): row["value"] for row in document["rows"]}
    got = {key: value for key, value in got.items() if key in wanted or (value is not None and not (kpi.fills and value == 0))}
    assert set(got) == {key for key in wanted if key in got or wanted[key] not in (None, 0.0)}
    for key, value in got.items():
        _compare(name, key, value, wanted[key])
    assert any(value for value in got.values())


def _key(row: dict[str, Any], dimension: str | None) -> tuple[str, ...]:
    return (row["period"], row[dimension]) if dimension else (row["period"],)


def _compare(name: str, key: tuple[str, ...], value: float | None, wanted: float | None) -> None:
    if value is None or wanted is None:
        assert value is wanted, key
    elif name in EXACT:
        assert value == wanted, key
    else:
        assert math.isclose(value, wanted, rel_tol=TOLERANCE), key
