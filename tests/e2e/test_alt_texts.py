"""Every chart in words: its alternative text says what it shows, in the figures that the metrics layer gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from metrics.catalog import Catalog
from metrics.days import chosen, shared
from metrics.delivery_types import Delivery
from metrics.impact import impacts
from metrics.numerals import day, fixed, percent, short
from metrics.standing import standing
from metrics.stats.evidence import signed
from metrics.types import Bucket, Grain, Period, Question
from pages.ui.numbers import change_size, signed_words, value_words
from tests.e2e.browser import browser, needs_browser, visit
from tests.e2e.desk import Desk
from tests.e2e.stores import copied, served
from tests.shop import Shop

pytestmark = [pytest.mark.browser, needs_browser]


@pytest.fixture(scope="module")
def desk(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with ExitStack() as stack:
        (address,) = stack.enter_context(served(copied(tmp_path_factory.mktemp("full") / "home", shop.space.home)))
        yield Desk(visit(stack.enter_context(browser())), address)


TEXTS = "[...document.querySelectorAll('[data-testid=stMain] :is([data-testid=stEChartsChart], img)')].map(e => e.alt || e.getAttribute('aria-label') || '')"


def alternative_texts(page: Page, least: int) -> list[str]:
    """Return what readers by ear are told instead of each picture, once so many are there and no more are drawn."""
    before, found = [""], list[str](page.evaluate(TEXTS))
    for _ in range(60):
        if found == before and all(found) and len(found) >= least:
            break
        page.wait_for_timeout(700)
        before, found = found, page.evaluate(TEXTS)
    return found


def test_the_text_of_every_chart_says_what_the_chart_shows(desk: Desk, shop: Shop) -> None:
    texts = {path: alternative_texts(desk.open(path), least) for path, least in {"?show=cards": 20, "side_by_side": 1, "kpi": 3}.items()}
    assert not [path for path, found in texts.items() if not found or min(map(len, found)) < 20]
    with shop.catalog() as catalog:
        currency = catalog.calendar.currency
        by_day = [kpi for kpi in catalog.kpis() if kpi.type != "relationship" and kpi.grains != ("sprint",)]
        covered = shared(catalog.covered(kpi.name) for kpi in by_day)
        assert covered is not None
        end = covered.end
        for kpi in by_day:
            told = catalog.told(kpi.name, chosen("28d", covered, catalog.calendar))
            assert told is not None
            mine = told.period
            value = catalog.ask(Question(kpi.name, "total", mine)).rows[0].value
            change = catalog.compare(kpi.name, mine, "previous_period")
            status = standing(catalog, kpi.name, value, mine).status
            begin = f"{kpi.label}: no value (" if value is None else f"{kpi.label} {value_words(value, kpi.unit, currency)},"
            mine_alone = [text for text in texts["?show=cards"] if text.startswith(begin)]
            assert len(mine_alone) == 1, f"{begin} {mine_alone}"
            text = mine_alone[0]
            wanted = [change_size(change, kpi.unit, currency)] if value is not None and change.change else []
            wanted += [status.sentence[1:].rstrip(".")] if value is not None and status.verdict != "no_target" else []
            assert not [words for words in wanted if words not in text], f"{kpi.name}: '{text}' lacks some of {wanted}"
        signal = next(text for text in texts["kpi"] if "weeks, last" in text)
        target = catalog.target_status("conversion_rate", 0.0, end - timedelta(days=1)).target
        assert "On target" in signal or "ff target" in signal or "ear target" in signal
        assert f"target {value_words(target, '%', currency)}" in signal
        side = texts["side_by_side"][0]
        for name in ("site_speed", "conversion_rate"):
            kpi = catalog.kpi(name)
            assert re.search(rf"{re.escape(kpi.label)}: from .+ to .+, [+−].+; target .+; the last value: ", side), side


def require(text: str, *pieces: str) -> None:
    """Require every piece in an alternative text."""
    missing = [piece for piece in pieces if piece not in text]
    assert not missing, f"'{text}' lacks {missing}"


def asked(catalog: Catalog, kpi: str, grain: Grain, period: Period, projects: Sequence[str]) -> list[float | None]:
    """Return the values of a KPI of some projects, oldest first."""
    return [row.value for row in catalog.ask(Question(kpi, grain, period, where=(("project", tuple(projects)),))).rows]


def test_the_charts_of_delivery_say_what_the_metrics_layer_says(desk: Desk, shop: Shop) -> None:
    with shop.catalog() as catalog:
        team = catalog.teams()[0]
        found = catalog.delivery(team.name, 12)
        finish, burndown, burnup, history, cycle, weeks, wip = alternative_texts(desk.open(f"delivery?board={quote(team.name)}"), 7)
        require_dates(finish, found)
        require_sprint(burndown, burnup, found)
        require_history(history, catalog, found)
        require_flow(cycle, weeks, wip, catalog, found)


def require_dates(finish: str, found: Delivery) -> None:
    shown = [one for one in found.forecast.outlooks if one.p95 is not None]
    assert [one for one in shown if one.due is not None]
    for one in shown:
        dates = f"50% by {day(one.p50)}, 85% by {day(one.p85)}, 95% by {day(one.p95)}"  # type: ignore[arg-type]  # what has the last has all
        require(finish, f"{one.name}, {one.items} open: {dates}")
        if one.due is not None:
            require(finish, f"planned for {day(one.due)}: {'●◆▲'[['likely', 'at risk', 'unlikely'].index(one.verdict)]}")


def require_sprint(burndown: str, burnup: str, found: Delivery) -> None:
    now = found.current
    assert now is not None
    assert now.ideal is not None
    left, even, unit = now.remaining[-1], now.ideal[len(now.remaining) - 1], now.sprint.unit
    committed = short(now.sprint.numbers.committed)
    require(burndown, f"Burndown of {now.sprint.name}: from {short(now.remaining[0])} to {short(left)} {unit} of {committed} committed")
    require(burndown, signed_words(left - now.remaining[0], "", ""), f"at an even pace {fixed(even, 1)} would remain")
    require(burndown, f"{fixed(abs(left - even), 1)} {'behind' if left > even else 'ahead'}")
    require(burnup, f"{short(now.done[-1])} of {short(now.scope[-1])} {unit} are done", f"{short(now.scope[-1] - now.done[-1])} remain")


def require_history(history: str, catalog: Catalog, found: Delivery) -> None:
    """The bars against the KPIs velocity and commitment, which are asked by sprint and not by board."""
    last, span = found.sprints[-1], Period(found.sprints[0].days.start, found.today)
    values = {}
    for kpi in ("velocity", "committed"):
        rows = {row.label: row.value for row in catalog.ask(Question(kpi, "sprint", span)).rows}
        values[kpi] = [rows[sprint.name] for sprint in found.sprints[-8:]]
    velocity, committed = values["velocity"], values["committed"]
    assert None not in (*velocity, *committed)
    done = [value for value in velocity if value is not None]
    require(history, f"{len(done)} closed sprints, between {short(min(done))} and {short(max(done))} points completed")
    require(history, f"The last, {last.name}: {short(committed[-1] or 0)} points committed, {short(done[-1])} completed")
    require(
        history, f"{percent(done[-1] / (committed[-1] or 1))} of the commitment", f"{signed_words(done[-1] - done[-2], '', '')} against"
    )


def require_flow(cycle: str, weeks: str, wip: str, catalog: Catalog, found: Delivery) -> None:
    """Flow against the KPIs of the same items: times, items a week, and work in progress of the board's projects."""
    days, projects = found.flow.period, found.team.projects
    for level in (50, 85):
        (value,) = asked(catalog, f"cycle_time_p{level}", "total", days, projects)
        assert value is not None
        require(cycle, f"{level}% within {fixed(value, 1)} days")
    counts = [int(value or 0) for value in asked(catalog, "throughput", "week", days, projects)]
    require(weeks, f"between {min(counts)} and {max(counts)} in {len(counts)} weeks, {counts[-1]} in the last")
    require(weeks, f"{signed_words(counts[-1] - counts[-2], '', '')} against the week before")
    held = [int(value or 0) for value in asked(catalog, "work_in_progress", "day", days, projects)]
    require(wip, f"between {min(held)} and {max(held)}, {held[-1]} at the last")
    law = {True: "it fits", False: "it does not fit", None: f"not checked, because {found.flow.little.reason}"}
    require(wip, law[found.flow.little.agrees])


