"""What goes on at a source right now: its last live answer and how the last attempt went, one row a source. Knows no vendor."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select

from store.ledger import Ledger
from store.ledger_schema import live


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute. at: its start, aware UTC."""

    at: datetime
    users: int
    events: int
    key_events: int


@dataclass(frozen=True, slots=True)
class Part:
    """A device or a page and how many there were."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Live:
    """The last 30 minutes. Users are distinct people: those of minutes or devices do not add up to `users`.

    as_of: when the vendor was asked, aware UTC. minutes: all 30, oldest first; the last one still runs. devices by users, pages by views.
    """

    as_of: datetime
    users: int
    users_5: int
    events: int
    key_events: int
    minutes: tuple[Minute, ...]
    devices: tuple[Part, ...]
    pages: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class LiveState:
    """Where the live report of a source stands. live: the last answer, however old. error: of the last attempt, None when it was answered."""

    source: str
    tried_at: datetime
    next_at: datetime
    every: timedelta
    failures: int = 0
    error_kind: str | None = None
    error: str | None = None
    live: Live | None = None
    quota: Mapping[str, int] = field(default_factory=dict)


def write_live(ledger: Ledger, state: LiveState) -> None:
    """Put the state of a source in the place of its earlier one."""
    values = {
        "source": state.source,
        "tried_at": _naive(state.tried_at),
        "next_at": _naive(state.next_at),
        "every_seconds": int(state.every.total_seconds()),
        "failures": state.failures,
        "error_kind": state.error_kind,
        "error": state.error,
        "quota": json.dumps(dict(state.quota), sort_keys=True) if state.quota else None,
        "document": None if state.live is None else json.dumps(asdict(state.live), default=datetime.isoformat, ensure_ascii=False),
    }
    with ledger.transaction() as connection:
        connection.execute(delete(live).where(live.c.source == state.source))
        connection.execute(insert(live).values(**values))


def read_live(ledger: Ledger) -> tuple[LiveState, ...]:
    """Return the state of every source that was asked for a live report, by name."""
    return tuple(_state(row) for row in ledger.rows(select(live).order_by(live.c.source)))


def forget_live(ledger: Ledger, keep: Collection[str]) -> None:
    """Take away the sources that are not asked any more."""
    if {state.source for state in read_live(ledger)} - set(keep):
        with ledger.transaction() as connection:
            connection.execute(delete(live).where(live.c.source.not_in(list(keep))))


def _naive(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)


def _state(row: Any) -> LiveState:
    return LiveState(
        source=row.source,
        tried_at=row.tried_at.replace(tzinfo=UTC),
        next_at=row.next_at.replace(tzinfo=UTC),
        every=timedelta(seconds=row.every_seconds),
        failures=row.failures,
        error_kind=row.error_kind,
        error=row.error,
        live=None if row.document is None else _live(json.loads(row.document)),
        quota=json.loads(row.quota) if row.quota else {},
    )


def _live(document: dict[str, Any]) -> Live:
    minutes = tuple(Minute(**{**one, "at": datetime.fromisoformat(one["at"])}) for one in document.pop("minutes"))
    devices, pages = (tuple(Part(**one) for one in document.pop(name)) for name in ("devices", "pages"))
    as_of = datetime.fromisoformat(document.pop("as_of"))
    return Live(as_of=as_of, minutes=minutes, devices=devices, pages=pages, **document)
