"""The list of hostile fields leaves none out."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String

from sandbox.hostile import LONG, renamed, spike
from sandbox.hostile_fields import HOSTILE, NOT_HOSTILE
from sandbox.tables import STATUSES
from sandbox.world import make_world
from store.schema import FACTS


def test_every_text_of_the_store_is_hostile_or_has_a_reason_why_not() -> None:
    texts = {(table, column.name) for table, facts in FACTS.items() for column in facts.columns if isinstance(column.type, String)}
    hostile = {(table, name) for table, names in HOSTILE.items() for name in names}
    excused = {(table, name) for table, names in NOT_HOSTILE.items() for name in names}
    assert texts - {(table, "source") for table in FACTS} == hostile | excused
    assert hostile & excused == set()


def test_the_other_companies_keep_their_names() -> None:
    before, start = dict(STATUSES), date(2026, 3, 2)
    boards = [board.name for board in make_world(7, start=start, days=7).company.jira.boards]
    with renamed():
        assert LONG in spike(make_world(7, start=start, days=7).company).jira.boards[1].name
        assert list(STATUSES) == list(before)
        assert dict(STATUSES) != before
    assert dict(STATUSES) == before
    assert [board.name for board in make_world(7, start=start, days=7).company.jira.boards] == boards
