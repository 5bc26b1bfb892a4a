"""A team's delivery on the whole way through a vendor: against the KPIs, which are worked out in SQL, and on small stores by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cli import main
from errors import QueryError, StoreError
from metrics import Catalog, open_catalog
from metrics.delivery_facts import read_facts, read_teams
from metrics.delivery_forecast import working_day, working_days
from metrics.delivery_sprints import burndown, by_key, closed_sprints
from metrics.delivery_types import Delivery, Outlook, Sprint
from metrics.delivery_words import sentence, velocity_words
from metrics.types import Period, Question
from settings import Workspace
from store.schema import arrow_schema
from store.sprint_freezes import SprintFreeze, SprintItem
from store.types import WHOLE, Batch, Stream
from store.warehouse import Warehouse
from tests.metrics.store import filled
from tests.shop import Shop

DEFINITIONS = "version: 1\nmeasures:\n  done: {table: work_items, agg: count}\nkpis:\n  done: {value: done}\n"
PROJECT = {"WEB board": "WEB", "APP board": "APP"}


@pytest.fixture(scope="module")
def catalog(shop: Shop) -> Catalog:
    return shop.catalog()


def kpi_by_sprint(catalog: Catalog, kpi: str) -> Mapping[str, float | None]:
    return {row.label: row.value for row in catalog.ask(Question(kpi, "sprint")).rows if row.complete}


@pytest.mark.parametrize("board", list(PROJECT))
def test_the_numbers_of_every_closed_sprint_equal_the_kpis(catalog: Catalog, board: str) -> None:
    sprints = catalog.delivery(board).sprints
    assert len(sprints) > 8
    wanted = {kpi: kpi_by_sprint(catalog, kpi) for kpi in ("velocity", "committed", "predictability", "scope_added")}
    for one in sprints:
        assert one.numbers.completed == pytest.approx(wanted["velocity"][one.name] or 0.0)
        assert one.numbers.committed == pytest.approx(wanted["committed"][one.name])
        assert one.numbers.kept_share == pytest.approx(wanted["predictability"][one.name])
        assert one.numbers.added_share == pytest.approx(wanted["scope_added"][one.name])


@pytest.mark.parametrize("board", list(PROJECT))
def test_every_burndown_begins_with_the_commitment_and_ends_with_the_velocity(catalog: Catalog, board: str) -> None:
    with catalog._answering.generation().engine.connect() as connection:
        team = next(one for one in read_teams(connection) if one.name == board)
        facts = read_facts(connection, team)
    checked = changed = 0
    for row in facts.sprints:
        if row.state != "closed":
            continue
        found = burndown(facts, row, catalog.calendar, date(2030, 1, 1))
        held = facts.members[row.id]
        assert found.scope[0] == pytest.approx(found.sprint.numbers.committed), row.name
        assert found.done[-1] == pytest.approx(found.sprint.numbers.completed), row.name
        ends = {one.item_id: [c for at, _, c in facts.changes.get(one.item_id, ()) if at <= row.completed_at][-1:] for one in held}
        stays = [
            one
            for one in held
            if one.removed_at is None and ends[one.item_id] != ["cancelled"] and (one.committed or not one.completed_outside)
        ]
        stayed = sum(one.points_at_end or 0 for one in stays)
        assert found.scope[-1] == pytest.approx(stayed), row.name
        assert len(found.remaining) == len(found.days) + 1 == len(found.sprint_days) + 1
        checked += 1
        changed += any(found.scope_steps)
    assert checked > 8
    assert changed > 4


@pytest.mark.parametrize("board", list(PROJECT))
def test_flow_equals_the_kpis(catalog: Catalog, board: str) -> None:
    flow = catalog.delivery(board, 10).flow
    where = (("project", (PROJECT[board],)),)
    rows = catalog.ask(Question("throughput", "week", flow.period, (), where)).rows
    assert [(row.period.start, row.value) for row in rows] == list(flow.weeks)
    assert flow.cycle is not None
    assert flow.lead is not None
    for level in (50, 85):
        assert flow.cycle[level] == pytest.approx(catalog.total(f"cycle_time_p{level}", flow.period, (), where).rows[0].value)
    assert flow.lead[85] == pytest.approx(catalog.total("lead_time_p85", flow.period, (), where).rows[0].value)


def test_work_in_progress_and_efficiency_equal_a_count_in_sql(catalog: Catalog) -> None:
    flow = catalog.delivery("WEB board", 8).flow
    with catalog._answering.generation().engine.connect() as connection:
        for day, count in flow.wip[::9]:
            end = catalog.calendar.begins(day + timedelta(days=1)).replace(tzinfo=None)
            sql = (
                "SELECT count(*) FROM work_items i LEFT JOIN (SELECT item_id, max(\"at\") AS ended FROM status_changes WHERE to_category IN ('done', 'cancelled') GROUP BY 1) c ON c.item_id = i.id"
                f" WHERE i.project = 'WEB' AND i.type <> 'Epic' AND i.started_at < TIMESTAMP '{end}' AND NOT (i.status_category IN ('done', 'cancelled') AND c.ended < TIMESTAMP '{end}')"
            )
            assert connection.exec_driver_sql(sql).scalar() == count
    assert flow.efficiency is not None
    assert 0.5 < flow.efficiency < 1.0
    assert flow.little.reason or flow.little.agrees is not None


def test_projects_without_a_board_are_teams_too(catalog: Catalog) -> None:
    assert [team.name for team in catalog.teams()] == ["APP board", "WEB board", "project OPS"]
    found = catalog.delivery("ops")
    assert (found.team.name, found.current, found.sprints) == ("project OPS", None, ())
    assert found.flow.cycle is not None
    assert velocity_words(found) is None


def test_an_unknown_board_is_answered_with_the_known_ones(catalog: Catalog) -> None:
    with pytest.raises(QueryError, match=r"Known: APP board, WEB board, project OPS.*Did you mean: WEB board"):
        catalog.delivery("WEB bord")


def test_an_empty_store_has_no_teams(tmp_path: Path) -> None:
    with open_catalog(Workspace(tmp_path)) as empty:
        assert empty.teams() == ()
        with pytest.raises(StoreError):
            empty.delivery()


def item(number: int, created: datetime, **more: Any) -> dict[str, Any]:
    """Return a work item that was worked on for a day and is done, unless `more` says otherwise."""
    done = more.pop("done", created + timedelta(days=2))
    row = {
        "id": str(number),
        "key": f"X-{number}",
        "type": "Story",
        "project": "X",
        "status": "Done",
        "status_category": "done",
        "created_at": created,
    }
    row |= {"started_at": created + timedelta(days=1), "done_at": done, "cycle_days": 1.0, "lead_days": 2.0}
    return row | more


def open_item(number: int, **more: Any) -> dict[str, Any]:
    return item(
        number, datetime(2026, 1, 1), status_category="todo", started_at=None, done_at=None, cycle_days=None, lead_days=None, **more
    )


def held(home: Path, **tables: Sequence[Mapping[str, Any]]) -> Catalog:
    """Return a catalog over these rows, all from one source, held through Saturday, 28 February 2026 (no zone is set, so days are those of UTC)."""
    home.mkdir(exist_ok=True)
    (home / "kpi_definitions.yaml").write_text(DEFINITIONS, encoding="utf-8")
    with Warehouse(Workspace(home)).build(reporting_zone="Europe/Vienna") as build:
        for name, rows in {"status_changes": [], **tables}.items():
            table = pa.Table.from_pylist([filled(name, row) for row in rows], schema=arrow_schema(name))
            batches = [Batch(WHOLE, table, datetime(2026, 3, 1, 23, tzinfo=UTC))]
            build.replace(source="jira", connector="hand", stream=Stream(name, name, "whole"), batches=batches)
        build.publish()
    return open_catalog(Workspace(home))


def delivery(home: Path, **tables: Sequence[Mapping[str, Any]]) -> Delivery:
    with held(home, **tables) as opened:
        return opened.delivery()


def worked(weeks: int, each: int = 3) -> list[dict[str, Any]]:
    first = datetime(2026, 2, 23) - timedelta(weeks=weeks)
    return [item(100 * week + n, first + timedelta(weeks=week, days=n % 3)) for week in range(weeks) for n in range(each)]


def test_below_five_weeks_of_history_no_date_is_given(tmp_path: Path) -> None:
    short = delivery(tmp_path / "short", work_items=[*worked(5), open_item(9001)])
    assert len(short.forecast.weekly) == 4
    assert short.sentence == "No finish date can be given: only 4 whole weeks of history are there, and 5 are needed."
    assert {one.p85 for one in short.forecast.outlooks} == {None}
    enough = delivery(tmp_path / "enough", work_items=[*worked(6), open_item(9001)])
    assert enough.sentence.startswith("With the pace of the last 5 weeks the one open item finishes by")
    assert any("Only 5 whole weeks" in note for note in enough.forecast.notes)


def test_releases_queue_and_their_days_are_held_against_the_plan(tmp_path: Path) -> None:
    releases = [
        {"id": "r2", "project": "X", "name": "Two", "planned_on": date(2026, 6, 1), "released": False},
        {"id": "r1", "project": "X", "name": "One", "planned_on": date(2026, 3, 13), "released": False},
        {"id": "r0", "project": "X", "name": "Zero", "planned_on": date(2026, 1, 13), "released": True},
        {"id": "r3", "project": "X", "name": "Three", "planned_on": None, "released": False},
    ]
    waiting = [open_item(9000 + n, release_id="r1" if n < 6 else "r2") for n in range(9)]
    found = delivery(tmp_path, work_items=[*worked(12), *waiting], releases=releases)
    one, two, three = (o for o in found.forecast.outlooks if o.kind == "release")
    assert [(o.name, o.items, o.ahead) for o in (one, two, three)] == [("One", 6, 0), ("Two", 3, 6), ("Three", 0, 9)]
    # three items a week without fail: six are done in the second week of work from Monday, 2 March, and never later
    assert (one.p95, one.chance, one.verdict) == (date(2026, 3, 13), 1.0, "likely")
    assert one.p50 is not None
    assert date(2026, 3, 9) <= one.p50 <= date(2026, 3, 13)
    assert two.p95 == date(2026, 3, 20)
    assert three.reason == "no item is assigned to it yet"
    assert found.sentence.startswith(
        "With the pace of the last 11 weeks the 6 open items of release One finish by 13 Mar 2026 (85%); planned for 13 Mar 2026"
    )


def test_a_launch_waits_for_the_releases_before_it(tmp_path: Path) -> None:
    releases = [{"id": "r1", "project": "X", "name": "One", "planned_on": date(2026, 3, 11), "released": False}]
    campaigns = [
        {"id": "c", "name": "Spring", "start_on": date(2026, 3, 16)},
        {"id": "d", "name": "Too soon", "start_on": date(2026, 3, 11)},
        {"id": "e", "name": "Over", "start_on": date(2026, 2, 1)},
    ]
    milestones = [{"id": "m", "name": "Before", "start_on": date(2026, 3, 3)}]
    waiting = [open_item(9000 + n, release_id="r1") for n in range(6)]
    found = delivery(tmp_path, work_items=[*worked(12), *waiting], releases=releases, campaigns=campaigns, milestones=milestones)
    outlooks = {o.name: o for o in found.forecast.outlooks if o.kind == "launch"}
    assert set(outlooks) == {"Spring", "Too soon", "Before"}
    assert (outlooks["Spring"].due, outlooks["Spring"].items, outlooks["Spring"].chance) == (date(2026, 3, 15), 6, 1.0)
    assert outlooks["Too soon"].chance is not None
    assert outlooks["Too soon"].chance < 0.5
    assert (outlooks["Before"].items, outlooks["Before"].reason) == (0, "nothing is open")


@pytest.mark.parametrize(
    ("today", "number", "day"),
    [(date(2026, 3, 2), 1, date(2026, 3, 2)), (date(2026, 3, 2), 5, date(2026, 3, 6)), (date(2026, 3, 2), 6, date(2026, 3, 9)), (date(2026, 3, 7), 1, date(2026, 3, 9)), (date(2026, 3, 5), 3, date(2026, 3, 9))],
)  # fmt: skip
def test_working_days_rest_at_the_weekend(today: date, number: int, day: date) -> None:
    assert working_day(today, number) == day
    assert working_days(today, day) == number
    assert working_days(today, today - timedelta(days=1)) == 0


def test_a_planned_day_that_has_passed_is_said_to_have_passed() -> None:
    one = Outlook("release", "R", None, 2, 0, date(2026, 3, 1), date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 6), 0.0, "unlikely")
    assert "which has passed" in sentence(one, 8, date(2026, 3, 2))
    assert "no day is planned" in sentence(replace(one, due=None, chance=None), 8, date(2026, 3, 2))


RUNNING = {
    "id": "7",
    "board": "B",
    "name": "S7",
    "state": "active",
    "start_at": datetime(2026, 2, 16, 8),
    "end_at": datetime(2026, 2, 27, 15),
}
"""A sprint that is not closed."""


def one_sprint(home: Path, members: Sequence[Mapping[str, Any]], freezes: Sequence[SprintFreeze] = (), **tables: Any) -> Sprint:
    sprints = [{"id": "7", "board": "B", "name": "S7", "state": "closed", "start_at": datetime(2026, 2, 2, 8), "end_at": datetime(2026, 2, 13, 15), "completed_at": datetime(2026, 2, 13, 16)}]  # fmt: skip
    with (
        held(home, work_items=worked(6), sprints=sprints, sprint_items=members, **tables) as opened,
        opened._answering.generation().engine.connect() as connection,
    ):
        team = next(one for one in read_teams(connection) if one.board)
        return closed_sprints(team, read_facts(connection, team), by_key(freezes), opened.calendar)[0]


MEMBERS = [
    {"sprint_id": "7", "item_id": "0", "committed": True, "completed": True, "points_at_start": 3.0, "points_at_end": 5.0},
    {"sprint_id": "7", "item_id": "1", "committed": True, "completed": False, "points_at_start": 8.0, "points_at_end": 8.0},
]


def test_a_sprint_that_nobody_froze_is_replayed(tmp_path: Path) -> None:
    found = one_sprint(tmp_path, MEMBERS)
    assert (found.basis, found.numbers.committed, found.numbers.completed, found.numbers.kept_share) == ("replayed", 11.0, 5.0, 3 / 11)


def test_a_freeze_in_time_is_believed_before_the_replay(tmp_path: Path) -> None:
    at = datetime(2026, 2, 13, 17, tzinfo=UTC)
    start = SprintFreeze("jira", "7", "start", at, False, "S7", "B", (SprintItem("0", 2.0, True, False, False, False, False),))
    close = replace(start, moment="close", items=(SprintItem("0", 5.0, True, True, False, False, True),))
    found = one_sprint(tmp_path, MEMBERS, [start, close])
    assert (found.basis, found.numbers.committed, found.numbers.completed) == ("frozen", 2.0, 5.0)


def test_a_sprint_that_overruns_is_drawn_past_its_planned_end(tmp_path: Path) -> None:
    members = [{"sprint_id": "7", "item_id": "9001", "committed": True, "completed": False, "points_at_start": 3.0, "points_at_end": 3.0}]
    found = delivery(tmp_path, work_items=[*worked(6), open_item(9001)], sprints=[RUNNING], sprint_items=members).current
    assert found is not None
    assert found.days == found.sprint_days
    assert (found.days[-1], found.sprint.last_day) == (date(2026, 2, 28), date(2026, 2, 27))
    assert found.remaining == (3.0,) * 14
    assert found.ideal is not None
    assert (len(found.ideal), found.ideal[-1]) == (13, 0)


def test_reopened_removed_cancelled_and_reestimated_items_are_drawn_on_their_days(tmp_path: Path) -> None:
    def member(item_id: str, start: float | None, end: float | None, **more: Any) -> dict[str, Any]:
        return {
            "sprint_id": "7",
            "item_id": item_id,
            "committed": True,
            "completed": False,
            "points_at_start": start,
            "points_at_end": end,
        } | more

    def move(item_id: str, day: int, left: str, entered: str) -> dict[str, Any]:
        return {"item_id": item_id, "at": datetime(2026, 2, day, 12), "from_category": left, "to_category": entered}

    members = [
        member("1", 3.0, 5.0),  # estimated anew, done on day 2, opened again on day 3, done on day 4
        member("2", 8.0, 8.0, removed_at=datetime(2026, 2, 18, 12)),
        member("3", 2.0, 2.0),  # cancelled on day 5
        member("4", None, 1.0, committed=False, added_at=datetime(2026, 2, 19, 12)),
    ]
    moves = [
        move("1", 17, "doing", "done"),
        move("1", 18, "done", "doing"),
        move("1", 19, "doing", "done"),
        move("3", 20, "todo", "cancelled"),
    ]
    items = [*worked(6), *(open_item(n) for n in range(1, 5))]
    unique = list({one["id"]: one for one in items}.values())
    found = delivery(tmp_path, work_items=unique, status_changes=moves, sprints=[RUNNING], sprint_items=members).current
    assert found is not None
    assert found.scope[:6] == (13.0, 13.0, 13.0, 5.0, 7.0, 5.0)
    assert found.done[:6] == (0.0, 0.0, 5.0, 0.0, 5.0, 5.0)
    assert found.scope[-1] == 6.0
    assert found.remaining[-1] == 1.0


REPORT = [
    {"sprint_id": "7", "item_id": "0", "outcome": "completed", "added_during": False, "points_initial": 3.0, "points_final": 5.0},
    {"sprint_id": "7", "item_id": "1", "outcome": "removed", "added_during": False, "points_initial": 8.0, "points_final": 8.0},
    {"sprint_id": "7", "item_id": "2", "outcome": "completed", "added_during": True, "points_initial": None, "points_final": 2.0},
    {"sprint_id": "7", "item_id": "3", "outcome": "completed_elsewhere", "added_during": False, "points_initial": 9.0, "points_final": 9.0},
]


def test_the_vendors_own_report_is_believed_before_everything(tmp_path: Path) -> None:
    found = one_sprint(tmp_path, MEMBERS, sprint_reports=REPORT)
    n = found.numbers
    assert (found.basis, n.committed, n.completed, n.kept, n.added, n.removed) == ("report", 11.0, 7.0, 3.0, 2.0, 8.0)


def test_items_are_counted_where_nothing_is_estimated(tmp_path: Path) -> None:
    bare = [{**one, "points_at_start": None, "points_at_end": None} for one in MEMBERS]
    found = one_sprint(tmp_path, bare)
    assert (found.unit, found.numbers.committed, found.numbers.completed) == ("items", 2.0, 1.0)


def test_the_command_prints_one_document_or_tables(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(shop.space.home)
    assert main(["--home", home, "analyse", "delivery", "--board", "WEB board", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["team"]["name"] == "WEB board"
    assert "APP board" in printed["boards"]
    assert {"p50", "p85", "p95", "chance", "reason"} <= set(printed["forecast"]["outlooks"][0])
    assert "NaN" not in json.dumps(printed)
    assert main(["--home", home, "analyse", "delivery"]) == 0
    out = capsys.readouterr()
    assert "cycle time, 85 % within, days" in out.out
    assert "pace of the last 16 weeks" in out.err
    assert main(["--home", home, "analyse", "delivery", "--board", "nobody"]) == 2


def test_the_same_question_has_the_same_answer(catalog: Catalog) -> None:
    assert catalog.delivery("APP board") == catalog.delivery("APP board")


def test_periods_are_whole_weeks(catalog: Catalog) -> None:
    found = catalog.delivery("APP board", 9)
    assert found.flow.period == Period(found.flow.period.start, found.flow.period.start + timedelta(weeks=9))
    assert found.flow.period.end <= found.today
    assert isinstance(found.flow.weeks[0][1], int)
