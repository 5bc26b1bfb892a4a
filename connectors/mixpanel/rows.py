"""Turns the JSON lines of an export into canonical rows: typed columns by allow-list, everything else kept as JSON.

Whole portions of lines are read by DuckDB's JSON reader; no event becomes a Python object, except in portions that are not
clean JSON lines, which are repaired first.
"""

from __future__ import annotations

import collections.abc
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from connectors.mixpanel.records import BrokenRecord, TooDeep, lines_of, portions, repaired
from errors import ContractError
from store.schema import arrow_schema

EARLIEST, LATEST = 946_684_800, 4_102_444_800
"""Epoch seconds of 2000 and 2100: outside them `time` is in another unit."""
TEXTS = ("device", "channel", "page")
NUMBERS = {"lcp_ms": "DOUBLE", "revenue": "DECIMAL(18, 4)"}
IDS = {"user_id": "distinct_id", "insert_id": "$insert_id"}


@dataclass(frozen=True, slots=True)
class Mapping:
    """How events become rows. local_zone: the project's zone when its times are local instead of UTC."""

    source: str
    properties: collections.abc.Mapping[str, str]
    reporting_zone: ZoneInfo
    local_zone: ZoneInfo | None


def tables_of(mapping: Mapping, day: date, blocks: Iterable[bytes]) -> Iterator[tuple[pa.Table, bool]]:
    """Yield the rows of one day in portions, and whether a portion holds values of another type than its column.

    An export may hold an event twice; both copies come, under the same dedupe_key, with the instant the vendor took them in.
    Raises: ContractError when a line is no event.
    Notes: a portion of 2 MB lies in memory at any time, whatever the size of the day.
    """
    left = portions(blocks)
    for portion in left:
        found = _read(mapping, portion)
        if found is None:
            found = _repaired(mapping, day, portion, left)
        _check(mapping, day, found)
        yield _table(mapping, found), bool(pc.any(found["drifted"]).as_py())


def _repaired(mapping: Mapping, day: date, portion: bytes, following: Iterator[bytes]) -> pa.Table:
    try:
        found = _read(mapping, repaired(portion, following))
    except BrokenRecord as error:
        raise ContractError(
            f"{mapping.source}: the export of {day} holds a line that is no JSON. The day keeps its earlier data."
        ) from error
    except TooDeep as error:
        raise ContractError(f"{mapping.source}: the export of {day} holds properties that are nested too deeply to keep.") from error
    assert found is not None
    return found


