"""Cuts the body of an export into its JSON records. Knows no column and no network."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

LONGEST_RECORD = 1 << 20
"""Bytes; the vendor takes events of at most 1 MB, so a longer joined record is a broken one."""


class BrokenRecord(ValueError):
    """A line is no JSON, alone or joined with its neighbours."""


def records(blocks: Iterable[bytes]) -> Iterator[Any]:
    """Yield the parsed records; blank lines are skipped and a record split over several lines is put together again.

    Raises: BrokenRecord after the last block, so that a body that was cut is told as that.
    """
    part, broken = b"", False
    for line in _lines(blocks):
        if broken or not line.strip():
            continue
        part += line
        try:
            record = _parsed(part)
        except ValueError:
            broken = len(part) > LONGEST_RECORD
            continue
        part = b""
        yield record
    if part:
        raise BrokenRecord


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Split on line feeds alone: a value may hold other characters that count as line ends elsewhere."""
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    if rest:
        yield rest


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
