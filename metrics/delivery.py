"""A team's delivery put together: sprints, flow and forecast. Reads through the other modules and works nothing out itself."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine

from errors import QueryError, suggest
from metrics.calendar import Calendar
from metrics.coverage import StreamCoverage, reach
from metrics.delivery_facts import read_facts, read_launches, read_teams
from metrics.delivery_flow import flow_of
from metrics.delivery_forecast import forecast_of
from metrics.delivery_sprints import by_key, closed_sprints, current_sprint
from metrics.delivery_types import Delivery, Team
from metrics.delivery_words import headline
from store.ledger import Ledger
from store.sprint_freezes import read_freezes

TABLES = ("work_items", "status_changes")
WEEKS = 12


def teams(engine: Engine) -> tuple[Team, ...]:
    """Return whose delivery may be asked about."""
    with engine.connect() as connection:
        return read_teams(connection)


def read_delivery(
    engine: Engine, generation: int, calendar: Calendar, streams: Iterable[StreamCoverage], ledger: Ledger, board: str | None, weeks: int
) -> Delivery:
    """Return the delivery of a board (or project), the first one when none is named; flow over the last `weeks` whole weeks.

    Raises: QueryError when there is no such board, or nothing about work items is held.
    """
    with engine.connect() as connection:
        team = _team(read_teams(connection), board)
        held = reach(streams, dict.fromkeys(TABLES, frozenset({team.source})), calendar)
        if held.end is None:
            raise QueryError(f"Delivery cannot be shown: {team.source} holds no complete day yet. The next sync brings it.")
        facts, launches = read_facts(connection, team), read_launches(connection, held.end)
    current = current_sprint(facts, calendar, held.end)
    forecast = forecast_of(facts, launches, current, calendar, held.end)
    closed = closed_sprints(team, facts, by_key(read_freezes(ledger)), calendar)
    flow = flow_of(facts, calendar, held.end, weeks)
    return Delivery(team, held.end, headline(forecast), current, closed, flow, forecast, generation)


def _team(known: tuple[Team, ...], board: str | None) -> Team:
    """Return the team of that name; a board's project, or a project's key alone, will do."""
    if not known:
        raise QueryError("No source holds boards or projects. Connect Jira in sources.yaml, then run './kpi sync'.")
    if board is None:
        return known[0]
    wanted = board.casefold()
    exact = [team for team in known if team.name.casefold() == wanted]
    near = [team for team in known if wanted in (team.board.casefold(), *(project.casefold() for project in team.projects))]
    if exact or near:
        return (exact or near)[0]
    listed = [team.name for team in known]
    raise QueryError(f"There is no board '{board}'. Known: {', '.join(listed)}. {suggest(board, listed) or ''}".rstrip())