def test_the_charts_of_impact_say_what_the_metrics_layer_says(desk: Desk, shop: Shop) -> None:
    with shop.catalog() as catalog:
        found = {one.verdict: one for one in impacts(catalog, None, ()).impacts if one.points}
        assert len(found) > 1
        for one in found.values():
            (text,) = alternative_texts(desk.open(f"impact?look={quote(one.key, safe='')}"), 1)
            last = [point for point in one.points if point.low is not None and point.observed is not None][-1]
            (row,) = catalog.ask(Question(one.kpi, "total", last.period)).rows
            require(text, f"{one.label} by {one.grain} around", one.event.name, f"grade {one.grade}")
            require(text, f"The last: {value_words(row.value, one.unit, '')} observed, {value_words(last.expected, one.unit, '')} expected")
            require(
                text,
                {"improved": "Better", "worsened": "Worse", "none": "No effect", "open": "Not clear", "refused": "Cannot"}[one.verdict],
            )
            if one.relative is not None and one.verdict != "refused":
                require(text, *(percent(abs(end), 1) for end in (one.relative.low, one.relative.high)))


def test_the_charts_of_speed_and_conversion_say_what_the_metrics_layer_says(desk: Desk, shop: Shop) -> None:
    with shop.catalog() as catalog:
        texts = alternative_texts(desk.open("speed_conversion"), 5)
        elasticity, counts, revenue, within, together = texts
        relation = catalog.relation("speed_conversion")
        main, worth = relation.assessment.estimate, relation.worth
        assert main is not None
        assert worth is not None
        assert worth.revenue_a_month is not None
        for estimate in (main, *(one.estimate for one in relation.variants if one.estimate is not None)):
            require(elasticity, f"{signed(estimate.value, 2)} ({signed(estimate.low, 2)} to {signed(estimate.high, 2)})")
        against = "excludes 0" if main.low * main.high > 0 else "holds 0"
        require(elasticity, f"The interval {against}", f"Grade {relation.assessment.grade}")
        for text, effect in ((counts, worth.counts_a_month), (revenue, worth.revenue_a_month)):
            places = 1 if max(abs(effect.low), abs(effect.high)) < 20 else 0
            require(text, *(signed(value, places) for value in (effect.value, effect.low, effect.high)))
            require(text, f"for {short(abs(relation.per))} ms faster", f"Grade {relation.assessment.grade}")
        assert relation.period is not None
        cut = catalog.speed_conversion("speed_conversion", relation.period)
        for device in cut.mix:
            require_curve(within, device.capitalize(), [one for one in cut.by_device if one.device == device])
        require_curve(together, "Same mix of devices", cut.standardised)
        require_curve(together, "As they come", cut.crude)


def require_curve(text: str, name: str, buckets: Sequence[Bucket]) -> None:
    """Require both ends of a curve and how far they are apart."""
    rates = [one.rate for one in buckets if one.rate is not None and one.visitors >= 30]
    first, last = (value_words(rates[place], "%", "") for place in (0, -1))
    assert re.search(rf"{name}: {re.escape(first)} at [^;]+ s, {re.escape(last)} at [^;]+ s, ", text), text
    require(text, signed_words(rates[-1] - rates[0], "%", ""))


@pytest.mark.parametrize("path", ["data_health", "catalog"])
def test_the_pages_of_tables_draw_no_chart_that_is_not_told(path: str, desk: Desk) -> None:
    page = desk.open(path)
    assert all(page.evaluate(TEXTS))
