"""The page Delivery: its choices in the URL, its charts, its words, and what is not there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from metrics.delivery_types import Burndown, Finished, Flow, Outlook, Sprint
from metrics.stats.flow import Little
from metrics.stats.sprint_numbers import SprintNumbers
from metrics.types import Period
from pages.ui import delivery, delivery_words
from tests.pages.test_pages import leads, show, words
from tests.shop import Shop

pytestmark = pytest.mark.filterwarnings("ignore")
D = date(2026, 3, 2)
NUMBERS = SprintNumbers(committed=21, completed=18, kept=8, added=9, removed=13, re_estimated=7, items=6, unestimated=0)
SPRINT = Sprint("7", "Web *Sprint* 7", Period(D, D + timedelta(days=12)), "active", "points", NUMBERS)
BURN = Burndown(SPRINT, (D, D + timedelta(days=1)), tuple(D + timedelta(days=n) for n in range(12)), (21, 21, 16), (21, 21, 21), (0, 0, 5), (0, 0, 0), (21.0,) * 13)  # fmt: skip
FLOW = Flow(
    Period(D - timedelta(weeks=8), D),
    (Finished("W-1", "A", None, datetime(2026, 2, 20, 9), date(2026, 2, 20), 2.0, 2.0, 1.0),),
    {50: 2.0, 70: 2.0, 85: 2.0, 95: 2.0}, {50: 4.0, 70: 4.0, 85: 4.0, 95: 4.0}, 1, 5,
    ((D - timedelta(weeks=1), 1),), ((D - timedelta(days=1), 0),), 0.5, 1, Little(1.0, 2.0, False), 0, (),
)  # fmt: skip
OUT = Outlook("release", "R", None, 6, 0, D + timedelta(days=4), D, D + timedelta(days=9), D + timedelta(days=14), 0.02, "unlikely")


def test_the_board_is_chosen_by_the_url_and_the_sentence_stands_on_top(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show("delivery", shop.space.home, monkeypatch)
    assert not app.exception
    assert "With the pace of the last" in leads(app)[0] or "No finish date" in leads(app)[0]
    app.query_params["board"] = "project OPS"
    app.run()
    assert not app.exception
    assert "This team has no sprint that has begun" in words(app)


def test_finish_dates_draw_an_interval_and_the_planned_day() -> None:
    options = delivery.finish_options([OUT, replace(OUT, name="S", due=None, chance=None, verdict="unknown")], D)
    names = options["yAxis"]["data"]
    assert names == ["R: 6 open, ▲ unlikely to be in time (2%)", "S: 6 open, no day is planned"]
    bars = [one for one in options["series"] if one["type"] == "line"]
    assert [point[0] for point in bars[0]["data"]] == [str(OUT.p50), str(OUT.p95)]
    assert [one["data"] for one in options["series"] if one["name"] == "planned for"] == [[[str(OUT.due), 0]]]
    assert "planned for" not in delivery.finish_options([replace(OUT, due=None)], D)["legend"]["data"]


def test_a_burndown_keeps_scope_apart_and_has_no_ideal_without_working_days() -> None:
    series = {one["name"]: one["data"] for one in delivery.burndown_options(BURN)["series"]}
    assert series["remaining"] == [21, 21, 16]
    assert series["change of scope"] == [None, None, None]
    assert "even pace" not in {one["name"] for one in delivery.burndown_options(replace(BURN, ideal=None))["series"]}
    assert len(delivery.burndown_options(BURN)["xAxis"]["data"]) == len(series["even pace"])


def test_the_control_chart_draws_every_percentile() -> None:
    options = delivery.cycle_options(FLOW, FLOW.cycle or {})
    dots = options["series"][-1]
    assert [line["label"]["formatter"] for line in dots["markLine"]["data"]] == ["50 %", "70 %", "85 %", "95 %"]
    assert dots["data"][0]["name"] == "W-1"


def test_what_is_not_there_says_why() -> None:
    empty = replace(FLOW, cycle=None, finished=(), efficiency=None, little=Little(None, None, None, "nothing was finished in these weeks"))
    assert "No item with a cycle time" in delivery_words.cycle_words(empty)
    assert all("no number" in line or "not checked, because" in line for line in delivery_words.flow_words(empty))
    row = delivery_words.outlook_rows([replace(OUT, p50=None, p85=None, p95=None, chance=None, reason="nothing is open")])[0]
    assert (row["85 %"], row["in time"]) == ("–", "nothing is open")
    nothing = replace(SPRINT, numbers=replace(NUMBERS, committed=0), basis="replayed")
    assert delivery_words.sprint_rows([nothing])[0]["completed ÷ committed"].startswith("–")
    assert delivery_words.basis_note([replace(SPRINT, basis="frozen")]) is None


def test_the_charts_in_words_state_value_change_and_pace() -> None:
    assert delivery_words.burndown_alt(BURN) == (
        "Burndown of Web *Sprint* 7: from 21 to 16 points of 21 committed, −5 in 2 days, the scope unchanged; "
        "at an even pace 21.0 would remain: 5.0 ahead."
    )
    assert "no even pace" in delivery_words.burndown_alt(replace(BURN, ideal=None))
    assert "5 of 21 points are done (24%), 16 remain; the scope began at 21, unchanged since." in delivery_words.burnup_alt(BURN)
    assert "0 of 0 points are done, 0 remain" in delivery_words.burnup_alt(replace(BURN, done=(0,), scope=(0,)))
    first = replace(SPRINT, numbers=replace(NUMBERS, completed=20))
    assert "18 completed (86% of the commitment), −2 against the sprint before" in delivery_words.history_alt([first, SPRINT])
    assert "against the sprint before" not in delivery_words.history_alt([SPRINT])
    assert "nothing was committed" in delivery_words.history_alt([replace(SPRINT, numbers=replace(NUMBERS, committed=0))])
    assert "85% within 2.0 days" in delivery_words.cycle_alt(FLOW)
    assert "1 in the last." in delivery_words.throughput_alt(FLOW)
    assert "does not fit" in delivery_words.progress_alt(FLOW)
    assert "85% by 11 Mar 2026, 95% by 16 Mar 2026; planned for 6 Mar 2026: ▲ unlikely" in delivery_words.finish_alt([OUT])


def test_hostile_names_stay_text() -> None:
    from metrics.delivery_types import Delivery

    found = Delivery(None, D, "", BURN, (), FLOW, None, 1)  # type: ignore[arg-type]
    assert "**Web \\*Sprint\\* 7**" in delivery_words.state_words(found)
    assert delivery_words.sprint_name(replace(SPRINT, basis="replayed")) == "7 *"


def test_a_chance_is_never_certain() -> None:
    assert "over 99" in delivery_words.chance_words(replace(OUT, chance=1.0, verdict="likely"))
    assert "under 1" in delivery_words.chance_words(replace(OUT, chance=0.0))


def test_a_store_without_work_items_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.metrics.store import catalog, traffic

    definitions = "version: 1\nmeasures:\n  s: {table: web_traffic, agg: sum, column: sessions}\nkpis:\n  s: {value: s}\n"
    catalog(tmp_path, definitions, web_traffic=[traffic(D, 10)]).close()
    app = show("delivery", tmp_path, monkeypatch)
    assert not app.exception
    assert "No source holds boards or projects" in words(app)
