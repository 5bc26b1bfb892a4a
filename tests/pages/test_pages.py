"""Every page on a full, an empty, a failing and a half-broken workspace."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import data, depth, trusted
from settings import PROJECT_ROOT
from tests.e2e.stores import broken_file, copied, misfit, overwrite, unread_ledger
from tests.shop import Shop

PAGES = ("overview", "side_by_side", "kpi", "speed_conversion", "impact", "delivery", "data_health", "catalog")
WITH_VALUES = PAGES[:-1]
pytestmark = pytest.mark.filterwarnings("ignore")


def show(page: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("KPI_HOME", str(home))
    app = AppTest.from_file(str(PROJECT_ROOT / "pages" / "frame" / "frame.py"), default_timeout=60).run()
    return app.switch_page(str(PROJECT_ROOT / "pages" / "views" / f"{page}.py")).run()


def forget() -> None:
    """Have the pages ask again for all that they keep."""
    for part in (data, depth, trusted):
        for kept in vars(part).values():
            if hasattr(kept, "cache_clear"):
                kept.cache_clear()


def words(app: AppTest) -> str:
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.error, app.info, app.warning)
    return " ".join([*leads(app), *(str(element.value) for kind in kinds for element in kind)])


def leads(app: AppTest) -> list[str]:
    """Return the sentences that the page begins with."""
    found = [re.search(r'<p class="kb-lead">(.*)</p>', element.proto.body, re.DOTALL) for element in app.get("html")]
    return [html.unescape(match[1]) for match in found if match]


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


CHANGES = {"unread ledger": unread_ledger, "broken file": broken_file, "overwritten": overwrite}
READ_EVENTS = ("overview", "side_by_side", "kpi", "speed_conversion", "impact", "catalog")
"""The pages that ask for the table that is overwritten."""
STATED_ONCE = {
    "unread ledger": ("the ledger cannot be used", "the numbers do not depend on them", "./kpi restore"),
    "broken file": ("is broken as a whole", "stays in force", "not valid YAML", "./kpi check"),
}


@pytest.fixture(scope="module")
def homes(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return state → a workspace in it."""
    return {state: copied(tmp_path_factory.mktemp("states") / "home", shop.space.home, change) for state, change in CHANGES.items()}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("state", STATED_ONCE)
def test_what_is_wrong_is_said_once_and_the_numbers_stay(
    state: str, page: str, shop: Shop, homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = show(page, homes[state], monkeypatch)
    whole = show(page, shop.space.home, monkeypatch)
    assert not app.exception
    shown = words(app).replace("\\", "")
    for said in STATED_ONCE[state]:
        assert shown.count(said) == 1, shown[:800]
    assert [title.value for title in app.title] == [title.value for title in whole.title]
    sections = [header.value for header in whole.header if (state, header.value) != ("unread ledger", "Frozen sprints")]
    assert [header.value for header in app.header] == sections
    assert len(app.get("echarts_chart")) == len(whole.get("echarts_chart"))


@pytest.mark.parametrize("page", PAGES)
def test_a_file_that_fails_only_when_it_is_read_is_said_once_below_the_title(
    page: str, homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = show(page, homes["overwritten"], monkeypatch)
    assert not app.exception
    assert len(app.title) == 1
    assert len(app.error) == 1 or (not app.error and page not in READ_EVENTS)
    for error in app.error:
        assert "the facts cannot be read" in error.value
        assert "and run './kpi sync'" in error.value.replace("\\", "")


def test_a_kpi_that_the_facts_do_not_fit_takes_no_other_with_it(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = copied(tmp_path / "home", shop.space.home, misfit)
    side = show("side_by_side", home, monkeypatch)
    side.query_params["grain"] = "sprint"
    side.query_params["kpis"] = ["velocity", "committed"]
    side.run()
    assert not side.exception
    assert words(side).replace("\\", "").count("KPI 'velocity' cannot be answered") == 1
    assert len(side.get("echarts_chart")) == 1
    catalog = show("catalog", home, monkeypatch)
    catalog.query_params["q"] = "velocity"
    catalog.run()
    assert "KPI &#x27;velocity&#x27; cannot be answered" in " ".join(element.proto.body for element in catalog.get("html"))
    assert not catalog.exception
