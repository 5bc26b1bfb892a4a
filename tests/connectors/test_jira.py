"""Jira: the real client library against the double; sprint rules worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from jira import JIRA
from jira.exceptions import JIRAError

from connectors.jira import Connector, JiraSettings
from errors import (
    AuthError,
    ConfigError,
    ContractError,
    DashboardError,
    PermissionSourceError,
    QuotaError,
    SourceConfigError,
    TransientSourceError,
)
from sandbox.jira import JiraServer, problem
from sandbox.server import Reply, Request
from sandbox.tables import BoardRecord, Company, LinkRecord, SprintRecord, VersionRecord
from sandbox.world import make_world
from settings import Secret
from store.types import Window
from tests.connectors.jira_site import BLOCKED, DOING, DONE, DROPPED, TODO, VIENNA, InMemory, at, company, issue, read

Row = dict[str, Any]


@contextmanager
def serving(site: Company, **options: Any) -> Iterator[JiraServer]:
    with JiraServer(site, **options) as server:
        yield server


def connector(server: JiraServer, **settings: Any) -> Connector:
    return Connector("delivery", JiraSettings(**{"projects": ("WEB",), "endpoint": server.url, **settings}), VIENNA)


def rows(site: Company, stream: str, **settings: Any) -> list[Row]:
    with serving(site) as server:
        return read(connector(server, **settings), stream)


def member(*changes: tuple[float, str, str], sprint: str = "41", points: float | None = 3.0) -> Row | None:
    """Return the row of one issue in one sprint, or None."""
    found = [row for row in rows(company(issue(1, *changes, points=points)), "sprint_items") if row["sprint_id"] == sprint]
    assert len(found) < 2
    return found[0] if found else None


def naive(day: float) -> datetime:
    return at(day).replace(tzinfo=None)


def test_an_item_planned_and_finished_is_committed_and_completed() -> None:
    row = member((-1, "sprint", "41"), (2, "status", DOING), (5, "status", DONE))
    assert row == {
        "sprint_id": "41", "item_id": "101", "day": date(2026, 3, 13), "added_at": naive(-1), "removed_at": None,
        "committed": True, "completed": True, "points_at_start": 3.0, "points_at_end": 3.0, "completed_outside": False,
    }  # fmt: skip


def test_an_item_added_on_the_way_is_not_committed_but_may_be_completed() -> None:
    row = member((3, "sprint", "41"), (4, "status", DOING), (6, "status", DONE))
    assert row
    assert (row["committed"], row["completed"], row["added_at"]) == (False, True, naive(3))


def test_an_item_taken_out_keeps_its_commitment_and_its_estimate_of_then() -> None:
    row = member((-1, "sprint", "41"), (2, "points", "5"), (4, "sprint", ""), (6, "points", "8"), (7, "status", DONE))
    assert row
    assert (row["committed"], row["completed"], row["removed_at"]) == (True, False, naive(4))
    assert (row["points_at_start"], row["points_at_end"]) == (3.0, 5.0)


def test_a_reestimate_changes_the_end_but_not_the_commitment() -> None:
    row = member((-1, "sprint", "41"), (3, "points", "8"), (6, "status", DONE), (12, "points", "1"))
    assert row
    assert (row["points_at_start"], row["points_at_end"]) == (3.0, 8.0)


def test_an_estimate_that_comes_later_was_absent_at_the_start() -> None:
    row = member((-1, "sprint", "41"), (3, "points", "5"), points=None)
    assert row
    assert (row["points_at_start"], row["points_at_end"]) == (None, 5.0)


def test_an_item_done_before_the_start_is_neither_committed_nor_completed() -> None:
    row = member((-2, "sprint", "41"), (-1.5, "status", DOING), (-1, "status", DONE))
    assert row
    assert (row["committed"], row["completed"]) == (False, False)


def test_an_item_reopened_at_the_end_is_not_completed_and_a_second_finish_counts() -> None:
    reopened = member((-1, "sprint", "41"), (5, "status", DONE), (10, "status", DOING))
    again = member((-1, "sprint", "41"), (-0.5, "status", DONE), (2, "status", DOING), (9, "status", DONE))
    assert reopened
    assert again
    assert (reopened["completed"], again["committed"], again["completed"]) == (False, False, True)


def test_an_item_finished_after_the_sprint_closed_is_not_completed_in_it() -> None:
    changes = ((-1, "sprint", "41"), (3, "status", DOING), (11.5, "sprint", "41, 42"), (13, "status", DONE))
    first, second = member(*changes), member(*changes, sprint="42")
    assert first
    assert second
    assert (first["committed"], first["completed"], first["removed_at"]) == (True, False, None)
    assert (second["committed"], second["completed"], second["added_at"]) == (False, False, naive(11.5))


def test_an_item_done_while_in_another_sprint_or_before_the_start_is_completed_outside() -> None:
    """statistics of Jira's own report: neither counts as this sprint's work."""
    elsewhere = member((1, "sprint", "42"), (2, "status", DOING), (3, "status", DONE), (4, "sprint", "42, 41"))
    before = member((-3, "sprint", "41"), (-2, "status", DOING), (-1, "status", DONE))
    inside = member((-3, "sprint", "41"), (2, "status", DOING), (3, "status", DONE))
    found = [None if row is None else (row["completed"], row["completed_outside"]) for row in (elsewhere, before, inside)]
    assert found == [(False, True), (False, True), (True, False)]


def test_a_carried_item_is_committed_again_in_the_next_sprint() -> None:
    row = member((-1, "sprint", "41"), (3, "status", DOING), (11.5, "sprint", "41, 42"), (16, "status", DONE), sprint="42")
    assert row
    assert (row["committed"], row["completed"]) == (True, True)


def test_an_item_that_came_and_went_before_the_start_was_never_in_the_sprint() -> None:
    assert member((-3, "sprint", "41"), (-2, "sprint", "")) is None


def test_an_item_that_left_and_came_back_is_in_it() -> None:
    row = member((-1, "sprint", "41"), (2, "sprint", ""), (4, "sprint", "41"), (6, "status", DONE))
    assert row
    assert (row["committed"], row["completed"], row["removed_at"], row["added_at"]) == (True, True, None, naive(4))


def test_a_dropped_item_is_not_completed() -> None:
    row = member((-1, "sprint", "41"), (5, "status", DROPPED))
    assert row
    assert (row["committed"], row["completed"]) == (True, False)


def test_the_running_sprint_is_judged_as_of_now_and_a_later_one_only_listed() -> None:
    future = SprintRecord("44", "4", "WEB Sprint 4", at(42), at(53), None)
    site = company(issue(1, (27, "sprint", "43"), (29, "status", DONE)), issue(2, (29, "sprint", "44")))
    site.jira.sprints.append(future)
    running, planned = rows(site, "sprint_items")
    assert (running["sprint_id"], running["committed"], running["completed"]) == ("43", True, True)
    assert (planned["sprint_id"], planned["committed"], planned["completed"], planned["points_at_start"]) == ("44", False, False, 3.0)


def test_an_item_created_inside_a_sprint_belongs_to_it_from_its_creation() -> None:
    record = issue(1)
    record.sprint, record.created = "41", at(2)
    record.changes = []
    assert rows_with_state(record)["added_at"] == naive(2)


def rows_with_state(record: Any) -> Row:
    (row,) = rows(company(record), "sprint_items")
    return row


def test_work_items_take_their_times_from_the_history() -> None:
    finished = issue(
        1,
        (1, "status", DOING),
        (2, "status", DONE),
        (3, "status", DOING),
        (5, "status", DONE),
        labels=("kpi:site_speed", "a", "kpi:conversion_rate"),
    )
    found = {
        row["key"]: row
        for row in rows(company(finished, issue(2, (1, "status", BLOCKED)), issue(3, (1, "status", DROPPED)), issue(4)), "work_items")
    }
    done = found["WEB-1"]
    assert (done["started_at"], done["done_at"], done["cycle_days"], done["lead_days"]) == (naive(1), naive(5), 4.0, 12.0)
    assert (done["kpi"], done["labels"]) == ("conversion_rate", "a,kpi:conversion_rate,kpi:site_speed")
    assert [found[f"WEB-{n}"]["status_category"] for n in (1, 2, 3, 4)] == ["done", "blocked", "cancelled", "todo"]
    assert (found["WEB-3"]["done_at"], found["WEB-4"]["started_at"]) == (None, None)
    assert done["url"].endswith("/browse/WEB-1")


def test_status_changes_are_all_there_although_the_embedded_history_is_cut() -> None:
    moves = [(n / 10, "status", DOING if n % 2 == 0 else TODO) for n in range(57)]
    assert len(rows(company(issue(1, *moves)), "status_changes")) == 57


def test_histories_spread_over_pages_are_put_together() -> None:
    with serving(company(issue(1, (1, "status", DOING), (2, "status", DONE)), issue(2, (1, "status", DOING)))) as server:

        def small(request: Request, _number: int) -> Reply | None:
            if not request.path.endswith("bulkfetch"):
                return None
            asked = {**request.json(), "maxResults": 1}
            return server.answer(Request("POST", request.path, request.query, request.headers, json.dumps(asked).encode()))

        server.fault = small
        assert len(read(connector(server), "status_changes")) == 3


def test_short_pages_are_not_the_end() -> None:
    with serving(company(*(issue(n) for n in range(1, 12))), page_size=2) as server:
        assert len(read(connector(server), "work_items")) == 11


def test_one_scan_serves_all_streams() -> None:
    with serving(company(issue(1))) as server:
        source = connector(server)
        assert server.calls == []
        for stream in source.streams():
            read(source, stream.name)
        searches = [call.query["fields"] for call in server.calls if call.path.endswith("/search/jql")]
        assert len(searches) == 2, "the issues, and the census"
        assert searches[1] == "id"
        assert {call.path for call in server.calls if "search" in call.path} == {"/rest/api/3/search/jql", "/rest/api/3/project/search"}


def test_a_link_on_both_issues_counts_once() -> None:
    site = company(issue(1), issue(2))
    site.jira.links.append(LinkRecord("9", "101", "102", at(0)))
    assert rows(site, "dependencies") == [{"blocker_id": "101", "blocked_id": "102", "type": "Blocks"}]


def test_releases_tell_plans_from_facts() -> None:
    site = company()
    site.jira.versions += [
        VersionRecord("1", "WEB", "2.0", date(2026, 3, 3), date(2026, 3, 3)),
        VersionRecord("2", "WEB", "2.1", date(2026, 5, 1), None),
        VersionRecord("3", "WEB", "2.2", None, None),
    ]
    found = [(row["name"], row["planned_on"], row["released_on"], row["released"]) for row in rows(site, "releases")]
    assert found == [("2.0", date(2026, 3, 3), date(2026, 3, 3), True), ("2.1", date(2026, 5, 1), None, False), ("2.2", None, None, False)]


def test_sprints_of_a_board_without_sprints_are_passed_over() -> None:
    boards = [BoardRecord("4", "WEB board", "WEB"), BoardRecord("7", "Flow", "WEB", "kanban"), BoardRecord("8", "Team", "WEB", "simple")]
    found = rows(company(boards=boards), "sprints")
    assert [(row["name"], row["state"], row["board"]) for row in found] == [
        ("WEB Sprint 1", "closed", "WEB board"),
        ("WEB Sprint 2", "closed", "WEB board"),
        ("WEB Sprint 3", "active", "WEB board"),
    ]
    assert found[2]["completed_at"] is None


def test_everything_is_complete_through_the_last_local_midnight() -> None:
    with serving(company()) as server:
        source = connector(server)
        window = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, 21, 59, tzinfo=UTC), InMemory())
        for stream in source.streams():
            assert list(source.read(stream, window))[-1].complete_through == datetime(2026, 3, 31, 22, tzinfo=UTC)


def two_estimates(server: JiraServer, **more: Any) -> Any:
    extra = {
        "id": "customfield_10099",
        "name": "Story Points",
        "custom": True,
        "schema": {"custom": "com.atlassian.jira.plugin.system.customfieldtypes:float"},
    }

    def fault(request: Request, _number: int) -> Reply | None:
        if request.path.endswith("/field"):
            return Reply.of([*json.loads(server.answer(request).body), extra])
        return more.get("configuration") if request.path.endswith("/configuration") else None

    return fault


def test_m43_f43_the_boards_estimate_decides_between_two_fields_and_doubt_is_asked_about() -> None:
    with serving(company(issue(1))) as server:
        server.fault = two_estimates(server)
        assert read(connector(server), "work_items")[0]["points"] == 3.0
        server.fault = two_estimates(server, configuration=Reply.of({"id": 4}))
        with pytest.raises(ConfigError, match="Say which with 'points_field'"):
            read(connector(server), "work_items")
        assert read(connector(server, points_field="customfield_10016"), "work_items")[0]["points"] == 3.0


RETRY_DATE = {"Date": "Tue, 24 Nov 2026 10:00:00 GMT", "Retry-After": "Tue, 24 Nov 2026 10:05:00 GMT"}
HTML = Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (
            Reply(401, b"Client must be authenticated to access this resource.", {"Content-Type": "text/plain"}),
            AuthError,
            "401 .*expire after a year",
        ),
        (problem(403, "no"), PermissionSourceError, "may not read"),
        (problem(404, "Issue does not exist or you do not have permission to see it."), PermissionSourceError, "does not exist"),
        (
            problem(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."),
            ContractError,
            "migrate to",
        ),
        (problem(400, "Error in the JQL Query"), SourceConfigError, "Error in the JQL Query"),
        (Reply(429, b"<html>slow down</html>", {"Content-Type": "text/html"}), QuotaError, "slow down"),
        (problem(503, "later"), TransientSourceError, "has a fault"),
        (HTML, AuthError, "instead of JSON"),
    ],
)
def test_every_refusal_has_its_class_and_no_secret(reply: Reply, kind: type[DashboardError], words: str) -> None:
    with serving(company(issue(1)), email="canary@example.com", token="canary-token") as server:
        server.fault = lambda request, _number: reply if "/search/jql" in request.path else None
        source = connector(server, email=Secret("canary@example.com"), token=Secret("canary-token"))
        with pytest.raises(kind, match=words) as refused:
            read(source, "work_items")
        assert "canary" not in str(refused.value) + repr(source._settings)
        assert sum("/search/jql" in call.path for call in server.calls) == 1


@pytest.mark.parametrize(("headers", "seconds"), [({"Retry-After": "300"}, 300), ({"Retry-After": "0"}, 0), (RETRY_DATE, 300), ({}, None)])
def test_the_vendors_wish_to_wait_is_understood(headers: dict[str, str], seconds: float | None) -> None:
    with serving(company()) as server:
        server.fault = lambda request, _number: Reply(429, b"{}", headers) if "project" in request.path else None
        with pytest.raises(QuotaError) as refused:
            read(connector(server), "work_items")
        assert refused.value.retry_after_seconds == seconds


def test_refused_credentials_and_invisible_projects_are_errors_not_empty_tables() -> None:
    with serving(company(issue(1))) as server:
        with pytest.raises(AuthError, match="Renew JIRA_TOKEN"):
            read(connector(server, email=Secret("x"), token=Secret("y")), "work_items")
        with pytest.raises(PermissionSourceError, match=r"project 'WEV' is not visible\. Visible projects: WEB\. Did you mean: WEB\?"):
            read(connector(server, projects=("WEV",)), "work_items")
        server.fault = lambda request, _number: (
            Reply.of({"values": [], "isLast": True, "total": 0}) if request.path.endswith("/project/search") else None
        )
        with pytest.raises(PermissionSourceError, match="Visible projects: none"):
            read(connector(server), "work_items")


def test_a_dead_host_fails_at_once() -> None:
    with serving(company()) as server:
        url = server.url
    source = Connector("delivery", JiraSettings(projects=("WEB",), endpoint=url), VIENNA)
    with pytest.raises(TransientSourceError, match="did not answer"):
        source.check()


def test_the_check_says_what_it_reached() -> None:
    with serving(company()) as server:
        assert connector(server).check() == f"{server.url} answers as Reporting bot; projects WEB are visible."


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"projects": ()}, "projects is empty"),
        ({"projects": ("WEB",)}, "there is no 'server'"),
        ({"projects": ("WEB",), "server": "https://example.atlassian.net"}, "credentials are missing"),
    ],
)
def test_wrong_settings_are_refused_before_any_call(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        JiraSettings(**settings)


def test_the_double_serves_the_unmodified_library() -> None:
    world = make_world(5, start=date(2026, 1, 5), days=30)
    with serving(world.company, page_size=7) as server:
        plain = JIRA(server=server.url, basic_auth=("bot@example.com", "sandbox"), timeout=(2, 10), max_retries=0)
        assert plain.myself()["timeZone"] == "Europe/Vienna"
        found = plain.search_issues('project = "WEB"', maxResults=False, json_result=False)
        assert {i.key for i in found} == {i.key for i in world.company.jira.issues if i.project == "WEB"}
        assert [board.name for board in plain.boards(maxResults=False)] == ["WEB board", "APP board", "OPS flow"]
        with pytest.raises(JIRAError) as removed:
            plain._get_json("search?jql=project=WEB")
        assert removed.value.status_code == 410
        with pytest.raises(JIRAError) as flow:
            plain.sprints(6)
        assert flow.value.status_code == 400
