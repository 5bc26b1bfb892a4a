"""What the history of syncs says of every stream, and what vendors said last of their quotas. Knows no vendor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, or_, select

from store.ledger import Ledger
from store.ledger_schema import source_runs

MOST_RUNS = 2_000
"""How far back a source that never succeeded is looked at."""


@dataclass(frozen=True, slots=True)
class StreamRun:
    """The newest word on a stream. tried_at, succeeded_at: ends of runs (aware UTC); error_kind: the shared taxonomy of errors.py."""

    status: str
    error_kind: str | None
    error: str | None
    tried_at: datetime
    succeeded_at: datetime | None


def read_stream_runs(ledger: Ledger) -> dict[tuple[str, str], StreamRun]:
    """Return (source, stream) → how it went when it was asked last, which may be some runs ago: a pause asks for nothing."""
    c = source_runs.c
    good = select(c.source, func.max(c.id).label("id")).where(c.status == "ok").group_by(c.source).subquery()
    since = (
        select(c.source, c.started_at, c.finished_at, c.streams, c.error, c.error_kind)
        .select_from(source_runs.outerjoin(good, good.c.source == c.source))
        .where(or_(good.c.id.is_(None), c.id >= good.c.id))
        .order_by(c.id.desc())
        .limit(MOST_RUNS)
    )
    found: dict[tuple[str, str], StreamRun] = {}
    for run in reversed(ledger.rows(since)):
        at = (run.finished_at or run.started_at).replace(tzinfo=UTC)
        for name, stream in json.loads(run.streams).items():
            before = found.get((run.source, name))
            good_at = at if stream["status"] == "ok" else before.succeeded_at if before else None
            # runs of versions that did not keep a stream's kind of error: its text is the source's when it was the last to fail
            kind = stream.get("error_kind") or (run.error_kind if stream.get("error") and stream["error"] == run.error else None)
            found[run.source, name] = StreamRun(stream["status"], kind, stream.get("error"), at, good_at)
    return found


@dataclass(frozen=True, slots=True)
class Quota:
    """What a vendor said is left of its own quotas, and when (aware UTC)."""

    left: Mapping[str, int]
    as_of: datetime


def read_quotas(ledger: Ledger) -> dict[str, Quota]:
    """Return source → the newest word of its vendor; sources whose vendor says nothing are not in it."""
    c = source_runs.c
    newest = select(func.max(c.id)).where(c.quota.is_not(None)).group_by(c.source)
    rows = ledger.rows(select(c.source, c.quota, c.started_at, c.finished_at).where(c.id.in_(newest)))
    return {row.source: Quota(json.loads(row.quota), (row.finished_at or row.started_at).replace(tzinfo=UTC)) for row in rows}
