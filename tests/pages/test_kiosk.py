"""The wall mode: boards in turn, no navigation, the age of what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import kiosk
from settings import PROJECT_ROOT
from tests.shop import Shop

pytestmark = pytest.mark.filterwarnings("ignore")


def show(home: Path, monkeypatch: pytest.MonkeyPatch, **asked: str) -> str:
    monkeypatch.setenv("KPI_HOME", str(home))
    app = AppTest.from_file(str(PROJECT_ROOT / "pages" / "frame" / "frame.py"), default_timeout=60)
    for name, value in asked.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return " ".join(str(element.proto.body) for element in app.get("html"))


def test_boards_take_turns_and_a_page_that_is_none_is_followed_by_the_first() -> None:
    turns = [""]
    for _ in kiosk.BOARDS:
        turns.append(kiosk.following(turns[-1]).removesuffix(".py"))
    assert turns == ["", "speed_conversion", "delivery", "impact", "overview"]
    assert kiosk.following("data_health") == kiosk.BOARDS[0]


def test_the_wall_tells_its_age_and_warns_when_it_is_old_though_the_server_is_gone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    html = show(shop.space.home, monkeypatch, kiosk="1", seconds="20")
    assert "Board shown since" in html
    assert "data of generation 1" in html
    assert "animation: kb-old 0s 60s forwards" in html
    assert 'stSidebar"], header' in html
    assert "kb-age" not in show(shop.space.home, monkeypatch)


@pytest.mark.parametrize(("asked", "stays"), [("1", 10), ("99999", 3_600), ("-5", 60), ("x", 60), ("9" * 30, 60), ("45", 45)])
def test_how_long_a_board_stays_is_kept_in_bounds(asked: str, stays: int, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"kb-old 0s {3 * stays}s forwards" in show(shop.space.home, monkeypatch, kiosk="1", seconds=asked)
