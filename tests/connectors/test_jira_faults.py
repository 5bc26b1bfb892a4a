"""Jira: what a site may do to a scan, on Cloud and on Data Center, and what becomes of the items."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from errors import AuthError, ContractError, QuotaError, SourceConfigError, TransientSourceError
from sandbox.jira import JiraServer, problem
from sandbox.server import Reply, Request
from sandbox.tables import BoardRecord, VersionRecord
from settings import Secret
from store.schema import FACTS
from store.warehouse import Warehouse
from tests.connectors.jira_site import DOING, DONE, NOW, TODO, company, issue, read
from tests.connectors.jira_workspace import Site
from tests.connectors.test_jira import connector, naive, rows, serving


@pytest.fixture
def server() -> Iterator[JiraServer]:
    with serving(company(*(issue(n, (n / 10, "status", DOING), (n / 10 + 1, "status", DONE)) for n in range(1, 31)))) as running:
        yield running


@pytest.fixture
def site(server: JiraServer, tmp_path: Path) -> Site:
    return Site(server, tmp_path)


def on(path: str, reply: Reply | None, *, once: bool = False) -> Any:
    """Return a fault that answers one path."""
    met = [0]

    def fault(request: Request, _number: int) -> Reply | None:
        if not request.path.endswith(path):
            return None
        met[0] += 1
        return reply if not once or met[0] == 1 else None

    return fault


def test_m40_setup_asks_who_we_are_and_what_we_see(server: JiraServer) -> None:
    read(connector(server), "work_items")
    assert [call.path for call in server.calls[:3]] == ["/rest/api/2/serverInfo", "/rest/api/2/myself", "/rest/api/3/project/search"]


def test_m41_f35_data_center_pages_by_offset_through_short_pages(tmp_path: Path) -> None:
    issues = [issue(n, (n / 10, "status", DOING)) for n in range(1, 24)]
    with serving(company(*issues), data_center=True, token="pat") as server:
        sizes = iter([5, 2, 7, 3, 6, 4, 5, 5])

        def short(request: Request, _number: int) -> Reply | None:
            if request.path.endswith("/rest/api/2/search"):
                server.page_size = next(sizes)
            return None

        server.fault = short
        source = connector(server, pat=Secret("pat"))
        assert len(read(source, "work_items")) == 23
        assert len(read(source, "status_changes")) == 23
        assert all(call.headers["authorization"] == "Bearer pat" for call in server.calls)
        assert not any("/3/" in call.path for call in server.calls if "version" not in call.path)


def test_m41_data_center_notices_a_list_that_shrinks_and_still_ends() -> None:
    with serving(company(*(issue(n) for n in range(1, 12))), data_center=True, token="pat", page_size=4) as server:

        def shrink(request: Request, _number: int) -> Reply | None:
            if not request.path.endswith("/rest/api/2/search"):
                return None
            answer = json.loads(server.answer(request).body)
            return Reply.of({**answer, "total": answer["total"] - 3})

        server.fault = shrink
        assert len(read(connector(server, pat=Secret("pat")), "work_items")) == 11, (
            "8 from the list, the others because the census names them"
        )


def test_m41_data_center_begins_again_when_the_list_shrinks_between_two_pages() -> None:
    """An issue that leaves an early page moves one over the border of the next, where nobody would see it."""
    with serving(company(*(issue(n) for n in range(1, 12))), data_center=True, token="pat", page_size=4) as server:

        def leave(request: Request, _number: int) -> None:
            if request.path.endswith("/rest/api/2/search") and request.query["startAt"] == "4":
                server.company.jira.issues.pop(0)

        server.fault = leave
        with pytest.raises(TransientSourceError, match="became shorter between two pages"):
            read(connector(server, pat=Secret("pat")), "work_items")


def test_m42_f32_a_removed_search_names_the_migration_and_is_not_tried_again(server: JiraServer) -> None:
    server.fault = on("/search/jql", problem(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."))
    with pytest.raises(ContractError, match="Please migrate"):
        read(connector(server), "work_items")
    assert sum(call.path.endswith("/search/jql") for call in server.calls) == 1


def test_f33_a_token_that_repeats_stops_within_the_cap(server: JiraServer) -> None:
    def again(request: Request, _number: int) -> Reply | None:
        if not request.path.endswith("/search/jql"):
            return None
        return Reply.of({**json.loads(server.answer(request).body), "isLast": False, "nextPageToken": "7"})

    server.fault = again
    with pytest.raises(ContractError, match="repeats the page token '7'"):
        read(connector(server), "work_items")
    assert len(server.calls) < 12


def test_f34_a_page_of_37_is_not_the_last() -> None:
    with serving(company(*(issue(n) for n in range(1, 60))), page_size=37) as server:
        assert len(read(connector(server), "work_items")) == 59


def test_f36_a_page_token_that_expired_begins_the_scan_again(site: Site) -> None:
    site.server.page_size = 10
    met = [0]

    def expire(request: Request, _number: int) -> Reply | None:
        if "nextPageToken" not in request.query:
            return None
        met[0] += 1
        return problem(400, "The provided next page token is invalid or expired.") if met[0] == 2 else None

    site.server.fault = expire
    assert site.sync().status == "ok"
    assert len(site.items()) == 30


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "300"}, 300.0),
        ({"Date": "Tue, 24 Nov 2026 10:00:00 GMT", "Retry-After": "Tue, 24 Nov 2026 10:05:00 GMT"}, 300.0),
        ({"Retry-After": "0"}, 0.0),
        ({}, None),
    ],
    ids=["seconds beyond a minute", "date", "zero", "absent"],
)
@pytest.mark.parametrize("status", [429, 503])
def test_m45_f37_the_wish_to_wait_is_understood_under_an_html_body(
    server: JiraServer, status: int, headers: dict[str, str], seconds: float | None
) -> None:
    page = b"<html><body>Too Many Requests</body></html>"
    server.fault = on("/search/jql", Reply(status, page, {"Content-Type": "text/html", **headers}))
    with pytest.raises(TransientSourceError) as refused:
        read(connector(server), "work_items")
    assert isinstance(refused.value, QuotaError) == (status == 429)
    assert refused.value.retry_after_seconds == seconds
    assert "<html>" not in str(refused.value)


def test_m45_f37_five_minutes_are_a_pause_that_the_runner_keeps(site: Site) -> None:
    site.server.fault = on("/search/jql", Reply(429, b"{}", {"Retry-After": "300"}))
    result = site.sync()
    assert result.status == "paused"
    assert result.not_before is not None
    assert timedelta(seconds=299) < result.not_before - NOW < timedelta(seconds=330)


def test_m46_a_silent_site_is_left_after_the_timeout(server: JiraServer) -> None:
    def hang(request: Request, _number: int) -> None:
        if request.path.endswith("/search/jql"):
            time.sleep(1.5)

    server.fault = hang
    with pytest.raises(TransientSourceError, match="time ran out"):
        read(connector(server, timeout_seconds=0.3), "work_items")


def test_m48_f41_a_deleted_issue_is_marked_and_counts_no_more(site: Site) -> None:
    site.sync()
    gone = site.server.company.jira.issues.pop(4)
    later = NOW + timedelta(hours=1)
    site.sync(later)
    assert site.items()[gone.id]["deleted_at"] == later.replace(tzinfo=None)
    assert [key for key, row in site.items().items() if row["deleted_at"] is not None] == [gone.id]
    site.sync(NOW + timedelta(hours=2))
    assert site.items()[gone.id]["deleted_at"] == later.replace(tzinfo=None), "the first time stays"


def test_f41_a_project_that_is_not_visible_any_more_freezes_instead(site: Site) -> None:
    site.sync()
    site.server.fault = on("/project/search", Reply.of({"values": [], "isLast": True, "total": 0}))
    result = site.sync(NOW + timedelta(hours=1))
    assert (result.status, result.error_kind) == ("failed", "permission")
    assert all(row["deleted_at"] is None for row in site.items().values())
    assert len(site.items()) == 30


def test_m47_f42_the_whole_history_comes_although_the_search_embeds_forty() -> None:
    moves = [(n / 10, "status", DOING if n % 2 == 0 else TODO) for n in range(57)]
    site = company(issue(1, *moves))
    assert len(rows(site, "status_changes")) == 57
    (row,) = rows(site, "work_items")
    assert row["started_at"] == naive(0)


def test_m47_a_data_center_history_that_is_not_whole_breaks_the_contract() -> None:
    with serving(company(issue(1, (1, "status", DOING), (2, "status", DONE))), data_center=True, token="pat") as server:

        def cut(request: Request, _number: int) -> Reply | None:
            if not request.path.endswith("/rest/api/2/search"):
                return None
            answer = json.loads(server.answer(request).body)
            answer["issues"][0]["changelog"]["histories"].pop()
            return Reply.of(answer)

        server.fault = cut
        with pytest.raises(ContractError, match="holds 1 of 2 entries"):
            read(connector(server, pat=Secret("pat")), "work_items")


LEGACY = "com.atlassian.greenhopper.service.sprint.Sprint@1a2b[completeDate=<null>,name=A, B[2],id=41,rapidViewId=4,state=CLOSED]"


@pytest.mark.parametrize("listed", [[LEGACY], [LEGACY, {"id": 42, "name": "x"}], None], ids=["legacy text", "mixed", "null"])
def test_m49_the_sprint_field_is_read_in_every_form(listed: list[Any] | None) -> None:
    with serving(company(issue(1))) as server:

        def write(request: Request, _number: int) -> Reply | None:
            if not request.path.endswith("/search/jql"):
                return None
            answer = json.loads(server.answer(request).body)
            for found in answer["issues"]:
                found.get("fields", {})["customfield_10020"] = listed
            return Reply.of(answer)

        server.fault = write
        found = {row["sprint_id"] for row in read(connector(server), "sprint_items")}
    assert found == ({"41"} if listed and len(listed) == 1 else {"41", "42"} if listed else set())


@pytest.mark.parametrize("words", ["The board does not support sprints", "Das Board unterstützt keine Sprints"])
def test_f44_a_board_without_sprints_is_passed_over_in_any_language(words: str) -> None:
    boards = [BoardRecord("4", "WEB board", "WEB"), BoardRecord("8", "Team", "WEB", "simple")]
    with serving(company(boards=boards)) as server:
        server.fault = on("/board/8/sprint", problem(400, words))
        assert {row["board"] for row in read(connector(server), "sprints")} == {"WEB board"}


def test_m52_versions_are_told_by_id_dated_or_not_archived_or_renamed(site: Site) -> None:
    versions = site.server.company.jira.versions
    versions += [VersionRecord("1", "WEB", "2.0", None, None), VersionRecord("2", "WEB", "2.1", date(2026, 3, 3), date(2026, 3, 3))]
    site.sync()
    versions[0] = VersionRecord("1", "WEB", "2.0 (spring)", None, None)
    site.sync(NOW + timedelta(hours=1))
    with Warehouse(site.space).open() as facts, facts.engine.connect() as connection:
        found = {row.id: (row.name, row.released_on) for row in connection.execute(FACTS["releases"].select())}
    assert found == {"1": ("2.0 (spring)", None), "2": ("2.1", date(2026, 3, 3))}


@pytest.mark.parametrize(("days", "sign"), [(12, "warn"), (200, "ok"), (-3, "warn")])
def test_m53_doctor_warns_a_month_before_a_token_ends(server: JiraServer, tmp_path: Path, days: int, sign: str) -> None:
    from cli import app

    ends = datetime.now(UTC).date() + timedelta(days=days)
    Site(server, tmp_path, f"    token_expires: {ends}\n")
    answer = CliRunner().invoke(app, ["doctor", "--json", "--home", str(tmp_path)])
    (finding,) = [f for f in json.loads(answer.stdout)["checks"] if f["check"] == "source delivery"]
    assert finding["status"] == sign
    assert ("Its token end" in finding["message"]) == (sign == "warn")


def test_m54_addresses_inside_answers_are_never_followed(server: JiraServer) -> None:
    def elsewhere(request: Request, _number: int) -> Reply | None:
        reply = server.answer(request)
        body = reply.body.replace(server.url.encode(), b"http://127.0.0.1:9").replace(
            b'"isLast"', b'"nextPage": "http://127.0.0.1:9/x", "isLast"'
        )
        return Reply(reply.status, body, {k: v for k, v in reply.headers.items() if k != "Content-Length"})

    server.fault = elsewhere
    source = connector(server)
    assert len(read(source, "work_items")) == 30
    assert all("127.0.0.1:9/" not in str(row["url"]) for row in read(source, "releases"))


def test_m55_a_refused_query_is_an_error_with_the_vendors_words_and_never_an_empty_table(site: Site) -> None:
    site.sync()
    site.server.fault = on("/search/jql", problem(400, "The value 'WEB' does not exist for the field 'project'."))
    result = site.sync(NOW + timedelta(hours=1))
    assert (result.status, result.error_kind) == ("failed", "config")
    assert "does not exist for the field" in str(result.error)
    assert len(site.items()) == 30
    with pytest.raises(SourceConfigError):
        read(connector(site.server), "work_items")


def test_f45_a_sign_in_page_is_no_empty_site(server: JiraServer) -> None:
    server.fault = on("/search/jql", Reply(200, b"<html>Log in</html>", {"Content-Type": "text/html"}))
    with pytest.raises(AuthError, match="text/html instead of JSON"):
        read(connector(server), "work_items")


def test_f46_a_site_that_sees_nobody_in_us_is_an_error_and_the_items_stay(site: Site) -> None:
    site.sync()
    empty = {"issues": [], "isLast": True}

    def anonymous(request: Request, _number: int) -> Reply | None:
        if request.path.endswith("/myself"):
            return Reply.of({})
        return Reply.of(empty) if request.path.endswith("/search/jql") else None

    site.server.fault = anonymous
    result = site.sync(NOW + timedelta(hours=1))
    assert (result.status, result.error_kind) == ("auth", "auth")
    assert len([row for row in site.items().values() if row["deleted_at"] is None]) == 30


def test_f46_all_issues_gone_at_once_are_held_back(site: Site) -> None:
    site.sync()
    site.server.fault = on("/search/jql", Reply.of({"issues": [], "isLast": True}))
    assert site.sync(NOW + timedelta(hours=1)).status == "held"
    assert len([row for row in site.items().values() if row["deleted_at"] is None]) == 30


def test_m43_fields_are_asked_for_by_their_ids(server: JiraServer) -> None:
    read(connector(server), "work_items")
    asked = next(call.query["fields"].split(",") for call in server.calls if call.path.endswith("/search/jql"))
    assert {"customfield_10016", "customfield_10020"} <= set(asked)
    assert not any(" " in name for name in asked)


def test_f49_a_site_that_is_down_at_the_start_fails_in_seconds() -> None:
    began = time.monotonic()
    with serving(company()) as server:
        server.fault = lambda _request, _number: Reply(503, b"", {})
        with pytest.raises(TransientSourceError):
            read(connector(server), "work_items")
    assert time.monotonic() - began < 3
