"""Every obligation and failure that docs/faults.md lists has a test that carries its number."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def listed() -> set[str]:
    rows = [line for line in (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines() if re.match(r"\| [mf]\d\d", line)]
    return {number for row in rows for number in re.findall(r"[mf]\d\d", row.split("|")[1])}


def carried() -> set[str]:
    names = [
        n
        for path in (ROOT / "tests").rglob("test_*.py")
        for n in re.findall(r"def (test_(?:[mf]\d\d_)+)", path.read_text(encoding="utf-8"))
    ]
    return {number for name in names for number in re.findall(r"[mf]\d\d", name)}


def test_every_listed_number_has_a_test_and_every_test_a_listed_number() -> None:
    assert listed() - carried() == set()
    assert carried() - listed() == set()


def test_nothing_is_missing_from_the_list() -> None:
    wanted = {f"m{n:02}" for n in range(1, 61)} | {f"f{n:02}" for n in range(1, 54)}
    assert wanted - listed() == {"m22", "m23", "m24", "f52"}
