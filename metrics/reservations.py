"""What to know before trusting a day: what the vendor or the quality gate raised about it, and how it changed after it was shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, inspect, select

from store.schema import restatements, slices
from store.types import WHOLE


@dataclass(frozen=True, slots=True)
class Restatement:
    """A complete day whose total changed at the vendor later. what: rows, or a column; generation: the first with the new value."""

    source: str
    stream: str
    day: date
    generation: int
    what: str
    before: float | None
    after: float | None


def read_restatements(connection: Connection, most: int = 200) -> tuple[Restatement, ...]:
    """Return the newest restatements, newest first; none from a generation that was made before they were logged."""
    if not inspect(connection).has_table(restatements.name):
        return ()
    c = restatements.c
    newest = select(c.source, c.stream, c.slice, c.generation, c.what, c.before, c.after)
    rows = connection.execute(newest.order_by(c.generation.desc(), c.slice.desc(), c.source, c.stream, c.what).limit(most))
    return tuple(Restatement(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class FlaggedSlice:
    """One day of a stream about which the vendor, or the quality gate, raised something. day None: a stream that is replaced whole."""

    source: str
    stream: str
    day: date | None
    rows: int
    flags: tuple[str, ...]


def read_flagged(connection: Connection, most: int = 200) -> tuple[FlaggedSlice, ...]:
    """Return the newest slices with quality flags, newest first; provisional days are not among them."""
    flagged = (
        select(slices).where(slices.c.flags.not_in(("", "provisional"))).order_by(slices.c.slice.desc(), slices.c.source, slices.c.stream)
    )
    return tuple(
        FlaggedSlice(row.source, row.stream, None if row.slice == WHOLE else row.slice, row.rows, tuple(row.flags.split(",")))
        for row in connection.execute(flagged.limit(most))
    )
