"""The catalogue: search, states, problems, hostile text, and the file that changes or breaks while pages are open."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics.compose import Map
from metrics.entry import entries, newest_rows
from pages.ui.catalog import found
from settings import PROJECT_ROOT, Workspace
from tests.metrics.store import catalog, traffic
from tests.pages.test_pages import PAGES, show, words
from tests.shop import Shop

pytestmark = pytest.mark.filterwarnings("ignore")
HOSTILE = "<img src=x onerror=alert(1)> ![x](http://evil.example/a.png) $x$ :red[y]"
GOOD = f"""version: 1
measures:
  sessions: {{table: web_traffic, agg: sum, column: sessions}}
  purchases: {{table: web_traffic, agg: sum, column: key_events}}
kpis:
  rate: {{numerator: purchases, denominator: sessions, label: Café rate, owner: growth, team: marketing, tags: [board], synonyms: [closing quota]}}
  odd:
    label: "{HOSTILE[:50]}"
    description: '{HOSTILE}'
    team: product
    value: sessions
  broken: {{value: sesions, team: product}}
  empty: {{value: nothing_yet}}
  stale: {{value: sessions, certified: {{by: Ada, on: 2026-01-05, hash: "000000000000"}}}}
""".replace("  empty: {value: nothing_yet}\n", "")


def shown(app: AppTest) -> str:
    return words(app) + " ".join(str(element.proto.body) for element in app.get("html"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    catalog(tmp_path, GOOD, web_traffic=[traffic(date(2026, 1, 5), 200, 7)]).close()
    return tmp_path


def test_the_search_takes_names_descriptions_synonyms_tags_and_owners_without_accents(tmp_path: Path) -> None:
    with catalog(tmp_path, GOOD, web_traffic=[traffic(date(2026, 1, 5), 200, 7)]) as opened:
        listed = entries(opened)
        assert {entry.name: entry.status for entry in listed} == {"rate": "ok", "odd": "ok", "broken": "problem", "stale": "lapsed"}

        def names(text: str, team: str = "all", status: str = "all") -> list[str]:
            return [entry.name for entry in found(listed, text, team, status)]

        for text in ("cafe RATE", "quota closing", "board", "growth", "rate"):
            assert names(text) == ["rate"], text
        assert names("", "product") == ["odd", "broken"]
        assert names("", "product", "problem") == ["broken"]
        assert names("", "all", "lapsed") == ["stale"]
        broken = next(entry for entry in listed if entry.name == "broken")
        assert ([i.code for i in broken.issues], broken.line, broken.yaml) == (["KPI025"], 12, "broken: {value: sesions, team: product}")
        assert isinstance(opened.force.definitions.document.root, Map)


def test_the_last_value_is_that_of_the_last_complete_period(shop: Shop) -> None:
    with shop.catalog() as opened:
        names = [kpi.name for kpi in opened.kpis()]
        rows = newest_rows(opened, names)
        assert set(names) - set(rows) == {"speed_conversion"}
        assert all(row.complete for row in rows.values()), [name for name, row in rows.items() if not row.complete]
        day = rows["sessions"].period
        assert rows["sessions"].value == opened.total("sessions", day).rows[0].value
        assert rows["velocity"].label == opened.last_sprint("velocity")[0].label


def test_a_kpi_opens_with_words_origin_yaml_and_sql(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show("catalog", shop.space.home, monkeypatch)
    assert not app.exception
    app.session_state["details_conversion_rate"] = True
    app.run()
    assert not app.exception
    assert "purchases divided by sessions" in shown(app)
    assert any("SELECT" in str(code.value) for code in app.code)
    assert any("numerator: purchases" in str(code.value) for code in app.code)


def test_problems_and_hostile_text_are_shown_as_they_are(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show("catalog", home, monkeypatch)
    assert not app.exception
    text = shown(app)
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    plain = text.replace("\\", "")
    assert "kpi_definitions.yaml:12:19: KPI025" in plain
    assert "KPI042" in plain
    assert "certification lapsed" in plain
    assert "4 of 4 KPIs" in plain


def test_an_empty_store_shows_definitions_and_how_to_get_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show("catalog", tmp_path, monkeypatch)
    assert not app.exception
    assert "Nothing was synced yet" in shown(app)
    assert "Conversion rate" in shown(app)
    assert "No value yet." in shown(app)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("page", PAGES)
def test_a_file_that_breaks_leaves_every_page_with_its_numbers_and_a_banner(page: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not show(page, home, monkeypatch).exception
    path = Workspace(home).definitions_file
    path.write_text(GOOD.replace("kpis:", "kpis: ["))
    app = show(page, home, monkeypatch)
    assert not app.exception
    assert "broken as a whole; the version of" in words(app).replace("\\", "")
    assert "The KPI definitions do not hold" not in words(app)


def test_an_open_page_takes_up_a_changed_file_without_a_restart(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show("catalog", home, monkeypatch)
    assert "Another name" not in shown(app)
    Workspace(home).definitions_file.write_text(GOOD.replace("Café rate", "Another name"))
    time.sleep(0.3)
    app.run()
    assert "Another name" in shown(app)
    app.session_state["details_rate"] = True
    app.run()
    assert not app.exception
    assert "label: Café rate → Another name" in shown(app).replace("\\", "")


def test_the_shipped_definitions_are_all_in_the_catalogue(shop: Shop) -> None:
    with shop.catalog() as opened:
        listed = entries(opened)
        assert [entry.name for entry in listed] == list(opened.force.definitions.kpis), opened.issues
        assert all(entry.words and entry.yaml and entry.holds for entry in listed)
        for entry in listed:
            assert all(origin.fields for origin in entry.origins if origin.column != "source"), entry.name
    assert (PROJECT_ROOT / "kpi_definitions.yaml").exists()
