"""The runner: windows, retries, sources that fail apart from each other, one generation a sync."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from connectors import base
from connectors.outcome import Progress, SyncResult
from connectors.sync import Order, sync
from errors import AuthError, ConfigError, ContractError, PlanError, QuotaError, TransientSourceError
from metrics.coverage import read_coverage
from settings import SourceEntry, Workspace
from store.ledger import Ledger
from store.schema import web_traffic
from store.types import day_start
from store.warehouse import Warehouse
from tests.connectors.scripted import Script, ScriptedConnector
from tests.store.facts import VIENNA

NOW = datetime(2026, 3, 31, 10, 0, tzinfo=UTC)


class Bench:
    """A workspace with scripted sources, and what the runner told about them."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        self.space = Workspace(home)
        self.connectors: dict[str, ScriptedConnector] = {}
        self.told: list[Progress] = []
        patch.setattr(base, "build", lambda entry, zone: self.connectors[entry.name])

    def source(self, name: str, script: Script, start: date = date(2026, 3, 1)) -> ScriptedConnector:
        self.connectors[name] = ScriptedConnector(name, script, start)
        return self.connectors[name]

    def sync(self, order: Order = Order(), now: datetime = NOW) -> SyncResult:  # noqa: B008  # Order is frozen
        entries = [SourceEntry(name, "scripted", "sources.yaml", 1, {}) for name in self.connectors]
        return sync(self.space, entries, VIENNA, order, now=now, report=self.told.append)

    def sessions(self) -> dict[str, int]:
        with Warehouse(self.space).open() as opened, opened.engine.connect() as connection:
            grouped = select(web_traffic.c.source, func.sum(web_traffic.c.sessions)).group_by(web_traffic.c.source)
            return {source: int(total) for source, total in connection.execute(grouped)}

    def flags(self) -> set[str]:
        with Warehouse(self.space).open() as opened, opened.engine.connect() as connection:
            return {flag for row in read_coverage(connection) for flag in row.flags}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def ten(_day: date, _call: int) -> list[int]:
    return [10]


def fail(error: Exception) -> Script:
    def script(_day: date, _call: int) -> list[int]:
        raise error

    return script


def test_the_first_sync_reads_from_the_start_and_the_next_from_the_lookback(bench: Bench) -> None:
    web = bench.source("web", ten)
    first = bench.sync()
    assert (first.generation, first.published, first.sources["web"].rows_read) == (1, True, 31)
    second = bench.sync(now=NOW + timedelta(hours=1))
    assert [w.since for w in web.windows] == [day_start(date(2026, 3, 1), VIENNA), day_start(date(2026, 3, 29), VIENNA)]
    assert (second.generation, second.published, second.sources["web"].rows_changed) == (1, False, 0)


def test_a_new_day_appears_and_a_restated_day_is_replaced(bench: Bench) -> None:
    bench.source("web", lambda day, call: [12] if call == 2 and day == date(2026, 3, 29) else [10])
    bench.sync()
    result = bench.sync(now=NOW + timedelta(days=1))
    assert (result.generation, result.sources["web"].rows_changed) == (2, 2)
    assert bench.sessions() == {"web": 32 * 10 + 2}


def test_since_reads_further_back_and_full_reads_everything(bench: Bench) -> None:
    web = bench.source("web", ten)
    bench.sync()
    bench.sync(Order(since=date(2026, 3, 10)))
    bench.sync(Order(full=True))
    assert [w.since for w in web.windows[1:]] == [day_start(date(2026, 3, 10), VIENNA), day_start(date(2026, 3, 1), VIENNA)]


def test_an_earlier_start_is_filled_in(bench: Bench) -> None:
    bench.source("web", ten)
    bench.sync()
    bench.source("web", ten, start=date(2026, 2, 1))
    assert bench.sync().sources["web"].rows_changed == 28


def test_one_failing_source_never_stops_the_others(bench: Bench) -> None:
    bench.source("web", ten)
    bench.source("shop", fail(ContractError("shop: the answer has no rows.")))
    result = bench.sync()
    assert (result.exit_code, result.sources["shop"].status, result.sources["web"].status) == (3, "failed", "ok")
    assert bench.sessions() == {"web": 310}
    recorded = {run.source: (run.status, run.error_kind, run.error) for run in Ledger(bench.space).last_runs()}
    assert recorded == {"web": ("ok", None, None), "shop": ("failed", "contract", "shop: the answer has no rows.")}


