"""What happened at the same time as a KPI moved: releases, and the work that names it. A coincidence in time, never said to be a cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from sqlalchemy import Select, and_, func, or_, select

from metrics.calendar import Calendar
from metrics.types import Period
from store.schema import releases, work_items

MOST = 200


class Reads(Protocol):
    """What stories need of a catalog."""

    @property
    def calendar(self) -> Calendar: ...
    def read(self, statement: Select[Any]) -> Sequence[Any]: ...


@dataclass(frozen=True, slots=True)
class Story:
    """One work item. day: when its version was released, else when it was done, in the reporting zone; release: that version's name."""

    key: str
    title: str
    url: str | None
    type: str
    day: date
    release: str | None


@dataclass(frozen=True, slots=True)
class Shipped:
    """One released version with the work in it; items: all of them, stories: those that name the KPI."""

    name: str
    project: str
    day: date
    url: str | None
    description: str
    items: int
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True)
class AtTheTime:
    """What happened in a period. versions: newest first; alone: done work that names the KPI and belongs to no version released in it."""

    period: Period
    versions: tuple[Shipped, ...]
    alone: tuple[Story, ...]


def at_the_time(catalog: Reads, kpi: str, period: Period) -> AtTheTime:
    """Return the versions released in a period, and the work done in it that names a KPI with its label kpi:…"""
    inside = and_(releases.c.released_on >= period.start, releases.c.released_on < period.end)
    versions = catalog.read(select(releases).where(inside).order_by(releases.c.released_on.desc(), releases.c.name).limit(MOST))
    counted = select(work_items.c.source, work_items.c.release_id, func.count()).where(work_items.c.deleted_at.is_(None))
    sizes = {
        (source, release): count for source, release, count in catalog.read(counted.group_by(work_items.c.source, work_items.c.release_id))
    }
    mine = _naming(catalog, kpi, period)
    shipped = []
    for row in versions:
        items = [item for item in mine if (item.source, item.release_id) == (row.source, row.id)]
        stories = tuple(_story(catalog, item, row.released_on, row.name) for item in items)
        shipped.append(
            Shipped(
                row.name or row.id,
                row.project or "",
                row.released_on,
                row.url,
                row.description or "",
                sizes.get((row.source, row.id), 0),
                stories,
            )
        )
    taken = {story.key for one in shipped for story in one.stories}
    alone = [_story(catalog, item, None, None) for item in mine if item.done_at is not None and (item.key or item.id) not in taken]
    return AtTheTime(period, tuple(shipped), tuple(story for story in alone if period.start <= story.day < period.end))


def _naming(catalog: Reads, kpi: str, period: Period) -> Sequence[Any]:
    """Return the items that name a KPI and were done, or whose version was released, in a period; a day wider, since instants are UTC."""
    c = work_items.c
    done = c.done_at.between(
        catalog.calendar.begins(period.start).replace(tzinfo=None), catalog.calendar.begins(period.end).replace(tzinfo=None)
    )
    shipped = select(releases.c.id).where(
        releases.c.source == c.source, releases.c.released_on >= period.start, releases.c.released_on < period.end
    )
    both = or_(done, c.release_id.in_(shipped))
    return catalog.read(select(work_items).where(c.kpi == kpi, c.deleted_at.is_(None), both).order_by(c.done_at.desc(), c.key).limit(MOST))


def _story(catalog: Reads, item: Any, released: date | None, release: str | None) -> Story:
    day = released or catalog.calendar.day_of(item.done_at)
    return Story(item.key or item.id, item.title or "", item.url, item.type or "", day, release)


def around(day: date) -> Period:
    """Return the days in which something may have happened at the same time as a change that began on a day."""
    return Period(day - timedelta(days=14), day + timedelta(days=8))
