"""kpi note: written down, listed, refused with the reason."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from cli import main
from settings import Workspace
from store.ledger import Ledger
from store.notes import read_notes


def test_a_note_is_kept_and_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(tmp_path)]
    assert main(["note", "sessions", "Outage of the shop", "--day", "2026-11-19", "--by", "Ada", *home]) == 0
    (kept,) = read_notes(Ledger(Workspace(tmp_path)))
    assert (kept.kpi, kept.day, kept.author, kept.text) == ("sessions", date(2026, 11, 19), "Ada", "Outage of the shop")
    capsys.readouterr()
    assert main(["note", "sessions", "--json", *home]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["day"], listed["author"], listed["text"]) == ("2026-11-19", "Ada", "Outage of the shop")
    assert main(["note", "sessions", *home]) == 0
    assert "Outage of the shop" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["sesions", "x", "--by", "Ada"], "sessions"), (["sessions", "x"], "name of who writes"), (["sessions", "x", "--by", "A", "--day", "19.11."], "19.11.")],
)  # fmt: skip
def test_what_cannot_be_kept_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert main(["note", *arguments, "--home", str(tmp_path)]) != 0
    assert said in capsys.readouterr().err
    assert read_notes(Ledger(Workspace(tmp_path))) == ()
