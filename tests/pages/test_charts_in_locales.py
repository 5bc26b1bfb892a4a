"""Every chart and table is drawn as its visitor reads it: here, in German."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from babel.numbers import parse_decimal

from metrics import Catalog, numerals
from metrics.forecast import forecast as look_ahead
from metrics.signals import signal as judge
from metrics.types import Bucket
from metrics.why import Amount, Split
from pages.ui import delivery, forecast, impact, relation, signal, speed, table, why
from pages.ui.axes import SIDES, every
from pages.ui.chart import timeline_options
from pages.ui.echart import localised
from settings import PROJECT_ROOT
from tests.pages.test_delivery import BURN, FLOW, OUT, D
from tests.pages.test_impact import look
from tests.pages.test_locale import ENGLISH, panel
from tests.shop import Shop

MACHINE = re.compile(r"\d{4}-\d\d-\d\d|\b(?:Mar|May|Jul|Oct|Dec)\b")
"""Days as a machine writes them, and months that German writes otherwise."""
THOUSANDTHS = re.compile(r"\b0,\d{3}\b")
"""What is 0,015 to a German cannot be 15 to anybody else."""
GROUPS = {"Mobile": [Bucket("mobile", 1000, 1500, 4000, 205, 0.0513, 0.03, 0.08), Bucket("mobile", 1500, None, 400, 10, 0.025, 0.01, 0.05)]}
ROWS = [relation.Drawn("A", -0.35, -0.6, -0.1, "x")]
SLOW = replace(FLOW, finished=(replace(FLOW.finished[0], cycle_days=2.25, average=2.25),))


def split(opened: Catalog) -> dict[str, Any]:
    parts = (Amount("a", 0.0, 4170.7), Amount("b", 0.0, -12.25))
    return why.bars(Split("device", amounts=parts), opened.kpi("revenue"))


CHARTS: dict[str, Callable[[Catalog, Path], dict[str, Any]]] = {
    "timeline": lambda _, __: timeline_options([panel("ms", 2850, 3380), panel("%", 0.0513, 0.0625)], (), "EUR"),
    "signal": lambda opened, _: signal.options(judge(opened, "conversion_rate"), opened.kpi("conversion_rate")),
    "forecast": lambda opened, _: forecast.options(look_ahead(opened, "sessions"), opened.kpi("sessions")),
    "why": lambda opened, _: split(opened),
    "speed": lambda _, __: speed.lines_options(GROUPS),
    "relation": lambda _, __: relation.interval_options(ROWS, "%"),
    "finish": lambda _, __: delivery.finish_options([OUT], D),
    "burndown": lambda _, __: delivery.burndown_options(BURN),
    "cycle": lambda _, __: delivery.cycle_options(SLOW, {50: 2.25}),
    "impact": lambda _, home: impact.chart_options(look(home)),
    "placebos": lambda _, home: impact.placebo_options(look(home)),
}


@pytest.fixture(params=CHARTS)
def drawn(request: pytest.FixtureRequest, shop: Shop, tmp_path: Path) -> dict[str, Any]:
    with shop.catalog() as opened, numerals.reading("de"):
        return {**localised(CHARTS[request.param](opened, tmp_path)), "_name": request.param}


def told(options: dict[str, Any]) -> list[str]:
    """Return the words of all points."""
    return [entry["value"][2] for one in options["series"] if "encode" in one for entry in one["data"]]


def test_no_axis_is_left_to_echarts(drawn: dict[str, Any]) -> None:
    for side in SIDES:
        axes = every(drawn, side)
        for axis in axes:
            if axis["type"] == "time":
                assert axis["axisLabel"]["formatter"] == {"year": "{yyyy}", "month": "{M}/{yyyy}", "day": "{d}.{M}."}
            elif axis["type"] == "value" and "interval" in axis:
                twin = next(one for one in axes if one["type"] == "category" and one.get("boundaryGap") is False and same_place(one, axis))
                ticks = [read(words) for words in twin["data"]]
                assert ticks == pytest.approx([axis["min"] + n * axis["interval"] for n in range(len(ticks))])
                assert ticks[-1] == pytest.approx(axis["max"])
                axes = [one for one in axes if one is not twin]
            assert axis["type"] != "value" or axis["axisLabel"]["show"] is False
            for words in axis.get("data", ()):
                assert not MACHINE.search(words)
                assert not ENGLISH.search(words)


def same_place(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one.get("gridIndex", 0) == other.get("gridIndex", 0))


def read(words: str) -> float:
    return float(parse_decimal(words.replace(numerals.MINUS, "-").removesuffix("%").strip("\xa0 "), locale="de"))


def test_tooltips_are_written_so_too(drawn: dict[str, Any]) -> None:
    words = told(drawn)
    if drawn["_name"] == "relation":  # its numbers stand beside it, and it has no tooltip
        assert "tooltip" not in drawn
        return
    assert words
    for one in words:
        assert not MACHINE.search(one), one
        assert not ENGLISH.search(THOUSANDTHS.sub("", one)), one
    hidden = [one for one in drawn["series"] if one["data"] and "encode" not in one]
    assert all(one["tooltip"]["show"] is False for one in hidden)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("timeline", {"2. März 2026", "2.850", "5,13\xa0%"}),
        ("why", {"4.171", "−12,25"}),
        ("speed", {"5,13\xa0%", "2,50\xa0%"}),
        ("finish", {"2. März 2026", "16. März 2026"}),
        ("cycle", {"20. Feb. 2026: 2,25"}),
    ],
)
def test_what_a_point_tells_is_its_value(name: str, words: set[str], shop: Shop, tmp_path: Path) -> None:
    with shop.catalog() as opened, numerals.reading("de"):
        assert words <= set(told(localised(CHARTS[name](opened, tmp_path))))


def test_days_of_a_sprint_and_of_a_forecast_are_names_of_german(shop: Shop) -> None:
    with shop.catalog() as opened, numerals.reading("de"):
        assert delivery.burndown_options(BURN)["xAxis"]["data"][:2] == ["start", "2. März"]
        days = forecast.options(look_ahead(opened, "sessions"), opened.kpi("sessions"))["xAxis"]["data"]
        points = judge(opened, "sessions").points
        periods = signal.options(judge(opened, "sessions"), opened.kpi("sessions"))["xAxis"][0]["data"]
        assert periods == [numerals.day(point.period.start) for point in points]
    assert all(re.fullmatch(r"\d\d?\. (?:\w{3,4}\.|\w{3,4}) \d{4}", day) for day in [*days, *periods])


def test_in_english_axes_are_echarts_own_and_points_still_tell_rounded_values() -> None:
    options = timeline_options([panel("%", 0.0512345, 0.0625)], (), "EUR")
    found = localised(options)
    assert (found["xAxis"], found["yAxis"]) == (options["xAxis"], options["yAxis"])
    assert {"2 Mar 2026", "5.12%"} <= set(told(found))


def test_a_small_number_is_not_told_as_0() -> None:
    with numerals.reading("de"):
        assert {"0,0012", "0"} <= set(told(localised(timeline_options([panel("", 0.0012, 0.0)], (), "EUR"))))


def test_numbers_and_days_of_a_table_are_drawn_in_german_and_stay_what_they_are() -> None:
    rows = [{"rows": 1_234_567, "value": 1234.5, "day": D, "name": "1234"}, {"rows": 2, "value": None, "day": D, "name": "b"}]
    with numerals.reading("de"):
        styler = table.written(rows, "t")
        cells = re.findall(r"<td[^>]*>([^<]*)</td>", styler.to_html())
    assert cells == ["1.234.567", "1.234,5", "2. März 2026", "1234", "2", "–", "2. März 2026", "b"]
    kept = styler.data  # type: ignore[attr-defined]  # pandas-stubs leaves the frame of a Styler out
    assert kept["rows"].tolist() == [1_234_567, 2]
    assert kept["day"].tolist() == [D, D]


def test_every_chart_goes_through_the_seam() -> None:
    drawing = {path.name for path in (PROJECT_ROOT / "pages").rglob("*.py") if "echarts_chart(" in path.read_text(encoding="utf-8")}
    assert drawing == {"echart.py"}
