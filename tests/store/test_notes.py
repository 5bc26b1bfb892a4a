"""Notes are added, never changed, and come back by day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from errors import ConfigError, StoreError
from settings import Workspace
from store.ledger import Ledger
from store.ledger_schema import notes
from store.notes import LONGEST, Note, add_note, read_notes

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def note(text: str = "Outage of the shop", kpi: str = "sessions", day: int = 19, author: str = "Ada") -> Note:
    return Note(kpi, date(2026, 11, day), author, NOON, text)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Workspace(tmp_path))


def test_notes_come_back_by_day_the_newest_first_and_the_same_one_is_kept_once(ledger: Ledger) -> None:
    assert read_notes(ledger) == ()
    for one in (note(day=3), note(day=19), note(day=19), note("Sale", "revenue", 5)):
        add_note(ledger, one)
    assert read_notes(ledger, "sessions") == (note(day=19), note(day=3))
    assert [one.kpi for one in read_notes(ledger)] == ["sessions", "revenue", "sessions"]


@pytest.mark.parametrize("wrong", [note("  "), note(author=""), note("x" * (LONGEST + 1)), note(author="y" * 81)])
def test_a_note_without_text_or_author_or_with_too_much_is_refused(ledger: Ledger, wrong: Note) -> None:
    with pytest.raises(ConfigError):
        add_note(ledger, wrong)
    assert read_notes(ledger) == ()


@pytest.mark.parametrize("change", [update(notes).values(text="other"), delete(notes)])
def test_what_is_written_stays(ledger: Ledger, change: object) -> None:
    add_note(ledger, note())
    with pytest.raises(StoreError, match="notes only grows"), ledger.transaction() as connection:
        connection.execute(change)  # type: ignore[call-overload]
    assert read_notes(ledger) == (note(),)
