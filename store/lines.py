"""Lines of JSON that wait in a file, as they came, until the database itself reads them into a table. Knows no vendor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from errors import SourceError
from store.schema import arrow_schema
from store.types import LineReader, Lines

BLOCK = 1 << 18


class Unreadable(Exception):
    """The database refuses lines that were not repaired yet; the transaction is lost. slice: whose lines they are."""

    def __init__(self, day: date) -> None:
        super().__init__(day)
        self.slice = day


class RefusedLines(Exception):
    """The database refuses repaired lines, too. error: what to tell of it."""

    def __init__(self, day: date, error: SourceError) -> None:
        super().__init__(day)
        self.slice, self.error = day, error


class LineFile:
    """The lines of one slice."""

    def __init__(self, path: Path, reader: LineReader) -> None:
        self._path, self._reader = path, reader
        self._is_repaired = self._is_made = False
        self.rows = 0

    def add(self, lines: Lines) -> None:
        """Append lines.

        Raises: OSError when the disk takes no more.
        """
        self.rows += lines.num_rows
        self._path.parent.mkdir(exist_ok=True)
        with self._path.open("ab" if self._is_made else "wb") as file:
            file.write(lines.data)
        self._is_made = True

    def load(self, connection: Connection, into: str, table: str, source: str, day: date) -> None:
        """Insert the rows of these lines.

        Raises: Unreadable for lines that are not clean, RefusedLines for repaired ones that still are refused.
        """
        columns = ", ".join(f'"{name}"' for name in ("source", "slice", *arrow_schema(table).names))
        rows = self._reader.select(str(self._path), repaired=self._is_repaired)
        try:
            connection.exec_driver_sql(f"INSERT INTO {into} ({columns}) SELECT ?, ?, * FROM ({rows})", (source, day)).close()
        except DBAPIError as error:
            if type(error.orig).__name__ != "InvalidInputException":
                raise
            if self._is_repaired:
                raise RefusedLines(day, self._reader.refusal(str(error.orig))) from None
            raise Unreadable(day) from error

    def repair(self) -> None:
        """Write the lines anew, clean.

        Raises: SourceError when they are no records.
        """
        clean = self._path.with_suffix(".repaired")
        with clean.open("wb") as file:
            for line in self._reader.repair(self._blocks()):
                file.write(line)
        clean.replace(self._path)
        self._is_repaired = True

    def _blocks(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block

    def remove(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)
