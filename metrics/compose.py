"""Makes plain data of YAML events, with the place of every key and value; refuses what could hurt. Knows no KPI.

Scalars are read as YAML 1.2's core schema has them (`NO`, `on` and `12:30` are words), and days as days; that is how editors read them, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

DEEPEST = 20
MOST_PARTS = 40_000
MOST_DIGITS = 30
_DIGITS = re.compile(rf"[-+]?[0-9_]{{{MOST_DIGITS + 1},}}")
_DAY = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]*)?)?(?:[ \t]*(Z|[-+][0-9:]+))?)?"
)
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | float | None] = {
    **{"": None, "~": None, "null": None, "Null": None, "NULL": None},
    **{"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False},
    **{sign + word: float(sign + word[1:]) for sign in ("", "-", "+") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}

Place = tuple[int, int]
"""(line, column), both from 1."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an entry stands in the text: its key (for an item of a list: itself), its value, and the places as indexes of characters."""

    key: Place
    value: Place
    start: int
    middle: int
    end: int


class Map(dict[Any, Any]):
    """A mapping that knows where its entries stand, and whether it is written in braces."""

    __slots__ = ("end", "flow", "spots")

    def __init__(self, *, flow: bool) -> None:
        super().__init__()
        self.flow, self.end = flow, 0
        self.spots: dict[Any, Spot] = {}


class Seq(list[Any]):
    """A list that knows where its items stand."""

    __slots__ = ("end", "flow", "spots")

    def __init__(self, *, flow: bool) -> None:
        super().__init__()
        self.flow, self.end = flow, 0
        self.spots: list[Spot] = []


class Refused(Exception):
    """The text is not read: a code, a place, and why."""

    def __init__(self, code: str, mark: Any, words: str) -> None:
        super().__init__(words)
        self.code, self.line, self.column, self.words = code, mark.line + 1, mark.column + 1, words


@dataclass(frozen=True, slots=True)
class Double:
    """A key that stands twice in one mapping: the path of the mapping, the key, and both places."""

    path: tuple[Any, ...]
    key: Any
    first: Place
    again: Place


@dataclass(frozen=True, slots=True)
class Slip:
    """A value that looks like a day or a number and is none: its path, and why. It is read as the text that it is."""

    path: tuple[Any, ...]
    refused: Refused


@dataclass(slots=True)
class _Open:
    """A collection that is being filled; key: the pending key of a mapping, with its mark."""

    node: Map | Seq
    mark: Any
    key: Any = None
    key_mark: Any = None
    waits: bool = False


