"""Jira's own sprint report: what the page of a closed sprint shows. Undocumented, so it is an extra that may be missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from connectors.jira.agile import Sprint
from connectors.jira.client import Client
from errors import ContractError, SourceError
from store.schema import arrow_schema
from store.types import WHOLE, Batch, Held, Stream

PATH = "/rest/greenhopper/1.0/rapid/charts/sprintreport"
SETTLED = timedelta(hours=1)
"""How long after its close a sprint's report is read; once, because estimates in it drift when items are opened again."""
LISTS = {
    "completedIssues": "completed",
    "issuesNotCompletedInCurrentSprint": "not_completed",
    "puntedIssues": "removed",
    "issuesCompletedInAnotherSprint": "completed_elsewhere",
}


def batches(
    client: Client, sprints: Iterable[Sprint], stream: Stream, held: Held, now: datetime, complete_through: datetime
) -> Iterator[Batch]:
    """Yield the reports of the closed sprints that are not held yet; those read before a failure are kept."""
    known, refused, came = held.keys(stream), None, False
    for sprint in sprints:
        if sprint.state != "closed" or sprint.completed_at is None or now - sprint.completed_at < SETTLED or sprint.id in known:
            continue
        try:
            report = client.get(PATH, rapidViewId=sprint.board_id, sprintId=sprint.id)
            yield Batch(WHOLE, _table(list(_rows(client, sprint, report))), closes=False)
            came = True
        except SourceError as error:
            refused = error
            break
    if came or refused is None:
        yield Batch(WHOLE, _table([]), complete_through if refused is None else None)
    if refused is not None:
        raise refused


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema("sprint_reports"))


def _rows(client: Client, sprint: Sprint, report: Any) -> Iterator[dict[str, Any]]:
    contents = report.get("contents") if isinstance(report, dict) else None
    if not isinstance(contents, dict) or not all(isinstance(contents.get(name), list) for name in LISTS):
        raise ContractError(f"{client.source}: the report of sprint '{sprint.name}' has not the four lists of issues it should have.")
    added = contents.get("issueKeysAddedDuringSprint") or {}
    for name, outcome in LISTS.items():
        for issue in contents[name]:
            yield {
                "sprint_id": sprint.id,
                "item_id": str(issue["id"]),
                "outcome": outcome,
                "added_during": bool(added.get(issue.get("key"))),
                "points_initial": _points(issue.get("estimateStatistic")),
                "points_final": _points(issue.get("currentEstimateStatistic")),
            }


def _points(statistic: Any) -> float | None:
    value = ((statistic or {}).get("statFieldValue") or {}).get("value")
    return None if value is None else float(value)
