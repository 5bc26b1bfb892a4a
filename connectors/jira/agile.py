"""Boards, sprints and versions: the light lists of a Jira site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from connectors.jira.client import Client
from errors import SourceConfigError

if TYPE_CHECKING:
    from connectors.jira import JiraSettings


@dataclass(frozen=True, slots=True)
class Board:
    """One agile board."""

    id: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Sprint:
    """One sprint; instants are aware UTC. end: real end, else planned end."""

    id: str
    board: str
    board_id: str
    name: str
    state: str
    start_at: datetime | None
    end_at: datetime | None
    completed_at: datetime | None
    goal: str


def boards(client: Client, projects: Sequence[str]) -> list[Board]:
    """Return the boards of the projects, each once."""
    found = {}
    for project in projects:
        for raw in client.pages("/rest/agile/1.0/board", projectKeyOrId=project):
            found[str(raw["id"])] = Board(str(raw["id"]), str(raw["name"]), str(raw.get("type", "")))
    return list(found.values())


def estimation_field(client: Client, board: Board) -> str | None:
    """Return the id of the field that a board estimates with."""
    configuration = client.get(f"/rest/agile/1.0/board/{board.id}/configuration")
    field = configuration.get("estimation", {}).get("field", {}).get("fieldId")
    return None if field is None else str(field)


def sprints(client: Client, found: Sequence[Board]) -> Iterator[Sprint]:
    """Yield every sprint once, under the board it was made on; a board without sprints answers 400 and is passed over."""
    names, seen = {board.id: board.name for board in found}, set()
    for board in found:
        if board.type == "kanban":
            continue
        try:
            listed = list(client.pages(f"/rest/agile/1.0/board/{board.id}/sprint", state="active,closed,future"))
        except SourceConfigError:
            if board.type == "scrum":
                raise
            continue
        for raw in listed:
            if str(raw["id"]) not in seen:
                seen.add(str(raw["id"]))
                origin = str(raw.get("originBoardId") or board.id)
                yield _sprint(raw, names.get(origin, board.name), origin)


def _sprint(raw: Any, board: str, board_id: str) -> Sprint:
    start, end, completed = (_instant(raw.get(key)) for key in ("startDate", "endDate", "completeDate"))
    return Sprint(str(raw["id"]), board, board_id, str(raw["name"]), str(raw["state"]), start, end, completed, str(raw.get("goal") or ""))


def _instant(text: str | None) -> datetime | None:
    return None if not text else datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def sprint_rows(found: Sequence[Sprint]) -> Iterator[dict[str, object]]:
    """Yield the rows of the table sprints."""
    for sprint in found:
        moments = {name: naive(getattr(sprint, name)) for name in ("start_at", "end_at", "completed_at")}
        yield {"id": sprint.id, "board": sprint.board, "name": sprint.name, "state": sprint.state, **moments, "goal": sprint.goal}


def releases(client: Client, settings: JiraSettings) -> Iterator[dict[str, object]]:
    """Yield the rows of the table releases."""
    for project in settings.projects:
        for raw in client.pages(client.path(f"project/{project}/version")):
            day = date.fromisoformat(raw["releaseDate"]) if raw.get("releaseDate") else None
            released = bool(raw.get("released"))
            yield {
                "id": str(raw["id"]), "project": project, "name": raw.get("name"), "planned_on": day, "released_on": day if released else None,
                "released": released, "description": raw.get("description"), "url": f"{settings.address}/projects/{project}/versions/{raw['id']}",
            }  # fmt: skip


def naive(at: datetime | None) -> datetime | None:
    """Return an instant as the warehouse keeps it: UTC without a zone."""
    return None if at is None else at.astimezone(UTC).replace(tzinfo=None)
