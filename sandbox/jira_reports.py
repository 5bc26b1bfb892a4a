"""The sprint report that Jira's own page is drawn from; written down from the company's truth, not from any replay of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.jira_issue import sprint_json
from sandbox.server import Reply, Request
from sandbox.truth import sprint_memberships

if TYPE_CHECKING:
    from sandbox.jira import JiraServer

LISTS = {
    "completed": "completedIssues",
    "not_completed": "issuesNotCompletedInCurrentSprint",
    "removed": "puntedIssues",
    "completed_elsewhere": "issuesCompletedInAnotherSprint",
}


def sprint_report(server: JiraServer, request: Request) -> Reply:
    """Return the report of one sprint of one board."""
    site = server.company.jira
    sprint = next((s for s in site.sprints if s.id == request.query.get("sprintId")), None)
    if sprint is None or sprint.board_id != request.query.get("rapidViewId"):
        return Reply.of({"errorMessages": ["The requested board or sprint cannot be viewed."], "errors": {}}, status=404)
    keys = {issue.id: issue.key for issue in site.issues}
    contents: dict[str, Any] = {name: [] for name in LISTS.values()} | {"issueKeysAddedDuringSprint": {}}
    for row in sprint_memberships(server.company, sprint):
        contents[LISTS[row["outcome"]]].append(
            {
                "id": int(row["item_id"]), "key": keys[row["item_id"]],
                "estimateStatistic": {"statFieldId": "customfield_10016", "statFieldValue": _value(row["points_at_start"])},
                "currentEstimateStatistic": {"statFieldId": "customfield_10016", "statFieldValue": _value(row["points_at_end"])},
            }
        )  # fmt: skip
        if row["added_during"]:
            contents["issueKeysAddedDuringSprint"][keys[row["item_id"]]] = True
    done = [issue["currentEstimateStatistic"]["statFieldValue"].get("value", 0.0) for issue in contents["completedIssues"]]
    contents["completedIssuesEstimateSum"] = {"value": sum(done), "text": f"{sum(done):g}"}
    return Reply.of({"contents": contents, "sprint": sprint_json(sprint, server.now), "supportsPages": True})


def _value(points: float | None) -> dict[str, float]:
    return {} if points is None else {"value": points}
