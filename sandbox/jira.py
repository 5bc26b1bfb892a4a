"""A double of Jira Cloud (platform v2/v3 and agile 1.0) over the sandbox company's site, at the company's clock."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox import jira_reports, jira_worklogs
from sandbox.jira_issue import KEY_FIELD, TYPES, History, RenderedIssue, issue_type, sprint_json, stamp, status_of
from sandbox.jira_query import Query, QueryRefused, matches, ordered, parse
from sandbox.server import LocalServer, Reply, Request
from sandbox.tables import POINTS_FIELD, SPRINT_FIELD, STATUSES, BoardRecord, Company

REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
EMBEDDED_CHANGELOG = 40
MOST_IDS = 5_000
"""Issues on one page of a search that asks for nothing but ids."""
FIELDS = (
    {"id": KEY_FIELD, "name": "Key", "custom": False},
    {"id": "project", "name": "Project", "custom": False, "schema": {"type": "project", "system": "project"}},
    {"id": "summary", "name": "Summary", "custom": False, "schema": {"type": "string", "system": "summary"}},
    {"id": "status", "name": "Status", "custom": False, "schema": {"type": "status", "system": "status"}},
    {
        "id": POINTS_FIELD,
        "name": "Story point estimate",
        "custom": True,
        "schema": {"type": "number", "custom": "com.pyxis.greenhopper.jira:jsw-story-points"},
    },
    {
        "id": SPRINT_FIELD,
        "name": "Sprint",
        "custom": True,
        "schema": {"type": "array", "items": "json", "custom": "com.pyxis.greenhopper.jira:gh-sprint"},
    },
)


class JiraServer(LocalServer):
    """Serves one site to one account. page_size: the most issues one page of a search holds; data_center: the older API, for a PAT.

    account_zone: the zone of the account's profile, in which times in a query are read.
    unindexed: ids of issues that exist and that the search does not show yet, or not any more.
    """

    def __init__(
        self,
        company: Company,
        port: int = 0,
        *,
        email: str = "bot@example.com",
        token: str = "sandbox",
        page_size: int = 100,
        data_center: bool = False,
        account_zone: ZoneInfo | None = None,
    ) -> None:
        super().__init__(port)
        self.company, self.page_size, self.data_center = company, page_size, data_center
        self.account_zone, self.unindexed = account_zone or company.zone, set[str]()
        basic = "Basic " + base64.b64encode(f"{email}:{token}".encode()).decode()
        self._authorization = f"Bearer {token}" if data_center else basic
        self._routes: list[tuple[str, Callable[..., Reply]]] = [
            (r"/rest/api/[23]/myself", self._myself),
            (r"/rest/api/[23]/field", lambda _request: Reply.of(list(FIELDS))),
            (r"/rest/api/[23]/status", lambda _request: Reply.of([status_of(key) for key in STATUSES])),
            (r"/rest/api/[23]/issuetype", lambda _request: Reply.of([issue_type(name) for name in TYPES])),
            (r"/rest/api/[23]/resolution", lambda _request: Reply.of([{"id": "10000", "name": "Done"}])),
            (r"/rest/api/[23]/project/search", self._projects),
            (r"/rest/api/2/project", lambda _request: Reply.of(self._listed_projects())),
            (r"/rest/api/[23]/search", lambda request: self._search_by_offset(request) if self.data_center else problem(410, REMOVED)),
            (r"/rest/api/[23]/search/jql", self._search),
            (r"/rest/api/[23]/changelog/bulkfetch", self._changelogs),
            (r"/rest/api/[23]/issue/bulkfetch", self._bulk),
            (r"/rest/api/[23]/worklog/(updated|deleted)", lambda request, kind: jira_worklogs.feed(self, request, kind)),
            (r"/rest/api/[23]/worklog/list", lambda request: jira_worklogs.listed(self, request)),
            (r"/rest/api/[23]/issue/(\d+)/worklog", lambda request, issue: jira_worklogs.of_issue(self, request, issue)),
            (r"/rest/api/[23]/project/([A-Z]+)/version", self._versions),
            (r"/rest/agile/1\.0/board", self._boards),
            (r"/rest/agile/1\.0/board/(\d+)/configuration", self._configuration),
            (r"/rest/agile/1\.0/board/(\d+)/sprint", self._sprints),
            (r"/rest/greenhopper/1\.0/rapid/charts/sprintreport", lambda request: jira_reports.sprint_report(self, request)),
        ]

    @property
    def now(self) -> datetime:
        """The clock of the company."""
        return self.company.now

    def answer(self, request: Request) -> Reply:
        """Return Jira's answer to one request; only serverInfo answers without credentials."""
        if re.fullmatch(r"/rest/api/[23]/serverInfo", request.path):
            return Reply.of(self._server_info())
        if request.headers.get("authorization") != self._authorization:
            text = b"Client must be authenticated to access this resource."
            return Reply(401, text, {"Content-Type": "text/plain", "X-Seraph-LoginReason": "AUTHENTICATED_FAILED"})
        for pattern, handler in self._routes:
            match = re.fullmatch(pattern, request.path)
            if match:
                return handler(request, *match.groups())
        return problem(404, "null for uri: " + request.path)

    def _server_info(self) -> dict[str, Any]:
        return {
            "baseUrl": self.url, "version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0], "deploymentType": "Server" if self.data_center else "Cloud", "buildNumber": 100_290,
            "serverTime": stamp(self.now), "serverTitle": "Sandbox", "defaultLocale": {"locale": "en_US"},
        }  # fmt: skip

    def _myself(self, _request: Request) -> Reply:
        return Reply.of(
            {
                "accountId": "5b10a2844c20165700ede21g",
                "displayName": "Reporting bot",
                "active": True,
                "timeZone": str(self.account_zone),
                "locale": "en_US",
            }
        )

    def _projects(self, request: Request) -> Reply:
        return Reply.of(page(self._listed_projects(), request, 50))

    def _listed_projects(self) -> list[dict[str, Any]]:
        return [
            {"id": str(10_000 + n), "key": key, "name": name, "simplified": False}
            for n, (key, name) in enumerate(self.company.jira.projects.items())
        ]

    def _search_by_offset(self, request: Request) -> Reply:
        """The search of Data Center: startAt and total; its changelogs are whole."""
        try:
            found = self._found(request.query.get("jql") or "", strict=request.query.get("validateQuery") != "false")
        except QueryRefused as refused:
            return problem(400, str(refused))
        fields = _listed(request.query.get("fields"))
        start, size = int(request.query.get("startAt") or 0), min(int(request.query.get("maxResults") or 50), self._most(fields))
        shown = [self._shown(issue, fields, False) for issue in found[start : start + size]]
        for issue, one in zip(found[start : start + size], shown, strict=True):
            if request.query.get("expand") != "changelog":
                continue
            histories = [history.json() for history in issue.histories()]
            one["changelog"] = {"startAt": 0, "maxResults": len(histories), "total": len(histories), "histories": histories}
        return Reply.of({"startAt": start, "maxResults": size, "total": len(found), "issues": shown})

    def _search(self, request: Request) -> Reply:
        asked = request.json() if request.method == "POST" else request.query
        try:
            found = self._found(asked.get("jql") or "", strict=True)
        except QueryRefused as refused:
            return problem(400, str(refused))
        offset = int(asked.get("nextPageToken") or 0)
        fields, expand = _listed(asked.get("fields")), asked.get("expand") or ""
        size = min(int(asked.get("maxResults") or 50), self._most(fields))
        shown = [self._shown(issue, fields, "changelog" in expand) for issue in found[offset : offset + size]]
        last = offset + size >= len(found)
        return Reply.of({"issues": shown, "isLast": last} | ({} if last else {"nextPageToken": str(offset + size)}))

    def _found(self, jql: str, *, strict: bool) -> list[RenderedIssue]:
        """Return the indexed issues that a query finds. strict: an id that does not exist makes the query wrong, as it is on Cloud."""
        query, issues = parse(jql), self._issues()
        if strict:
            self._refuse_unknown_ids(query, issues)
        if self.data_center and any(name == "updated" and values[0].isdigit() for name, values in query.clauses):
            raise QueryRefused("Date value for field 'updated' is invalid.")  # nobody promises epoch milliseconds there
        return ordered([i for i in issues if i.record.id not in self.unindexed and matches(query, i, self.account_zone)], query)

    @staticmethod
    def _refuse_unknown_ids(query: Query, issues: Sequence[RenderedIssue]) -> None:
        known = {issue.record.id for issue in issues}
        for name, values in query.clauses:
            if name == "id" and not known.issuperset(values):
                raise QueryRefused("An issue with that id does not exist for field 'id'.")

    def _most(self, fields: Sequence[str]) -> int:
        return MOST_IDS if list(fields) == ["id"] else self.page_size

    def _bulk(self, request: Request) -> Reply:
        """Show issues by id, straight from the records and not from the index; what does not exist is left out in silence."""
        asked = request.json()
        if len(asked["issueIdsOrKeys"]) > 100:
            return problem(400, "issueIdsOrKeys holds at most 100 entries.")
        wanted = set(asked["issueIdsOrKeys"])
        shown = [self._shown(issue, _listed(asked.get("fields")), False) for issue in self._issues() if issue.record.id in wanted]
        return Reply.of({"issues": shown, "issueErrors": []})

    def _shown(self, issue: RenderedIssue, fields: Sequence[str], changelog: bool) -> dict[str, Any]:
        answer: dict[str, Any] = {"id": issue.record.id, "key": issue.key, "self": f"{self.url}/rest/api/2/issue/{issue.record.id}"}
        if fields and fields != ["id"]:
            answer["fields"] = issue.fields(fields)
        if changelog:
            histories = [history.json() for history in reversed(issue.histories())]
            answer["changelog"] = {
                "startAt": 0,
                "maxResults": EMBEDDED_CHANGELOG,
                "total": len(histories),
                "histories": histories[:EMBEDDED_CHANGELOG],
            }
        return answer

    def _changelogs(self, request: Request) -> Reply:
        """Page through histories, oldest first; one issue may spread over pages."""
        asked = request.json()
        wanted, fields = set(asked["issueIdsOrKeys"]), set(asked.get("fieldIds") or ())
        if len(wanted) > 1_000:
            return problem(400, "issueIdsOrKeys holds at most 1000 entries.")
        flat = [
            (i.record.id, h)
            for i in self._issues()
            if i.record.id in wanted or i.key in wanted
            for h in i.histories()
            if not fields or h.field_ids & fields
        ]
        offset, size = int(asked.get("nextPageToken") or 0), min(int(asked.get("maxResults") or 1_000), 1_000)
        grouped: dict[str, list[History]] = {}
        for issue_id, history in flat[offset : offset + size]:
            grouped.setdefault(issue_id, []).append(history)
        logs = [{"issueId": key, "changeHistories": [h.json(fields) for h in histories]} for key, histories in grouped.items()]
        return Reply.of({"issueChangeLogs": logs} | ({"nextPageToken": str(offset + size)} if offset + size < len(flat) else {}))

    def _issues(self) -> list[RenderedIssue]:
        return [RenderedIssue(record, self.company) for record in self.company.jira.issues if record.created <= self.now]

    def _versions(self, request: Request, project: str) -> Reply:
        if project not in self.company.jira.projects:
            return problem(404, f"No project could be found with key '{project}'.")
        listed = [
            {
                "id": v.id,
                "name": v.name,
                "description": v.description,
                "archived": False,
                "released": v.released_on is not None,
                "projectId": 10_000,
            }
            | ({"releaseDate": str(v.released_on or v.planned_on)} if v.released_on or v.planned_on else {})
            for v in self.company.jira.versions
            if v.project == project
        ]
        return Reply.of(page(listed, request, 50))

    def _boards(self, request: Request) -> Reply:
        wanted = [
            b
            for b in self.company.jira.boards
            if request.query.get("projectKeyOrId") in (None, b.project) and request.query.get("type") in (None, b.type)
        ]
        listed = [
            {"id": int(b.id), "name": b.name, "type": b.type, "location": {"projectKey": b.project, "projectId": 10_000}} for b in wanted
        ]
        return Reply.of(page(listed, request, 50))

    def _board(self, number: str) -> BoardRecord | None:
        return next((board for board in self.company.jira.boards if board.id == number), None)

    def _configuration(self, _request: Request, number: str) -> Reply:
        board = self._board(number)
        if board is None:
            return problem(404, "Board does not exist or you do not have permission to see it.")
        estimation = {"type": "field", "field": {"fieldId": POINTS_FIELD, "displayName": "Story point estimate"}}
        return Reply.of(
            {"id": int(number), "name": board.name, "type": board.type} | ({"estimation": estimation} if board.type == "scrum" else {})
        )

    def _sprints(self, request: Request, number: str) -> Reply:
        board = self._board(number)
        if board is None:
            return problem(404, "Board does not exist or you do not have permission to see it.")
        if board.type != "scrum":
            return problem(400, "The board does not support sprints")
        states = [state for state in request.query.get("state", "").split(",") if state]
        sprints = [sprint_json(s, self.now) for s in self.company.jira.sprints if s.board_id == number]
        return Reply.of(page([s for s in sprints if not states or s["state"] in states], request, 50))


def page(listed: Sequence[Any], request: Request, most: int) -> dict[str, Any]:
    """Return one page of an offset-paged list."""
    start, size = int(request.query.get("startAt") or 0), min(int(request.query.get("maxResults") or most), most)
    return {
        "startAt": start,
        "maxResults": size,
        "total": len(listed),
        "isLast": start + size >= len(listed),
        "values": list(listed[start : start + size]),
    }


def problem(status: int, message: str) -> Reply:
    """Return Jira's error envelope."""
    return Reply.of({"errorMessages": [message], "errors": {}}, status=status)


def _listed(fields: Any) -> list[str]:
    return [part.strip() for part in fields.split(",")] if isinstance(fields, str) else list(fields or ["id"])
