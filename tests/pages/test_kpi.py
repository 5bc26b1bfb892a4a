"""The page KPI: deep links, words and charts that agree with the metrics layer."""

from __future__ import annotations

import html

import pytest

from metrics.forecast import forecast as look_ahead
from metrics.signals import signal as judge
from metrics.types import Period
from metrics.verdict import sentence
from metrics.why import why as explain
from pages.ui import forecast, signal, why
from pages.ui.numbers import day_words
from tests.pages.app import open_page
from tests.pages.test_pages import words
from tests.shop import Shop

pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_link_opens_its_kpi_with_verdict_forecast_and_reasons(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(shop.space.home, monkeypatch, "kpi", kpi="signups")
    with shop.catalog() as opened:
        verdict = sentence(judge(opened, "signups"), day_words)
    assert not app.exception
    assert app.title[0].value.replace("\\", "") == "Sign-ups"
    text = words(app).replace("\\", "")
    assert html.escape(verdict) in " ".join(str(element.proto.body) for element in app.get("html"))
    assert "is likely to end at" in text
    assert "not a cause" in text


def test_an_unknown_kpi_is_said_to_be_unknown(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(shop.space.home, monkeypatch, "kpi", kpi="nope")
    assert not app.exception
    assert "There is no KPI 'nope'" in words(app).replace("\\", "")


def test_charts_draw_limits_interval_and_target_as_they_are(shop: Shop) -> None:
    with shop.catalog() as opened:
        kpi, found, ahead = opened.kpi("conversion_rate"), judge(opened, "conversion_rate"), look_ahead(opened, "sessions")
        covered = opened.covered("conversion_rate")
        assert covered is not None
        change = explain(opened, "conversion_rate", Period(covered.start.replace(day=15), covered.end))
        sessions = opened.kpi("sessions")
    series = {one["name"]: one for one in signal.options(found, kpi)["series"][:6]}
    assert series["upper limit"]["data"] == [None if p.upper is None else round(p.upper * 100, 6) for p in found.points]
    assert [one["value"] for one in series[kpi.label]["data"]] == [round(p.value * 100, 6) for p in found.points]
    assert len(signal.rows(found, kpi, "EUR")) == len(found.points)
    drawn = {one["name"]: one["data"] for one in forecast.options(ahead, sessions)["series"]}
    assert drawn["likely"][-1] == ahead.middle
    assert drawn["10 % point"][-1] + drawn["width"][-1] == pytest.approx(ahead.high)
    assert "Nothing to explain" in why.headline(change, kpi, "EUR") or change.change is not None
