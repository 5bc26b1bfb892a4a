"""Reads YAML that people wrote, with the place of every key; refuses what could hurt. Knows no KPI."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent

from errors import Issue

LARGEST_BYTES = 1 << 20
DEEPEST = 20


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
        self, code: str, path: tuple[str | int, ...], message: str, *, kpi: str | None = None, suggestion: str | None = None
    ) -> Issue:
        """Return an error that points at `path`."""
        line, column = self.place(path)
        return Issue("error", code, self.file, line, column, kpi, message, suggestion)


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
    except YAMLError as error:
        return None, (Issue("error", "KPI001", name, 0, 0, None, f"this is not valid YAML: {str(error).splitlines()[0]}."),)


def _refused(name: str, text: str) -> Issue | None:
    """Return why the text is refused before it is built: tags, anchors and aliases, and nesting too deep."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        mark = event.start_mark
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            return Issue(
                "error",
                "KPI002",
                name,
                mark.line + 1,
                mark.column + 1,
                None,
                "anchors and aliases (& and *) are not allowed; write the value out.",
            )
        if isinstance(event, NodeEvent) and _has_tag(event):
            return Issue("error", "KPI002", name, mark.line + 1, mark.column + 1, None, "tags (!) are not allowed; write a plain value.")
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            return Issue("error", "KPI002", name, mark.line + 1, mark.column + 1, None, f"the file nests more than {DEEPEST} deep.")
    return None


def _has_tag(event: Any) -> bool:
    tag = getattr(event, "ctag", None) or getattr(event, "tag", None)
    return tag is not None and str(tag) not in ("None", "")
