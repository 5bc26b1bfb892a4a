"""Keyed streams: rows that come replace those with their key, the list says what exists; checked against a plain dictionary."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from errors import HeldError, StoreError
from settings import Workspace
from store.commits import Changes
from store.gate import Gate
from store.schema import PULLED, arrow_schema
from store.types import WHOLE, Batch, Stream
from store.warehouse import Warehouse

DOCUMENTS = Stream("documents", "_documents", "keyed", timedelta(minutes=15), key="id")
REPORTS = Stream("reports", "sprint_reports", "keyed", key="sprint_id")
NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def rows(documents: dict[str, str]) -> pa.Table:
    listed = [{"id": key, "updated_at": datetime(2026, 4, 1), "document": text} for key, text in documents.items()]
    return pa.Table.from_pylist(listed, schema=arrow_schema("_documents"))


def came(documents: dict[str, str], listed: Iterable[str] | None, context: str = "") -> list[Batch]:
    """Return the documents in two batches and the list that closes."""
    first = dict(list(documents.items())[::2])
    parts = [rows(first), rows({k: v for k, v in documents.items() if k not in first})]
    closing = Batch(WHOLE, rows({}), NOW, context=context, listed=None if listed is None else frozenset(listed))
    return [*(Batch(WHOLE, part, closes=False) for part in parts), closing]


def put(space: Workspace, batches: Iterable[Batch], *, source: str = "one", at: datetime = NOW) -> tuple[Changes, int | None]:
    with Warehouse(space).build() as build:
        changes = build.replace(source=source, connector="jira", stream=DOCUMENTS, batches=batches, pulled_at=at)
        return changes, build.publish()


def held(space: Workspace, source: str = "one") -> dict[str, str]:
    with Warehouse(space).open() as opened, opened.engine.connect() as connection:
        table = PULLED["_documents"]
        found = connection.execute(table.select().where(table.c.source == source)).all()
    assert len({row.id for row in found}) == len(found)
    return {row.id: row.document for row in found}


def test_rows_that_come_replace_those_with_their_key_and_the_others_stay(space: Workspace) -> None:
    put(space, came({"1": "a", "2": "b", "3": "c"}, "123"))
    changes, generation = put(space, came({"2": "B", "4": "d"}, "1234"))
    assert held(space) == {"1": "a", "2": "B", "3": "c", "4": "d"}
    assert (changes.rows_read, changes.rows_changed, generation) == (2, 2, 2)


def test_keys_that_are_not_listed_vanish_and_without_a_list_nothing_does(space: Workspace) -> None:
    put(space, came({"1": "a", "2": "b", "3": "c"}, "123"))
    assert put(space, came({}, None))[1] is None
    changes, _ = put(space, came({"9": "not listed"}, "13"))
    assert (held(space), changes.rows_changed) == ({"1": "a", "3": "c"}, 1)


def test_the_same_rows_again_change_nothing_and_publish_nothing(space: Workspace) -> None:
    put(space, came({"1": "a", "2": "b"}, "12"))
    changes, generation = put(space, came({"1": "a", "2": "b"}, "12"))
    assert (changes.rows_read, changes.rows_changed, generation) == (2, 0, None)


def test_several_rows_may_share_a_key_and_are_replaced_together(space: Workspace) -> None:
    def report(*items: tuple[str, float]) -> pa.Table:
        listed = [{"sprint_id": "41", "item_id": key, "points_final": points} for key, points in items]
        return pa.Table.from_pylist(listed, schema=arrow_schema("sprint_reports"))

    with Warehouse(space).build() as build:
        build.replace(source="one", connector="jira", stream=REPORTS, batches=[Batch(WHOLE, report(("1", 1.0), ("2", 2.0)), NOW)])
        changes = build.replace(source="one", connector="jira", stream=REPORTS, batches=[Batch(WHOLE, report(("1", 1.0), ("3", 3.0)), NOW)])
        assert {(row["item_id"], row["points_final"]) for row in build.held_of("one").rows(REPORTS)} == {("1", 1.0), ("3", 3.0)}
    assert changes.rows_changed == 1


def test_two_sources_do_not_touch_each_other(space: Workspace) -> None:
    put(space, came({"1": "a", "2": "b"}, "12"))
    put(space, came({"1": "other"}, "1"), source="two")
    assert (held(space), held(space, "two")) == ({"1": "a", "2": "b"}, {"1": "other"})
    with Warehouse(space).build() as build:
        assert build.forget(["one"]) == 1


def test_rows_that_wait_in_a_file_are_put_in_whole(space: Workspace) -> None:
    many = {str(n): f"{n}" * 200 for n in range(5_000)}
    put(space, came(many, many))
    changes, _ = put(space, came({**many, "7": "seven"}, many))
    assert held(space) == {**many, "7": "seven"}
    assert changes.rows_changed == 1


def test_a_list_that_never_closes_changes_nothing(space: Workspace) -> None:
    put(space, came({"1": "a"}, "1"))
    assert put(space, came({"1": "b"}, "1")[:-1])[1] is None
    assert held(space) == {"1": "a"}


def test_the_gate_judges_the_list_and_not_the_rows_that_came(space: Workspace) -> None:
    many = {str(n): "x" for n in range(40)}
    put(space, came(many, many))
    with Warehouse(space).build() as build:
        for few, kept in ((list(many)[:20], False), (list(many)[:9], True)):
            gate = Gate("one", DOCUMENTS)
            build.replace(source="one", connector="jira", stream=DOCUMENTS, batches=came({"0": "y"}, few), gate=gate, pulled_at=NOW)
            assert bool(gate.kept) == kept
        assert len(build.held_of("one").keys(DOCUMENTS)) == 20
        with pytest.raises(HeldError, match="came with 9 rows after 20 before"):
            raise HeldError(gate.words())


def test_what_is_held_can_be_read_in_portions_with_the_instant_and_the_context_of_the_pull(space: Workspace) -> None:
    many = {str(n): f"text {n}" for n in range(2_500)}
    put(space, came(many, many, "asked"))
    with Warehouse(space).build() as build:
        mine, other = build.held_of("one"), build.held_of("two")
        assert (mine.pulled_at(DOCUMENTS), mine.context(DOCUMENTS)) == (NOW, "asked")
        assert (other.pulled_at(DOCUMENTS), other.context(DOCUMENTS), other.keys(DOCUMENTS)) == (None, "", frozenset())
        reading = mine.rows(DOCUMENTS)
        assert next(reading)["id"] == "0"
        build.replace(source="two", connector="jira", stream=DOCUMENTS, batches=came({"1": "a"}, "1"))  # others write meanwhile
        assert {row["id"]: row["document"] for row in reading} == {k: v for k, v in many.items() if k != "0"}
        assert mine.keys(DOCUMENTS) == many.keys()


def test_the_cursor_moves_only_with_the_rows(space: Workspace) -> None:
    put(space, came({"1": "a"}, "1"))

    def broken() -> Iterable[Batch]:
        yield from came({"1": "b"}, "1")[:-1]
        raise StoreError("the vendor hung up")

    with Warehouse(space).build() as build:
        with pytest.raises(StoreError, match="hung up"):
            build.replace(source="one", connector="jira", stream=DOCUMENTS, batches=broken(), pulled_at=NOW + timedelta(hours=1))
        assert build.held_of("one").pulled_at(DOCUMENTS) == NOW


@pytest.mark.parametrize("seed", range(12))
def test_any_pulls_leave_what_a_dictionary_holds(seed: int, space: Workspace) -> None:
    rng, oracle = random.Random(seed), dict[str, str]()
    for _ in range(6):
        arrived = {str(key): rng.choice("abc") for key in rng.sample(range(30), rng.randrange(30))}
        listed = None if rng.random() < 0.2 else {str(key) for key in rng.sample(range(30), rng.randrange(30))}
        before = dict(oracle)
        oracle = {key: text for key, text in (oracle | arrived).items() if listed is None or key in listed}
        changes, _ = put(space, came(arrived, listed))
        differing = {key for key in before.keys() | oracle.keys() if before.get(key) != oracle.get(key)}
        assert changes.rows_changed == len(differing)
        assert (held(space) if Warehouse(space).current() else {}) == oracle
