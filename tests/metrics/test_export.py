"""Files for spreadsheets: every digit, every reason, and nothing that runs."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest

from metrics.export import as_csv, as_xlsx, guarded
from metrics.types import Answer, Period, Question
from tests.metrics.store import catalog, traffic

DEFINITIONS = """version: 1
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  revenue: {table: web_traffic, agg: sum, column: revenue}
kpis:
  sessions: {value: sessions}
  worth: {formula: 0 - revenue / sessions, unit: EUR}
"""
D = date(2026, 3, 2)
HOSTILE = ['=cmd|"/c calc"!A1', "+1+2", "-2+3", "@SUM(A1)", "\t=1", "\r=1"]
NAMESPACE = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


@pytest.fixture
def answers(tmp_path: Path) -> tuple[Answer, ...]:
    rows = [traffic(D, n + 1, campaign=name, revenue=10) for n, name in enumerate(HOSTILE)]
    with catalog(tmp_path, DEFINITIONS, web_traffic=rows) as opened:
        period = Period(D, date(2026, 3, 4))
        return opened.ask(Question("worth", "day", period, ("campaign",))), opened.ask(
            Question("sessions", "day", Period(D, date(2026, 3, 9)))
        )


def test_text_that_a_spreadsheet_would_run_is_quoted_and_numbers_are_not(answers: tuple[Answer, ...]) -> None:
    read = list(csv.DictReader(io.StringIO(as_csv(answers), newline="")))
    split = [row for row in read if row["kpi"] == "worth"]
    assert {row["campaign"] for row in split} == {"'" + text.replace("\t", " ").replace("\r", " ") for text in HOSTILE}
    assert sorted(float(row["value"]) for row in split) == sorted(row.value for row in answers[0].rows if row.value is not None)
    assert all(float(row["value"]) < 0 for row in split)
    absent = [row for row in read if row["kpi"] == "sessions" and row["value"] == ""]
    assert absent
    assert all(row["reason"] for row in absent)


def test_a_workbook_holds_the_same_cells_and_no_formula(answers: tuple[Answer, ...]) -> None:
    with zipfile.ZipFile(io.BytesIO(as_xlsx(answers))) as book:
        sheets = [ElementTree.fromstring(book.read(f"xl/worksheets/sheet{n}.xml")) for n in (1, 2)]
        texts = ["".join(t.itertext()) for t in ElementTree.fromstring(book.read("xl/sharedStrings.xml")).findall("s:si", NAMESPACE)]
    assert [sheet.findall(".//s:f", NAMESPACE) for sheet in sheets] == [[], []]
    assert not any(text.startswith(("=", "+", "-", "@", "\t", "\r")) for text in texts)
    cells = sheets[0].findall(".//s:c", NAMESPACE)
    values = sorted(float(c.findtext("s:v", "", NAMESPACE)) for c in cells if c.get("t") is None and c.find("s:v", NAMESPACE) is not None)
    shown = sorted(row.value for answer in answers for row in answer.rows if row.value is not None)
    assert values == pytest.approx(shown, rel=1e-15)  # a workbook keeps 16 digits
    assert any("FROM web_traffic" in text for text in texts)


def test_a_reason_or_a_name_that_looks_like_a_formula_is_quoted_too(answers: tuple[Answer, ...]) -> None:
    one = replace(answers[0], rows=(replace(answers[0].rows[0], label="=1", reason="@x", value=None),))
    assert "'=1" in as_csv([one])
    assert "'@x" in as_csv([one])
    assert guarded("a=b") == "a=b"
    assert guarded("") == ""
