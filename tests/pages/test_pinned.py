"""A pinned link shows the numbers of its generation and of its definitions, says so, and never other numbers in their place."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from settings import PROJECT_ROOT, Workspace
from store.definition_history import digest_of
from store.warehouse import Warehouse
from tests.metrics.store import catalog, traffic
from tests.pages.app import open_page

pytestmark = pytest.mark.filterwarnings("ignore")
DEFINITIONS = """version: 1
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  purchases: {table: web_traffic, agg: sum, column: key_events}
kpis:
  sessions: {value: sessions, team: marketing}
  purchases: {value: purchases, team: marketing}
"""
OTHER = DEFINITIONS.replace("sessions: {value: sessions,", "sessions: {value: purchases,")
D = date(2026, 3, 2)
THROUGH = datetime(2026, 5, 1, tzinfo=UTC)


def publish(home: Path, sessions: int, definitions: str = DEFINITIONS) -> None:
    """Publish a generation in which every day has so many sessions and one purchase for each ten of them."""
    rows = [traffic(D + timedelta(days=n), sessions, sessions // 10) for n in range(60)]
    catalog(home, definitions, {"web_traffic": THROUGH}, web_traffic=rows).close()


def show(home: Path, monkeypatch: pytest.MonkeyPatch, page: str = "side_by_side", **query: str) -> AppTest:
    return open_page(home, monkeypatch, page, **{"kpis": "sessions", "grain": "day", **query})


def numbers(app: AppTest) -> set[str]:
    """Return the values in the table of the page."""
    return {str(value) for table in app.dataframe for value in table.value.get("value", ())}


def said(app: AppTest) -> str:
    return " ".join(str(e.value) for kind in (app.title, app.info, app.warning, app.error, app.caption) for e in kind).replace("\\", "")


def links(app: AppTest) -> list[str]:
    return [str(code.value) for code in app.code if "?" in str(code.value)]


def asked(app: AppTest, name: str) -> list[str]:
    """Return what stands in the address under a name."""
    found = app.query_params.get(name, [])
    return [found] if isinstance(found, str) else list(found)


def query_of(link: str) -> dict[str, str]:
    return dict(part.split("=") for part in link.partition("?")[2].split("&"))


def test_a_pinned_link_keeps_its_numbers_and_says_that_newer_ones_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, 100)
    live, pinned = links(show(tmp_path, monkeypatch))
    assert "asof" not in live
    assert query_of(pinned)["asof"].startswith("1-")
    same = show(tmp_path, monkeypatch, **query_of(pinned))
    assert "They are still the newest." in said(same)
    publish(tmp_path, 700)
    app = show(tmp_path, monkeypatch, **query_of(pinned))
    assert numbers(app) == {"100"}
    assert "Pinned: the data as of" in said(app).replace("*", "")
    assert "generation 1. Newer data exist." in said(app)
    assert links(app)[1] == pinned
    assert numbers(show(tmp_path, monkeypatch)) == {"700"}
    app.button[0].click().run()
    assert (numbers(app), "Pinned" in said(app), "asof" in app.query_params) == ({"700"}, False, False)


def test_a_pinned_visitor_stays_pinned_on_other_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, 100)
    publish(tmp_path, 700)
    app = show(tmp_path, monkeypatch, asof="1")
    assert numbers(app) == {"100"}
    app.query_params.clear()
    app.switch_page(str(PROJECT_ROOT / "pages" / "views" / "overview.py")).run()
    assert asked(app, "asof") == ["1"]
    assert "Pinned" in said(app)
    everything = " ".join(
        [*(element.proto.label for element in app.get("page_link")), *(str(element.proto.body) for element in app.get("html"))]
    )
    assert "2,800" in everything
    assert "19,600" not in everything


def test_the_definitions_are_pinned_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, 100)
    pinned = query_of(links(show(tmp_path, monkeypatch))[1])
    assert pinned["defs"] == digest_of(DEFINITIONS)[:16]
    (tmp_path / "kpi_definitions.yaml").write_text(OTHER, encoding="utf-8")
    assert numbers(show(tmp_path, monkeypatch)) == {"10"}
    app = show(tmp_path, monkeypatch, **pinned)
    assert numbers(app) == {"100"}
    assert "The definitions changed since." in said(app)


@pytest.mark.parametrize("asked", [{"asof": "7"}, {"asof": "1-abc"}, {"asof": "1", "defs": "0123456789abcdef"}], ids=str)
def test_what_is_gone_is_said_and_nothing_is_shown_in_its_place(
    asked: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, 700)
    app = show(tmp_path, monkeypatch, **asked)
    assert "These numbers are gone" in said(app)
    assert "no longer kept" in said(app)
    assert not app.dataframe
    assert not numbers(app)
    app.button[0].click().run()
    assert numbers(app) == {"700"}


def test_a_generation_that_somebody_looks_at_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, 100)
    pinned = query_of(links(show(tmp_path, monkeypatch))[1])
    for sessions in (200, 300, 400):
        publish(tmp_path, sessions)
    kept = Warehouse(Workspace(tmp_path)).generations.numbers()
    assert kept == [1, 2, 3, 4]  # three, and the one that the pages of this process still hold
    assert numbers(show(tmp_path, monkeypatch, **pinned)) == {"100"}


@pytest.mark.parametrize("asof", ["abc", "-1", "0", "1;drop", "1" * 40, "١"])
def test_what_cannot_be_read_is_dropped_with_a_note(asof: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, 700)
    app = show(tmp_path, monkeypatch, asof=asof)
    assert "cannot be read" in said(app)
    assert (numbers(app), "asof" in app.query_params) == ({"700"}, False)


def test_a_warehouse_that_began_anew_is_not_taken_for_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, 100)
    pinned = query_of(links(show(tmp_path, monkeypatch))[1])
    again = tmp_path / "again"
    again.mkdir()
    publish(again, 700)
    path = Warehouse(Workspace(again)).generations.path(1)
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 60))
    assert "These numbers are gone" in said(show(again, monkeypatch, **pinned))
