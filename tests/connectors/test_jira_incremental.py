"""Jira: what a sync asks for when most is held already, and that it arrives where a full reading does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.jira.bounds import updated_since
from connectors.jira.document import issue as document_of
from connectors.sync import Order
from sandbox import jira_edits as edits
from sandbox.jira import problem
from sandbox.server import Reply, Request
from tests.connectors.jira_site import DOING, DONE, NOW, TODO, company, issue
from tests.connectors.jira_workspace import FULL, Site
from tests.connectors.test_jira import serving

HOUR = timedelta(hours=1)
PAT = {"data_center": True, "token": "pat"}


@pytest.fixture(params=["cloud", "data center"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    made = company(*(issue(n, (n / 40, "status", DOING)) for n in range(1, 41)))
    made.jira.projects |= {"OPS": "Operations"}
    options: dict[str, Any] = PAT if request.param == "data center" else {}
    with pytest.MonkeyPatch.context() as patch, serving(made, **options) as server:
        patch.setenv("JIRA_PAT", "pat")
        yield Site(server, tmp_path, "    pat: ${JIRA_PAT}\n" if options else "")


def searched(site: Site, *, ids: bool = False) -> list[str]:
    """Return the queries that asked for issues (or for ids only)."""
    asked = [call.query for call in site.server.calls if call.path.endswith(("/search/jql", "/api/2/search"))]
    return [query["jql"] for query in asked if (query["fields"] == "id") == ids]


def read_whole(site: Site) -> list[str]:
    """Return the queries for issues since the last call that have no lower bound, and forget all calls."""
    found = [jql for jql in searched(site) if "updated" not in jql and "id in" not in jql]
    site.server.calls.clear()
    return found


def test_m44_an_ordinary_sync_asks_only_for_what_changed_and_with_no_upper_bound(site: Site) -> None:
    site.sync()
    site.server.calls.clear()
    site.sync(NOW + HOUR)
    (jql,) = searched(site)
    assert jql.startswith('project = "WEB" AND updated >= ')
    assert "<" not in jql
    assert searched(site, ids=True) == ['project = "WEB" ORDER BY created ASC']


def test_m44_the_lower_bound_is_a_quarter_of_an_hour_before_the_last_pull_began(site: Site) -> None:
    site.sync()
    site.server.calls.clear()
    site.sync(NOW + HOUR)
    since = NOW - timedelta(minutes=15)
    local = f'"{since.astimezone(ZoneInfo("Europe/Vienna")):%Y-%m-%d %H:%M}"'
    assert searched(site)[0].split(" >= ")[1].split(" ORDER")[0] == (
        local if site.server.data_center else str(int(since.timestamp() * 1000))
    )


def read_by_jira(clause: str, zone: ZoneInfo) -> list[datetime]:
    """Return the instants that Data Center may take a literal for: in a doubled hour there are two."""
    wall = datetime.fromisoformat(clause.removeprefix("updated >= ").strip('"'))
    return [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]


@pytest.mark.parametrize("name", ["Pacific/Auckland", "Pacific/Kiritimati", "America/Los_Angeles", "Europe/Vienna", "Asia/Kathmandu"])
def test_m44_f38_a_literal_is_never_later_than_what_it_stands_for(name: str) -> None:
    zone = ZoneInfo(name)
    for minutes in range(0, 366 * 24 * 60, 37):
        since = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
        meant = read_by_jira(updated_since(since, zone, is_cloud=False), zone)
        assert max(meant) <= since
        assert since - min(meant) <= timedelta(hours=2, minutes=1)


@pytest.mark.parametrize("name", ["Etc/GMT+12", "Pacific/Kiritimati"])
def test_m44_f38_an_account_that_tells_no_zone_is_taken_for_the_westernmost(name: str) -> None:
    since = datetime(2026, 4, 1, 12, tzinfo=UTC)
    assert max(read_by_jira(updated_since(since, None, is_cloud=False), ZoneInfo(name))) <= since


@pytest.mark.parametrize("data_center", [False, True], ids=["cloud", "data center"])
@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Pacific/Honolulu"])
def test_m44_f38_an_issue_touched_five_minutes_ago_is_read_by_an_account_from_anywhere(
    zone: str, data_center: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIRA_PAT", "pat")
    options: dict[str, Any] = PAT if data_center else {}
    with serving(company(issue(1)), account_zone=ZoneInfo(zone), **options) as server:
        here = Site(server, tmp_path, "    pat: ${JIRA_PAT}\n" if data_center else "")
        here.sync()
        now = NOW + HOUR
        edits.set_status(server.company, server.company.jira.issues[0], DOING, now - timedelta(minutes=5))
        here.sync(now)
        assert here.items()["101"]["status"] == "In Progress"


def test_f39_an_issue_touched_every_minute_is_read_by_every_sync(site: Site) -> None:
    record = site.server.company.jira.issues[0]
    site.sync()
    for minute in range(1, 7):
        now = NOW + timedelta(minutes=minute)
        edits.set_status(site.server.company, record, DONE if minute % 2 else DOING, now - timedelta(seconds=10))
        site.sync(now)
        assert site.items()[record.id]["status"] == ("Done" if minute % 2 else "In Progress")
        assert sum(row["item_id"] == record.id for row in site.table("status_changes")) == 1 + minute


def test_m60_a_clock_that_was_ten_minutes_ahead_hides_nothing(site: Site) -> None:
    site.sync(NOW + timedelta(minutes=10))
    record = site.server.company.jira.issues[0]
    edits.rename(record, "renamed", NOW + timedelta(minutes=1))
    site.sync(NOW + HOUR)
    assert site.items()[record.id]["title"] == "renamed"


def test_m60_a_clock_that_was_a_day_ahead_is_not_built_upon(site: Site) -> None:
    site.sync(NOW + timedelta(days=1))
    record = site.server.company.jira.issues[0]
    edits.rename(record, "renamed", NOW + timedelta(minutes=1))
    site.sync(NOW + HOUR)
    assert site.items()[record.id]["title"] == "renamed"


def test_an_issue_that_the_search_shows_late_is_read_by_the_overlap_or_the_census(site: Site) -> None:
    site.sync()
    company_, (first, *_) = site.server.company, site.server.company.jira.issues
    edits.rename(first, "late", NOW - timedelta(minutes=10))
    old = issue(90)
    old.id = "990"
    company_.jira.issues.append(old)  # made long ago, as if it had been hidden
    site.sync(NOW + HOUR)
    assert site.items()[first.id]["title"] == "late"
    assert "990" in site.items()


def test_an_issue_that_the_search_lost_is_not_taken_for_deleted_on_cloud(tmp_path: Path) -> None:
    with serving(company(*(issue(n) for n in range(1, 11)))) as server:
        here = Site(server, tmp_path)
        here.sync()
        server.unindexed.add("103")
        edits.rename(server.company.jira.issues[2], "there", NOW + timedelta(minutes=5))
        here.sync(NOW + HOUR)
        assert (here.items()["103"]["deleted_at"], here.items()["103"]["title"]) == (None, "there")


def test_an_issue_that_jira_cannot_show_just_now_is_not_taken_for_deleted(tmp_path: Path) -> None:
    with serving(company(*(issue(n) for n in range(1, 11)))) as server:
        here = Site(server, tmp_path)
        here.sync()
        server.unindexed.add("103")
        refused = Reply.of({"issues": [], "issueErrors": [{"id": "103", "errorMessage": "timed out"}]})
        server.fault = lambda request, _number: refused if request.path.endswith("/issue/bulkfetch") else None
        assert here.sync(NOW + HOUR).status == "failed"
        assert here.items()["103"]["deleted_at"] is None


def test_m48_f40_a_moved_issue_keeps_its_identity_and_its_history(site: Site) -> None:
    site.configure("    pat: ${JIRA_PAT}\n" if site.server.data_center else "", "WEB, OPS")
    site.sync()
    record = site.server.company.jira.issues[0]
    before, moved = site.items()[record.id], NOW + timedelta(minutes=30)
    key = edits.move(site.server.company, record, "OPS", moved)
    site.sync(NOW + HOUR)
    after = site.items()[record.id]
    assert (after["key"], after["project"], after["deleted_at"], after["started_at"]) == (key, "OPS", None, before["started_at"])
    assert len(site.items()) == 40
    known = [
        (row["key"], row["project"], row["since_at"], row["until_at"]) for row in site.table("item_keys") if row["item_id"] == record.id
    ]
    at_move, created = moved.replace(tzinfo=None), record.created.replace(tzinfo=None)
    assert sorted(known) == [(key, "OPS", at_move, None), ("WEB-1", "WEB", created, at_move)]


def test_m48_the_project_is_known_where_the_history_tells_no_key(site: Site) -> None:
    site.configure("    pat: ${JIRA_PAT}\n" if site.server.data_center else "", "WEB, OPS")
    record = site.server.company.jira.issues[0]
    edits.move(site.server.company, record, "OPS", NOW - HOUR)
    key_of_the_move = record.changes.pop()
    record.key, record.project = key_of_the_move.to_name or "", "OPS"
    site.sync()
    known = [(row["key"], row["project"]) for row in site.table("item_keys") if row["item_id"] == record.id]
    assert sorted(known, key=str) == [("OPS-41", "OPS"), (None, "WEB")]


def test_m48_f41_a_deleted_issue_is_marked_by_the_census_and_its_history_goes(site: Site) -> None:
    site.sync()
    gone = site.server.company.jira.issues[4]
    edits.delete(site.server.company, gone)
    later = NOW + HOUR
    site.sync(later)
    assert [key for key, row in site.items().items() if row["deleted_at"] is not None] == [gone.id]
    assert site.items()[gone.id]["deleted_at"] == later.replace(tzinfo=None)
    assert gone.id not in {row["id"] for row in site.table("_documents")}
    assert gone.id not in {row["item_id"] for row in site.table("status_changes")}
    site.sync(NOW + 2 * HOUR)
    assert site.items()[gone.id]["deleted_at"] == later.replace(tzinfo=None), "the first time stays"
    site.server.company.jira.issues.append(gone)
    site.sync(NOW + 3 * HOUR)
    assert site.items()[gone.id]["deleted_at"] is None, "the census names it, and it is fetched by its id"


def test_a_link_that_is_gone_is_gone_although_only_one_end_counts_as_updated(site: Site) -> None:
    blocker, blocked = site.server.company.jira.issues[:2]
    edits.link(site.server.company, blocker, blocked, NOW - HOUR)
    site.sync()
    assert [(row["blocker_id"], row["blocked_id"]) for row in site.table("dependencies")] == [(blocker.id, blocked.id)]
    edits.unlink(site.server.company, site.server.company.jira.links[0], NOW + HOUR / 2)
    site.sync(NOW + HOUR)
    assert site.table("dependencies") == [], "the other end still tells of it"


def test_who_names_a_deleted_issue_is_read_again_although_nothing_counts_as_its_update(site: Site) -> None:
    gone, blocked, child = site.server.company.jira.issues[:3]
    edits.link(site.server.company, gone, blocked, NOW - HOUR)
    child.epic = gone.id
    site.sync()

    def named() -> list[str]:
        held = [document_of(row) for row in site.table("_documents")]
        return sorted(one.id for one in held if gone.id in one.neighbours)

    assert named() == [blocked.id, child.id]
    edits.delete(site.server.company, gone)
    site.sync(NOW + HOUR)
    assert named() == []


def test_f41_an_invisible_project_freezes_an_incremental_sync_too(site: Site) -> None:
    site.sync()
    before = site.digest()
    nothing: Any = [] if site.server.data_center else {"values": [], "isLast": True, "total": 0}
    site.server.fault = lambda request, _number: Reply.of(nothing) if request.path.endswith(("/project/search", "/2/project")) else None
    result = site.sync(NOW + HOUR)
    assert (result.status, result.error_kind) == ("failed", "permission")
    assert "project 'WEB' is not visible" in str(result.error)
    assert site.digest() == before
    assert {name: stream.status for name, stream in result.streams.items() if stream.status != "ok"}.keys() >= {"documents", "work_items"}


def test_f46_a_census_that_collapses_is_held_although_little_came(site: Site) -> None:
    site.sync()
    edits.rename(site.server.company.jira.issues[30], "still there", NOW + timedelta(minutes=5))
    held, site.server.company.jira.issues = site.server.company.jira.issues, site.server.company.jira.issues[30:]
    result = site.sync(NOW + HOUR)
    assert (result.status, result.streams["documents"].status, result.streams["work_items"].status) == ("held", "held", "held")
    assert "came with 10 rows after 40 before" in str(result.error)
    assert all(row["deleted_at"] is None and row["title"] == "s" for row in site.items().values())
    assert site.sync(NOW + 2 * HOUR, Order(accept=True)).status == "ok"
    assert Counter(row["deleted_at"] is None for row in site.items().values()) == {True: 10, False: 30}
    assert site.sync(NOW + 3 * HOUR).status == "ok", "the ten are compared with ten, not with the forty of before"
    site.server.company.jira.issues = held
    assert site.sync(NOW + 4 * HOUR).status == "ok"
    assert all(row["deleted_at"] is None for row in site.items().values())


def test_f36_a_page_token_that_expires_in_an_incremental_search_begins_it_again(tmp_path: Path) -> None:
    with serving(company(*(issue(n) for n in range(1, 31)))) as server:
        here = Site(server, tmp_path)
        here.sync()
        for record in server.company.jira.issues:
            edits.rename(record, "renamed", NOW + timedelta(minutes=30))
        server.page_size, met = 10, [0]

        def expire(request: Request, _number: int) -> Reply | None:
            if "nextPageToken" not in request.query:
                return None
            met[0] += 1
            return problem(400, "The provided next page token is invalid or expired.") if met[0] == 2 else None

        server.fault = expire
        assert here.sync(NOW + HOUR).status == "ok"
        assert {row["title"] for row in here.items().values()} == {"renamed"}
        assert all(f"updated >= {int((NOW - timedelta(minutes=15)).timestamp() * 1000)}" in jql for jql in searched(here)[1:]), (
            "from the saved cursor"
        )


def test_f36_an_attempt_that_breaks_leaves_the_cursor_where_it_was(site: Site) -> None:
    site.sync()
    record = site.server.company.jira.issues[0]
    edits.rename(record, "renamed", NOW + timedelta(minutes=5))
    site.server.fault = lambda request, _number: problem(400, "no") if request.query.get("fields") == "id" else None
    assert site.sync(NOW + HOUR).status == "failed"
    site.server.fault = None
    site.sync(NOW + 2 * HOUR)
    assert site.items()[record.id]["title"] == "renamed"


def test_everything_is_read_again_by_order_or_when_other_fields_are_wanted(site: Site) -> None:
    more = "    pat: ${JIRA_PAT}\n" if site.server.data_center else ""
    site.sync()
    assert len(read_whole(site)) == 1
    site.sync(NOW + HOUR)
    assert read_whole(site) == []
    site.sync(NOW + 2 * HOUR, FULL)
    assert len(read_whole(site)) == 1
    site.sync(NOW + 3 * HOUR, Order(since=date(2026, 3, 1)))
    assert len(read_whole(site)) == 1
    site.configure(more + "    points_field: customfield_10099\n")
    site.sync(NOW + 4 * HOUR)
    assert len(read_whole(site)) == 1
    assert {row["points"] for row in site.items().values()} == {None}
    site.configure(more + "    points_field: customfield_10016\n")
    site.sync(NOW + 5 * HOUR)
    assert {row["points"] for row in site.items().values()} == {3.0}


def test_a_type_that_is_renamed_is_read_again_although_no_issue_counts_as_updated(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.sync()
    monkeypatch.setattr("sandbox.jira.issue_type", lambda name: {"id": "10001", "name": f"User {name}", "hierarchyLevel": 0})
    monkeypatch.setattr("sandbox.jira_issue.issue_type", lambda name: {"id": "10001", "name": f"User {name}", "hierarchyLevel": 0})
    site.sync(NOW + HOUR)
    assert {row["type"] for row in site.items().values()} == {"User Story"}


def test_m58_an_incremental_sync_without_changes_writes_nothing(site: Site) -> None:
    site.sync()
    result = site.sync(NOW + timedelta(minutes=5))
    assert result.rows_changed == 0
    assert site.sync(NOW + timedelta(minutes=10), FULL).rows_changed == 0


def test_five_changed_issues_of_four_hundred_cost_a_handful_of_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moves = tuple((n / 10, "status", DOING if n % 2 == 0 else TODO) for n in range(10))
    with serving(company(*(issue(n, *moves) for n in range(1, 401)))) as server:
        here = Site(server, tmp_path)
        here.sync()
        for record in server.company.jira.issues[100:105]:
            edits.set_status(server.company, record, DONE, NOW + timedelta(minutes=10))
        few = here.calls(NOW + HOUR)
        changed = Counter(row["status"] for row in here.items().values())
        many = here.calls(NOW + 2 * HOUR, FULL)
    issues = [sum(path.endswith(("/search/jql", "bulkfetch")) for path in paths) for paths in (few, many)]
    with capsys.disabled():
        print(f"\n{len(few)} calls against {len(many)}; for issues and histories {issues[0]} against {issues[1]}")
    assert changed == {"Done": 5, "To Do": 395}
    assert issues == [3, 10]
    assert len(few) == len(many) - 7
