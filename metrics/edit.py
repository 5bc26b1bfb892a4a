"""Edits the text of a definitions file and touches nothing else: comments and spacing stay. Knows no disk."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date

from errors import ConfigError, DefinitionError, QueryError, suggest
from metrics.compose import Map, Spot
from metrics.definitions import KPI
from metrics.document import Document, parse

ORDER = [field.alias or name for name, field in KPI.model_fields.items()]
_PLAIN = re.compile(r"[A-Za-z][\w.-]*(?: [\w.-]+)*")
_NO_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})

SCAFFOLD = """\
  {name}:
    label: {label}
    description: What it says, in one sentence.
    owner: nobody yet  # the team or the person who answers for it
    team: both  # marketing, product, development, both
{shows}
    # where: {{device: mobile}}  # conditions for all measures in it; './kpi tables' lists columns
    # unit: EUR  # %, EUR, ms, days, points, items
    # better: higher  # higher, lower, band; needed with a target
    # maturity: 2d  # how long values may still move
    # targets:
    #   - {{from: {year}-01-01, to: {year}-12-31, kind: stay_above, value: 100, provenance: proposed}}
    # tests:  # rows that you make up, and the value you worked out by hand
    #   - {{given: [{{day: {year}-01-05}}], expect: {{{year}-01-05: null}}}}
"""


def parsed(name: str, text: str) -> Document:
    """Return the document of a text.

    Raises: DefinitionError when it is broken as a whole, or has a key twice: such a file is mended by hand.
    """
    document, issues = parse(name, text.encode())
    if document is not None and document.doubles:
        double = document.doubles[0]
        raise DefinitionError(
            f"{name}:{double.again[0]}: KPI005 '{double.key}' stands twice. Delete one first; './kpi check' shows all problems."
        )
    if document is None or not isinstance(document.root, Map) or not isinstance(document.root.get("kpis") or {}, dict):
        first = f"{issues[0]}" if issues else f"{name}: KPI003 'kpis' must be a mapping of names."
        raise DefinitionError(f"{first} Mend the file first; './kpi check' shows all problems.", issues)
    return document


def with_kpi(document: Document, name: str, shows: str, year: int) -> str:
    """Return the text with a commented block for a new KPI behind the last one.

    Raises: ConfigError for a name that is taken, QueryError when the section cannot be appended to.
    """
    kpis = document.root.get("kpis") or {}
    if name in kpis:
        line = document.place(("kpis", name))[0]
        raise ConfigError(f"{document.file}:{line}: there is a KPI '{name}' already. Choose another name, or edit that one.")
    block = SCAFFOLD.format(name=name, label=name.replace("_", " ").capitalize(), shows=shows, year=year)
    text = document.text if document.text.endswith("\n") else document.text + "\n"
    if "kpis" not in document.root:
        return f"{text}\nkpis:\n{block}"
    if not isinstance(kpis, Map):
        lines = text.split("\n")
        at = document.root.spots["kpis"].key[0]
        return "\n".join([*lines[:at], block.rstrip("\n"), *lines[at:]])
    if kpis.flow or next(iter(kpis.spots.values())).key[1] != 3:
        raise QueryError(
            f"{document.file}: write each KPI under 'kpis:' in lines of its own, indented by two spaces; then a block can be added."
        )
    at = _end_of_block(text, list(kpis.spots.values())[-1])
    return f"{text[:at]}\n{block}{text[at:]}"


def _end_of_block(text: str, last: Spot) -> int:
    """Return where the lines of a KPI end: behind its last value, and behind comments that are indented as its keys."""
    at = text.find("\n", max(last.start, last.end - 1)) + 1 or len(text)
    while match := re.match(r"    +#[^\n]*(?:\n|$)", text[at:]):
        at += match.end()
    return at


def with_certificate(document: Document, kpi: str, by: str, on: date, mark: str) -> str:
    """Return the text with who certified which definition of a KPI, and when.

    Raises: QueryError for a KPI that the file does not have.
    """
    kpis = document.root.get("kpis") or {}
    node = kpis.get(kpi)
    if not isinstance(node, Map):
        raise QueryError(f"There is no KPI '{kpi}' in {document.file}. {suggest(kpi, map(str, kpis)) or ''}".rstrip())
    written, text = f'certified: {{by: {scalar(by)}, on: {on}, hash: "{mark}"}}', document.text
    present = node.spots.get("certified")
    if present is not None:
        return text[: present.start] + written + text[present.end :]
    if node.flow:
        return f"{text[: node.end - 1].rstrip()}, {written}{text[node.end - 1 :]}"
    before = [spot for key, spot in node.spots.items() if key in ORDER and ORDER.index(key) < ORDER.index("certified")]
    spot = max(before, key=lambda one: one.start) if before else None
    if spot is None:
        at = text.rfind("\n", 0, min(one.start for one in node.spots.values())) + 1
    else:
        at = text.find("\n", spot.end - 1) + 1 or len(text)
    indent = " " * (next(iter(node.spots.values())).key[1] - 1)
    return f"{text[:at]}{'' if text[:at].endswith(chr(10)) else chr(10)}{indent}{written}\n{text[at:]}"


def scalar(text: str) -> str:
    """Return a text as YAML writes it: plain when nobody can misread it, else in quotes."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _NO_WORDS else json.dumps(text, ensure_ascii=False)


def same_meaning(name: str, before: str, after: str, leaving_out: Callable[[object], object] = lambda root: root) -> bool:
    """Whether two texts say the same, whatever the order of keys and the spacing."""
    return bool(leaving_out(parsed(name, before).root) == leaving_out(parsed(name, after).root))
