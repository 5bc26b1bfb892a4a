"""Pictures stand on their own, hold what the page holds, and no text of a vendor does anything in them."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from metrics import numerals
from metrics.types import Event, Period, Row
from pages.ui.chart import Panel, drawn_lines
from pages.ui.picture import SCALE, WIDTH, Heading, draw, picture_spec

D = date(2026, 3, 2)
WEEK = Period(D, D + timedelta(days=7))
HOSTILE = "<script>alert(1)</script>\u202e"
HEADING = Heading("Side by side", ("2 Mar 2026 – 12 Apr 2026 · by week", "Data of generation 7 · Demo data"))


def row(value: float | None, place: int, *, complete: bool = True, settling: bool = False) -> Row:
    period = WEEK.shift(7 * place)
    return Row(period.start.isoformat(), period, {}, value, complete, settling, None if value is not None else "no rows")


PANEL = Panel(
    "Conversion",
    "%",
    (row(0.05, 0), row(0.06, 1), row(None, 2), row(0.075, 3), row(0.07, 4, settling=True), row(0.01, 5, complete=False)),
    0.055,
    "c",
    "mobile",
)
EVENTS = (
    Event("release", "1", HOSTILE, D + timedelta(days=3), D + timedelta(days=4)),
    Event("campaign", "c", "spring", D, D + timedelta(days=9)),
    Event("sprint", "s", "WEB Sprint 9", D, D + timedelta(days=12), HOSTILE),
    Event("definition", "c", "Conversion", D + timedelta(days=9), D + timedelta(days=10)),
)


def texts(svg: bytes) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_a_picture_says_what_it_is() -> None:
    found = texts(draw(HEADING, [PANEL, replace(PANEL, label="Again", part="")], EVENTS, "svg"))
    for words in ("Side by side", *HEADING.lines, "Conversion, % · mobile", "Again, %", "target", "Campaigns", "spring", "9"):
        assert any(words in text for text in found), words


def test_a_picture_is_written_in_the_readers_locale() -> None:
    panel = Panel("Speed", "ms", (row(2500.5, 0), row(3500.0, 1)))
    with numerals.reading("de"):
        found = texts(draw(HEADING, [panel], (), "svg"))
    assert "3.000" in found
    assert any(re.search(r"\d\. März 2026", text) for text in found), found
    assert not [text for text in found if re.search(r"\d,\d{3}", text)]


def test_the_points_are_those_of_the_page_and_gaps_stay_gaps() -> None:
    spec = picture_spec(HEADING, [PANEL], EVENTS)
    whole, moving = (layer["data"]["values"] for layer in spec["vconcat"][0]["layer"][1:3])
    assert [[point["day"], point["value"]] for point in whole] == drawn_lines(PANEL)[0]
    assert [point["value"] for point in whole] == [5.0, 6.0, None, 7.5, None, None]
    assert [point["value"] for point in moving] == [None, None, None, 7.5, 7.0, None]
    svg = draw(HEADING, [PANEL], (), "svg").decode()
    line = re.search(r'<path aria-label="[^"]*" role="graphics-symbol" aria-roledescription="line mark" d="([^"]*)"', svg)
    assert line is not None, svg
    assert line[1].count("M") == 2, "the missing week breaks the line"


def test_hostile_text_is_text() -> None:
    svg = draw(HEADING, [replace(PANEL, label=HOSTILE)], EVENTS, "svg")
    assert b"<script" not in svg
    assert "\u202e" not in svg.decode()
    assert "<script>alert(1)</script>" in texts(svg)


def test_a_png_is_a_png_of_its_size() -> None:
    png = draw(HEADING, [PANEL], EVENTS, "png")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert WIDTH * SCALE < width < WIDTH * SCALE * 1.3
    assert height > 400


@pytest.mark.parametrize("panels", [[Panel("Empty", "", (row(None, 0), row(None, 1)))], [PANEL] * 6])
def test_nothing_and_much_can_be_drawn(panels: list[Panel]) -> None:
    assert draw(HEADING, panels, (), "svg").startswith(b"<svg")
