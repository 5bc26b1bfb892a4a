"""What changed of each KPI from one version of the definitions to the next, in words. Knows no store but the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from metrics.check import Definitions
from metrics.definitions import KPI
from metrics.formula import names, parse
from metrics.marks import definition_hash
from settings import Workspace
from store.definition_history import digest_of, last_files, record_file
from store.ledger import Ledger

LONGEST = 600
Body = Mapping[str, Mapping[str, Any]]
"""{"kpi": the definition, "measures": {name: measure}, "kpis": {name: definition}}: a KPI and all it is made of."""


def record_definitions(space: Workspace, definitions: Definitions, now: datetime | None = None) -> int:
    """Record the definitions as those in force, when they were not before; return how many KPIs changed.

    Raises: StoreError when the ledger cannot be written.
    """
    ledger, text = Ledger(space), definitions.document.text
    last = last_files(ledger)
    if last and last[0].digest == digest_of(text):
        return 0
    origin = "workspace" if space.definitions_file.parent == space.home else "shipped"
    return record_file(ledger, text, origin, now or datetime.now(UTC), lambda known: list(changed(definitions, known)))


def changed(
    definitions: Definitions, known: Mapping[str, tuple[str | None, str | None]]
) -> Iterator[tuple[str, str | None, str | None, str]]:
    """Yield (KPI, hash, body, words) for every KPI that is not as it was known: KPI → (hash, body)."""
    for name in definitions.kpis:
        body = body_of(name, definitions)
        text = json.dumps(body, sort_keys=True, ensure_ascii=False)
        before = known.get(name, (None, None))[1]
        if before == text:
            continue
        words = difference(json.loads(before), body) if before is not None else "back again" if name in known else "first recorded"
        yield name, definition_hash(name, definitions.measures, definitions.kpis), text, words
    written = definitions.document.root.get("kpis") or {}
    for name, (_, before) in known.items():
        if name not in definitions.kpis and before is not None:
            yield name, None, None, "has a problem, and no value" if name in written else "removed"


def stands_on(name: str, definitions: Definitions) -> tuple[list[str], list[str]]:
    """Return (measures, KPIs) that a KPI is made of, all the way down, by name."""
    measures: dict[str, None] = {}
    kpis: dict[str, None] = {}
    waiting = [(name, part) for part in parts_of(definitions.kpis[name])]
    while waiting:
        owner, part = waiting.pop()
        if part in definitions.kpis and part != owner:
            if part not in kpis and part != name:
                kpis[part] = None
                waiting += [(part, inner) for inner in parts_of(definitions.kpis[part])]
        elif part in definitions.measures:
            measures[part] = None
    return sorted(measures), sorted(kpis)


def parts_of(kpi: KPI) -> tuple[str, ...]:
    """Return the names that a KPI's value is made of."""
    if kpi.relationship is not None:
        return kpi.relationship.driver, kpi.relationship.outcome
    if kpi.conversion is not None:
        return kpi.conversion.from_, kpi.conversion.to
    if kpi.formula is not None:
        return tuple(sorted(names(parse(kpi.formula))))
    return tuple(part for part in (kpi.value, kpi.numerator, kpi.denominator) if part is not None)


def body_of(name: str, definitions: Definitions) -> dict[str, Any]:
    """Return a KPI and all it is made of as plain data."""
    measures, kpis = stands_on(name, definitions)
    return {
        "kpi": _plain(definitions.kpis[name]),
        "measures": {part: _plain(definitions.measures[part]) for part in measures},
        "kpis": {part: {k: v for k, v in _plain(definitions.kpis[part]).items() if k not in _SAID} for part in kpis},
    }


_SAID = frozenset({"label", "description", "owner", "team", "role", "targets", "tests", "certified", "tags", "synonyms", "docs"})
"""What is said about a KPI and tells nothing about another one that is made of it."""


def _plain(model: Any) -> dict[str, Any]:
    plain: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return plain


def difference(before: Body, after: Body) -> str:
    """Return what is another in `after`, in words: "denominator: sessions → visits"."""
    found = list(_differences(before["kpi"], after["kpi"], ""))
    for section, word in (("measures", "measure"), ("kpis", "KPI")):
        old, new = before.get(section, {}), after.get(section, {})
        for name in sorted({*old, *new}):
            if name in old and name in new:
                found += _differences(old[name], new[name], f"{word} {name}, ")
    words = "; ".join(found) or "what it is made of"
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def _differences(before: Mapping[str, Any], after: Mapping[str, Any], of: str) -> Iterator[str]:
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if old is None:
            yield f"{of}{key} added: {_words(new)}"
        elif new is None:
            yield f"{of}{key} removed: {_words(old)}"
        elif isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(old, new, f"{of}{key} ")
        elif isinstance(old, list) and isinstance(new, list):
            yield from _in_lists(key, old, new, of)
        else:
            yield f"{of}{key}: {_words(old)} → {_words(new)}"


def _in_lists(key: str, old: list[Any], new: list[Any], of: str) -> Iterator[str]:
    gone, come = [one for one in old if one not in new], [one for one in new if one not in old]
    if len(gone) == len(come) == 1 and isinstance(gone[0], dict) and isinstance(come[0], dict):
        yield from _differences(gone[0], come[0], f"{of}{key.removesuffix('s')} ")
        return
    yield from (f"{of}{key} removed: {_words(one)}" for one in gone)
    yield from (f"{of}{key} added: {_words(one)}" for one in come)
    if not gone and not come:
        yield f"{of}{key}: another order"


def _words(value: Any) -> str:
    """Return a value as it would be written in the file."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_words(one)}" for key, one in value.items())
    if isinstance(value, list):
        return f"[{', '.join(map(_words, value))}]"
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
