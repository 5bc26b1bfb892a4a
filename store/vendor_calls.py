"""The calls and faults of the last hours, kept so that a vendor's limits hold over restarts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, insert, select

from store.ledger import Ledger
from store.ledger_schema import vendor_calls

KEPT = timedelta(hours=2)


def record_call(ledger: Ledger, source: str, kind: str, at: datetime) -> None:
    """Write down one call or fault (`kind`), and forget the ones that no limit counts any more."""
    moment = at.astimezone(UTC).replace(tzinfo=None)
    with ledger.transaction() as connection:
        connection.execute(delete(vendor_calls).where(vendor_calls.c.source == source, vendor_calls.c.at < moment - KEPT))
        connection.execute(insert(vendor_calls).values(source=source, kind=kind, at=moment))


def count_calls(ledger: Ledger, source: str, kind: str, since: datetime) -> tuple[int, datetime | None]:
    """Return how many there were since an instant, and the oldest of them (aware UTC)."""
    moment = since.astimezone(UTC).replace(tzinfo=None)
    mine = (vendor_calls.c.source == source) & (vendor_calls.c.kind == kind) & (vendor_calls.c.at > moment)
    row = ledger.rows(select(func.count().label("n"), func.min(vendor_calls.c.at).label("oldest")).where(mine))[0]
    return int(row.n), None if row.oldest is None else row.oldest.replace(tzinfo=UTC)
