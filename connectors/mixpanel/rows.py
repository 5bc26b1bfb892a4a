"""How the JSON lines of an export become canonical rows: typed columns by allow-list, everything else kept as JSON.

The database reads the lines with the SELECT that is written here; no event becomes a Python object, except in days that hold
lines which are no clean JSON, which are repaired first.
"""

from __future__ import annotations

import collections.abc
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from connectors.mixpanel.records import BrokenRecord, TooDeep, portions, repaired
from errors import ContractError
from store.types import day_start

EARLIEST, LATEST = 946_684_800, 4_102_444_800
"""Epoch seconds of 2000 and 2100: outside them `time` is in another unit."""
TEXTS = ("device", "channel", "page")
NUMBERS = {"lcp_ms": "DOUBLE", "revenue": "DECIMAL(18, 4)"}
TIME, RECEIVED, USER, INSERT = "time", "mp_processing_time_ms", "distinct_id", "$insert_id"
STRANGE, LENIENT = "strange: ", "lenient: "
QUARTER_HOUR = timedelta(minutes=15)
"""No zone changes its clock between quarters of an hour."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """How events become rows. local_zone: the project's zone when its times are local instead of UTC."""

    source: str
    properties: collections.abc.Mapping[str, str]
    reporting_zone: ZoneInfo
    local_zone: ZoneInfo | None


