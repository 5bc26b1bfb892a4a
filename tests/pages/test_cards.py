"""The KPI card: its twelve parts, what is missing said as such, and colours that everybody can tell apart from their ground."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import streamlit as st

from metrics.days import Days
from metrics.types import Period, Row
from pages.ui import card_words, cards, data, theme
from pages.ui.cards import Card
from pages.ui.period import Choice
from tests.pages.app import open_page
from tests.shop import Shop

pytestmark = pytest.mark.filterwarnings("ignore")
DAYS = Period(date(2026, 2, 20), date(2026, 3, 20))
ALL = Choice(Days(DAYS, DAYS), "all")


@pytest.fixture
def home(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("KPI_HOME", str(shop.space.home))
    st.cache_data.clear()
    st.cache_resource.clear()
    yield shop.space.home
    st.cache_resource.clear()


def card(name: str) -> Card:
    return cards.card(data.catalog().kpi(name), ALL)


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def test_a_card_has_its_parts_in_their_order(home: Path) -> None:
    shown = card("conversion_rate")
    html = card_words.body(shown, ALL)
    said = text(html)
    parts = ["Conversion rate", "target", "%", "vs previous 28 days", "no comparison with last year", "Target 7.00%:", "by week", "stale:", "data to 19 Mar 2026", "synced", "growth", "settling"]  # fmt: skip
    places = [said.find(part) for part in parts]
    assert -1 not in places, said
    assert places[2:] == sorted(places[2:]), said
    assert re.search(r"(up|down) [\d.]+.points, (better|worse) vs previous 28 days", said)
    assert "estimated" in shown.flags
    alt = re.search(r'<img class="kb-spark" alt="([^"]+)"', html)
    assert alt is not None
    assert alt[1] == card_words.sentence_of(shown)
    assert len([row for row in shown.course if row.value is not None]) >= 12


def test_a_sum_changes_by_a_number_and_a_percentage(home: Path) -> None:
    said = text(card_words.body(card("sessions"), ALL))
    assert re.search(r"(up|down) [\d,]+ \([\d.]+%\), (better|worse) vs previous 28 days", said)
    assert "No target." in said


@pytest.mark.parametrize(
    ("versus", "there", "missing"),
    [("previous", "previous 28 days", "Target"), ("target", "Target 7.00%", "previous 28"), ("none", "by week", "previous 28"), ("year", "last year", "Target")],
)  # fmt: skip
def test_only_what_was_chosen_is_compared(home: Path, versus: str, there: str, missing: str) -> None:
    said = text(card_words.body(card("conversion_rate"), Choice(ALL.days, versus)))  # type: ignore[arg-type]
    assert there in said
    assert missing not in said


def test_a_conversion_says_who_began_until_when_and_is_not_told_before_its_time(home: Path) -> None:
    assert "who began until 12 Mar 2026" in text(card_words.body(card("activation_in_7_days"), ALL))
    few = Period(date(2026, 3, 16), DAYS.end)
    shown = cards.card(data.catalog().kpi("activation_in_7_days"), Choice(Days(few, few, None, True), "all"))
    assert shown.is_waiting
    assert not shown.state.is_absent
    assert "none of these days is whole yet: they are until 12 Mar 2026" in text(card_words.body(shown, ALL))


def test_hostile_words_of_a_vendor_stay_words(home: Path) -> None:
    shown = card("conversion_rate")
    bad = "<script>alert(1)</script>"
    row = replace(shown.row, value=None, reason=bad)
    html = card_words.body(replace(shown, row=row, kpi=replace(shown.kpi, label=bad, owner=bad)), ALL)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 3


def test_days_without_values_are_shown_by_week(home: Path) -> None:
    kpi = data.catalog().kpi("cycle_time_p85")
    empty = [Row("d", DAYS, {}, None, True, False, "no rows")] * 8
    full = [Row("d", DAYS, {}, 1.0, True, False, None)] * 20
    assert cards._is_sparse(kpi, [*empty, *full])
    assert not cards._is_sparse(kpi, [*empty[:7], *full, full[0]])
    assert not cards._is_sparse(data.catalog().kpi("velocity"), empty)


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", theme.TOKENS)
def test_the_colours_of_a_status_can_be_read_on_both_grounds(name: str) -> None:
    for colour, ground in zip(theme.TOKENS[name], ("#FFFFFF", "#0E1117"), strict=True):
        high, low = sorted((luminance(colour), luminance(ground)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (name, colour)
    assert f".kb-is-{name} {{ color: light-dark({theme.TOKENS[name][0]}, {theme.TOKENS[name][1]}); }}" in theme.token_rules()


def test_every_status_and_signal_has_a_colour_a_shape_and_a_word() -> None:
    assert {*theme.SHAPE} == {*theme.WORD} == {"met", "near", "missed", "unknown", "no_target"}
    assert {*theme.TOKENS, *theme.SAME} >= {*theme.SHAPE, *theme.SIGNAL_COLOUR, "late", "stale"}


def test_the_page_of_a_kpi_tells_its_targets_its_versions_its_lineage_and_its_freshness(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from metrics.target_history import target_history

    app = open_page(shop.space.home, monkeypatch, "kpi", kpi="site_speed")
    headers = [element.value for element in app.header]
    assert headers == [
        "Signal or noise", "Why did it change", "At the same time", "Targets", "Where it is likely to end", "Notes", "Data behind it", "Definition",
    ]  # fmt: skip
    with shop.catalog() as opened:
        (then,) = target_history(opened, "site_speed")
    tables = [frame.value for frame in app.dataframe]
    (targets,) = [table for table in tables if "met then" in table.columns]
    assert list(targets["met then"]) == [f"◆ Running: in {then.met} of {then.of} whole weeks"]
    (fresh,) = [table for table in tables if "whole days until" in table.columns]
    assert list(fresh["state"]) == ["▲ stale"]
    html = " ".join(str(element.proto.body) for element in app.get("html"))
    assert 'class="kb-step"' in html
    assert any("Speed × conversion" in element.proto.label for element in app.get("page_link"))  # it is made of this KPI
    said = " ".join(element.value for element in app.markdown).replace("\\", "")
    assert "at the same time, which alone is no cause" in said or "No version was released" in said
