"""Reads YAML that people wrote, with the place of every key; refuses what could hurt. Knows no KPI."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent, ScalarEvent

from errors import Issue

LARGEST_BYTES = 1 << 20
DEEPEST = 20
MOST_PARTS = 20_000
MOST_DIGITS = 30
_DIGITS = re.compile(rf"[-+]?[0-9_]{{{MOST_DIGITS + 1},}}")
_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}))?")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain data, and where its keys stand."""

    file: str
    root: Any

    def place(self, path: tuple[str | int, ...]) -> tuple[int, int]:
        """Return (line, column), from 1, of the last part of `path` that the file has."""
        node: Any = self.root
        found = (1, 1)
        for part in path:
            try:
                marks: Any = node.lc
                line, column = marks.item(part) if isinstance(node, list) else marks.key(part)
                node = node[part]
            except (AttributeError, KeyError, IndexError, TypeError):
                break
            found = (line + 1, column + 1)
        return found

    def issue(
        self,
        code: str,
        path: tuple[str | int, ...],
        message: str,
        *,
        kpi: str | None = None,
        suggestion: str | None = None,
        level: str = "error",
    ) -> Issue:
        """Return an issue that points at `path`."""
        line, column = self.place(path)
        return Issue(level, code, self.file, line, column, kpi, message, suggestion)


def read(path: Path) -> tuple[bytes | None, tuple[Issue, ...]]:
    """Return the bytes of a file, or the one reason why there are none."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        return None, (Issue("error", "KPI001", path.name, 0, 0, None, f"the file cannot be read ({error.strerror})."),)
    if len(raw) > LARGEST_BYTES:
        return None, (
            Issue("error", "KPI001", path.name, 0, 0, None, f"the file has {len(raw):,} bytes; at most {LARGEST_BYTES:,} are read."),
        )
    return raw, ()


def parse(name: str, raw: bytes) -> tuple[Document | None, tuple[Issue, ...]]:
    """Return the document of a text, or the one reason why there is none."""
    try:
        text = raw.decode("utf-8")
        refused = _refused(name, text)
        if refused is not None:
            return None, (refused,)
        return Document(name, YAML(typ="rt").load(text)), ()
    except UnicodeDecodeError:
        return None, (Issue("error", "KPI001", name, 0, 0, None, "the file is not UTF-8 text."),)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        return None, (Issue("error", "KPI001", name, line, column, None, f"this is not valid YAML: {error.problem}."),)
    except (YAMLError, ValueError, OverflowError, RecursionError) as error:
        return None, (Issue("error", "KPI001", name, 0, 0, None, f"this is not valid YAML: {(str(error) or 'unknown').splitlines()[0]}."),)


def _refused(name: str, text: str) -> Issue | None:
    """Return why the text is refused before it is built: tags, anchors, aliases, too deep, too much, values that are none."""
    depth = 0
    for number, event in enumerate(YAML(typ="safe", pure=True).parse(text)):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        words = _objection(event) or _excess(number, depth)
        if words is not None:
            mark = event.start_mark
            return Issue("error", words[0], name, mark.line + 1, mark.column + 1, None, words[1])
    return None


def _objection(event: Any) -> tuple[str, str] | None:
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
        return "KPI002", "anchors and aliases (& and *) are not allowed; write the value out."
    if isinstance(event, NodeEvent) and _has_tag(event):
        return "KPI002", "tags (!) are not allowed; write a plain value."
    if isinstance(event, ScalarEvent) and event.style is None:
        return _no_value(event.value)
    return None


def _excess(number: int, depth: int) -> tuple[str, str] | None:
    if depth > DEEPEST:
        return "KPI002", f"the file nests more than {DEEPEST} deep."
    if number > MOST_PARTS:
        return "KPI002", f"the file has more than {MOST_PARTS:,} keys and values; split it, or take out what no KPI uses."
    return None


def _no_value(text: str) -> tuple[str, str] | None:
    """Return what is wrong with a plain scalar that looks like a day or a number and is none."""
    if _DIGITS.fullmatch(text):
        return "KPI004", f"the number {text[:12]}… has {len(text)} digits; at most {MOST_DIGITS} are read."
    day = _DAY.match(text)
    if day is None:
        return None
    try:
        datetime(int(day[1]), int(day[2]), int(day[3]), int(day[4] or 0), int(day[5] or 0))  # noqa: DTZ001  # only whether it exists
    except ValueError as error:
        return "KPI004", f"'{text[:40]}' is not a day of the calendar ({error}). Write days as 2026-01-31, and put quotes around text."
    return None


def _has_tag(event: Any) -> bool:
    tag = getattr(event, "ctag", None) or getattr(event, "tag", None)
    return tag is not None and str(tag) not in ("None", "")
