"""Where fetched rows wait, out of every reader's sight, until their slice is whole: small slices in memory, large ones in files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from errors import StoreError
from store.schema import arrow_schema
from store.types import Batch

VIEW = "_fetched"
"""What SQL calls the rows: DuckDB reads the variable of that name in the caller's frames. A registered view would stay in memory
until the transaction ends."""
KEYS = ("dedupe_key", "received_at")
MOST_IN_MEMORY = 1 << 20
"""Bytes of one slice."""
ROWS_AT_ONCE = 20_000
"""Rows that one statement inserts, or those of one batch when it has more."""


class Stage:
    """The rows of one stream between two commits, slice by slice."""

    def __init__(self, folder: Path, source: str, stream: str, table: str) -> None:
        self._folder, self._prefix = folder, f"{source}.{stream}"
        self._plain = arrow_schema(table)
        self.schema = self._plain.append(pa.field("slice", pa.date32()))
        self._slices: dict[date, _Slice] = {}

    def add(self, batch: Batch) -> None:
        """Take the rows of a batch.

        Raises: StoreError when the disk takes no more.
        """
        known = self._slices.get(batch.slice)
        if known is None:
            known = self._slices[batch.slice] = _Slice(self._folder / f"{self._prefix}.{batch.slice}.arrow", self._plain)
        try:
            known.add(batch.rows)
        except OSError as error:
            raise StoreError(
                f"{self._folder}: fetched rows cannot be kept there ({error.strerror or error}). Free some space, then run the sync again."
            ) from error

    def supersede(self, connection: Connection, day: date) -> int:
        """Leave out all copies of an event but the one received last; return how many. Only tables with a dedupe_key have copies."""
        if KEYS[0] not in self.schema.names or not self._slices[day].rows:
            return 0
        _fetched = self._keys(day)
        rows, events = connection.exec_driver_sql(f"SELECT count(*), count(DISTINCT dedupe_key) FROM {VIEW}").one()
        if rows == events:
            return 0
        _fetched = self._keys(day)  # read by name
        connection.exec_driver_sql(f"CREATE OR REPLACE TEMP TABLE _keys AS SELECT * FROM {VIEW}")
        twice = "dedupe_key IN (SELECT dedupe_key FROM _keys GROUP BY dedupe_key HAVING count(*) > 1)"
        ranked = "row_number() OVER (PARTITION BY dedupe_key ORDER BY received_at DESC NULLS LAST, place DESC)"
        older = connection.exec_driver_sql(f"SELECT place FROM (SELECT place, {ranked} AS rank FROM _keys WHERE {twice}) WHERE rank > 1")
        self._slices[day].superseded = np.sort(np.fromiter((row[0] for row in older), dtype=np.int64))
        connection.exec_driver_sql("DROP TABLE _keys")
        return len(self._slices[day].superseded)

    def _keys(self, day: date) -> pa.RecordBatchReader:
        """Return the key columns of a slice with the place of each row."""
        schema = pa.schema([*(self.schema.field(name) for name in KEYS), pa.field("place", pa.int64())])
        return pa.RecordBatchReader.from_batches(schema, self._slices[day].keys(schema))

    def reader(self, days: Collection[date]) -> pa.RecordBatchReader:
        """Return the rows of these slices for one reading; they stream from where they wait."""
        return pa.RecordBatchReader.from_batches(self.schema, self._counted(days))

    def portions(self, days: Collection[date]) -> Iterator[pa.Table]:
        """Yield the same rows, some at a time."""
        waiting: list[pa.RecordBatch] = []
        for batch in self._counted(days):
            waiting.append(batch)
            if sum(rows.num_rows for rows in waiting) >= ROWS_AT_ONCE:
                yield pa.Table.from_batches(waiting)
                waiting = []
        if waiting:
            yield pa.Table.from_batches(waiting)

    def _counted(self, days: Collection[date]) -> Iterator[pa.RecordBatch]:
        return (rows for day in days if day in self._slices for rows in self._slices[day].counted(day, self.schema))

    def drop(self, days: Collection[date]) -> None:
        """Forget these slices."""
        for day in list(days):
            if day in self._slices:
                self._slices.pop(day).remove()

    def clear(self) -> None:
        """Forget everything."""
        self.drop(list(self._slices))


class _Slice:
    """The rows of one slice. superseded: places of rows that do not count, ascending."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._tables: list[pa.Table] = []
        self._file: pa.OSFile | None = None
        self._writer: pa.RecordBatchWriter | None = None
        self.rows = 0
        self.superseded = np.empty(0, dtype=np.int64)

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

    def _batches(self, columns: Collection[str] | None = None) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield (place of the first row, rows), in the order they came."""
        first = 0
        for batch in self._stored(columns) if self._writer is not None else self._kept(columns):
            yield first, batch
            first += batch.num_rows

    def _kept(self, columns: Collection[str] | None) -> Iterator[pa.RecordBatch]:
        for table in self._tables:
            yield from (table if columns is None else table.select(list(columns))).to_batches()

    def _stored(self, columns: Collection[str] | None) -> Iterator[pa.RecordBatch]:
        self._end()
        chosen = None if columns is None else [n for n, name in enumerate(self._schema.names) if name in columns]
        with pa.OSFile(str(self._path)) as file:
            reader = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=chosen))
            for n in range(reader.num_record_batches):
                yield reader.get_batch(n)

    def keys(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the key columns and each row's place."""
        for first, batch in self._batches(KEYS):
            places = pa.array(np.arange(first, first + batch.num_rows, dtype=np.int64))
            yield pa.RecordBatch.from_arrays([*(batch[name] for name in KEYS), places], schema=schema)

    def counted(self, day: date, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows that count, with their slice."""
        for first, batch in self._batches():
            gone = self.superseded[(self.superseded >= first) & (self.superseded < first + batch.num_rows)] - first
            if len(gone):
                keep = np.ones(batch.num_rows, dtype=bool)
                keep[gone] = False
                batch = batch.filter(pa.array(keep))
            slices = pa.array([day], pa.date32()).take(pa.array(np.zeros(batch.num_rows, dtype=np.int8)))
            yield pa.RecordBatch.from_arrays([*batch.columns, slices], schema=schema)

    def _end(self) -> None:
        if self._file is not None and self._writer is not None:
            self._writer.close()
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """Remove the rows."""
        self._end()
        self._path.unlink(missing_ok=True)
