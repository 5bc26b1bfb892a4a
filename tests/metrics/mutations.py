"""Slips that people make in a definitions file: drawn from a seed, each with the line where it stands and the word that was meant."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """One slip. line: where it stands, from 1; meant: the word that should be suggested, None when there is none."""

    kind: str
    text: str
    line: int
    meant: str | None = None


Slip = Callable[[random.Random, list[str]], Mutation | None]


def typo(random_: random.Random, word: str) -> str:
    """Return a word with one slip of the finger: a letter lost, doubled, swapped with the next, or another one."""
    while True:
        at = random_.randrange(len(word))
        slipped = random_.choice(
            [
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :],
                word[:at] + random_.choice("aeiorstn") + word[at + 1 :],
            ]
        )
        if slipped != word and slipped and re.fullmatch(r"[A-Za-z_%][A-Za-z0-9_/%]*", slipped):
            return slipped


def _misspelt(kind: str, pattern: str, *, within: tuple[str, str] = ("", "")) -> Slip:
    """A slip in group 1 of a line that matches; within: first and last section heading (as they begin a line)."""

    def slip(random_: random.Random, lines: list[str]) -> Mutation | None:
        begin = next((n for n, line in enumerate(lines) if within[0] and line.startswith(within[0])), 0)
        end = next((n for n, line in enumerate(lines) if within[1] and line.startswith(within[1])), len(lines))
        found = [(n, m) for n in range(begin, end) for m in re.finditer(pattern, lines[n])]
        if not found:
            return None
        place, match = random_.choice(found)
        word = typo(random_, match[1])
        changed = lines[place][: match.start(1)] + word + lines[place][match.end(1) :]
        return _with(kind, lines, place, changed, match[1])

    return slip


def _with(kind: str, lines: list[str], place: int, changed: str, meant: str | None = None) -> Mutation:
    return Mutation(kind, "\n".join([*lines[:place], changed, *lines[place + 1 :]]) + "\n", place + 1, meant)


def _replaced(kind: str, pattern: str, new: str) -> Slip:
    """Another text in the place of a match."""

    def slip(random_: random.Random, lines: list[str]) -> Mutation | None:
        found = [(n, m) for n, line in enumerate(lines) if (m := re.search(pattern, line))]
        if not found:
            return None
        place, match = random_.choice(found)
        return _with(kind, lines, place, lines[place][: match.start()] + match.expand(new) + lines[place][match.end() :])

    return slip


def _indented(random_: random.Random, lines: list[str]) -> Mutation:
    place = random_.choice(
        [n for n, line in enumerate(lines) if re.match(r"    (?!label)[a-z_]+: \S", line) and not lines[n - 1].startswith("  #")]
    )
    return _with("indentation", lines, place, random_.choice(["  ", "   ", "     ", "      "]) + lines[place].strip())


def _tab(random_: random.Random, lines: list[str]) -> Mutation:
    place = random_.choice([n for n, line in enumerate(lines) if re.match(r"    [a-z_]+: \S", line)])
    return _with("tab", lines, place, "\t" + lines[place].strip())


def _twice(random_: random.Random, lines: list[str]) -> Mutation:
    place = random_.choice([n for n, line in enumerate(lines) if re.match(r"    (label|owner|team|better|maturity): \S", line)])
    return Mutation("duplicate key", "\n".join([*lines[: place + 1], lines[place], *lines[place + 1 :]]) + "\n", place + 2)


def _kpi_twice(random_: random.Random, lines: list[str]) -> Mutation:
    at = random_.choice(_kpis(lines))
    return Mutation("duplicate KPI", "\n".join([*lines, lines[at], "    value: revenue"]) + "\n", len(lines) + 1)


def _overlap(random_: random.Random, lines: list[str]) -> Mutation:
    place = random_.choice([n for n, line in enumerate(lines) if "- {from:" in line])
    again = re.sub(r"from: \S+,", "from: 2026-03-01,", lines[place])
    return Mutation("overlapping targets", "\n".join([*lines[: place + 1], again, *lines[place + 1 :]]) + "\n", place + 2)


def _cycle(random_: random.Random, lines: list[str]) -> Mutation:
    """A new KPI that a simple one is made to stand on, and that stands on it."""
    place = random_.choice([n for n, line in enumerate(lines) if re.match(r"    value: [a-z]", line)])
    owner = next(lines[n].strip(" :") for n in range(place, 0, -1) if re.match(r"  [a-z]\w*:$", lines[n]))
    if f"  {owner}: {{table" in "\n".join(lines):  # its name inside itself means the measure
        return Mutation("cycle", "\n".join([*lines, "  ring: {formula: ring + 1}"]) + "\n", len(lines) + 1)
    return Mutation(
        "cycle", "\n".join([*lines[:place], "    value: ring", *lines[place + 1 :], f"  ring: {{value: {owner}}}"]) + "\n", len(lines) + 1
    )


def _kpis(lines: list[str]) -> list[int]:
    begin = lines.index("kpis:")
    return [n for n in range(begin, len(lines)) if re.match(r"  [a-z]\w*:$", lines[n])]


def _without(kind: str, pattern: str, *, at_kpi: bool) -> Slip:
    """A line lost: what lacks it is the KPI, or the line in front of which it stood."""

    def slip(random_: random.Random, lines: list[str]) -> Mutation:
        place = random_.choice([n for n, line in enumerate(lines) if re.match(pattern, line)])
        owner = max(n for n in _kpis(lines) if n < place)
        text = "\n".join([*lines[:place], *lines[place + 1 :]]) + "\n"
        after = next((n for n in range(owner, len(lines)) if lines[n].strip() == "targets:"), owner)
        return Mutation(kind, text, owner + 1 if at_kpi else after)

    return slip


def _no_direction(random_: random.Random, lines: list[str]) -> Mutation:
    """A KPI with a target loses its `better`."""
    targets = random_.choice([n for n, line in enumerate(lines) if line == "    targets:"])
    owner = max(n for n in _kpis(lines) if n < targets)
    place = next(n for n in range(owner, targets) if lines[n].startswith("    better:"))
    return Mutation("target without direction", "\n".join([*lines[:place], *lines[place + 1 :]]) + "\n", targets)


KPIS, MEASURES = ("kpis:", ""), ("measures:", "kpis:")
SLIPS: tuple[tuple[Slip, int], ...] = (
    (_misspelt("key of a KPI", r"^    ([a-z_]{3,}):", within=KPIS), 14),
    (_misspelt("key of a measure", r"[{ ](table|column|where|time|agg):", within=MEASURES), 8),
    (_misspelt("key of a target", r"[{ ](from|kind|value|provenance|set_by|set_on):", within=KPIS), 8),
    (_misspelt("name of a measure", r"^    (?:value|numerator|denominator): ([a-z_0-9]{5,})$"), 10),
    (_misspelt("name in a formula", r"^    formula: .*?\b([a-z_]{5,})"), 5),
    (_misspelt("aggregate", r"agg: (sum|count|count_distinct)\b"), 7),
    (_misspelt("table", r"table: ([a-z_]+)"), 6),
    (_misspelt("column", r"column: ([a-z_]+)"), 7),
    (_misspelt("column of a condition", r"where: \{(event|metric|status_category|committed|completed|type):"), 5),
    (_misspelt("dimension", r"^    dimensions: \[.*?\b(device|channel|page|project|type)\b"), 7),
    (_misspelt("team", r"^    team: ([a-z]+)"), 4),
    (_misspelt("role", r"^    role: ([a-z]+)"), 4),
    (_misspelt("direction", r"^    better: ([a-z]+)"), 5),
    (_misspelt("kind of target", r"kind: ([a-z_]+)"), 4),
    (_misspelt("provenance", r"provenance: ([a-z]+)"), 4),
    (_misspelt("grain", r"^    grain: ([a-z]+)"), 3),
    (_misspelt("unit", r"^    unit: (items|points|days|EUR)$"), 6),
    (_misspelt("time zone", r"timezone: (Europe/Vienna)"), 3),
    (_misspelt("first weekday", r"week_start: ([a-z]+)"), 2),
    (_misspelt("section", r"^(calendar|measures|kpis|version):"), 4),
    (_misspelt("column of a test", r"\{day: \S+, ([a-z_]{4,}): "), 5),
    (_replaced("day that is none", r"from: \d{4}-\d\d-\d\d", "from: 2026-13-01"), 3),
    (_replaced("day that is none", r"to: \d{4}-\d\d-\d\d", "to: 2027-02-30"), 3),
    (_replaced("day as a text", r"from: (\d{4})-(\d\d)-(\d\d)", r"from: \3.\2.\1"), 2),
    (_replaced("target backwards", r"to: \d{4}-", "to: 2020-"), 3),
    (_replaced("expected day", r"expect: \{\d{4}-\d\d-\d\d", "expect: {05.01.2026"), 3),
    (_replaced("target in percent", r"value: 0\.0?(\d)\d*", r"value: \g<1>0"), 3),
    (_replaced("number in words", r"value: (0\.\d+|\d+),", "value: plenty,"), 3),
    (_replaced("text that is a number", r"^    label: .*", "    label: 2026"), 3),
    (_replaced("list that is a word", r"^    dimensions: .*", "    dimensions: device"), 3),
    (_replaced("list that is a mapping", r"^      - (\{from)", r"      \1"), 2),
    (_replaced("duration", r"maturity: \d+d", "maturity: two days"), 3),
    (_replaced("target against the direction", r"^    better: higher$", "    better: band"), 0),
    (_replaced("distinct people summed", r"agg: sum, column: sessions", "agg: sum, column: total_users"), 2),
    (_replaced("text summed", r"column: (sessions|revenue|new_users)\}", "column: device}"), 3),
    (_replaced("measure without a column", r", column: [a-z_]+(, where.*)?\}", "}"), 4),
    (_replaced("condition on another type", r"metric: LCP", "metric: 5"), 2),
    (_replaced("name with a capital", r"^  ([a-z])([a-z_]+):$", r"  X\2:"), 4),
    (_replaced("formula that ends", r"^    formula: (\w+ /) \w+", r"    formula: \1"), 2),
    (_replaced("formula with code", r"^    formula: .*", "    formula: __import__('os')"), 2),
    (_replaced("colon forgotten", r"^    (owner|team|better): ", r"    \1 "), 5),
    (_replaced("brace left open", r"^(  \w+: \{table.*)\}$", r"\1"), 5),
    (_replaced("bracket left open", r"^(    dimensions: .*)\]$", r"\1"), 3),
    (_replaced("quote left open", r"^    description: ", '    description: "'), 5),
    (_replaced("colon in a text", r"^    description: (\w+) ", r"    description: \1: "), 4),
    (_replaced("tag", r"^    label: ", "    label: !!python/name:os.system "), 2),
    (_replaced("anchor", r"^    owner: ", "    owner: &who "), 2),
    (_indented, 14),
    (_tab, 3),
    (_twice, 5),
    (_kpi_twice, 3),
    (_overlap, 4),
    (_cycle, 5),
    (_no_direction, 4),
    (_without("nothing to compute", r"    (value|formula): \S", at_kpi=True), 5),
    (_without("half a ratio", r"    (numerator|denominator): \S", at_kpi=True), 4),
)


def mutations(text: str, seed: int) -> Iterator[Mutation]:
    """Yield all slips for a file, different ones for every seed."""
    random_ = random.Random(seed)
    lines = text.rstrip("\n").split("\n")
    for slip, times in SLIPS:
        made: set[str] = set()
        for _ in range(times * 4):
            found = slip(random_, lines)
            if found is not None and found.text not in made and len(made) < times:
                made.add(found.text)
                yield found
