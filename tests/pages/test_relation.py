"""The page of a relationship: the sentence first, intervals drawn, checks by shape and word, refusals as such."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from metrics.relation_types import Relation
from metrics.stats.evidence import Check
from pages.ui import relation
from settings import PROJECT_ROOT
from tests.pages.test_pages import leads, show, words
from tests.shop import Shop

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def found(shop: Shop) -> Relation:
    with shop.catalog() as catalog:
        return catalog.relation("speed_conversion")


def test_the_sentence_stands_on_top_and_every_check_has_a_word(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show("speed_conversion", shop.space.home, monkeypatch)
    assert not app.exception
    shown = words(app).replace("\\", "")
    assert leads(app)[0].startswith("Grade B: over 1 Sep 2025")
    for check in ("Volume", "Definition break", "Segments", "Coverage", "Reliability", "Variation", "Demand shocks", "Lead placebo"):
        assert f"● **{check}: passed.**" in shown
    assert "What 100 ms faster goes with" in shown
    assert [expander.label for expander in app.expander][:2] == ["The 11 segments that take part", "How the effect is estimated"]


def test_a_window_that_is_too_short_is_refused_on_the_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show("speed_conversion", shop.space.home, monkeypatch)
    app.query_params["span"] = "90d"
    app.run()
    assert not app.exception
    shown = words(app).replace("\\", "")
    assert "No number is told for how Conversion rate follows LCP of the landing page" in shown
    assert "▲ **Volume: failed.** Not enough data" in shown
    assert "What 100 ms faster goes with" not in shown


def test_another_relationship_can_be_chosen_and_says_why_it_is_refused(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    shutil.copytree(shop.space.home, home)
    text = (PROJECT_ROOT / "kpi_definitions.yaml").read_text(encoding="utf-8")
    more = "\n  sessions_sell: {relationship: {driver: sessions, outcome: revenue, per: 100}}\n"
    (home / "kpi_definitions.yaml").write_text(text.rstrip() + "\n" + more, encoding="utf-8")
    app = show("speed_conversion", home, monkeypatch)
    app.query_params["relationship"] = "sessions_sell"
    app.run()
    assert not app.exception
    assert "One segment only" in words(app).replace("\\", "")
    assert "buyers by page speed" not in words(app)


def test_the_interval_is_drawn_beside_the_line_of_no_effect(found: Relation) -> None:
    rows = [
        relation.Drawn("Estimate", -0.35, -0.6, -0.1, "−0.35 (−0.60 to −0.10)"),
        relation.Drawn("Over three days", 0.0, -0.5, 0.5, "0.00"),
    ]
    options = relation.interval_options(rows, "% of purchases", relation.PUBLISHED)
    line, point = options["series"][0], options["series"][1]
    assert [x for x, _ in line["data"]] == [-0.6, -0.1]
    assert [x for x, _ in point["data"]] == [-0.35]
    assert line["markLine"]["data"] == [{"xAxis": 0}]
    assert line["markArea"]["data"] == [[{"xAxis": -0.4}, {"xAxis": -0.2}]]
    assert options["yAxis"]["data"] == ["Estimate: −0.35 (−0.60 to −0.10)", "Over three days: 0.00"]
    assert len({str(name) for name in options["yAxis"]["data"]}) == 2


def test_a_failed_check_says_what_it_costs() -> None:
    line = relation.check_line(Check("Lead placebo", "failed", "Tomorrow *moves* today.", "grade"))
    assert line == "▲ **Lead placebo: failed.** Tomorrow \\*moves\\* today\\. *This costs one grade.*"
    assert relation.check_line(Check("Volume", "passed", "Enough", "refusal")) == "● **Volume: passed.** Enough"


def test_a_segment_without_revenue_shows_a_dash(found: Relation) -> None:
    bare = replace(found, segments=(replace(found.segments[0], revenue=None),))
    row = relation.segment_row(bare, 0)
    assert row["revenue"] == "–"
    assert row["device"] == found.segments[0].names[0]
