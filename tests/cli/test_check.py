"""kpi check: it starts light, draws the place, and counts warnings apart."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli import main
from settings import PROJECT_ROOT

HEAVY = {"streamlit", "duckdb", "pandas", "numpy", "pyarrow", "google", "jira", "mixpanel_utils", "alembic", "requests", "rich.table"}
LOADED = "import sys; from cli import main; main(sys.argv[1:]); print(sorted(set(sys.modules)))"


def test_a_check_without_tests_imports_no_database_no_vendor_and_no_frame() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, "check", "--no-tests"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert not {name for name in HEAVY if f"'{name}'" in done.stdout}
    assert "'metrics.check'" in done.stdout


def test_every_command_is_found_and_has_a_help(capsys: pytest.CaptureFixture[str]) -> None:
    from cli import COMMANDS, HIDDEN

    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in COMMANDS:
        assert re.search(rf"(?m)^\W*{name} ", shown), name
        assert main([name, "--help"]) == 0
        assert "Usage" in capsys.readouterr().out
    assert not any(re.search(rf"(?m)^\W*{name} ", shown) for name in HIDDEN)


def test_a_problem_is_drawn_with_its_line_and_a_warning_does_not_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "k.yaml"
    head = "version: 1\nmeasures:\n  sessions: {table: web_traffic, agg: sum, column: sessions}\nkpis:\n"
    path.write_text(head + "  x: {value: sessions, unit: itms}\n")
    assert main(["check", str(path)]) == 0
    told = capsys.readouterr().err
    assert "     5 |   x: {value: sessions, unit: itms}\n" + " " * 38 + "^\n" in told
    assert told.endswith("k.yaml: 1 KPI holds, 1 warning.\n")
    path.write_text(head + "  x: {value: sesions}\n  y: {value: sessions, unit: itms}\n")
    assert main(["check", str(path)]) == 2
    assert capsys.readouterr().err.endswith("k.yaml: 1 KPI holds, 1 error, 1 warning.\n")
    path.write_text("kpis: [\n")
    assert main(["check", str(path)]) == 2
    assert "broken as a whole, 1 error. What was in force stays in force." in capsys.readouterr().err