@functools.cache
def _reader() -> duckdb.DuckDBPyConnection:
    """The engine in memory that parses; it holds no table."""
    return duckdb.connect(config={"threads": "1", "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})


def _read(mapping: Mapping, portion: bytes) -> pa.Table | None:
    """Return a portion's columns as the vendor wrote them; None when a line is not clean JSON."""
    lines = lines_of(portion)
    if lines is None:
        return None
    with _reader().cursor() as cursor:
        cursor.register("lines", pa.table({"line": lines}))
        try:
            found = cursor.execute(_statement(tuple(sorted(mapping.properties.items())))).to_arrow_table()
            return None if pc.any(found["is_lenient"]).as_py() else found
        except duckdb.InvalidInputException:
            return None


@functools.cache
def _statement(properties: tuple[tuple[str, str], ...]) -> str:
    """Return the SELECT that reads an event's parts; json_extract takes all of them in one pass over a line.

    Notes: is_lenient: the parser takes two words for numbers that are no JSON; the portion is repaired then.
    """
    named = {column: written for written, column in properties}
    wanted = {"properties": "", "time": "time", "received": "mp_processing_time_ms", **IDS, **named}
    json = ["/event", *(_pointer(name) for name in wanted.values())]
    places = {name: f"(j[{n}]::VARCHAR)" for n, name in enumerate(["event", *wanted], 1)}
    spoken = ["event", *IDS, *(name for name in TEXTS if name in named)]
    texts = ["/event", *(_pointer(wanted[name]) for name in spoken[1:])]
    spoken_at = {name: f"s[{n}]" for n, name in enumerate(spoken, 1)}
    columns = {name: _column(name, places, spoken_at) for name in (*TEXTS, *NUMBERS)}
    drift = [f"({places[c]} <> 'null' AND {columns[c]} IS NULL)" for c in columns if c in named]
    seconds = f"TRY_CAST({places['time']} AS DOUBLE)"
    key = ", ".join(
        [spoken_at["event"], _or_empty(spoken_at["user_id"]), f"CAST({seconds} * 1e6 AS BIGINT)", _or_empty(spoken_at["insert_id"])]
    )
    return f"""
        SELECT {spoken_at["event"]} AS event, {places["properties"]} AS properties, {seconds} AS seconds,
            CASE WHEN {spoken_at["event"]} IS NULL OR {places["properties"]}[1] IS DISTINCT FROM '{{' OR {places["time"]} IS NULL THEN ''
                WHEN {seconds} IS NULL OR {seconds} NOT BETWEEN {EARLIEST} AND {LATEST} THEN {places["time"]} END AS strange,
            TRY_CAST({places["received"]} AS DOUBLE) AS received, {spoken_at["user_id"]} AS user_id,
            CASE WHEN {seconds} BETWEEN {EARLIEST} AND {LATEST} THEN md5(concat_ws(chr(31), {key})) END AS dedupe_key,
            {", ".join(f"{expression} AS {name}" for name, expression in columns.items())}, coalesce({" OR ".join(drift) or "false"}, false) AS drifted,
            contains({places["properties"]}, 'NaN') OR contains({places["properties"]}, 'Infinity') AS is_lenient
        FROM (SELECT json_extract(line, {_list(json)}) AS j, json_extract_string(line, {_list(texts)}) AS s FROM lines)
    """


def _column(name: str, places: dict[str, str], spoken_at: dict[str, str]) -> str:
    """Return the expression of an allow-listed column; a value of another type is left out there, and stays in the JSON."""
    if name not in places:
        return f"CAST(NULL AS {NUMBERS.get(name, 'VARCHAR')})"
    if name in TEXTS:
        return f"CASE WHEN {places[name]}[1] NOT IN ('{{', '[') THEN {spoken_at[name]} END"
    value = f"TRY_CAST({places[name]} AS {NUMBERS[name]})"
    return f"CASE WHEN isfinite({value}) THEN {value} END" if NUMBERS[name] == "DOUBLE" else value


def _or_empty(expression: str) -> str:
    return f"coalesce({expression}, '')"


def _pointer(name: str) -> str:
    return "/properties" + (f"/{name.replace('~', '~0').replace('/', '~1')}" if name else "")


def _list(texts: list[str]) -> str:
    return "[" + ", ".join("'" + text.replace("'", "''") + "'" for text in texts) + "]"


def _check(mapping: Mapping, day: date, found: pa.Table) -> None:
    strange = found["strange"].drop_null()
    if not len(strange):
        return
    if "" in (first := strange.slice(0, 1).to_pylist()):
        raise ContractError(f"{mapping.source}: the export of {day} holds a record without event, properties or time.")
    raise ContractError(f"{mapping.source}: the export of {day} holds the time {first[0][:40]}, which is not in seconds since 1970.")


def _table(mapping: Mapping, found: pa.Table) -> pa.Table:
    times = _instants(mapping, found["seconds"].to_numpy())
    days = times.tz_convert(str(mapping.reporting_zone)).tz_localize(None).normalize()
    schema = arrow_schema("events")
    made = {
        "time": pa.array(times.tz_localize(None).astype("datetime64[us]"), pa.timestamp("us")),
        "day": pa.array(days.to_numpy().astype("datetime64[D]"), pa.date32()),
        "received_at": _received(found["received"]),
    }
    return pa.table([made.get(f.name, found[f.name] if f.name in found.column_names else None) for f in schema], schema=schema)


def _received(milliseconds: pa.ChunkedArray) -> pa.Array:
    """Return instants; what is no instant of this century is none."""
    values = milliseconds.to_numpy()
    sound = (values >= EARLIEST * 1e3) & (values <= LATEST * 1e3)
    return pa.array(np.where(sound, values, 0).astype("int64") * 1_000, pa.timestamp("us"), mask=~sound)


def _instants(mapping: Mapping, seconds: np.ndarray) -> pd.DatetimeIndex:
    """Return UTC instants; local pseudo-epochs are read as wall-clock time of the project's zone at that date."""
    index = pd.DatetimeIndex(np.rint(seconds * 1e6).astype("int64").astype("datetime64[us]"))
    if mapping.local_zone is None:
        return index.tz_localize("UTC")
    return index.tz_localize(str(mapping.local_zone), ambiguous=np.ones(len(index), dtype=bool), nonexistent="shift_forward").tz_convert(
        "UTC"
    )
