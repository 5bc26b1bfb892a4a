"""Reads what delivery is about: teams, items, changes of status, sprints and their items, releases, launches. Works nothing out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, func, or_, select

from metrics.delivery_types import Team
from store.schema import campaigns, milestones, releases, sprint_items, sprint_reports, sprints, status_changes, work_items

EPIC = "Epic"
LEAST_SHARE = 0.2
"""Share of a board's sprint items that a project needs to be the board's: one borrowed item brings no backlog with it."""
Changes = dict[str, list[tuple[datetime, str, str]]]
"""Item → (at, category left, category entered), oldest first."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is held of one team. Instants are naive UTC. sprints: oldest first; members, reports: by sprint id."""

    items: tuple[Any, ...]
    changes: Changes
    sprints: tuple[Any, ...]
    members: dict[str, list[Any]]
    reports: dict[str, list[Any]]
    releases: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Launch:
    """A day that marketing waits for."""

    name: str
    start: date
    url: str | None


def read_teams(connection: Connection) -> tuple[Team, ...]:
    """Return the boards that have sprints by name, then the projects that no board works on."""
    found = _boards(connection)
    worked = {(team.source, project) for team in found for project in team.projects}
    known = select(work_items.c.source, work_items.c.project).where(work_items.c.project.is_not(None)).distinct()
    rest = sorted((source, project) for source, project in connection.execute(known) if (source, project) not in worked)
    return _named([*found, *(Team(f"project {project}", source, "", (project,)) for source, project in rest)])


def _boards(connection: Connection) -> list[Team]:
    mine = (sprint_items.c.source == sprints.c.source) & (sprint_items.c.sprint_id == sprints.c.id)
    item = (work_items.c.source == sprint_items.c.source) & (work_items.c.id == sprint_items.c.item_id)
    joined = sprints.outerjoin(sprint_items, mine).outerjoin(work_items, item)
    keys = (sprints.c.source, sprints.c.board, work_items.c.project)
    counted = select(*keys, func.count().label("n")).select_from(joined).where(sprints.c.start_at.is_not(None)).group_by(*keys)
    rows = sorted(((r.source, r.board or "", r.project, r.n) for r in connection.execute(counted)), key=lambda r: (r[1], r[0], r[2] or ""))
    found = []
    for (board, source), group in groupby(rows, key=lambda r: (r[1], r[0])):
        projects = {project: n for _, _, project, n in group if project is not None}
        least = LEAST_SHARE * sum(projects.values())
        found.append(Team(board or "no board", source, board, tuple(sorted(p for p, n in projects.items() if n >= least))))
    return found


def _named(teams: Sequence[Team]) -> tuple[Team, ...]:
    """Return the teams with the source behind those names that two sources have."""
    counts = Counter(team.name for team in teams)
    return tuple(Team(f"{t.name} ({t.source})", t.source, t.board, t.projects) if counts[t.name] > 1 else t for t in teams)


def read_facts(connection: Connection, team: Team) -> Facts:
    """Return what is held of one team; epics and deleted items are left out."""
    c = work_items.c
    mine = (c.source == team.source) & c.project.in_(team.projects) & c.deleted_at.is_(None) & or_(c.type != EPIC, c.type.is_(None))
    items = tuple(connection.execute(select(work_items).where(mine).order_by(c.done_at, c.id)))
    moved = select(status_changes.c.item_id, status_changes.c.at, status_changes.c.from_category, status_changes.c.to_category)
    ours = moved.join(work_items, (c.source == status_changes.c.source) & (c.id == status_changes.c.item_id)).where(mine)
    changes: Changes = {}
    for item, at, left, entered in connection.execute(ours.order_by(status_changes.c.item_id, status_changes.c.at)):
        changes.setdefault(item, []).append((at, left or "", entered or ""))
    board = (sprints.c.source == team.source) & (func.coalesce(sprints.c.board, "") == team.board) & sprints.c.start_at.is_not(None)
    rows = tuple(connection.execute(select(sprints).where(board).order_by(sprints.c.start_at, sprints.c.id))) if team.board else ()
    ids = [row.id for row in rows]
    planned = select(releases).where(releases.c.source == team.source, releases.c.project.in_(team.projects))
    return Facts(
        items,
        changes,
        rows,
        _by_sprint(connection, sprint_items, team.source, ids),
        _by_sprint(connection, sprint_reports, team.source, ids),
        tuple(connection.execute(planned.order_by(releases.c.planned_on, releases.c.name))),
    )


def _by_sprint(connection: Connection, table: Any, source: str, ids: Sequence[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    mine = select(table).where(table.c.source == source, table.c.sprint_id.in_(ids)).order_by(table.c.sprint_id, table.c.item_id)
    for row in connection.execute(mine) if ids else ():
        found.setdefault(row.sprint_id, []).append(row)
    return found


def read_launches(connection: Connection, today: date) -> tuple[Launch, ...]:
    """Return the campaigns and milestones that begin today or later, by day and name."""
    found: list[Launch] = []
    for table in (campaigns, milestones):
        coming = select(table.c.name, table.c.start_on, table.c.url).where(table.c.start_on >= today)
        found += [Launch(row.name or "unnamed", row.start_on, row.url) for row in connection.execute(coming)]
    return tuple(sorted(found, key=lambda one: (one.start, one.name)))


def ended_at(item: Any, changes: Iterable[tuple[datetime, str, str]]) -> datetime | None:
    """Return when an item left the work: done, or cancelled; None while it is open."""
    if item.status_category == "done":
        return item.done_at  # type: ignore[no-any-return]
    if item.status_category != "cancelled":
        return None
    return max((at for at, _, entered in changes if entered in ("done", "cancelled")), default=item.created_at)
