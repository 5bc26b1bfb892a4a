"""Releases, campaigns and sprints as events on the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from metrics.calendar import Calendar
from metrics.compile import SprintPeriod
from metrics.types import Event, Period
from store.schema import campaigns, releases, sprints, web_traffic


def read_events(connection: Connection, calendar: Calendar, period: Period) -> tuple[Event, ...]:
    """Return the events that touch the period, by start, kind and name."""
    found = [*_releases(connection), *_planned_campaigns(connection), *_seen_campaigns(connection)]
    found += [Event("sprint", s.id, s.name, s.period.start, s.period.end, s.board) for s in read_sprints(connection, calendar)]
    touching = [e for e in found if e.start < period.end and e.end > period.start]
    return tuple(sorted(touching, key=lambda e: (e.start, e.kind, e.name)))


def _releases(connection: Connection) -> Iterator[Event]:
    for row in connection.execute(select(releases).where(releases.c.released_on.is_not(None))):
        yield Event("release", row.id, row.name, row.released_on, row.released_on + timedelta(days=1), row.description or "", row.url)


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
        yield Event("campaign", campaign, campaign, first, last + timedelta(days=1), f"{channel}, {int(sessions):,} sessions")


def read_sprints(connection: Connection, calendar: Calendar) -> tuple[SprintPeriod, ...]:
    """Return the sprints that have started, by start and name; each ends where the next one of its board begins."""
    rows = connection.execute(select(sprints).where(sprints.c.start_at.is_not(None), sprints.c.state != "future")).all()
    days = {row.id: (calendar.day_of(row.start_at), calendar.day_of(row.completed_at or row.end_at or row.start_at)) for row in rows}
    found = []
    for row in rows:
        first, last = days[row.id]
        later = [days[other.id][0] for other in rows if other.board == row.board and days[other.id][0] > first]
        end: date = min([last + timedelta(days=1), *later])
        found.append(SprintPeriod(row.id, row.name or row.id, Period(first, max(end, first + timedelta(days=1))), row.board or ""))
    return tuple(sorted(found, key=lambda s: (s.period.start, s.name)))