@dataclass(frozen=True, slots=True)
class DayReader:
    """Reads the lines of one day. An export may hold an event twice; both copies come, under one dedupe_key."""

    mapping: Mapping
    day: date

    def select(self, file: str, *, repaired: bool) -> str:
        """Return the SELECT over a file of JSON lines whose columns are those of `events`.

        Notes: a value of another type than its column is left out there and stays in the JSON. A record that is no event is an
            error of the statement. The parser takes NaN and Infinity, which are no JSON; until the lines are repaired they are an
            error, too, and so is every text that looks like them.
        """
        columns_of = {column: name for name, column in self.mapping.properties.items()}
        places = _Places([(name, "JSON") for name in (TIME, RECEIVED)] + [(name, "VARCHAR") for name in (USER, INSERT)])
        typed, drift = {}, ["false"]
        for column in (*TEXTS, *NUMBERS):
            typed[column] = f"CAST(NULL AS {NUMBERS.get(column, 'VARCHAR')})"
            if column in columns_of:
                typed[column], place = _typed(column, columns_of[column], places)
                drift.append(f"({place} IS NOT NULL AND {typed[column]} IS NULL)")
        user, insert = places.of(USER, "VARCHAR"), places.of(INSERT, "VARCHAR")
        columns = {
            "time": "happened", "day": self._day(), "user_id": user, "event": _sound(repaired), **typed, "properties": "p",
            "dedupe_key": f"coalesce({insert}, '')", "received_at": _received(places.of(RECEIVED, "JSON")), "drifted": f"coalesce({' OR '.join(drift)}, false)",
        }  # fmt: skip
        order = ("time", "day", "user_id", "event", *TEXTS, *NUMBERS, "properties", "dedupe_key", "received_at", "drifted")
        return f"""
            SELECT {", ".join(f"{columns[name]} AS {name}" for name in order)}
            FROM (SELECT *, {self._instant()} AS happened
            FROM (SELECT *, CASE WHEN seconds BETWEEN {EARLIEST} AND {LATEST} THEN CAST(seconds * 1e6 AS BIGINT) END AS micros
            FROM (SELECT *, TRY_CAST({places.of(TIME, "JSON")}::VARCHAR AS DOUBLE) AS seconds
            FROM (SELECT event, p, {places.parsed()}
            FROM (SELECT event, properties::VARCHAR AS p
            FROM read_json({_text(file)}, format = 'newline_delimited', auto_detect = false, columns = {{event: 'VARCHAR', properties: 'JSON'}}))))))
        """

    def _instant(self) -> str:
        """Return the expression of the UTC instant; local pseudo-epochs are wall-clock times of the project's zone at that date."""
        wall = "make_timestamp(micros)"
        if self.mapping.local_zone is None:
            return wall
        pieces = _pieces(self.day, self.mapping.local_zone)
        branches = " ".join(f"WHEN {wall} < {_at(piece.until)} THEN {piece.instant(wall)}" for piece in pieces)
        other = f"timezone('UTC', timezone({_text(str(self.mapping.local_zone))}, {wall}))"
        return f"CASE WHEN {wall} < {_at(pieces[0].since)} THEN {other} {branches} ELSE {other} END"

    def _day(self) -> str:
        """Return the expression of the day in the reporting zone: those around the asked day are told by their first instants."""
        zone = self.mapping.reporting_zone
        around = [self.day + timedelta(days=n) for n in range(-2, 4)]
        starts = [day_start(day, zone).replace(tzinfo=None) for day in around]
        branches = " ".join(f"WHEN happened < {_at(until)} THEN DATE '{day}'" for day, until in zip(around, starts[1:], strict=False))
        other = f"CAST(timezone({_text(str(zone))}, timezone('UTC', happened)) AS DATE)"
        return f"CASE WHEN happened < {_at(starts[0])} THEN {other} {branches} ELSE {other} END"

    def repair(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the records as clean JSON lines.

        Raises: ContractError when a line is no JSON, alone or joined with its neighbours.
        """
        left = portions(blocks)
        try:
            for portion in left:
                yield repaired(portion, left)
        except BrokenRecord as error:
            raise ContractError(self._words("a line that is no JSON. The day keeps its earlier data.")) from error
        except TooDeep as error:
            raise ContractError(self._words("properties that are nested too deeply to keep.")) from error

    def refusal(self, said: str) -> ContractError:
        """Return what to tell of clean lines that are no events."""
        _, is_strange, time = said.partition(STRANGE)
        if not is_strange:
            return ContractError(self._words("a record that the database cannot read."))
        value = time.splitlines()[0].strip() if time.strip() else ""
        if not value:
            return ContractError(self._words("a record without event, properties or time."))
        return ContractError(self._words(f"the time {value[:40]}, which is not in seconds since 1970."))

    def _words(self, what: str) -> str:
        return f"{self.mapping.source}: the export of {self.day} holds {what}"


class _Places:
    """Where the SELECT finds each property: (name, kind) in one of the structs that the properties are parsed into.

    Names of a struct are told apart without their case, so names that differ in nothing else stand in different structs.
    """

    def __init__(self, wanted: Sequence[tuple[str, str]]) -> None:
        self._structs: list[dict[str, str]] = []
        for name, kind in wanted:
            self.of(name, kind)

    def of(self, name: str, kind: str) -> str:
        """Return the expression of a property as JSON or as text, and have it parsed."""
        for n, struct in enumerate(self._structs):
            if struct.get(name) == kind:
                return f"s{n}.{_name(name)}"
        free = next((s for s in self._structs if name.casefold() not in map(str.casefold, s)), None)
        if free is None:
            self._structs.append(free := {})
        free[name] = kind
        return self.of(name, kind)

    def parsed(self) -> str:
        """Return the expressions that parse the properties, once for each struct."""
        structs = enumerate(self._structs)
        return ", ".join(f"CASE WHEN starts_with(p, '{{') THEN from_json(p, {_text(json.dumps(s))}) END AS s{n}" for n, s in structs)


def _typed(column: str, name: str, places: _Places) -> tuple[str, str]:
    """Return the expression of an allow-listed column, in which a value of another type is NULL, and the place it stands at."""
    if column in TEXTS:
        place = places.of(name, "VARCHAR")
        looks = f"(starts_with({place}, '{{') OR starts_with({place}, '['))"
        return f"CASE WHEN {looks} AND json_type(p, {_text(_pointer(name))}) <> 'VARCHAR' THEN NULL ELSE {place} END", place
    place = places.of(name, "JSON")
    value = f"TRY_CAST({place}::VARCHAR AS {NUMBERS[column]})"
    return (f"CASE WHEN isfinite({value}) THEN {value} END" if NUMBERS[column] == "DOUBLE" else value), place


def _pointer(name: str) -> str:
    return f"/{name.replace('~', '~0').replace('/', '~1')}"


def _sound(repaired: bool) -> str:
    """Return the event's name, or an error of the statement when the record is none."""
    time = "coalesce(CASE WHEN event IS NOT NULL AND starts_with(p, '{') THEN s0.time::VARCHAR END, '')"
    lenient = "" if repaired else f"WHEN contains(p, 'NaN') OR contains(p, 'Infinity') THEN error('{LENIENT}' || event)"
    return f"CASE WHEN event IS NULL OR micros IS NULL THEN error('{STRANGE}' || {time}) {lenient} ELSE event END"


def _received(place: str) -> str:
    """Return the expression of the instant of intake; what is no instant of this century is none."""
    value = f"TRY_CAST({place}::VARCHAR AS DOUBLE)"
    return f"CASE WHEN {value} BETWEEN {EARLIEST}e3 AND {LATEST}e3 THEN make_timestamp(CAST({value} AS BIGINT) * 1000) END"


@dataclass(frozen=True, slots=True)
class _Piece:
    """Wall-clock times [since, until) that lie equally far from UTC. offset None: the clock left them out; they mean its next time."""

    since: datetime
    until: datetime
    offset: timedelta | None
    next_utc: datetime

    def instant(self, wall: str) -> str:
        if self.offset is None:
            return _at(self.next_utc)
        return f"{wall} - to_seconds({int(self.offset.total_seconds())})"


def _pieces(day: date, zone: ZoneInfo) -> list[_Piece]:
    """Return the pieces of the three days around a day; a time that comes twice is its first."""
    first = datetime(day.year, day.month, day.day) - timedelta(days=1)  # noqa: DTZ001  # wall-clock times have no zone
    walls = pd.date_range(first, first + timedelta(days=3), freq=QUARTER_HOUR)
    utc = (
        walls.tz_localize(str(zone), ambiguous=np.ones(len(walls), dtype=bool), nonexistent="shift_forward")
        .tz_convert(UTC)
        .tz_localize(None)
    )
    pieces: list[_Piece] = []
    for n in range(len(walls) - 1):
        offset = None if utc[n + 1] == utc[n] else (walls[n] - utc[n]).to_pytimedelta()
        since, until = walls[n].to_pydatetime(), walls[n + 1].to_pydatetime()
        if pieces and pieces[-1].offset == offset:
            pieces[-1] = _Piece(pieces[-1].since, until, offset, pieces[-1].next_utc)
        else:
            pieces.append(_Piece(since, until, offset, utc[n].to_pydatetime()))
    return pieces


def _at(moment: datetime) -> str:
    return f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S}'"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
