"""The Overview asks for all of its cards at once, and a card that cannot be answered takes no other with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import streamlit as st
from sqlalchemy import Engine, event

from metrics import kept
from pages.ui import cards, data
from tests.pages.test_pages import show, words
from tests.shop import Shop

pytestmark = pytest.mark.filterwarnings("ignore")


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements that go to any warehouse's events, web_traffic or work_items."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if " AS period" in statement:
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def statements(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> int:
    st.cache_data.clear()
    st.cache_resource.clear()
    kept.answers.clear()
    with counted() as found:
        assert not show("overview", shop.space.home, monkeypatch).exception
    return len(found)


def test_the_cards_are_asked_for_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    together = statements(shop, monkeypatch)
    monkeypatch.setattr(cards, "ask_ahead", lambda *_: None)
    alone = statements(shop, monkeypatch)
    assert together <= alone * 0.6  # what tells signal from noise is asked at once in both


def test_without_a_closed_sprint_the_cards_of_sprints_say_so_and_the_others_stay(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_yet(_name: str) -> None:
        from errors import QueryError

        raise QueryError("no closed sprint yet")

    monkeypatch.setattr("pages.ui.data.last_sprint", none_yet)
    app = show("overview", shop.space.home, monkeypatch)
    assert not app.exception
    assert not app.error
    html = " ".join(str(element.proto.body) for element in app.get("html"))
    assert "No value: no closed sprint yet" in html
    assert "Conversion rate" in html
    assert "Overview" in words(app)


def test_a_run_shows_one_state_from_its_first_number_to_its_last(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync that publishes while a page is drawn changes nothing of it: the state is looked up once, and once more to watch for changes."""
    looked: list[str] = []
    present = data.present_state

    def counted_state() -> data.State:
        looked.append("")
        return present()

    monkeypatch.setattr(data, "present_state", counted_state)
    app = show("overview", shop.space.home, monkeypatch)
    assert not app.exception
    runs = 2  # the frame, and the page in it
    assert len(looked) <= 2 * runs
