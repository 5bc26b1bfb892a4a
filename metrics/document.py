"""Read one YAML document with the place of every key, refusing what nobody writes by hand. Knows no KPI."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, DocumentStartEvent, MappingStartEvent, NodeEvent, ScalarEvent, SequenceStartEvent

from errors import Issue

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
MAX_NODES = 50_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

Key = str | int | float | bool | date | None
Place = tuple[Key, ...]


class Refused(Exception):
    """The document cannot be read; carries the one issue that says why."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(str(issue))
        self.issue = issue


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document as plain dicts, lists and scalars, with the line and column (from 1) of every entry."""

    file: str
    tree: Any
    places: Mapping[Place, tuple[int, int]] = field(default_factory=dict)

    def where(self, place: Sequence[Key]) -> tuple[int, int]:
        """Return line and column of the entry, or of the nearest one around it that has a place."""
        for length in range(len(place), 0, -1):
            if found := self.places.get(tuple(place[:length])):
                return found
        return (1, 1)


def read_document(path: Path) -> Document:
    """Return the document in a file.

    Raises: Refused for an unreadable file, wrong YAML, more than 1 MiB, 20 levels or 50,000 nodes, and for tags,
        anchors, aliases and merge keys.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _refused(path.name, None, "KPI002", f"the file has {path.stat().st_size:,} bytes; at most {MAX_BYTES:,} are read.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise _refused(path.name, None, "KPI001", f"the file cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise _refused(path.name, None, "KPI001", f"the file is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error
    return parse_document(text, path.name)


def parse_document(text: str, file: str) -> Document:
    """Return the document in a text; `file` is the name that issues carry. Raises: Refused."""
    if hidden := _CONTROL.search(text):
        line = text.count("\n", 0, hidden.start()) + 1
        raise _refused(file, None, "KPI002", f"the invisible character U+{ord(hidden[0]):04X} is not allowed.", (line, 1))
    try:
        _inspect(text, file)
        tree = YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        raise _refused(file, error.problem_mark, "KPI001", f"this is not valid YAML: {_problem(error)}.") from error
    except (YAMLError, ValueError) as error:
        raise _refused(file, None, "KPI001", f"this is not valid YAML: {str(error).splitlines()[0]}.") from error
    places: dict[Place, tuple[int, int]] = {}
    return Document(file, _plain(tree, (), places), places)


def _problem(error: MarkedYAMLError) -> str:
    return str(error.problem or error.context or "it cannot be parsed").splitlines()[0].rstrip(".")


def _inspect(text: str, file: str) -> None:
    """Walk the parser's events, which are made lazily, so that a bomb is refused before anything is built from it."""
    depth = nodes = documents = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        nodes += isinstance(event, NodeEvent)
        documents += isinstance(event, DocumentStartEvent)
        if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            depth += 1
        elif type(event).__name__ in ("MappingEndEvent", "SequenceEndEvent"):
            depth -= 1
        if complaint := _complaint(event, depth, nodes, documents):
            raise _refused(file, event.start_mark, "KPI002", complaint)


def _complaint(event: Any, depth: int, nodes: int, documents: int) -> str | None:
    if depth > MAX_DEPTH:
        return f"the values are nested more than {MAX_DEPTH} levels deep."
    if nodes > MAX_NODES:
        return f"the file has more than {MAX_NODES:,} values."
    if documents > 1:
        return "a second document begins here; one file holds one document."
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
        return "anchors (&) and aliases (*) are not read. Write the value out."
    if isinstance(event, NodeEvent) and getattr(event, "tag", None) is not None:
        return f"the tag '{str(event.tag)[:40]}' is not read. Remove it."
    if isinstance(event, ScalarEvent) and event.value == "<<" and event.style is None:
        return "merge keys (<<) are not read. Write the values out."
    return None


def _refused(file: str, mark: Any, code: str, message: str, place: tuple[int, int] = (0, 0)) -> Refused:
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else place
    return Refused(Issue("error", code, file, line, column, None, message))


def _plain(node: Any, place: Place, places: dict[Place, tuple[int, int]]) -> Any:
    """Return the tree without ruamel's own types; record where each entry stands."""
    if isinstance(node, Mapping):
        for key in node:
            line, column = node.lc.key(key)  # type: ignore[attr-defined]  # round-trip mappings carry their places
            places[(*place, _scalar(key))] = (line + 1, column + 1)
        return {_scalar(key): _plain(value, (*place, _scalar(key)), places) for key, value in node.items()}
    if isinstance(node, list):
        for number in range(len(node)):
            line, column = node.lc.item(number)  # type: ignore[attr-defined]  # as above
            places[(*place, number)] = (line + 1, column + 1)
        return [_plain(item, (*place, number), places) for number, item in enumerate(node)]
    return _scalar(node)


def _scalar(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, datetime):
        return datetime.fromisoformat(value.isoformat())
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value
