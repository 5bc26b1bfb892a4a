"""Where fetched rows wait, out of every reader's sight, until their slice is whole: small slices in memory, large ones in files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from errors import StoreError
from store.lines import LineFile
from store.schema import arrow_schema
from store.types import Batch, Lines

VIEW = "_fetched"
"""What SQL calls rows that wait as Arrow: DuckDB reads the variable of that name in the caller's frames. A registered view would stay
in memory until the transaction ends."""
MOST_IN_MEMORY = 1 << 20
"""Bytes of one slice."""
ROWS_AT_ONCE = 20_000
"""Rows that one statement inserts, or those of one batch when it has more."""


class Stage:
    """The rows of one stream between two commits, slice by slice."""

    def __init__(self, folder: Path, source: str, stream: str, table: str) -> None:
        self._folder, self._prefix, self._table, self._source = folder, f"{source}.{stream}", table, source
        self._plain = arrow_schema(table)
        self.schema = self._plain.append(pa.field("slice", pa.date32()))
        self._slices: dict[date, _Slice | LineFile] = {}

    def add(self, batch: Batch) -> None:
        """Take the rows of a batch.

        Raises: StoreError when the disk takes no more.
        """
        rows = batch.rows
        try:
            if isinstance(rows, Lines):
                known = self._slices.setdefault(batch.slice, LineFile(self._path(batch.slice, "jsonl"), rows.reader))
                assert isinstance(known, LineFile)
                known.add(rows)
            else:
                kept = self._slices.setdefault(batch.slice, _Slice(self._path(batch.slice, "arrow"), self._plain))
                assert isinstance(kept, _Slice)
                kept.add(rows)
        except OSError as error:
            raise StoreError(
                f"{self._folder}: fetched rows cannot be kept there ({error.strerror or error}). Free some space, then run the sync again."
            ) from error

    def _path(self, day: date, kind: str) -> Path:
        return self._folder / f"{self._prefix}.{day}.{kind}"

    def has_rows(self, day: date) -> bool:
        """Whether anything came of a slice."""
        return day in self._slices and self._slices[day].rows > 0

    def load(self, connection: Connection, into: str, days: Collection[date]) -> None:
        """Insert the rows of these slices into a table with the columns of this stream's.

        Raises: Unreadable for lines of JSON that have to be repaired first, RefusedLines for those that were.
        """
        for day in days:
            waiting = self._slices.get(day)
            if isinstance(waiting, LineFile) and waiting.rows:
                waiting.load(connection, into, self._table, self._source, day)
        names = ", ".join(f'"{name}"' for name in self.schema.names)
        for _fetched in self.portions(days):  # read by name; one statement for all would hold them in memory
            connection.exec_driver_sql(f"INSERT INTO {into} (source, {names}) SELECT ?, {names} FROM {VIEW}", (self._source,)).close()

    def repair(self, day: date) -> None:
        """Write the lines of a slice anew, clean.

        Raises: SourceError when they are no records.
        """
        waiting = self._slices[day]
        assert isinstance(waiting, LineFile)
        waiting.repair()

    def reader(self, days: Collection[date]) -> pa.RecordBatchReader:
        """Return the rows of these slices for one reading; they stream from where they wait."""
        return pa.RecordBatchReader.from_batches(self.schema, (rows for day in days for rows in self._rows(day)))

    def portions(self, days: Collection[date]) -> Iterator[pa.Table]:
        """Yield the same rows, some at a time."""
        waiting: list[pa.RecordBatch] = []
        for batch in (rows for day in days for rows in self._rows(day)):
            waiting.append(batch)
            if sum(rows.num_rows for rows in waiting) >= ROWS_AT_ONCE:
                yield pa.Table.from_batches(waiting)
                waiting = []
        if waiting:
            yield pa.Table.from_batches(waiting)

    def _rows(self, day: date) -> Iterator[pa.RecordBatch]:
        waiting = self._slices.get(day)
        if isinstance(waiting, _Slice):
            yield from waiting.batches(day, self.schema)

    def drop(self, days: Collection[date]) -> None:
        """Forget these slices."""
        for day in list(days):
            if day in self._slices:
                self._slices.pop(day).remove()

    def clear(self) -> None:
        """Forget everything."""
        self.drop(list(self._slices))


class _Slice:
    """The rows of one slice."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._tables: list[pa.Table] = []
        self._file: pa.OSFile | None = None
        self._writer: pa.RecordBatchWriter | None = None
        self.rows = 0

    def add(self, rows: pa.Table) -> None:
        """Take rows; beyond a megabyte they go to the file."""
        self.rows += rows.num_rows
        self._tables.append(rows)
        if self._writer is None and sum(table.nbytes for table in self._tables) > MOST_IN_MEMORY:
            self._path.parent.mkdir(exist_ok=True)
            self._file = pa.OSFile(str(self._path), "wb")
            self._writer = pa.ipc.new_file(self._file, self._schema)
        if self._writer is not None:
            for table in self._tables:
                self._writer.write_table(table)
            self._tables = []

    def batches(self, day: date, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows with their slice, in the order they came."""
        for batch in self._stored() if self._writer is not None else (rows for table in self._tables for rows in table.to_batches()):
            slices = pa.array([day], pa.date32()).take(pa.array(np.zeros(batch.num_rows, dtype=np.int8)))
            yield pa.RecordBatch.from_arrays([*batch.columns, slices], schema=schema)

    def _stored(self) -> Iterator[pa.RecordBatch]:
        self._end()
        with pa.OSFile(str(self._path)) as file:
            reader = pa.ipc.open_file(file)
            for n in range(reader.num_record_batches):
                yield reader.get_batch(n)

    def _end(self) -> None:
        if self._file is not None and self._writer is not None:
            self._writer.close()
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """Remove the rows."""
        self._end()
        self._path.unlink(missing_ok=True)