@dataclass(slots=True)
class Composer:
    """Builds one document from its events."""

    doubles: list[Double] = field(default_factory=list)
    slips: list[Slip] = field(default_factory=list)
    root: Any = None
    _open: list[_Open] = field(default_factory=list)

    def compose(self, events: Iterable[Any]) -> Any:
        """Return the document as plain data.

        Raises: Refused for tags, anchors, aliases, what is too deep or too much, and a second document.
        """
        documents = 0
        for number, event in enumerate(events):
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise Refused("KPI002", event.start_mark, "a second document begins here (---); a file holds one.")
            if isinstance(event, NodeEvent):
                _object_to(event, number)
            if isinstance(event, ScalarEvent):
                self._scalar(event)
            elif isinstance(event, CollectionStartEvent):
                self._begin(event)
            elif isinstance(event, CollectionEndEvent):
                self._end(event)
        return self.root

    def _scalar(self, event: ScalarEvent) -> None:
        top = self._open[-1] if self._open else None
        if top is not None and isinstance(top.node, Map) and not top.waits:
            top.key, top.key_mark, top.waits = _key(event), event.start_mark, True
            return
        self._put(self._value(event), event.start_mark, event.end_mark.index)

    def _value(self, event: ScalarEvent) -> Any:
        try:
            return plain(event) if event.style is None else event.value
        except Refused as refused:
            last = self._open[-1:]
            self.slips.append(Slip((*self._path(), *(one.key if isinstance(one.node, Map) else len(one.node) for one in last)), refused))
            return event.value

    def _begin(self, event: Any) -> None:
        top = self._open[-1] if self._open else None
        if top is not None and isinstance(top.node, Map) and not top.waits:
            raise Refused("KPI002", event.start_mark, "a mapping or a list cannot be a key; write a word.")
        if len(self._open) >= DEEPEST:
            raise Refused("KPI002", event.start_mark, f"the file nests more than {DEEPEST} deep.")
        kind = Map if isinstance(event, MappingStartEvent) else Seq
        self._open.append(_Open(kind(flow=bool(event.flow_style)), event.start_mark))

    def _end(self, event: Any) -> None:
        ended = self._open.pop()
        last = max((spot.end for spot in _spots(ended.node)), default=ended.mark.index)
        ended.node.end = event.end_mark.index if ended.node.flow else last
        self._put(ended.node, ended.mark, ended.node.end)

    def _put(self, value: Any, mark: Any, end: int) -> None:
        if not self._open:
            self.root = value
            return
        top = self._open[-1]
        place = (mark.line + 1, mark.column + 1)
        if isinstance(top.node, Seq):
            top.node.append(value)
            top.node.spots.append(Spot(place, place, mark.index, mark.index, end))
            return
        key_place = (top.key_mark.line + 1, top.key_mark.column + 1)
        top.waits = False
        if top.key in top.node:
            self.doubles.append(Double(self._path(), top.key, top.node.spots[top.key].key, key_place))
            return
        top.node[top.key] = value
        top.node.spots[top.key] = Spot(key_place, place, top.key_mark.index, mark.index, end)

    def _path(self) -> tuple[Any, ...]:
        return tuple(one.key if isinstance(one.node, Map) else len(one.node) for one in self._open[:-1])


def _spots(node: Map | Seq) -> Iterable[Spot]:
    return node.spots.values() if isinstance(node, Map) else node.spots


def _object_to(event: Any, number: int) -> None:
    if isinstance(event, AliasEvent) or event.anchor:
        raise Refused("KPI002", event.start_mark, "anchors and aliases (& and *) are not allowed; write the value out.")
    tag = getattr(event, "ctag", None)
    if tag is not None and str(tag) not in ("None", ""):
        raise Refused("KPI002", event.start_mark, "tags (!) are not allowed; write a plain value.")
    if number > MOST_PARTS:
        raise Refused("KPI002", event.start_mark, f"the file has more than {MOST_PARTS:,} keys and values; take out what no KPI uses.")


def _key(event: ScalarEvent) -> Any:
    """A key is a word as it is written, or a day."""
    try:
        value = plain(event) if event.style is None and _DAY.fullmatch(event.value) else event.value
    except Refused:
        return event.value
    return value if isinstance(value, date) else event.value


def plain(event: Any) -> Any:
    """Return the value of a scalar without quotes.

    Raises: Refused for what looks like a day or a number and is none.
    """
    text = event.value
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _DIGITS.fullmatch(text):
        raise Refused(
            "KPI004", event.start_mark, f"the number {text[:12]}… has {len(text)} digits; at most {MOST_DIGITS} are read. Example: 5."
        )
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[1:2] in ("o", "x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    day = _DAY.match(text)
    return text if day is None else _instant(event, day)


def _instant(event: Any, day: re.Match[str]) -> date | datetime | str:
    text, numbers = day.string, [int(part or 0) for part in day.groups()[:6]]
    try:
        found = datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001  # six numbers; the zone follows
        if day.end() < len(text):
            return text
        if day[4] is None:
            return found.date()
        if day[6] is None:
            return text
        aware = datetime.fromisoformat(f"{found.isoformat()}{day[7]}") if day[7] else None
        return found if aware is None else aware.astimezone(UTC).replace(tzinfo=None)
    except ValueError as error:
        raise Refused(
            "KPI004",
            event.start_mark,
            f"'{text[:40]}' is not a day of the calendar ({error}). Write days as 2026-01-31, and put quotes around text.",
        ) from None
