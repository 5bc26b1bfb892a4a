"""Jira's own sprint report and the booked time: what is asked for only when it is wanted, and what may go wrong with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sync import Order
from sandbox import jira_edits as edits
from sandbox.jira import JiraServer, problem
from sandbox.jira_issue import AUTHOR
from sandbox.server import Reply, Request
from sandbox.tables import SprintRecord, WorklogRecord
from sandbox.world import make_world
from tests.connectors.jira_site import DOING, DONE, NOW, at, company, issue
from tests.connectors.jira_workspace import FULL, Site
from tests.connectors.test_jira import serving

HOUR = timedelta(hours=1)
REPORT = "    sprint_report: true\n"
WORKLOGS = "    worklogs: true\n"
Row = dict[str, Any]


@pytest.fixture
def server() -> Iterator[JiraServer]:
    committed = issue(1, (-1, "sprint", "41"), (2, "status", DOING), (5, "status", DONE), points=5.0)
    added = issue(2, (3, "sprint", "41"), (4, "points", "8"))
    removed = issue(3, (-1, "sprint", "41"), (4, "sprint", ""), points=2.0)
    before = issue(4, (-2, "sprint", "41"), (-1, "status", DONE), points=1.0)
    with serving(company(committed, added, removed, before)) as running:
        yield running


def asked(server: JiraServer, path: str) -> int:
    return sum(path in call.path for call in server.calls)


@pytest.mark.parametrize(("path", "table"), [("greenhopper", "sprint_reports"), ("worklog", "worklogs")])
def test_m50_m51_nothing_is_asked_for_that_nobody_wanted(server: JiraServer, tmp_path: Path, path: str, table: str) -> None:
    here = Site(server, tmp_path)
    assert table not in here.sync().streams
    assert asked(server, path) == 0
    assert here.table(table) == []


def test_m50_the_report_is_kept_as_jira_tells_it(server: JiraServer, tmp_path: Path) -> None:
    """Worked out by hand: 101 committed and done, 102 added, 103 taken out, 104 done before the sprint began."""
    here = Site(server, tmp_path, REPORT)
    here.sync()
    rows = [list(row.values())[2:] for row in here.table("sprint_reports") if row["sprint_id"] == "41"]
    assert sorted(rows) == [
        ["41", "101", "completed", False, 5.0, 5.0],
        ["41", "102", "not_completed", True, 3.0, 8.0],
        ["41", "103", "removed", False, 2.0, 2.0],
        ["41", "104", "completed_elsewhere", False, 1.0, 1.0],
    ]


def sums(rows: list[Row], points: str, where: Any) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for row in rows:
        found[row["sprint_id"]] += (row[points] or 0.0) if where(row) else 0.0
    return dict(found)


def test_m50_what_we_replay_adds_up_to_what_jira_reports(tmp_path: Path) -> None:
    world = make_world(7, start=date(2026, 1, 5), days=150)
    with serving(world.company) as server:
        here = Site(server, tmp_path, REPORT, "WEB, APP, OPS")
        assert here.sync(world.company.now).status == "ok"
    reported = here.table("sprint_reports")
    closed = {row["sprint_id"] for row in reported}
    replayed = [row for row in here.table("sprint_items") if row["sprint_id"] in closed]
    assert len(closed) == 2 * len([s for s in world.company.jira.sprints if s.board_id == "4" and s.completed_at]) >= 20
    assert sums(replayed, "points_at_end", lambda r: r["completed"]) == sums(
        reported, "points_final", lambda r: r["outcome"] == "completed"
    )
    committed = sums(reported, "points_initial", lambda r: not r["added_during"] and r["outcome"] != "completed_elsewhere")
    assert sums(replayed, "points_at_start", lambda r: r["committed"]) == committed
    assert sums(replayed, "points_at_end", lambda r: r["removed_at"]) == sums(reported, "points_final", lambda r: r["outcome"] == "removed")
    assert {(r["sprint_id"], r["item_id"]) for r in replayed} == {(r["sprint_id"], r["item_id"]) for r in reported}


def test_m50_a_report_is_read_once_an_hour_after_the_close_and_never_again(server: JiraServer, tmp_path: Path) -> None:
    site = server.company.jira
    here = Site(server, tmp_path, REPORT)
    site.sprints.append(SprintRecord("44", "4", "WEB Sprint 4", at(28), at(29), NOW - timedelta(minutes=30)))
    edits.plan(server.company, site.issues[1], "44", at(28.5))
    here.sync()
    first = here.table("sprint_reports")
    assert "44" not in {row["sprint_id"] for row in first}
    here.sync(NOW + HOUR)
    later = here.table("sprint_reports")
    assert [row["item_id"] for row in later if row["sprint_id"] == "44"] == ["102"]
    edits.estimate(server.company, site.issues[0], 99.0, at(1))  # Jira's report of the closed sprint drifts
    server.calls.clear()
    here.sync(NOW + 2 * HOUR, FULL)
    assert here.table("sprint_reports") == later
    assert [call.query["sprintId"] for call in server.calls if "greenhopper" in call.path] == ["42"], (
        "its report is empty, so nothing of it is held"
    )


BROKEN = {
    "fault": problem(503, "later"),
    "forbidden": problem(403, "no"),
    "refused credentials": Reply(401, b"no", {"Content-Type": "text/plain"}),
    "gone": problem(404, "null for uri"),
    "slow down": Reply(429, b"{}", {"Retry-After": "300"}),
    "sign-in page": Reply(200, b"<html>Log in</html>", {"Content-Type": "text/html"}),
    "another shape": Reply.of({"contents": {"completedIssues": {}}}),
    "no document": Reply.of([]),
    "an issue without id": Reply.of(
        {
            "contents": {
                "completedIssues": [{}],
                "issuesNotCompletedInCurrentSprint": [],
                "puntedIssues": [],
                "issuesCompletedInAnotherSprint": [],
            }
        }
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_m50_a_report_that_fails_never_fails_the_sync(
    server: JiraServer, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.sync.ATTEMPTS", 1)
    server.fault = lambda request, _number: BROKEN[how] if "greenhopper" in request.path else None
    here = Site(server, tmp_path, REPORT + WORKLOGS)
    result = here.sync()
    assert (result.status, result.error, result.not_before) == ("ok", None, None)
    assert result.streams["sprint_reports"].status == "unavailable"
    assert result.streams["sprint_reports"].error
    assert {stream.status for name, stream in result.streams.items() if name != "sprint_reports"} == {"ok"}
    assert len(here.items()) == 4
    server.fault = None
    assert here.sync(NOW + HOUR).streams["sprint_reports"].status == "ok"
    assert len(here.table("sprint_reports")) == 4


def test_m50_reports_that_came_before_a_failure_are_kept(server: JiraServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sync.ATTEMPTS", 1)
    edits.plan(server.company, server.company.jira.issues[0], "42", at(13))
    server.fault = lambda request, _number: problem(503, "later") if request.query.get("sprintId") == "42" else None
    here = Site(server, tmp_path, REPORT)
    here.sync()
    assert {row["sprint_id"] for row in here.table("sprint_reports")} == {"41"}
    server.fault = None
    server.calls.clear()
    here.sync(NOW + HOUR)
    assert {row["sprint_id"] for row in here.table("sprint_reports")} == {"41", "42"}
    assert asked(server, "greenhopper") == 1


def book(server: JiraServer, count: int, day: float, *, first: int = 0, step_ms: int = 1) -> None:
    """Book a minute on item 101 so many times."""
    for n in range(count):
        moment = at(day) + timedelta(milliseconds=n * step_ms)
        server.company.jira.worklogs.append(WorklogRecord(str(70_000 + first + n), "101", at(1), 60, moment))


def ids(here: Site) -> set[str]:
    return {row["id"] for row in here.table("worklogs")}


def test_m51_every_entry_comes_whatever_the_number_of_pages(server: JiraServer, tmp_path: Path) -> None:
    book(server, 2_500, 2)
    here = Site(server, tmp_path, WORKLOGS)
    assert here.sync().status == "ok"
    rows = here.table("worklogs")
    assert (len(rows), len(ids(here)), sum(row["seconds"] for row in rows)) == (2_500, 2_500, 150_000)
    assert {row["started_at"] for row in rows} == {at(1).replace(tzinfo=None)}
    assert all(len(call.body) < 20_000 for call in server.calls if call.path.endswith("/worklog/list"))


@pytest.mark.parametrize("rows", [999, 1_000])
def test_m51_f47_a_page_full_of_one_instant_neither_loops_nor_loses(server: JiraServer, tmp_path: Path, rows: int) -> None:
    book(server, 300, 2)
    book(server, rows, 3, first=1_000, step_ms=0)
    book(server, 1_200, 4, first=5_000)
    here = Site(server, tmp_path, WORKLOGS)
    assert here.sync().status == "ok"
    assert len(ids(here)) == 300 + rows + 1_200
    assert asked(server, "worklog/updated") <= 7


def test_m51_the_named_address_of_the_next_page_is_not_followed(server: JiraServer, tmp_path: Path) -> None:
    book(server, 1_500, 2)
    here = Site(server, tmp_path, WORKLOGS)
    here.sync()
    feeds = [call for call in server.calls if call.path.endswith("/worklog/updated")]
    assert len(feeds) >= 2
    assert all(call.headers["host"] == server.url.removeprefix("http://") and set(call.query) == {"since"} for call in feeds)


def test_m51_deleted_entries_and_those_of_items_that_are_not_ours_are_not_kept(server: JiraServer, tmp_path: Path) -> None:
    book(server, 10, 2)
    site = server.company.jira
    site.worklogs.append(WorklogRecord("80001", "102", at(2), 60, at(2)))
    site.worklogs.append(WorklogRecord("80002", "999", at(2), 60, at(2)))
    site.projects["OPS"] = "Operations"
    foreign = issue(9)
    foreign.project, foreign.key = "OPS", "OPS-9"
    site.issues.append(foreign)
    site.worklogs.append(WorklogRecord("80003", foreign.id, at(2), 60, at(2)))
    here = Site(server, tmp_path, WORKLOGS)
    here.sync()
    assert ids(here) == {*(str(70_000 + n) for n in range(10)), "80001"}
    site.worklogs[3].deleted_at = NOW + timedelta(minutes=10)
    edits.delete(server.company, site.issues[1])
    here.sync(NOW + HOUR)
    assert ids(here) == {str(70_000 + n) for n in range(10) if n != 3}
    edits.move(server.company, foreign, "WEB", NOW + timedelta(minutes=90))
    here.sync(NOW + 2 * HOUR)
    assert "80003" in ids(here), "booked while the item was not ours"


def test_m51_only_what_changed_is_asked_for_and_a_changed_entry_is_replaced(server: JiraServer, tmp_path: Path) -> None:
    book(server, 1_500, 2)
    here = Site(server, tmp_path, WORKLOGS)
    here.sync()
    entry = server.company.jira.worklogs[7]
    entry.seconds, entry.updated = 7_200, NOW + timedelta(minutes=5)
    server.calls.clear()
    result = here.sync(NOW + HOUR)
    assert (result.streams["worklogs"].rows_read, result.streams["worklogs"].rows_changed) == (1, 1)
    assert {call.query["since"] for call in server.calls if "/worklog/" in call.path and call.query} == {
        str(int((NOW - timedelta(minutes=15)).timestamp() * 1000))
    }
    assert {row["seconds"] for row in here.table("worklogs") if row["id"] == entry.id} == {7_200}
    assert len(ids(here)) == 1_500
    assert here.sync(NOW + 2 * HOUR, Order(full=True)).streams["worklogs"].rows_changed == 0


def test_m51_data_center_has_the_same_feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIRA_PAT", "pat")
    with serving(company(issue(1)), data_center=True, token="pat") as server:
        book(server, 3, 2)
        here = Site(server, tmp_path, WORKLOGS + "    pat: ${JIRA_PAT}\n")
        assert here.sync().status == "ok"
        assert len(ids(here)) == 3
        assert not any("/3/" in call.path for call in server.calls)


def test_m51_no_name_of_anybody_is_kept(server: JiraServer, tmp_path: Path) -> None:
    book(server, 3, 2)
    here = Site(server, tmp_path, WORKLOGS)
    here.sync()
    kept = str([here.table(name) for name in ("worklogs", "_documents")])
    assert AUTHOR["displayName"] not in kept
    assert AUTHOR["accountId"] not in kept


def test_m51_a_feed_that_never_ends_breaks_the_contract(server: JiraServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.jira.worklogs.MOST_PAGES", 20)

    def endless(request: Request, _number: int) -> Reply | None:
        since = int(request.query.get("since") or 0)
        rows = [{"worklogId": 1, "updatedTime": since}]
        return Reply.of({"values": rows, "since": since, "until": since, "lastPage": False}) if "/worklog/updated" in request.path else None

    server.fault = endless
    result = Site(server, tmp_path, WORKLOGS).sync()
    assert (result.streams["worklogs"].status, result.error_kind) == ("failed", "contract")
    assert "no last page" in str(result.error)
