"""Every page on a full, an empty, a failing and a half-broken workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from settings import PROJECT_ROOT
from tests.shop import Shop

PAGES = ("overview", "side_by_side", "kpi", "speed_conversion", "impact", "delivery", "data_health", "catalog")
WITH_VALUES = PAGES[:-1]
pytestmark = pytest.mark.filterwarnings("ignore")


def show(page: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("KPI_HOME", str(home))
    app = AppTest.from_file(str(PROJECT_ROOT / "pages" / "frame" / "frame.py"), default_timeout=60).run()
    return app.switch_page(str(PROJECT_ROOT / "pages" / "views" / f"{page}.py")).run()


def words(app: AppTest) -> str:
    return " ".join(
        str(element.value)
        for kind in (app.title, app.subheader, app.markdown, app.caption, app.error, app.info, app.warning)
        for element in kind
    )


@pytest.mark.parametrize("page", WITH_VALUES)
def test_an_empty_store_shows_how_to_get_the_first_numbers(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show(page, tmp_path, monkeypatch)
    assert not app.exception
    assert "Welcome to KPI Bridge" in words(app)
    assert "./kpi demo" in words(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_full_store_shows_the_page_without_an_error(page: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show(page, shop.space.home, monkeypatch)
    assert not app.exception
    assert not app.error
    assert len(words(app)) > 100


@pytest.mark.parametrize("page", PAGES)
def test_definitions_that_are_broken_as_a_whole_are_shown_as_what_they_are(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kpi_definitions.yaml").write_text("kpis: [\n")
    app = show(page, tmp_path, monkeypatch)
    assert not app.exception
    assert "The KPI definitions do not hold" in words(app)
    assert "not valid YAML" in words(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_damaged_store_is_shown_as_what_it_is(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data" / "warehouse").mkdir(parents=True)
    (tmp_path / "data" / "warehouse" / "CURRENT").write_text("rubbish")
    app = show(page, tmp_path, monkeypatch)
    assert not app.exception
    assert "The store cannot be read" in words(app)


def test_one_wrong_kpi_takes_no_other_with_it(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"  # a page records the definitions that it shows, and the shop is shared
    shutil.copytree(shop.space.home, home)
    (home / "kpi_definitions.yaml").write_text(
        (PROJECT_ROOT / "kpi_definitions.yaml").read_text(encoding="utf-8").replace("value: sessions\n", "value: sesions\n", 1),
        encoding="utf-8",
    )
    app = show("overview", home, monkeypatch)
    assert not app.exception
    assert "KPI025" in words(app).replace("\\", "")
    assert "Marketing" in words(app)
