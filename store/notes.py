"""Notes: what somebody knows about a day of a KPI. Kept in the ledger, added and never changed. Knows no definition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import insert, select

from errors import ConfigError
from store.ledger import Ledger
from store.ledger_schema import notes

LONGEST, LONGEST_NAME = 500, 80


@dataclass(frozen=True, slots=True)
class Note:
    """One note. day: the day that it is about; at: when it was written, aware UTC."""

    kpi: str
    day: date
    author: str
    at: datetime
    text: str


def add_note(ledger: Ledger, note: Note) -> None:
    """Add a note; the same one again, word for word, adds nothing.

    Raises: ConfigError for one without text or author or with too much of it, StoreError when the ledger cannot be written.
    """
    text, author = note.text.strip(), note.author.strip()
    if not text or not author:
        raise ConfigError(f"The {'text' if not text else 'name of who writes'} is missing: a note says what happened, and who says so.")
    if len(text) > LONGEST or len(author) > LONGEST_NAME:
        raise ConfigError(
            f"The note has {len(text)} characters and its author {len(author)}; {LONGEST} and {LONGEST_NAME} are the most. Shorten it, and link to what is longer."
        )
    values = {"kpi": note.kpi, "day": note.day, "author": author, "text": text}
    ledger.upgrade()
    with ledger.transaction() as connection:
        same = select(notes.c.id).where(*(notes.c[name] == value for name, value in values.items()))
        if connection.execute(same).first() is None:
            connection.execute(insert(notes).values(**values, at=note.at.astimezone(UTC).replace(tzinfo=None)))


def read_notes(ledger: Ledger, kpi: str | None = None) -> tuple[Note, ...]:
    """Return the notes of all KPIs or of one, by day, the newest first; () when there is no ledger yet."""
    wanted = select(notes).order_by(notes.c.day.desc(), notes.c.id.desc())
    if kpi is not None:
        wanted = wanted.where(notes.c.kpi == kpi)
    return tuple(Note(row.kpi, row.day, row.author, row.at.replace(tzinfo=UTC), row.text) for row in ledger.rows(wanted))
