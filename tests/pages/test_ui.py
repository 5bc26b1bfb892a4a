"""What pages write and draw: numbers, sentences, hostile text, and what is dashed or left out."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from metrics import KPI
from metrics.types import Bucket, Comparison, Event, Period, Row, SpeedConversion, TargetStatus
from pages.ui import sparkline, speed
from pages.ui.changes import change, sentence, short, versus
from pages.ui.chart import Panel, by_board, panel_words, timeline_options
from pages.ui.numbers import age_words, day_words, value_words
from pages.ui.text import drawn, markdown, markup, plain

D = date(2026, 11, 2)
WEEK = Period(D, D + timedelta(days=7))


def row(value: float | None, *, place: int = 0, complete: bool = True, settling: bool = False) -> Row:
    period = WEEK.shift(7 * place)
    return Row(period.start.isoformat(), period, {}, value, complete, settling, None if value is not None else "no rows")


def kpi(unit: str = "%") -> KPI:
    return KPI(
        "conversion_rate",
        "Conversion rate",
        "",
        "growth",
        "marketing",
        "output",
        "ratio",
        unit,
        "higher",
        (),
        2,
        (),
        ("day",),
        "gap",
        ("web_traffic",),
        "a / b",
        "abc",
    )


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.03124, "%", "3.12%"), (0.6556, "%", "65.6%"), (0.0, "%", "0.00%"), (2891.4, "ms", "2,891\u202fms"), (52117.0, "EUR", "€52,117"), (11.186, "EUR", "€11.19"),
        (-3.5, "days", "\u22123.50\u202fdays"), (17.0, "points", "17\u202fpoints"), (2.0123, "", "2.01"), (1234567.0, "", "1,234,567"), (None, "%", "–"),
    ],
)  # fmt: skip
def test_values_carry_their_unit_and_no_false_precision(value: float | None, unit: str, words: str) -> None:
    assert value_words(value, unit, "EUR") == words


def comparison(change: float | None, ratio: float | None = None, note: str = "against the 7 days before") -> Comparison:
    return Comparison(0.05, 0.04, WEEK, WEEK.shift(-7), change, ratio, True, note)


def test_one_sentence_says_it_all_and_an_absent_value_says_why() -> None:
    met = TargetStatus("met", "stay_above", 0.04, 0.25, "25% above target.")
    assert (
        sentence(kpi(), 0.05, None, (comparison(0.01), comparison(None)), met, "EUR", D)
        == "Conversion rate 5.00%, up 1.00\u202fpoints vs previous 7 days; target 4.00%: 25% above target; data to 2 Nov 2026."
    )
    none = TargetStatus("no_target", None, None, None, "No target.")
    assert (
        sentence(kpi(""), 5.0, None, (comparison(None),), none, "EUR", D)
        == "Conversion rate 5, no comparison; no target; data to 2 Nov 2026."
    )
    assert sentence(kpi(), None, "denominator is 0", (None,), met, "EUR", D) == "Conversion rate: no value (denominator is 0)."


def test_a_change_is_a_number_a_percentage_and_a_word_with_what_it_is_held_against() -> None:
    assert change(comparison(56.0, 0.048), "", "EUR") == "up 56 (4.8%)"
    assert change(comparison(-147.8, -0.049), "ms", "EUR") == "down 147.8\u202fms (4.9%)"
    assert change(comparison(0.0038), "%", "EUR") == "up 0.38\u202fpoints"
    assert change(comparison(5.0), "", "EUR") == "up 5"  # from 0: no percentage
    assert change(comparison(0.0, 0.0), "", "EUR") == short(comparison(0.0, 0.0), "", "EUR") == "flat"
    assert change(comparison(None), "", "EUR") == "no comparison"
    for note, words in (
        ("against the 7 days before", "previous 7 days"),
        ("against the same weekdays 364 days before", "last year"),
        ("through 2026-11-24, against the same days of the month before", "same days, month before"),
        ("against the same days of the same month a year before", "same days a year before"),
        ("against the month before", "month before"),
        ("against WEB Sprint 29", "WEB Sprint 29"),
    ):
        assert versus(comparison(1.0, note=note)) == words


def test_ages_and_days_cannot_be_misread() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert [age_words(now - timedelta(seconds=s), now) for s in (5, 600, 7300, 200_000)] == [
        "just now",
        "10 min ago",
        "2 h ago",
        "on 22 Nov 2026",
    ]
    assert (age_words(None), day_words(D), day_words(None)) == ("never", "2 Nov 2026", "–")


HOSTILE = [
    "![x](http://evil.example/a.png)",
    "[a](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    "$\\alpha$",
    ":red[x]",
    "**b** `c` ~d~ > e # f",
    "a\nb",
    "\u202eabc",
    "\u0000\u200b",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_is(text: str) -> None:
    shown = markdown(text)
    for sign in "[]()!<>$`*:#~":
        assert f"\\{sign}" in shown or sign not in shown
    assert "\n" not in shown
    assert "\u202e" not in plain(text)
    assert not set("<>\"'") & set(markup(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (":material/skull:", "\\:\u2060material/skull\\:"),
        ("so :rocket: and :+1:", "so \\:\u2060rocket\\: and \\:\u2060\\+1\\:"),
        ("see http://evil.example/a", "see http\\:\u2060//evil\\.example/a"),
        ("www.evil.example", "www\u2060\\.evil\\.example"),
        ("me@evil.example", "me@\u2060evil\\.example"),
        ("a -> b <- c <-> d", "a \\-\u2060\\> b \\<\u2060\\- c \\<\u2060\\-\\> d"),
        ("k.yaml:4:7: at 12:30", "k\\.yaml\\:4\\:7\\: at 12\\:30"),
    ],
)
def test_what_is_looked_for_after_the_backslashes_are_gone_finds_nothing(text: str, shown: str) -> None:
    assert markdown(text) == shown


def test_a_name_in_a_chart_is_cut_and_is_no_template() -> None:
    assert drawn("WEB 2.0") == "WEB 2.0"
    assert drawn("{b} {c}") == "{\u2060b} {\u2060c}"
    assert drawn("w" * 50, 10) == "w" * 9 + "…"


def test_the_running_period_is_left_out_and_the_settling_one_dashed() -> None:
    rows = (row(0.05), row(0.06, place=1), row(0.07, place=2, settling=True), row(0.01, place=3, complete=False, settling=True))
    options = timeline_options([Panel("Conversion", "%", rows, 0.055)], [], "EUR")
    whole, moving = options["series"]
    assert [value for _, value in whole["data"]] == [5.0, 6.0, None, None]
    assert [value for _, value in moving["data"]] == [None, 6.0, 7.0, None]
    assert moving["lineStyle"]["type"] == "dashed"
    assert {"yAxis": 5.5}.items() <= whole["markLine"]["data"][-1].items()


def test_releases_are_lines_in_every_panel_and_long_events_have_lanes() -> None:
    events = [
        Event("release", "1", "WEB 2.0", D, D + timedelta(days=1)),
        Event("campaign", "c", "mail", D, D + timedelta(days=5)),
        Event("sprint", "s", "WEB Sprint 9", D, D + timedelta(days=12), "WEB board"),
        Event("sprint", "t", "APP Sprint 9", D, D + timedelta(days=12), "APP board"),
    ]
    panels = [Panel("A", "ms", (row(1.0), row(2.0, place=1))), Panel("B", "", (row(3.0), row(4.0, place=1)))]
    options = timeline_options(panels, events, "EUR")
    lines = [s for s in options["series"] if "markLine" in s]
    assert [[mark["xAxis"] for mark in line["markLine"]["data"]] for line in lines] == [["2026-11-02"], ["2026-11-02"]]
    assert [g["style"]["text"] for g in options["graphic"]] == ["Campaigns", "APP board", "WEB board"]
    assert len(options["grid"]) == len(options["xAxis"]) == len(options["yAxis"]) == 3
    assert all(axis["min"] == "2026-11-02" for axis in options["xAxis"])


def test_sprints_of_two_boards_are_two_lines_unless_they_say_the_same() -> None:
    rows = tuple(
        Row(f"{b} {n}", WEEK.shift(14 * n), {}, value, True, False, None) for n in range(2) for b, value in (("A", 1.0 + n), ("B", 5.0))
    )
    boards = {row.label: f"{row.label[0]} board" for row in rows}
    first, second = by_board(Panel("Velocity", "points", rows), boards)
    assert (first.label, [r.value for r in first.rows]) == ("Velocity, A board", [1.0, 2.0])
    assert (second.label, [r.value for r in second.rows]) == ("Velocity, B board", [5.0, 5.0])
    same = tuple(Row(row.label, row.period, {}, 7.0, True, False, None) for row in rows)
    (only,) = by_board(Panel("Throughput", "items", same), boards)
    assert (only.label, len(only.rows)) == ("Throughput", 2)


def test_a_panel_in_words() -> None:
    panel = Panel("Conversion", "%", (row(None), row(0.06, place=1), row(0.07, place=2)))
    assert panel_words(panel, "EUR") == "Conversion: from 6.00% (9 Nov 2026) to 7.00% (16 Nov 2026), +1.00\u202fpoints"
    assert panel_words(Panel("Conversion", "%", (row(None),)), "EUR") == "Conversion: no values"
    aimed = replace(panel, rows=(*panel.rows, row(0.01, place=3, complete=False)), target=0.06, verdict="the last value: 17% above target")
    assert panel_words(aimed, "EUR").endswith("to 7.00% (16 Nov 2026), +1.00\u202fpoints; target 6.00%; the last value: 17% above target")


def svg(rows: list[Row], target: float | None = None) -> str:
    return base64.b64decode(sparkline.image(rows, target).removeprefix("data:image/svg+xml;base64,")).decode()


def test_the_sparkline_dashes_what_may_move_breaks_at_gaps_and_shows_lone_points() -> None:
    drawn = svg(
        [
            row(1.0),
            row(2.0, place=1),
            row(None, place=2),
            row(3.0, place=3),
            row(None, place=4),
            row(2.0, place=5),
            row(1.0, place=6, settling=True),
        ]
    )
    assert drawn.count("<polyline") == 2
    assert drawn.count("stroke-dasharray") == 1
    assert drawn.count('class="dot"') == 2
    assert sparkline.image([row(1.0)]) == ""


def test_a_far_target_does_not_flatten_the_line() -> None:
    rows = [row(1.0), row(2.0, place=1)]
    assert "<line" in svg(rows, 2.5)
    assert "<line" not in svg(rows, 900.0)


def test_speed_lines_leave_out_thin_buckets_and_name_their_ends() -> None:
    thick, thin = Bucket("mobile", 1000, 1500, 400, 20, 0.05, 0.03, 0.08), Bucket("mobile", 6000, None, 12, 3, 0.25, 0.1, 0.5)
    groups = {"Mobile": [thick, thin]}
    options = speed.lines_options(groups)
    assert options["xAxis"]["data"] == ["1–1.5 s", "over 6 s"]
    assert options["series"][2]["data"] == [5.0, None]
    assert speed.alt_text("Speed", groups) == "Speed. Mobile: 5.00% at 1–1.5 s. Grade D, descriptive only; it has no target."


def test_the_headline_speaks_only_of_ranges_with_enough_visitors() -> None:
    buckets = (
        Bucket("", 0, 1000, 10, 5, 0.5, 0.2, 0.8),
        Bucket("", 1000, 1500, 500, 40, 0.08, 0.06, 0.1),
        Bucket("", 3000, 4000, 490, 20, 0.04, 0.03, 0.06),
    )
    found = SpeedConversion(WEEK, (), buckets, buckets, {"mobile": 1.0}, 1000, 0, "", 1)
    assert "8.00% of visitors bought on the day when their landing page took 1–1.5 s, and 4.00% when it took 3–4 s" in speed.headline(found)
    assert "Too few" in speed.headline(SpeedConversion(WEEK, (), (), (), {}, 0, 0, "", 1))
