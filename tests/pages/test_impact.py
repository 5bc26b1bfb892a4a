"""The page Impact: what stands on top, what a link opens, and what it says when there is nothing to say."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics.impact import Impact, impacts, words
from pages.ui import impact as drawn
from settings import PROJECT_ROOT
from tests.metrics.test_impact import LAUNCH, a_release, made, shop_rows
from tests.pages.test_pages import show
from tests.pages.test_pages import words as text

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def launched(tmp_path: Path) -> Path:
    """A shop whose release raised conversion."""
    made(tmp_path, web_traffic=shop_rows(rate=1.25), releases=[a_release("New", LAUNCH)]).close()
    return tmp_path


def plain(app: AppTest) -> str:
    return text(app).replace("\\", "")


def open_link(home: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    app = show("impact", home, monkeypatch)
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page(str(PROJECT_ROOT / "pages" / "views" / "impact.py")).run()


def test_no_event_says_where_events_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path).close()
    app = show("impact", tmp_path, monkeypatch)
    assert not app.exception
    assert "No release or campaign is held" in plain(app)


def test_a_link_opens_the_look_that_it_names(launched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_link(launched, monkeypatch, kpis="conversion", look="release:1|conversion")
    assert not app.exception
    assert not app.error
    assert "After release New, Conversion was" in plain(app)
    assert "Grade:" in plain(app)
    assert "Plain before and after" in plain(app)
    unknown = open_link(launched, monkeypatch, kpis="conversion", look="release:99|conversion")
    assert not unknown.exception
    assert "After release New" in plain(unknown)


def look(home: Path) -> Impact:
    with made(home, web_traffic=shop_rows(rate=1.25), releases=[a_release("New", LAUNCH)]) as opened:
        return impacts(opened, "New", ("conversion",)).impacts[0]


def test_the_chart_draws_the_band_and_the_effect_with_its_interval(tmp_path: Path) -> None:
    one = look(tmp_path)
    options = drawn.chart_options(one)
    by_name = {series["name"]: series["data"] for series in options["series"]}
    assert len(by_name["Effect"]) == len(by_name["low 1"]) == len(by_name["high 1"]) == 28
    last = one.points[-1]
    assert last.so_far is not None
    assert by_name["Effect"][-1][1] == pytest.approx(100 * last.so_far.value, abs=1e-5)
    assert by_name["low 1"][-1][1] + by_name["high 1"][-1][1] == pytest.approx(100 * last.so_far.high, abs=1e-4)
    assert last.low is not None
    assert by_name["low 0"][-1][1] == pytest.approx(100 * last.low, abs=1e-5)
    assert len(by_name["Observed"]) == 84 + 28
    assert words.sentence(one) in drawn.alt_text(one)
    dots = drawn.placebo_options(one)["series"]
    assert len(dots[0]["data"]) == 20
    assert [point[1] for point in dots[1]["data"]] == [1, 1]


def test_the_quiet_dates_in_words_say_what_is_drawn(tmp_path: Path) -> None:
    one = look(tmp_path)
    assert one.placebos is not None
    assert one.relative is not None
    said, effects = drawn.placebo_alt(one), one.placebos.effects
    assert f"at {len(effects)} earlier quiet dates: {one.placebos.as_large} show" in said
    assert f"between {words.share(min(effects))} and {words.share(max(effects))}; this event: {words.share(one.relative.value)}" in said


def test_every_verdict_has_a_shape_and_a_word_of_its_own() -> None:
    assert len(set(words.SHAPE.values())) == len(set(words.WORD.values())) == len(words.SHAPE) == len(words.WORD)
