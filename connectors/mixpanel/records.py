"""Cuts the body of an export into portions of whole lines, and repairs those that are not clean JSON. Knows no column and no network."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

PORTION = 2 << 20
"""Bytes that are repaired at once."""
LONGEST_RECORD = 1 << 20
"""Bytes; the vendor takes events of at most 1 MB, so a longer joined record is a broken one."""


class BrokenRecord(ValueError):
    """A line is no JSON, alone or joined with its neighbours."""


class TooDeep(ValueError):
    """A record is nested deeper than anybody can keep it."""


def portions(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the body in portions of whole lines; the last one when everything has come, so that a cut is told before its damage."""
    held: list[bytes] = []
    size = 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size >= PORTION and b"\n" in block:
            joined = b"".join(held)
            end = joined.rindex(b"\n") + 1
            yield joined[:end]
            held, size = [joined[end:]], len(joined) - end
    if rest := b"".join(held):
        yield rest


def repaired(portion: bytes, following: Iterator[bytes]) -> bytes:
    """Return the portion's records as clean JSON lines; a record that the portion's end splits takes the next portion along.

    Raises: BrokenRecord after the last block, so that a body that was cut is told as that; TooDeep.
    """
    while True:
        try:
            return b"".join(_written(record) for record in _records(portion))
        except BrokenRecord as error:
            more = next(following, None)
            if more is None or error.args[0] > LONGEST_RECORD:
                for _ in following:
                    pass
                raise
            portion += more


def _written(record: Any) -> bytes:
    try:
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError as error:
        raise TooDeep from error


def _records(portion: bytes) -> Iterator[Any]:
    """Yield the parsed records; blank lines are skipped and a record split over several lines is put together again."""
    part = b""
    for line in portion.split(b"\n"):
        if not line.strip():
            continue
        part += line
        try:
            record = _parsed(part)
        except ValueError:
            if len(part) > LONGEST_RECORD:
                break
            continue
        part = b""
        yield record
    if part:
        raise BrokenRecord(len(part))


def _parsed(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if not text.rstrip().endswith(b"}"):
            raise
        return _tolerant(text)


def _tolerant(text: bytes) -> Any:
    """Parse what orjson refuses and browsers send: half an emoji cut off by a length limit, bytes of no UTF-8, NaN, 1e400."""
    try:
        record = json.loads(text.decode("utf-8", "replace"), parse_constant=lambda _word: None, parse_float=_finite)
        return orjson.loads(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _finite(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None
