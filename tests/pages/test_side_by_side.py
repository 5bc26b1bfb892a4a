"""Side by side: days of one's own, what was dragged, devices and channels; all of it in the address."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from metrics.types import Period, Question, Row
from pages.ui.numbers import value_words
from pages.ui.span import dragged
from tests.pages.app import open_page
from tests.pages.test_pinned import asked, said
from tests.shop import START, Shop

pytestmark = pytest.mark.filterwarnings("ignore")
MOBILE = (("device", ("mobile",)),)


def show(shop: Shop, monkeypatch: pytest.MonkeyPatch, **query: str | list[str]) -> AppTest:
    return open_page(shop.space.home, monkeypatch, "side_by_side", **query)


def table(app: AppTest) -> list[tuple[str, str]]:
    """Return (period, value) of the page's table, the oldest first."""
    frame = app.dataframe[0].value
    return list(zip(map(str, frame["period"]), frame["value"], strict=True))[::-1]


def test_days_of_a_link_are_shown_both_included(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    first, last = START + timedelta(days=40), START + timedelta(days=49)
    app = show(shop, monkeypatch, kpis="signups", grain="day", **{"from": str(first), "to": str(last)})
    assert [period for period, _ in table(app)] == [str(first + timedelta(days=n)) for n in range(10)]
    assert app.date_input[0].value == (first, last)
    assert (asked(app, "from"), asked(app, "to")) == ([str(first)], [str(last)])


def test_days_that_are_chosen_come_into_the_address_and_a_preset_takes_them_out(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show(shop, monkeypatch, kpis="signups", grain="day")
    spans = next(control for control in app.button_group if "Dates" in str(control.options))
    spans.set_value("own").run()
    first, last = START + timedelta(days=40), START + timedelta(days=41)
    app.date_input[0].set_value((first, last)).run()
    assert (asked(app, "from"), asked(app, "to"), "span" in app.query_params) == ([str(first)], [str(last)], False)
    assert len(table(app)) == 2
    app.query_params.clear()
    app.query_params["kpis"], app.query_params["grain"], app.query_params["span"] = "signups", "day", "90d"
    app.run()
    assert (len(table(app)), "from" in app.query_params) == (90, False)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("rubbish", "2026-01-01", "cannot be read"),
        ("2025-10-01", "", "cannot be read"),
        ("2025-10-05", "2025-10-01", "left out"),
        ("1990-01-01", "1990-02-01", "left out"),
        ("1990-01-01", "2025-10-10", "cut to them"),
        ("0001-01-01", "9999-12-31", "cannot be read"),
    ],
)
def test_days_that_cannot_be_shown_are_said(first: str, last: str, words: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show(shop, monkeypatch, kpis="signups", grain="day", **{"from": first, "to": last})
    assert words in said(app)
    assert table(app)


def week(place: int) -> Row:
    start = date(2026, 3, 23) + timedelta(weeks=place)
    return Row(str(start), Period(start, start + timedelta(days=7)), {}, 1.0, True, False, None)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Vienna", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_what_was_dragged_over_is_whole_periods_in_the_viewers_zone(zone: str) -> None:
    """The browser draws a day at its own midnight; between the first and the last point here clocks change in Vienna."""
    rows, viewer = [week(n) for n in range(5)], ZoneInfo(zone)

    def at(day: date, hours: int) -> float:
        return (datetime(day.year, day.month, day.day, tzinfo=viewer) + timedelta(hours=hours)).astimezone(UTC).timestamp() * 1000

    area = {"coord_range": [at(rows[3].period.start, 1), at(rows[1].period.start, -1)]}
    assert dragged([area], rows, viewer) == Period(rows[1].period.start, rows[3].period.end)
    between = {"coord_range": [at(rows[1].period.start, 30), at(rows[1].period.start, 60)]}
    assert dragged([between], rows, viewer) is None
    assert dragged([], rows, viewer) is None


def test_a_filtered_page_shows_the_filtered_numbers_and_says_which(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show(shop, monkeypatch, kpis="conversion_rate", span="90d", device="mobile")
    with shop.catalog() as opened:
        covered = opened.covered("conversion_rate")
        assert covered is not None
        found = opened.ask(Question("conversion_rate", "week", Period(covered.end - timedelta(days=90), covered.end), where=MOBILE))
    shown = dict(table(app))
    assert {row.label: value_words(row.value, "%", "EUR") for row in found.rows} == shown
    assert set(app.dataframe[0].value["part"]) == {"mobile"}
    assert asked(app, "device") == ["mobile"]


def test_a_kpi_without_the_dimension_is_absent_and_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show(shop, monkeypatch, kpis=["conversion_rate", "velocity"], grain="sprint", device="mobile")
    assert set(app.dataframe[0].value["KPI"]) == {"Conversion rate"}
    assert "Velocity has no device, so it is not shown while that filter is on." in said(app)


def test_a_value_that_no_data_has_is_left_out_and_said(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show(shop, monkeypatch, kpis="conversion_rate", device=["watch", "mobile"], channel="=1+1")
    assert "No data has the device watch" in said(app)
    assert "No data has the channel =1+1" in said(app)
    assert asked(app, "device") == ["mobile"]
    assert "channel" not in app.query_params
