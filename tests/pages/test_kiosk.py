"""The wall mode: boards in turn, no navigation, the age of what is shown, a stop for who wants to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import kiosk
from tests.pages.app import open_page
from tests.shop import Shop

pytestmark = pytest.mark.filterwarnings("ignore")


def html(app: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in app.get("html"))


def show(home: Path, monkeypatch: pytest.MonkeyPatch, **asked: str) -> str:
    return html(open_page(home, monkeypatch, **asked))


def test_boards_take_turns_and_a_page_that_is_none_is_followed_by_the_first() -> None:
    turns = [""]
    for _ in kiosk.BOARDS:
        turns.append(kiosk.following(turns[-1]).removesuffix(".py"))
    assert turns == ["", "speed_conversion", "delivery", "impact", "overview"]
    assert kiosk.following("data_health") == next(iter(kiosk.BOARDS))


def test_the_wall_tells_its_age_and_warns_when_it_is_old_though_the_server_is_gone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = show(shop.space.home, monkeypatch, kiosk="1", seconds="20")
    assert "Board shown since" in shown
    assert "next: Speed × conversion" in shown
    assert "Data to 19 Mar 2026 · synced" in shown
    assert "data of generation 1" in shown
    assert "Connection lost: nothing new since" in shown
    assert "animation: kb-old 0s 60s forwards" in shown
    assert 'stSidebar"], header' in shown
    assert "kb-wall" not in show(shop.space.home, monkeypatch)


def test_the_mark_of_demo_data_is_on_the_wall_too(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Demo data" not in show(shop.space.home, monkeypatch, kiosk="1")
    (shop.space.home / "DEMO").touch()
    try:
        assert "<b>Demo data</b>" in show(shop.space.home, monkeypatch, kiosk="1")
    finally:
        (shop.space.home / "DEMO").unlink()


@pytest.mark.parametrize(("asked", "stays"), [("1", 10), ("99999", 3_600), ("-5", 60), ("x", 60), ("9" * 30, 60), ("45", 45)])
def test_how_long_a_board_stays_is_kept_in_bounds(asked: str, stays: int, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"kb-old 0s {3 * stays}s forwards" in show(shop.space.home, monkeypatch, kiosk="1", seconds=asked)


def test_somebody_may_stop_the_turns_and_go_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """WCAG 2.2, 2.2.2: what changes by itself can be paused."""
    app = open_page(shop.space.home, monkeypatch, kiosk="1", seconds="30")

    def pressed() -> Any:
        (button,) = [one for one in app.button if one.key == "kiosk_pause"]
        return button

    assert pressed().label == "Pause"
    pressed().click().run()
    assert not app.exception
    assert "1" in app.query_params["paused"]
    assert pressed().label == "Go on"
    assert "· paused" in html(app)
    pressed().click().run()
    assert "paused" not in app.query_params
    assert "next: Speed × conversion" in html(app)


@pytest.mark.parametrize("paused", [False, True])
def test_the_fragment_that_comes_again_goes_on_unless_it_is_paused(paused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit runs the fragment once with the page and again after its time: what it does the second time is asked here."""
    from datetime import UTC, datetime

    went: list[Any] = []
    lines: list[str] = []
    asked = {"kiosk": "1", "seconds": "30", **({"paused": "1"} if paused else {})}
    monkeypatch.setattr(kiosk.st, "query_params", asked)
    monkeypatch.setattr(kiosk.st, "session_state", {})
    monkeypatch.setattr(kiosk.st, "switch_page", lambda page, query_params: went.append((page.name, query_params)))
    monkeypatch.setattr(kiosk.st, "html", lines.append)
    monkeypatch.setattr(kiosk, "_line", lambda turn, now: turn.path)
    turn = kiosk.Turn("delivery", datetime.now(UTC))
    kiosk._turn(turn)
    assert (went, lines) == ([], ["delivery"])
    kiosk._turn(turn)
    assert went == ([] if paused else [("impact.py", {"kiosk": "1", "seconds": "30"})])
    assert set(kiosk.st.session_state) == {kiosk.TURN}, "a wall that turns for months keeps one turn"
