"""More than 200 slips in the shipped definitions: none is accepted silently, none gives a traceback, and the message finds line and word."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from metrics.check import check_text
from settings import PROJECT_ROOT
from tests.metrics.mutations import Mutation, mutations

SHIPPED: Path = PROJECT_ROOT / "kpi_definitions.yaml"
LEAST, LINES, WORDS = 100, 0.95, 0.85


def judged(mutation: Mutation) -> tuple[bool, bool, bool | None]:
    """Return whether a slip was noticed, named at its line, and its word suggested there (None when there is no word)."""
    _, issues = check_text("kpi_definitions.yaml", mutation.text)
    there = [issue for issue in issues if issue.line == mutation.line]
    hints = " ".join(issue.suggestion or "" for issue in there).replace("?", "").replace(",", "").split()
    return bool(issues), bool(there), None if mutation.meant is None else mutation.meant in hints


def share(found: list[bool]) -> float:
    return sum(found) / len(found)


@pytest.mark.parametrize("seed", [1])
def test_slips_are_named_at_their_line_with_the_word_that_was_meant(seed: int) -> None:
    table: dict[str, list[tuple[bool, bool, bool | None]]] = defaultdict(list)
    missed = []
    for mutation in mutations(SHIPPED.read_text(encoding="utf-8"), seed):
        verdict = judged(mutation)
        table[mutation.kind].append(verdict)
        if not verdict[1] or verdict[2] is False:
            _, issues = check_text("kpi_definitions.yaml", mutation.text)
            wrong = mutation.text.split("\n")[mutation.line - 1]
            missed.append(
                f"{mutation.kind}, line {mutation.line} {wrong.strip()!r}, meant {mutation.meant}: {[str(i) for i in issues[:2]]}"
            )
    every = [verdict for verdicts in table.values() for verdict in verdicts]
    suggested = [hit for _, _, hit in every if hit is not None]
    shown = [f"{'kind':30} {'n':>4} {'line':>6} {'word':>6}"]
    for kind, verdicts in table.items():
        words = [hit for _, _, hit in verdicts if hit is not None]
        shown.append(f"{kind:30} {len(verdicts):4} {share([v[1] for v in verdicts]):6.0%} {f'{share(words):.0%}' if words else '–':>6}")
    told = "\n".join([*shown, f"{'all':30} {len(every):4} {share([v[1] for v in every]):6.1%} {share(suggested):6.1%}", *missed])
    assert len(every) >= LEAST, told
    assert all(noticed for noticed, _, _ in every), told
    assert share([line for _, line, _ in every]) >= LINES, told
    assert share(suggested) >= WORDS, told
