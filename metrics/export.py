"""Answers as files for spreadsheets. Text that a spreadsheet would run as a formula stays text, whoever wrote it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from metrics.types import Answer

RUNS = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that spreadsheets take for a formula. Source: OWASP, CSV Injection."""
ONE_LINE = {ord(sign): " " for sign in "\t\r\n"}
Cell = str | float | bool | None


def guarded(text: str) -> str:
    """Return text in one line, with a quote before it when a spreadsheet would run it; numbers are no text and stay as they are."""
    line = text.translate(ONE_LINE)
    return f"'{line}" if text.startswith(RUNS) else line


def header(answers: Sequence[Answer]) -> list[str]:
    """Return the names of the columns: what any of the answers is split or filtered by stands in the middle."""
    return ["kpi", "period", *_splits(answers), "value", "complete", "settling", "reason"]


def rows(answers: Sequence[Answer]) -> Iterator[list[Cell]]:
    """Yield the cells of every row; a value that is absent is None, and its reason stands in the last column."""
    splits = _splits(answers)
    for answer in answers:
        kept = {name: ", ".join(values) for name, values in answer.question.where}
        for row in answer.rows:
            parts = [guarded(row.dimensions.get(name) or kept.get(name, "")) for name in splits]
            named = [guarded(answer.question.kpi), guarded(row.label), *parts]
            yield [*named, row.value, row.complete, row.settling, guarded(row.reason or "")]


def as_csv(answers: Sequence[Answer]) -> str:
    """Return comma separated values with a header, lines ended by a line feed; numbers have all their digits."""
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(header(answers))
    for cells in rows(answers):
        writer.writerow(["" if cell is None else repr(cell) if isinstance(cell, float) else cell for cell in cells])
    return held.getvalue()


def lines_as_csv(lines: Sequence[Mapping[str, object]]) -> str:
    """Return the lines of a table as it is shown, with the names of its columns as header; the cells are text for people."""
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    names = list(dict.fromkeys(name for line in lines for name in line))
    writer.writerow([guarded(name) for name in names])
    for line in lines:
        cells = [line.get(name) for name in names]
        writer.writerow(["" if cell is None else guarded(cell) if isinstance(cell, str) else cell for cell in cells])
    return held.getvalue()


def as_xlsx(answers: Sequence[Answer]) -> bytes:
    """Return a workbook: the numbers, and on a second sheet what is needed to trust and to find them again."""
    import xlsxwriter

    held = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(held, options) as book:
        bold = book.add_format({"bold": True})
        _sheet(book.add_worksheet("Numbers"), bold, header(answers), list(rows(answers)))
        _sheet(
            book.add_worksheet("About"), bold, ["kpi", "unit", "grain", "generation", "definition", "data through", "SQL"], _about(answers)
        )
    return held.getvalue()


def _sheet(sheet: Any, bold: Any, names: Sequence[str], lines: Sequence[Sequence[Cell | int]]) -> None:
    sheet.write_row(0, 0, names, bold)
    sheet.freeze_panes(1, 0)
    for number, cells in enumerate(lines, 1):
        for column, cell in enumerate(cells):
            if cell is not None and cell != "":
                sheet.write(number, column, cell)
    sheet.autofit(max_width=420)


def _about(answers: Sequence[Answer]) -> list[list[Cell | int]]:
    found: list[list[Cell | int]] = []
    for answer in answers:
        reach = [one.covered_through for one in answer.freshness if one.covered_through is not None]
        through = str(min(reach)) if reach else ""
        found.append(
            [
                guarded(answer.question.kpi), guarded(answer.unit), answer.question.grain, answer.generation,
                answer.definition_hash, through, guarded(answer.sql),
            ]
        )  # fmt: skip
    return found


def _splits(answers: Sequence[Answer]) -> list[str]:
    return list(dict.fromkeys(name for answer in answers for name in (*answer.question.by, *(name for name, _ in answer.question.where))))
