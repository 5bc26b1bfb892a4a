"""Which definitions were in force, from when on, and what changed of each KPI; kept in the ledger. Knows no YAML."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, insert, select

from store.ledger import Ledger
from store.ledger_schema import definition_changes, definition_files


@dataclass(frozen=True, slots=True)
class DefinitionFile:
    """One version of the file. since: aware UTC; origin: workspace, or shipped."""

    digest: str
    origin: str
    text: str
    since: datetime


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """One change of one KPI. at: aware UTC; hash and body None = the KPI went, or had a problem. is_first: nothing was known of it before."""

    kpi: str
    hash: str | None
    body: str | None
    at: datetime
    words: str
    is_first: bool = False
    is_new_hash: bool = True


def digest_of(text: str) -> str:
    """Return the digest by which a version of the file is known."""
    return hashlib.sha256(text.encode()).hexdigest()


def last_files(ledger: Ledger, most: int = 1) -> tuple[DefinitionFile, ...]:
    """Return the newest versions that were in force, newest first; () when none is known."""
    rows = ledger.rows(select(definition_files).order_by(definition_files.c.id.desc()).limit(most))
    return tuple(DefinitionFile(row.digest, row.origin, row.text, row.since.replace(tzinfo=UTC)) for row in rows)


def file_of(ledger: Ledger, digest: str) -> DefinitionFile | None:
    """Return the version whose digest begins with the given hexadecimal digits, None when it was never in force."""
    wanted = (
        select(definition_files).where(definition_files.c.digest.startswith(digest, autoescape=True)).order_by(definition_files.c.id.desc())
    )
    row = next(iter(ledger.rows(wanted.limit(1))), None)
    return None if row is None else DefinitionFile(row.digest, row.origin, row.text, row.since.replace(tzinfo=UTC))


Compared = Callable[[Mapping[str, tuple[str | None, str | None]]], Sequence[tuple[str, str | None, str | None, str]]]
"""Given KPI → (hash, body) as last recorded, returns (kpi, hash, body, words) for everything that is another now."""


def record_file(ledger: Ledger, text: str, origin: str, at: datetime, compare: Compared) -> int:
    """Record a version that is in force and what changed with it; return how many KPIs did. The newest version again adds nothing.

    Raises: StoreError when the ledger cannot be written.
    """
    mark, naive = digest_of(text), at.astimezone(UTC).replace(tzinfo=None)
    ledger.upgrade()
    newest = select(func.max(definition_changes.c.id)).group_by(definition_changes.c.kpi)
    with ledger.transaction() as connection:
        last = connection.execute(select(definition_files.c.digest).order_by(definition_files.c.id.desc()).limit(1)).scalar()
        if last == mark:
            return 0
        known = {
            row.kpi: (row.hash, row.body)
            for row in connection.execute(select(definition_changes).where(definition_changes.c.id.in_(newest)))
        }
        made = insert(definition_files).values(digest=mark, origin=origin, text=text, since=naive)
        key = connection.execute(made).inserted_primary_key
        assert key is not None
        changed = [
            {"file_id": key[0], "kpi": kpi, "hash": hash_, "body": body, "at": naive, "words": words}
            for kpi, hash_, body, words in compare(known)
        ]
        if changed:
            connection.execute(insert(definition_changes), changed)
    return len(changed)


def read_changes(ledger: Ledger, kpi: str | None = None) -> tuple[DefinitionChange, ...]:
    """Return the changes of all KPIs or of one, oldest first; () when there is no ledger yet."""
    wanted = select(definition_changes).order_by(definition_changes.c.id)
    if kpi is not None:
        wanted = wanted.where(definition_changes.c.kpi == kpi)
    hashes: dict[str, str | None] = {}
    found = []
    for row in ledger.rows(wanted):
        first = row.kpi not in hashes
        new = first or hashes[row.kpi] != row.hash
        hashes[row.kpi] = row.hash
        found.append(DefinitionChange(row.kpi, row.hash, row.body, row.at.replace(tzinfo=UTC), row.words, first, new))
    return tuple(found)
