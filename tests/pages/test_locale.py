"""Every number on a page is written as the visitor reads it; Babel's words are the oracle (tests/metrics/test_numerals.py)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics import numerals
from metrics.numerals import Name
from metrics.types import Period, Question, Row
from pages.ui.axes import nice
from pages.ui.chart import Panel, timeline_options
from pages.ui.echart import localised
from pages.ui.numbers import value_words
from settings import PROJECT_ROOT
from tests.pages.app import open_page
from tests.pages.test_pinned import DEFINITIONS, asked, publish, said
from tests.shop import Shop

pytestmark = pytest.mark.filterwarnings("ignore")
ENGLISH = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\d,])|(?<![\w.])\d+\.(?!\d{3}(?!\d))\d+(?![\w.])|\d%|[€$]\d")
"""1,234 and 5.5 and 5% and €5: no number of German or French looks like this."""
NAMES = re.compile(r"(?:WEB|APP|SHOP|v)[ -]?\d+\.\d+")


def texts(app: AppTest) -> list[str]:
    """Return everything that a page says: words, cards, cells."""
    plain = [str(e.value) for kind in (app.title, app.subheader, app.markdown, app.caption, app.info, app.warning) for e in kind]
    html = [re.sub(r"<style>.*?</style>|<[^>]*>", " ", str(e.proto.body), flags=re.DOTALL) for e in app.get("html")]
    cells = [
        str(cell) for table in app.dataframe for column in table.value.columns for cell in table.value[column] if isinstance(cell, str)
    ]
    return [NAMES.sub("", text.replace("\\", "")) for text in (*plain, *html, *cells)]


@pytest.mark.parametrize("name", ["de", "fr"])
@pytest.mark.parametrize("page", ["overview", "side_by_side", "kpi", "delivery", "data_health"])
def test_no_number_of_a_page_is_english(page: str, name: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    said_in = texts(open_page(shop.space.home, monkeypatch, page, locale=name))
    with shop.catalog() as opened:  # what an analyst wrote is words
        written = [text for kpi in opened.kpis() for text in (kpi.description, kpi.label) if text]
    for text in written:
        said_in = [one.replace(text, "") for one in said_in]
    wrong = [(found.group(), text[:120]) for text in said_in for found in ENGLISH.finditer(text)]
    assert wrong == []
    english = texts(open_page(shop.space.home, monkeypatch, page))
    assert any(ENGLISH.search(text) for text in english), "the pattern sees what it looks for"


def test_values_are_babels(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(shop.space.home, monkeypatch, "side_by_side", kpis="revenue", span="90d", locale="fr")
    with shop.catalog() as opened:
        covered = opened.covered("revenue")
        assert covered is not None
        rows = opened.ask(Question("revenue", "week", Period(covered.end - timedelta(days=90), covered.end))).rows
    with numerals.reading("fr"):
        assert {value_words(row.value, "EUR", "EUR") for row in rows} == set(app.dataframe[0].value["value"])


def test_the_organisation_s_way_holds_until_a_visitor_chooses_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, 70_000, DEFINITIONS.replace("version: 1", "version: 1\ncalendar: {locale: de}"))
    app = open_page(tmp_path, monkeypatch, "side_by_side", kpis="sessions", grain="day")
    assert set(app.dataframe[0].value["value"]) == {"70.000"}
    assert asked(app, "locale") == []
    app.selectbox(key="locale_choice").set_value("fr").run()
    assert set(app.dataframe[0].value["value"]) == {"70\u202f000"}
    assert asked(app, "locale") == ["fr"]
    app.query_params.clear()
    app.switch_page(str(PROJECT_ROOT / "pages" / "views" / "overview.py")).run()
    assert asked(app, "locale") == ["fr"]
    app.selectbox(key="locale_choice").set_value("de").run()
    assert asked(app, "locale") == []


def test_a_way_that_nobody_writes_is_dropped_with_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, 70_000)
    app = open_page(tmp_path, monkeypatch, "side_by_side", kpis="sessions", grain="day", locale="xx")
    assert "cannot be written as in 'xx'" in said(app)
    assert set(app.dataframe[0].value["value"]) == {"70,000"}
    assert asked(app, "locale") == []


def panel(unit: str, *values: float) -> Panel:
    start = date(2026, 3, 2)
    rows = [
        Row("", Period(start + timedelta(days=n), start + timedelta(days=n + 1)), {}, v, True, False, None) for n, v in enumerate(values)
    ]
    return Panel("A", unit, tuple(rows), values[0])


@pytest.mark.parametrize(
    ("name", "words"), [("de", ["2.800", "3.000", "3.200", "3.400"]), ("fr", ["2\u202f800", "3\u202f000", "3\u202f200", "3\u202f400"])]
)
def test_the_axes_of_the_chart_are_written_so_too(name: Name, words: list[str]) -> None:
    panels = [panel("ms", 2850, 3380), panel("%", 0.05, 0.0625)]
    with numerals.reading(name):
        options = localised(timeline_options(panels, (), "EUR"))
        percent = [numerals.percent(tick / 100, 1) for tick in nice(5.0, 6.25)]
        last = numerals.percent(0.0625, 2)
    assert [axis["data"] for axis in options["yAxis"] if axis["type"] == "category"] == [words, percent]
    assert [(axis["min"], axis["max"], axis["axisLabel"]["show"]) for axis in options["yAxis"][:2]] == [
        (2800, 3400, False),
        (5, 6.5, False),
    ]
    assert options["series"][3]["data"][1]["value"][2] == last
