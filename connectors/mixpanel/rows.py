"""Turns the JSON lines of an export into canonical rows: typed columns by allow-list, everything else kept as JSON."""

from __future__ import annotations

import collections.abc
import hashlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from connectors.mixpanel.records import BrokenRecord, records
from errors import ContractError
from store.schema import arrow_schema

EARLIEST, LATEST = 946_684_800, 4_102_444_800
"""Epoch seconds of 2000 and 2100: outside them `time` is in another unit."""
NUMBERS = ("lcp_ms", "revenue")
FOUR_PLACES = Decimal("0.0001")
LARGEST_AMOUNT = Decimal(10) ** 13
"""The column holds 14 digits before the point; a margin of one, because the fourth place may round up."""
ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Mapping:
    """How events become rows. local_zone: the project's zone when its times are local instead of UTC."""

    source: str
    properties: collections.abc.Mapping[str, str]
    reporting_zone: ZoneInfo
    local_zone: ZoneInfo | None


@dataclass(frozen=True, slots=True)
class _Event:
    """One event; processed: when the vendor took it in, ms."""

    name: str
    properties: dict[str, Any]
    identity: tuple[str, str, float, str]
    processed: float


class _Latest:
    """Which row counts of each event that an export holds more than once: the one taken in last."""

    def __init__(self) -> None:
        self._row_of: dict[str, int] = {}
        self._processed = array("d")
        self._superseded: list[int] = []

    def note(self, key: str, processed: float) -> None:
        """Take the next row."""
        row = len(self._processed)
        self._processed.append(processed)
        known = self._row_of.setdefault(key, row)
        if known == row:
            return
        newer = processed >= self._processed[known]
        self._superseded.append(known if newer else row)
        if newer:
            self._row_of[key] = row

    def of(self, rows: pa.Table) -> pa.Table:
        """Return the rows that count."""
        if not self._superseded:
            return rows
        counts = np.ones(rows.num_rows, dtype=bool)
        counts[self._superseded] = False
        return rows.filter(pa.array(counts))


def table_of(mapping: Mapping, day: date, blocks: Iterable[bytes]) -> tuple[pa.Table, tuple[str, ...]]:
    """Return the rows and flags of one day.

    An export may hold an event twice: same name, person, time and insert id are one event, and the one taken in last
    counts (docs.mixpanel.com, deduplication, 2026-08).
    Raises: ContractError when a line is no event.
    Notes: at any time only ROWS_AT_ONCE events lie in memory as objects; the others are Arrow columns and a key each.
    """
    latest, parts, drifted = _Latest(), [arrow_schema("events").empty_table()], False
    events = _events(mapping, day, blocks)
    while some := list(islice(events, ROWS_AT_ONCE)):
        keys = [hashlib.blake2b(repr(event.identity).encode(), digest_size=12).hexdigest() for event in some]
        for key, event in zip(keys, some, strict=True):
            latest.note(key, event.processed)
        rows, some_drifted = _table(mapping, day, some, keys)
        parts.append(rows)
        drifted |= some_drifted
    return latest.of(pa.concat_tables(parts)), ("drift",) if drifted else ()


def _events(mapping: Mapping, day: date, blocks: Iterable[bytes]) -> Iterator[_Event]:
    try:
        for record in records(blocks):
            yield _event(mapping, day, record)
    except BrokenRecord as error:
        raise ContractError(
            f"{mapping.source}: the export of {day} holds a line that is no JSON. The day keeps its earlier data."
        ) from error


def _event(mapping: Mapping, day: date, record: Any) -> _Event:
    try:
        name, properties = record["event"], dict(record["properties"])
        time = properties["time"]
        if name is None:
            raise ValueError("no event name")
    except (TypeError, KeyError, ValueError) as error:
        raise ContractError(f"{mapping.source}: the export of {day} holds a record without event, properties or time.") from error
    if isinstance(time, bool) or not isinstance(time, int | float) or not EARLIEST <= time <= LATEST:
        raise ContractError(f"{mapping.source}: the export of {day} holds the time {str(time)[:40]}, which is not in seconds since 1970.")
    identity = (str(name), _text(properties.get("distinct_id")), float(time), _text(properties.get("$insert_id")))
    processed = properties.get("mp_processing_time_ms")
    return _Event(identity[0], properties, identity, float(processed) if isinstance(processed, int | float) else 0.0)


def _text(value: object) -> str:
    """Return an id as text: null is no id, and never the person "None"."""
    return "" if value is None else str(value)


def _table(mapping: Mapping, day: date, events: list[_Event], keys: list[str]) -> tuple[pa.Table, bool]:
    schema = arrow_schema("events")
    times = _instants(mapping, [event.identity[2] for event in events])
    days = times.tz_convert(str(mapping.reporting_zone)).tz_localize(None).normalize()
    typed, drifted = _typed(mapping, events)
    columns: dict[str, Any] = {
        "time": pa.array(times.tz_localize(None).astype("datetime64[us]"), schema.field("time").type),
        "day": pa.array(days.to_numpy().astype("datetime64[D]"), pa.date32()),
        "user_id": [event.identity[1] or None for event in events],
        "event": [event.name for event in events],
        "properties": [_json(mapping, day, event.properties) for event in events],
        "dedupe_key": keys,
        **typed,
    }
    arrays = [columns[f.name] if isinstance(columns[f.name], pa.Array) else pa.array(columns[f.name], f.type) for f in schema]
    return pa.table(arrays, schema=schema), drifted


def _json(mapping: Mapping, day: date, properties: dict[str, Any]) -> str:
    try:
        return orjson.dumps(properties, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError as error:
        raise ContractError(f"{mapping.source}: the export of {day} holds properties that are nested too deeply to keep.") from error


def _instants(mapping: Mapping, seconds: list[float]) -> pd.DatetimeIndex:
    """Return UTC instants; local pseudo-epochs are read as wall-clock time of the project's zone at that date."""
    plain = pd.to_datetime(pd.Series(seconds, dtype="float64") * 1_000_000, unit="us")
    index = pd.DatetimeIndex(plain)
    if mapping.local_zone is None:
        return index.tz_localize("UTC")
    return index.tz_localize(str(mapping.local_zone), ambiguous=np.ones(len(index), dtype=bool), nonexistent="shift_forward").tz_convert(
        "UTC"
    )


def _typed(mapping: Mapping, events: list[_Event]) -> tuple[dict[str, list[Any]], bool]:
    """Return the allow-listed columns; a value of another type is left out there, and stays in the JSON."""
    columns: dict[str, list[Any]] = {name: [None] * len(events) for name in ("device", "channel", "page", "lcp_ms", "revenue")}
    drifted = False
    for written, column in mapping.properties.items():
        values = [event.properties.get(written) for event in events]
        columns[column] = [_value(column, value) for value in values]
        drifted |= any(value is not None and kept is None for value, kept in zip(values, columns[column], strict=True))
    return columns, drifted


def _value(column: str, value: Any) -> Any:
    if value is None or column not in NUMBERS:
        return value if isinstance(value, str) else None if value is None or isinstance(value, dict | list) else str(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if column == "lcp_ms":
        return float(value)
    exact = Decimal(repr(value))
    return exact.quantize(FOUR_PLACES) if abs(exact) < LARGEST_AMOUNT else None
