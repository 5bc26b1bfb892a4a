"""What syncs and people wrote into the ledger, for the pages: read again after a while, whatever state of the facts is shown."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from threading import Condition

from cachetools import TTLCache, cached

from errors import StoreError
from metrics.live import LiveNow, live_now
from pages.ui.state import space
from store.ledger import Ledger, SourceRun
from store.notes import Note, add_note, read_notes
from store.sprint_freezes import SprintFreeze, read_freezes
from store.unread_ledger import readable

FRESH_SECONDS = 30
LIVE_SECONDS = 10


@cached(TTLCache(4, FRESH_SECONDS), condition=Condition())
def _problem(home: str) -> str | None:
    return readable(space()).problem


def problem() -> str | None:
    """Return why the ledger cannot be read, None when it can."""
    return _problem(str(space().home))


@cached(TTLCache(50, FRESH_SECONDS), condition=Condition())
def _runs(home: str) -> tuple[SourceRun, ...]:
    return readable(space()).last_runs()


def runs() -> tuple[SourceRun, ...]:
    """Return the newest run of each source."""
    return _runs(str(space().home))


@cached(TTLCache(4, LIVE_SECONDS), condition=Condition())
def _live(home: str) -> tuple[LiveNow, ...]:
    with suppress(StoreError):  # what is only live must not take the page with it
        return live_now(space(), datetime.now(UTC))
    return ()


def live() -> tuple[LiveNow, ...]:
    """Return what goes on right now at every source that is asked for it; from the ledger, never from a vendor."""
    return _live(str(space().home))


@cached(TTLCache(4, FRESH_SECONDS), condition=Condition())
def _notes(home: str) -> tuple[Note, ...]:
    return read_notes(readable(space()))


def notes(kpi: str | None = None) -> tuple[Note, ...]:
    """Return the notes of all KPIs or of one, by day, the newest first."""
    return tuple(note for note in _notes(str(space().home)) if kpi in (None, note.kpi))


def note(kpi: str, day: date, author: str, text: str) -> None:
    """Write a note down."""
    add_note(Ledger(space()), Note(kpi, day, author, datetime.now(UTC), text))
    _notes.cache_clear()


@cached(TTLCache(20, FRESH_SECONDS), condition=Condition())
def _freezes(home: str) -> tuple[SprintFreeze, ...]:
    return tuple(reversed(read_freezes(readable(space()))))


def freezes() -> tuple[SprintFreeze, ...]:
    """Return the frozen sprints, the newest freeze first."""
    return _freezes(str(space().home))
