"""The impact of one release on one KPI over 400 days, cold: a process of its own from import to answer, and the answer alone.

Run: python -m bench.impact [--rounds 5]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import create_engine

from bench.measured import ROOT
from bench.metrics import Facts
from metrics import Catalog, kept
from metrics.check import check_text
from settings import Workspace
from store.schema import warehouse

FIRST, DAYS = date(2025, 8, 1), 400
END = FIRST + timedelta(days=DAYS)
DEFINITIONS = """version: 1
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  purchases: {table: web_traffic, agg: sum, column: key_events}
kpis:
  sessions: {value: sessions, better: higher}
  conversion: {numerator: purchases, denominator: sessions, better: higher}
"""
MADE = f"""CREATE TEMP MACRO draw(i, seed, n) AS (hash(i, seed) % n)::BIGINT;
INSERT INTO web_traffic SELECT 'web', day, day, ['desktop', 'mobile', 'tablet'][1 + cell % 3], 'c' || cell % 10, '/', '(none)', n + 200, n, n, n // 3, n // 25 + 5, n * 1.5
    FROM (SELECT DATE '{FIRST}' + (i // 30)::INTEGER AS day, i % 30 AS cell, draw(i, 9, 300) AS n FROM range({DAYS * 30}) t(i));
INSERT INTO releases (source, slice, id, name, released_on) SELECT 'jira', DATE '0001-01-01', i::VARCHAR, 'R' || i, DATE '{FIRST}' + (40 + i * 42)::INTEGER FROM range(8) t(i);
INSERT INTO _coverage SELECT s, t, t, 'made', DATE '{FIRST}', TIMESTAMP '{END}', 1, '' FROM (VALUES ('web', 'web_traffic'), ('jira', 'releases')) v(s, t)"""


def make(path: Path) -> None:
    engine = create_engine(f"duckdb:///{path}")
    warehouse.create_all(engine)
    with engine.begin() as connection:
        for statement in MADE.split(";\n"):
            connection.exec_driver_sql(statement)
    engine.dispose()


def answer(path: Path) -> None:
    """Answer twice for two KPIs and print the seconds of each."""
    from metrics.impact import impacts

    definitions, issues = check_text("bench", DEFINITIONS)
    assert definitions is not None, issues
    catalog = Catalog(Workspace(path.parent), definitions, Facts(create_engine(f"duckdb:///{path}"), "bench"))
    for kpi in ("conversion", "sessions"):
        for _ in range(2):
            kept.answers.clear()
            began, used = time.perf_counter(), time.process_time()
            found = impacts(catalog, "R7", (kpi,)).impacts[0]
            assert found.points, found.reason
            print(kpi, time.perf_counter() - began, time.process_time() - used)
    catalog.close()


def run(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "facts.duckdb"
        make(path)
        runs = [in_own_process(path) for _ in range(rounds)]
    for place, name in enumerate(("first answer of a process", "again", "another KPI", "again")):
        seconds, processor = (median(run[place][n] for run in runs) for n in (0, 1))
        print(f"{name:26} {seconds:6.2f} s, {processor:5.2f} s of them on the processor")


def in_own_process(path: Path) -> list[tuple[float, float]]:
    """Return (seconds, seconds on the processor) of the four answers of a fresh process."""
    command = [sys.executable, "-m", "bench.impact", "--answer", str(path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [(float(line.split()[1]), float(line.split()[2])) for line in done.stdout.splitlines()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--answer", type=Path)
    given = parser.parse_args()
    answer(given.answer) if given.answer else run(given.rounds)
