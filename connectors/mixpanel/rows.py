"""Turns the JSON lines of an export into canonical rows: typed columns by allow-list, everything else kept as JSON."""

from __future__ import annotations

import collections.abc
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from errors import ContractError
from store.schema import arrow_schema

EARLIEST, LATEST = 946_684_800, 4_102_444_800
"""Epoch seconds of 2000 and 2100: outside them `time` is in another unit."""
NUMBERS = ("lcp_ms", "revenue")
FOUR_PLACES = Decimal("0.0001")


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


def table_of(mapping: Mapping, day: date, blocks: Iterable[bytes]) -> tuple[pa.Table, tuple[str, ...]]:
    """Return the rows and flags of one day.

    An export may hold an event twice: same name, person, time and insert id are one event, and the one taken in last
    counts (docs.mixpanel.com, deduplication, 2026-08).
    Raises: ContractError when a line is no event.
    """
    latest: dict[tuple[str, str, float, str], _Event] = {}
    for event in _events(mapping, day, _lines(blocks)):
        known = latest.get(event.identity)
        if known is None or event.processed >= known.processed:
            latest[event.identity] = event
    return _table(mapping, list(latest.values()))


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Split on line feeds alone: a value may hold other characters that count as line ends elsewhere."""
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _events(mapping: Mapping, day: date, lines: Iterable[bytes]) -> Iterator[_Event]:
    """Parse the lines; a record that the vendor split over several lines is put together again."""
    part = b""
    for line in lines:
        if not line.strip():
            continue
        try:
            record = orjson.loads(part + line)
        except orjson.JSONDecodeError:
            part += line
            if len(part) > 1 << 20:
                break
            continue
        part = b""
        yield _event(mapping, day, record)
    if part:
        raise ContractError(f"{mapping.source}: the export of {day} holds a line that is no JSON. The day keeps its earlier data.")


def _event(mapping: Mapping, day: date, record: Any) -> _Event:
    try:
        name, properties = str(record["event"]), dict(record["properties"])
        time = properties["time"]
    except (TypeError, KeyError, ValueError) as error:
        raise ContractError(f"{mapping.source}: the export of {day} holds a record without event, properties or time.") from error
    if isinstance(time, bool) or not isinstance(time, int | float) or not EARLIEST <= time <= LATEST:
        raise ContractError(f"{mapping.source}: the export of {day} holds the time {str(time)[:40]}, which is not in seconds since 1970.")
    identity = (name, str(properties.get("distinct_id", "")), float(time), str(properties.get("$insert_id", "")))
    processed = properties.get("mp_processing_time_ms")
    return _Event(name, properties, identity, float(processed) if isinstance(processed, int | float) else 0.0)


def _table(mapping: Mapping, events: list[_Event]) -> tuple[pa.Table, tuple[str, ...]]:
    schema = arrow_schema("events")
    times = _instants(mapping, [event.identity[2] for event in events])
    days = times.tz_convert(str(mapping.reporting_zone)).tz_localize(None).normalize() if len(events) else times
    typed, drifted = _typed(mapping, events)
    columns: dict[str, Any] = {
        "time": pa.array(times.tz_localize(None).astype("datetime64[us]"), schema.field("time").type),
        "day": pa.array(days.to_numpy().astype("datetime64[D]"), pa.date32()),
        "user_id": [event.identity[1] or None for event in events],
        "event": [event.name for event in events],
        "properties": [orjson.dumps(event.properties, option=orjson.OPT_SORT_KEYS).decode() for event in events],
        "dedupe_key": [hashlib.blake2b(repr(event.identity).encode(), digest_size=12).hexdigest() for event in events],
        **typed,
    }
    arrays = [columns[f.name] if isinstance(columns[f.name], pa.Array) else pa.array(columns[f.name], f.type) for f in schema]
    return pa.table(arrays, schema=schema), ("drift",) if drifted else ()


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
    try:
        return Decimal(repr(value)).quantize(FOUR_PLACES)
    except InvalidOperation:
        return None
