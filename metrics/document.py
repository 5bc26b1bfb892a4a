"""Reads a file that people wrote, never half of it, and keeps the place of every key and value. Knows no KPI."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from errors import Issue
from metrics.compose import Composer, Double, Map, Refused, Seq, Slip, Spot
from metrics.syntax import explain

LARGEST_BYTES = 1 << 20
MOST_SEPARATORS = 60_000
SETTLED_SECONDS = 0.25
"""A file that changed less than this ago may still be being written."""
WAITS = 8
_UNREADABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Path_ = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its text, plain data that know where they stand, the keys that stand twice, and the values that are none."""

    file: str
    text: str
    root: Any
    doubles: tuple[Double, ...] = ()
    slips: tuple[Slip, ...] = ()

    def spot(self, path: Path_) -> Spot | None:
        """Return where the entry at `path` stands, or None when there is no such entry."""
        node: Any = self.root
        found: Spot | None = None
        for part in path:
            if (not isinstance(node, Map) or part not in node.spots) and (
                not isinstance(node, Seq) or not isinstance(part, int) or not 0 <= part < len(node)
            ):
                return None
            found, node = node.spots[part], node[part]
        return found

    def place(self, path: Path_, at: Literal["key", "value"] = "key") -> tuple[int, int]:
        """Return (line, column), from 1, of the last part of `path` that the file has."""
        for length in range(len(path), 0, -1):
            spot = self.spot(path[:length])
            if spot is not None:
                return spot.value if at == "value" and length == len(path) else spot.key
        return (1, 1)

    def issue(
        self,
        code: str,
        path: Path_,
        message: str,
        *,
        kpi: str | None = None,
        suggestion: str | None = None,
        level: str = "error",
        at: Literal["key", "value"] = "key",
    ) -> Issue:
        """Return an issue that points at `path`."""
        line, column = self.place(path, at)
        return Issue(level, code, self.file, line, column, kpi, message, suggestion)


def read(path: Path) -> tuple[bytes | None, tuple[Issue, ...]]:
    """Return the bytes of a file, or the one reason why there are none.

    Notes: editors truncate and write, or rename; a file that changed a moment ago is read again until it stays as it is.
    """
    try:
        for _ in range(WAITS):
            before = path.stat()
            if before.st_size > LARGEST_BYTES:
                words = f"the file has {before.st_size:,} bytes; at most {LARGEST_BYTES:,} are read. Take out what no KPI uses."
                return None, (Issue("error", "KPI001", path.name, 0, 0, None, words),)
            raw = path.read_bytes()
            age, after = time.time() - before.st_mtime, path.stat()
            same = (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size) and len(raw) == after.st_size
            if raw and same and abs(age) >= SETTLED_SECONDS:  # a file that is emptied keeps its old time for a moment
                break
            time.sleep(SETTLED_SECONDS / 2)
        return raw, ()
    except OSError as error:
        words = f"the file cannot be read ({error.strerror}). Check that it exists and that you may read it."
        return None, (Issue("error", "KPI001", path.name, 0, 0, None, words),)


def parse(name: str, raw: bytes) -> tuple[Document | None, tuple[Issue, ...]]:
    """Return the document of a text, or the one reason why there is none."""

    def refused(code: str, line: int, column: int, words: str) -> tuple[None, tuple[Issue, ...]]:
        return None, (Issue("error", code, name, line, column, None, words),)

    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _line(raw[: error.start].decode("utf-8", "replace"))
        return refused("KPI001", line, column, "the file is not UTF-8 text. Save it as UTF-8.")
    odd = _UNREADABLE.search(text)
    if odd is not None:
        line, column = _line(text[: odd.start()])
        return refused("KPI001", line, column, f"the character U+{ord(odd[0]):04X} has no place in a text; delete it.")
    if text.count(",") + text.count("\n") + text.count("[") > MOST_SEPARATORS:
        line = max(enumerate(text.split("\n"), 1), key=lambda numbered: numbered[1].count(","))[0]
        return refused(
            "KPI002", line, 1, f"the file has more than {MOST_SEPARATORS:,} lines, commas and brackets; take out what no KPI uses."
        )
    try:
        composer = Composer()
        root = composer.compose(YAML(typ="safe", pure=True).parse(text))
    except Refused as error:
        return refused(error.code, error.line, error.column, error.words)
    except MarkedYAMLError as error:
        line, column, words = explain(error, text)
        return refused("KPI001", line, column, f"this is not valid YAML: {words}")
    except (YAMLError, ValueError, OverflowError, RecursionError) as error:
        return refused("KPI001", 0, 0, f"this is not valid YAML: {(str(error) or 'unknown').splitlines()[0]}.")
    return Document(name, text, root, tuple(composer.doubles), tuple(composer.slips)), ()


def _line(before: str) -> tuple[int, int]:
    """Return (line, column), from 1, of what follows a text."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")