def test_a_source_that_fails_later_keeps_what_it_had(bench: Bench) -> None:
    bench.source("web", ten)
    bench.sync()
    bench.source("web", fail(ContractError("web: rubbish.")))
    result = bench.sync()
    assert (result.exit_code, result.generation, result.published) == (1, 1, False)
    assert bench.sessions() == {"web": 310}
    assert set(Ledger(bench.space).last_good()) == {"web"}


def test_days_closed_before_a_failure_are_published_and_not_read_again(bench: Bench) -> None:
    def breaks_once(day: date, call: int) -> list[int]:
        if call == 1 and day == date(2026, 3, 20):
            raise ContractError("web: row 3 has no date.")
        return [10]

    web = bench.source("web", breaks_once)
    assert bench.sync().exit_code == 3
    assert bench.sessions() == {"web": 190}
    assert bench.sync().exit_code == 0
    assert web.windows[1].since == day_start(date(2026, 3, 20), VIENNA), "days long over cannot change any more"
    assert bench.sessions() == {"web": 310}


def test_a_passing_fault_is_tried_again_from_the_day_it_came(bench: Bench) -> None:
    def hiccup(day: date, call: int) -> list[int]:
        if call < 3 and day == date(2026, 3, 10 + call):
            raise TransientSourceError("web: 503.", retry_after_seconds=0)
        return [10]

    web = bench.source("web", hiccup)
    result = bench.sync()
    assert (result.exit_code, result.sources["web"].rows_read) == (0, 31)
    assert [w.since.astimezone(VIENNA).date().day for w in web.windows] == [1, 11, 12]
    assert [p.note for p in bench.told if p.note] == ["trying again in 0 s: web: 503."] * 2


def test_a_lasting_fault_ends_after_three_attempts(bench: Bench) -> None:
    web = bench.source("web", fail(TransientSourceError("web: 503.", retry_after_seconds=0)))
    result = bench.sync()
    assert (len(web.windows), result.sources["web"].status, result.sources["web"].error_kind) == (3, "failed", "transient")


def test_a_used_up_quota_is_a_pause_not_a_failure(bench: Bench) -> None:
    web = bench.source("web", fail(QuotaError("web: the hour's quota is used up.", retry_after_seconds=3600)))
    result = bench.sync()
    assert (len(web.windows), result.exit_code, result.sources["web"].status) == (1, 0, "paused")


def test_refused_credentials_are_not_tried_again_and_have_their_own_exit_code(bench: Bench) -> None:
    web = bench.source("web", fail(AuthError("web: 401.")))
    result = bench.sync()
    assert (len(web.windows), result.exit_code, result.sources["web"].status) == (1, 5, "auth")


def test_a_stream_outside_the_plan_is_unavailable_not_failed(bench: Bench) -> None:
    bench.source("web", fail(PlanError("web: not in the plan.")))
    result = bench.sync()
    assert (result.exit_code, result.sources["web"].streams["traffic"].status) == (0, "unavailable")


def test_an_unknown_source_is_named_with_the_known_ones(bench: Bench) -> None:
    bench.source("web", ten)
    with pytest.raises(ConfigError, match=r"no source 'wbe'\. Known sources: web\. Did you mean: web\?"):
        bench.sync(Order(sources=("wbe",)))


def test_a_fault_that_nobody_foresaw_stays_with_its_source_and_names_its_place(bench: Bench) -> None:
    def broken(day: date, _call: int) -> list[int]:
        return [1] if day < date(2026, 3, 5) else [10 // 0]

    bench.source("good", ten)
    bench.source("bad", broken)
    result = bench.sync()
    assert (result.exit_code, result.sources["good"].status, result.sources["bad"].status) == (3, "ok", "failed")
    assert "ZeroDivisionError at tests/connectors/test_sync.py:" in (result.sources["bad"].error or "")
    assert bench.sessions() == {"good": 310, "bad": 4}


def test_the_vendor_day_that_holds_the_first_hours_of_our_first_day_is_pulled(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Vienna is ahead of UTC: its 1 March begins on the vendor's 28 February."""
    source = bench.source("product", ten)
    monkeypatch.setattr(ScriptedConnector, "zone", lambda _self: ZoneInfo("UTC"))
    bench.sync()
    assert source.windows[0].days(ZoneInfo("UTC"))[0] == date(2026, 2, 28)
    bench.sync()
    assert source.windows[1].days(ZoneInfo("UTC"))[0] > date(2026, 3, 25)
