"""The Overview asks for all of its cards at once, shows exceptions first, and a card that cannot be answered takes no other with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event
from streamlit.testing.v1 import AppTest

from metrics import kept
from metrics.attention import State, ranked
from metrics.days import chosen, shared
from metrics.signals import signals
from metrics.standing import standing
from metrics.types import Question
from pages.ui import cards, data
from tests.pages.app import open_page
from tests.pages.test_pages import forget, show, words
from tests.shop import Shop

pytestmark = pytest.mark.filterwarnings("ignore")


def links(app: AppTest) -> list[str]:
    """Return the words of all ways to other pages, as they stand on the page."""
    return [element.proto.label.replace("\\", "") for element in app.get("page_link")]


@contextmanager
def counted(part: str = " AS period") -> Iterator[list[str]]:
    """Collect the statements that have this in them: by default those that answer questions about periods."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if part in statement:
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("query", [{}, {"period": "mtd"}, {"period": "quarter", "show": "cards"}])
def test_no_card_asks_for_what_was_not_asked_ahead_and_a_second_look_asks_nothing(
    query: dict[str, str], shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    after: list[int] = []
    asked, drawn = cards.ask_ahead, cards.card
    forget()
    kept.answers.clear()
    with counted() as found:

        def ahead(*given: Any) -> None:
            asked(*given)
            after.append(len(found))

        monkeypatch.setattr(cards, "ask_ahead", ahead)
        open_page(shop.space.home, monkeypatch, **query)
        assert after
        assert len(found) == after[0] > 0, found[after[0] :]
        monkeypatch.setattr(cards, "ask_ahead", asked)
        open_page(shop.space.home, monkeypatch, **query)
        assert len(found) == after[0]
    assert cards.card is drawn


def test_the_cards_are_asked_for_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    for ahead in (cards.ask_ahead, lambda *_: None):
        monkeypatch.setattr(cards, "ask_ahead", ahead)
        forget()
        kept.answers.clear()
        with counted() as found:
            open_page(shop.space.home, monkeypatch)
        counts.append(len(found))
    assert counts[0] <= counts[1] * 0.6  # what tells signal from noise is asked at once in both


def test_what_needs_attention_stands_first_and_is_what_the_metrics_say(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(shop.space.home, monkeypatch)
    with shop.catalog() as opened:
        names = [kpi.name for kpi in opened.kpis() if kpi.type != "relationship"]
        judged = signals(opened, names)
        covered = shared(opened.covered(name) for name in names if opened.kpi(name).grains != ("sprint",))
        assert covered is not None
        states = []
        for name in names:
            if opened.kpi(name).grains == ("sprint",):
                row = opened.last_sprint(name)[0]
            else:
                told = opened.told(name, chosen("28d", covered, opened.calendar))
                assert told is not None
                row = opened.ask(Question(name, "total", told.period)).rows[0]
            found = standing(opened, name, row.value, row.period, opened.kpi(name).grains == ("sprint",))
            states.append(State(name, found.status, judged[name], row.value is None))
        expected = [opened.kpi(state.kpi).label for state, _ in ranked(states)]
    said = [label for label in links(app) if label[:2] in ("▲ ", "↘ ", "? ") and "Data of" not in label]
    assert expected
    assert [label.split("**")[1] for label in said] == expected
    assert "need attention now" in words(app)


def test_old_data_are_said_on_top_with_how_many_kpis_stand_on_them(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The company of the tests lives in the past, so its data are stale by now."""
    said = [label for label in links(open_page(shop.space.home, monkeypatch)) if "Data of" in label]
    assert [label.split("**")[1] for label in said] == ["Data of delivery stale", "Data of product stale", "Data of web stale"]
    assert all("KPIs stand on them" in label and "data to" in label for label in said)


def test_every_kpi_is_on_the_page_as_a_card_or_as_a_row(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(shop.space.home, monkeypatch)
    everything = " ".join([*links(app), *(str(element.proto.body) for element in app.get("html"))])
    with shop.catalog() as opened:
        for kpi in opened.kpis():
            assert kpi.type == "relationship" or kpi.label in everything, kpi.label
    few = len(app.get("html"))
    assert len(open_page(shop.space.home, monkeypatch, show="cards").get("html")) > few + 10


def test_all_calm_is_said(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.ui import attention, trusted

    monkeypatch.setattr(attention, "ranked", lambda _states: ())
    moment = trusted.moment

    def calm() -> trusted.Moment:
        now = moment()
        return trusted.Moment(now.at, now.fresh, now.late, (), now.reservations)

    monkeypatch.setattr(trusted, "moment", calm)
    app = open_page(shop.space.home, monkeypatch)
    assert app.success[0].value.startswith("All calm")


def test_days_and_comparison_are_in_the_address_and_links_hand_them_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(shop.space.home, monkeypatch, period="mtd", vs="year")
    assert "month to date: earlier ones are cut to the same days" in words(app).replace("\\", "")
    html = " ".join(str(element.proto.body) for element in app.get("html"))
    assert "no comparison with last year" in html  # the company is younger than that
    assert "vs same days, month before</span>" not in html
    asked = [element.proto.query_string for element in app.get("page_link") if "kpi=" in element.proto.query_string]
    assert asked
    assert all("period=mtd" in one and "vs=year" in one for one in asked if "kpis=" not in one)


def test_days_of_ones_own_are_clipped_to_what_is_held(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with shop.catalog() as opened:
        covered = opened.covered("sessions")
        assert covered is not None
        total = opened.ask(Question("sessions", "total", type(covered)(covered.end - timedelta(days=10), covered.end))).rows[0].value
    app = open_page(
        shop.space.home, monkeypatch, period="custom", show="cards", **{"from": str(covered.end - timedelta(days=10)), "to": "2099-01-01"}
    )
    assert "other days are left out" in words(app).replace("\\", "")
    assert f"{total:,.0f}" in " ".join(str(element.proto.body) for element in app.get("html"))
    nonsense = open_page(shop.space.home, monkeypatch, period="custom", **{"from": "yesterday", "to": "<b>"})
    assert not nonsense.error


def test_the_ledger_is_read_once_for_the_freshness_of_all_cards(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    kept.answers.clear()
    with counted("source_runs") as found:
        assert not show("overview", shop.space.home, monkeypatch).exception
    assert 0 < len(found) < 16  # not once a card: there are forty


def test_without_a_closed_sprint_the_cards_of_sprints_say_so_and_the_others_stay(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_yet(_name: str) -> None:
        from errors import QueryError

        raise QueryError("no closed sprint yet")

    forget()
    monkeypatch.setattr("pages.ui.data.last_sprint", none_yet)
    app = show("overview", shop.space.home, monkeypatch)
    assert not app.exception
    assert not app.error
    html = " ".join(str(element.proto.body) for element in app.get("html"))
    assert "No value: no closed sprint yet" in html
    assert "Conversion rate" in html
    assert "Overview" in words(app)
    forget()


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
    assert "generation 1" in words(app)
