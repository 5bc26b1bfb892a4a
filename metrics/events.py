"""Releases, campaigns, sprints and changes of definitions as events on the calendar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from metrics.calendar import Calendar
from metrics.numerals import fixed
from metrics.slots import SprintPeriod
from metrics.types import Event, Period
from store.definition_history import read_changes
from store.ledger import Ledger
from store.notes import Note
from store.schema import campaigns, coverage, releases, sprints, web_traffic


def read_events(connection: Connection, calendar: Calendar, period: Period) -> tuple[Event, ...]:
    """Return the events that touch the period, by start, kind and name."""
    found = [*_releases(connection), *_planned_campaigns(connection), *_seen_campaigns(connection)]
    found += [Event("sprint", s.id, s.name, s.period.start, s.period.end, s.board) for s in read_sprints(connection, calendar)]
    touching = [e for e in found if e.start < period.end and e.end > period.start]
    return tuple(sorted(touching, key=lambda e: (e.start, e.kind, e.name)))


def definition_events(ledger: Ledger, calendar: Calendar, period: Period, labels: Mapping[str, str]) -> tuple[Event, ...]:
    """Return the days of a period on which a KPI came to mean something else; its first record is no change."""
    found = []
    for change in read_changes(ledger):
        day = calendar.day_of(change.at)
        if change.is_new_hash and not change.is_first and period.start <= day < period.end:
            name = f"{labels.get(change.kpi, change.kpi)}: {change.words}"
            found.append(Event("definition", change.kpi, name, day, day + timedelta(days=1), change.words))
    return tuple(found)


def note_events(notes: Iterable[Note], period: Period) -> tuple[Event, ...]:
    """Return the notes about days of a period, oldest first."""
    found = [Event("note", note.kpi, note.text, note.day, note.day + timedelta(days=1), note.author) for note in notes]
    return tuple(sorted((e for e in found if period.start <= e.start < period.end), key=lambda e: (e.start, e.name)))


def _releases(connection: Connection) -> Iterator[Event]:
    for row in connection.execute(select(releases).where(releases.c.released_on.is_not(None))):
        yield Event(
            "release", row.id, row.name or row.id, row.released_on, row.released_on + timedelta(days=1), row.description or "", row.url
        )


def _planned_campaigns(connection: Connection) -> Iterator[Event]:
    for row in connection.execute(select(campaigns).where(campaigns.c.start_on.is_not(None))):
        last = row.end_on or row.start_on
        yield Event("campaign", row.id, row.name, row.start_on, last + timedelta(days=1), row.channel or "", row.url)


def _seen_campaigns(connection: Connection) -> Iterator[Event]:
    """Campaigns as the analytics saw them: from the first to the last day with sessions."""
    name = web_traffic.c.campaign
    seen = select(
        name, func.min(web_traffic.c.channel), func.min(web_traffic.c.day), func.max(web_traffic.c.day), func.sum(web_traffic.c.sessions)
    )
    for campaign, channel, first, last, sessions in connection.execute(seen.where(name.not_like("(%")).group_by(name)):
        yield Event(
            "campaign",
            campaign,
            campaign,
            first,
            last + timedelta(days=1),
            f"{channel or 'no channel'}, {fixed(int(sessions or 0))} sessions",
        )


def read_sprints(connection: Connection, calendar: Calendar) -> tuple[SprintPeriod, ...]:
    """Return the sprints that have started, by start and name; each ends where the next one of its board begins.

    An active sprint past its planned end still runs: it reaches to the last day that its source covers.
    """
    rows = connection.execute(select(sprints).where(sprints.c.start_at.is_not(None), sprints.c.state != "future")).all()
    reached = _reached(connection, calendar)
    shown = _names(rows)
    found = []
    for row in rows:
        first = calendar.day_of(row.start_at)
        later = [
            start
            for other in rows
            if (other.source, other.board) == (row.source, row.board) and (start := calendar.day_of(other.start_at)) > first
        ]
        end = min([_end(row, calendar, reached), *later])
        period = Period(first, max(end, first + timedelta(days=1)))
        found.append(SprintPeriod(row.source, row.id, shown[row.source, row.id], period, row.board or "", row.state == "closed"))
    return tuple(sorted(found, key=lambda s: (s.period.start, s.name)))


def _end(row: Any, calendar: Calendar, reached: Mapping[str, date]) -> date:
    """Return the first day after a sprint, from what its own row says."""
    last = calendar.day_of(row.completed_at or row.end_at or row.start_at)
    after = last + timedelta(days=1)
    return after if row.state == "closed" else max(after, reached.get(row.source, after))


def _reached(connection: Connection, calendar: Calendar) -> dict[str, date]:
    """Return source → first day that its sprints are not known for."""
    held = select(coverage.c.source, coverage.c.complete_through).where(coverage.c.table_name == sprints.name)
    return {source: calendar.day_of(through) for source, through in connection.execute(held) if through is not None}


def _names(rows: Sequence[Any]) -> dict[tuple[str, str], str]:
    """Return (source, id) → a name that no other sprint has: teams like to count their sprints from 1."""
    found = {(row.source, row.id): row.name or row.id for row in rows}
    for more in ("board", "source", "id"):
        counts = Counter(found.values())
        for row in rows:
            key = row.source, row.id
            if counts[found[key]] > 1:
                found[key] = f"{found[key]} ({getattr(row, more) or 'no board'})"
    return found
