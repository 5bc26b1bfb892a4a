"""Lines of a CSV file whose problems have their place: file:line:column. Knows no meaning."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from errors import ConfigError


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: its cells by column, and where each stands."""

    path: Path
    number: int
    cells: Mapping[str, str]
    columns: Sequence[str]

    def wrong(self, column: str, message: str) -> ConfigError:
        """Return the error about one cell, with file:line:column."""
        return ConfigError(f"{self.path}:{self.number}:{self.columns.index(column) + 1}: {column}: {message}")

    def number_in(self, column: str) -> Fraction:
        """Return the exact number of a cell; thousands separators and units are no part of one."""
        text = self.cells[column]
        try:
            value = Fraction(text)
        except (ValueError, ZeroDivisionError):
            raise self.wrong(column, f"'{text}' is not a number. Write it as 1234.5, without separators or units.") from None
        if "/" in text or not math.isfinite(_float(value)):
            raise self.wrong(column, f"'{text}' is not a number that can be worked with. Write it as 1234.5.")
        return value

    def text_in(self, column: str) -> str:
        """Return a cell that must not be empty."""
        if not self.cells[column]:
            raise self.wrong(column, "is empty. Every row needs it.")
        return self.cells[column]


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def read_lines(path: Path, check: Callable[[Path, Sequence[str]], None]) -> Iterator[Line]:
    """Yield the lines of a file that are not empty; check: looks at the header and raises.

    Raises: ConfigError for a file that cannot be read, is not CSV, or has a line of another length than its header.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not text in UTF-8. Save it as CSV in UTF-8.") from None
    reader = csv.reader(text.splitlines(), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        check(path, header)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise ConfigError(f"{path}:{reader.line_num}: has {len(cells)} cells and the header {len(header)}: {', '.join(header)}.")
            yield Line(path, reader.line_num, dict(zip(header, (cell.strip() for cell in cells), strict=True)), header)
    except csv.Error as error:
        raise ConfigError(f"{path}:{reader.line_num}: is not CSV ({error}).") from error
