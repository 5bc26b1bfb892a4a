"""Gives a definitions file one order of keys and one spacing, keeping every comment and the meaning. Knows no disk."""

from __future__ import annotations

from typing import Any

from errors import DefinitionError
from metrics.clauses import Certified, Conversion, Driver, Relationship, Strict, Target
from metrics.compose import Map, Seq, Spot
from metrics.definitions import KPI, CalendarModel, Measure
from metrics.document import Document, Path_
from metrics.edit import parsed, same_meaning


def formatted(name: str, text: str) -> str:
    """Return the text in its one form; the form of a form is itself.

    Raises: DefinitionError when the text is broken as a whole, or cannot be formed without changing what it says.
    """
    ordered = _in_flows(parsed(name, text.replace("\r\n", "\n")))
    ordered = _in_blocks(parsed(name, ordered))
    spaced = _spaced(parsed(name, ordered))
    if not same_meaning(name, text, spaced):
        raise DefinitionError(f"{name}: the file cannot be formed without changing what it says; nothing was written. Please report this.")
    return spaced


def _order(model: type[Strict]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


_ORDERS: dict[str, list[str]] = {
    "calendar": _order(CalendarModel),
    "targets": _order(Target),
    "certified": _order(Certified),
    "conversion": _order(Conversion),
    "relationship": _order(Relationship),
    "drivers": _order(Driver),
}


def _order_at(path: Path_) -> list[str] | None:
    """Return the order of the keys of the mapping at a path, None when its keys are free."""
    match path:
        case ("measures", _):
            return _order(Measure)
        case ("kpis", _):
            return _order(KPI)
        case ("calendar",):
            return _ORDERS["calendar"]
        case ("kpis", _, key, *rest) if all(isinstance(part, int) for part in rest):
            return _ORDERS.get(key)
    return None


def _rank(order: list[str], key: Any) -> int:
    return order.index(key) if key in order else len(order)


def _in_flows(document: Document) -> str:
    """Return the text with the keys of mappings in braces in order, each in the place of another."""
    return _drawn(document.text, document.root, 0, len(document.text), ())


def _drawn(text: str, node: Any, start: int, end: int, path: Path_) -> str:
    if not isinstance(node, Map | Seq):
        return text[start:end]
    spots = list(node.spots.items() if isinstance(node, Map) else enumerate(node.spots))
    drawn = [(key, text[spot.start : spot.middle] + _drawn(text, node[key], spot.middle, spot.end, (*path, key))) for key, spot in spots]
    order = _order_at(path)
    if isinstance(node, Map) and node.flow and order is not None and "\n" not in text[start:end]:
        drawn.sort(key=lambda one: _rank(order, one[0]))
    parts, at = [], start
    for (_, spot), (_, words) in zip(spots, drawn, strict=True):
        parts += [text[at : spot.start], words]
        at = spot.end
    return "".join([*parts, text[at:end]])


def _in_blocks(document: Document) -> str:
    """Return the text with the lines of each measure and KPI in order; comments above a key go with it."""
    lines = document.text.split("\n")
    for section in ("measures", "kpis"):
        for name, node in (document.root.get(section) or {}).items():
            order = _order_at((section, name))
            if isinstance(node, Map) and not node.flow and order is not None:
                _reorder(document.text, lines, document.root[section].spots[name], node, order)
    return "\n".join(lines)


def _reorder(text: str, lines: list[str], owner: Spot, node: Map, order: list[str]) -> None:
    """Put the lines of one mapping in order, in place: their number stays."""
    begin = at = owner.key[0]
    blocks = []
    for key, spot in node.spots.items():
        last = _last_line(text, spot)
        block = lines[at : last + 1]
        blocks.append((key, [line for n, line in enumerate(block) if line.strip() or n >= spot.key[0] - 1 - at]))
        at = last + 1
    blanks = at - begin - sum(len(block) for _, block in blocks)
    blocks.sort(key=lambda one: _rank(order, one[0]))
    lines[begin:at] = [*(line for _, block in blocks for line in block), *[""] * blanks]


def _last_line(text: str, spot: Spot) -> int:
    """Return the number, from 0, of the last line of an entry that says something."""
    return text.count("\n", 0, len(text[: spot.end].rstrip()))


def _spaced(document: Document) -> str:
    """Return the text with one empty line between sections and between KPIs, and none at the end of lines."""
    text, root = document.text, document.root
    lines = text.split("\n")
    kept = set(_inside(text, root))
    heads = {spot.key[0] - 1 for key, spot in root.spots.items() if key != next(iter(root))}
    kpis = root.get("kpis")
    if isinstance(kpis, Map) and not kpis.flow:
        blocks = [kpis.spots[key].key[0] - 1 for key, node in kpis.items() if isinstance(node, Map) and not node.flow]
        heads |= {line for line in blocks if line != next(iter(kpis.spots.values())).key[0] - 1}
    heads = {_above(lines, head) for head in heads}
    out: list[str] = []
    for number, line in enumerate(lines):
        if number in kept:
            out.append(line)
            continue
        line = line.rstrip()
        opens = out and out[-1].endswith(":") and not out[-1].startswith(" ")
        if not line and (not out or not out[-1] or opens):
            continue
        if number in heads and out and out[-1]:
            out.append("")
        out.append(line)
    return "\n".join(out).rstrip("\n") + "\n"


def _above(lines: list[str], head: int) -> int:
    """Return the first of the comment lines that stand directly above a line with its indentation."""
    indent = len(lines[head]) - len(lines[head].lstrip())
    while head and lines[head - 1].lstrip().startswith("#") and len(lines[head - 1]) - len(lines[head - 1].lstrip()) == indent:
        head -= 1
    return head


def _inside(text: str, node: Any) -> list[int]:
    """Return the lines, from 0, that are the inside of a text over several lines."""
    found: list[int] = []
    for key, spot in node.spots.items() if isinstance(node, Map) else enumerate(node.spots):
        if isinstance(node[key], Map | Seq):
            found += _inside(text, node[key])
        elif "\n" in text[spot.middle : spot.end].rstrip("\n"):
            found += range(text.count("\n", 0, spot.middle), _last_line(text, spot) + 1)
    return found
