"""backup, restore, status and the scheduler, as the person who keeps it running meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli import main
from commands.schedule import tick
from metrics import reporting_zone
from settings import PROJECT_ROOT, Workspace
from store.definition_history import read_changes
from store.ledger import Ledger
from store.live import read_live
from store.warehouse import Warehouse
from tests.shop import Shop


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def test_a_backup_is_made_and_restored_from_the_command_line(small_shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(small_shop.space.home)
    small_shop.sync()
    code, out, _ = asked(capsys, "backup", "--to", str(tmp_path / "b.tar.gz"), "--json", "--home", home)
    made = json.loads(out)
    assert (code, made["generation"], set(made["members"])) == (0, 1, {"warehouse.duckdb", "ledger.sqlite", "sources.yaml"})
    code, _, err = asked(capsys, "restore", made["file"], "--home", home)
    assert (code, "--yes" in err) == (2, True)
    code, out, _ = asked(capsys, "restore", made["file"], "--yes", "--json", "--home", home)
    assert (code, json.loads(out)["serves"]) == (0, 2)
    code, _, err = asked(capsys, "backup", "--to", "/proc/nowhere/b.tar.gz", "--home", home)
    assert (code, "Traceback" in err, "--to" in err) == (1, False, True)


def test_a_tick_syncs_what_is_due_and_nothing_twice(small_shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    tick(small_shop.space, datetime.now(UTC))
    assert Warehouse(small_shop.space).current() == 1
    calls = sum(len(server.calls) for server in small_shop.servers)
    tick(small_shop.space, datetime.now(UTC))
    assert sum(len(server.calls) for server in small_shop.servers) == calls
    assert "Published generation 1" in capsys.readouterr().err


def test_a_tick_records_changed_definitions_and_leaves_a_broken_file_alone(small_shop: Shop) -> None:
    """So a running 'kpi serve' takes up a changed file; the pages read it themselves."""
    shipped = (PROJECT_ROOT / "kpi_definitions.yaml").read_text(encoding="utf-8")
    path, ledger = small_shop.space.home / "kpi_definitions.yaml", Ledger(small_shop.space)
    for text in (shipped, shipped.replace("numerator: purchases", "numerator: engaged_sessions", 1), "kpis: [\n"):
        path.write_text(text, encoding="utf-8")
        tick(small_shop.space, datetime.now(UTC))
    changes = [change for change in read_changes(ledger) if not change.is_first]
    assert next((change.kpi, change.words) for change in changes)[1] == "numerator: purchases → engaged_sessions"
    assert reporting_zone(small_shop.space).key == "Europe/Vienna"


def test_a_broken_sources_file_does_not_end_the_scheduler(small_shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    small_shop.space.sources_file.write_text("version: 1\nsources: [")
    said = tick(small_shop.space, datetime.now(UTC))
    assert "sources.yaml" in said
    assert tick(small_shop.space, datetime.now(UTC), said) == said
    assert capsys.readouterr().err.count("sources.yaml") == 1


def test_a_fault_that_nobody_foresaw_does_not_end_the_scheduler(small_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commands.schedule.load_sources", lambda _space: 1 // 0)
    assert "ZeroDivisionError at tests/cli/test_operations.py:" in tick(small_shop.space, datetime.now(UTC))


def scheduled(space: Workspace, has_come: Callable[[], object], *options: str) -> None:
    """Run the scheduler beside this process until something has come; it must end by itself when its stdin closes."""
    command = [sys.executable, str(PROJECT_ROOT / "cli.py"), "schedule", *options, "--home", str(space.home)]
    child = subprocess.Popen(command, cwd=PROJECT_ROOT, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ))
    assert child.stdin is not None
    try:
        deadline = time.monotonic() + 60
        while not has_come() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert has_come()
        child.stdin.close()
        assert child.wait(timeout=30) == 0
    finally:
        child.stdin.close()
        child.kill()
        child.wait()


def test_the_scheduler_works_beside_and_ends_with_its_parent(small_shop: Shop) -> None:
    scheduled(small_shop.space, lambda: Ledger(small_shop.space).last_good())
    assert Warehouse(small_shop.space).current() == 1


def test_beside_the_demo_it_asks_for_live_numbers_alone(small_shop: Shop) -> None:
    scheduled(small_shop.space, lambda: read_live(Ledger(small_shop.space)), "--no-sync")
    (state,) = read_live(Ledger(small_shop.space))
    assert (state.source, state.error) == ("web", None)
    assert {call.path.split(":")[-1] for vendor in small_shop.servers for call in vendor.calls} == {"runRealtimeReport"}
    assert Warehouse(small_shop.space).current() is None


@pytest.mark.parametrize(("every", "code"), [("15m", 0), ("sometimes", 2), ("0h", 2)])
def test_the_interval_of_a_source_is_checked(small_shop: Shop, capsys: pytest.CaptureFixture[str], every: str, code: int) -> None:
    path = small_shop.space.sources_file
    path.write_text(path.read_text().replace("    connector: ga4\n", f"    connector: ga4\n    every: {every}\n"))
    found, _, err = asked(capsys, "sync", "web", "--home", str(small_shop.space.home))
    assert found == code
    assert ("'every' is" in err) == (code == 2)
