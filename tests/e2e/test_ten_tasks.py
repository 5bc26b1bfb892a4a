"""A stranger answers ten questions from the screen alone, with three clicks at most; what the screen says is what the metrics layer says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page

from metrics import Catalog, open_catalog
from metrics.attention import State, Trouble, ranked
from metrics.days import Days, chosen, shared
from metrics.lateness import problems
from metrics.signals import signals
from metrics.standing import standing
from metrics.stories import around, at_the_time
from metrics.types import Question
from metrics.verdict import sentence
from metrics.why import why as explain
from pages.ui import delivery_words, happened, why
from pages.ui.numbers import day_words
from settings import PROJECT_ROOT, Workspace
from tests.e2e.browser import Visit, browser, needs_browser, visit
from tests.e2e.processes import free_port
from tests.e2e.test_serve import answers, wait_until
from tests.shop import Shop

MOST_CLICKS = 3
pytestmark = [pytest.mark.browser, needs_browser]


@dataclass
class Served:
    """A server of the dashboard, and the workspace that it shows."""

    url: str
    space: Workspace


@pytest.fixture(scope="module")
def served(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("tasks") / "home"
    shutil.copytree(shop.space.home, home)  # pages write the ledger, and the shop is shared
    port = free_port()
    command = [sys.executable, str(PROJECT_ROOT / "cli.py"), "serve", "--no-sync", "--port", str(port), "--home", str(home)]
    server = subprocess.Popen(command, cwd=PROJECT_ROOT, env=dict(os.environ), stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_until(lambda: answers(port))
        yield Served(f"http://127.0.0.1:{port}", Workspace(home))
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(scope="module")
def started() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@dataclass
class Stranger:
    """Somebody who has never seen the dashboard: begins on the Overview, reads, clicks."""

    seen: Visit
    clicks: int = 0

    @property
    def page(self) -> Page:
        return self.seen.page

    def click(self, what: Locator) -> None:
        """Click once and wait until the page stands still."""
        self.clicks += 1
        assert self.clicks <= MOST_CLICKS
        what.click()
        self.page.wait_for_timeout(300)  # until the click has reached the server
        self.seen.settle()

    def reads(self) -> str:
        """Return all that the page shows, in one line."""
        return flat(self.seen.text())


def flat(text: str) -> str:
    """Return text without marks of Markdown and with single spaces."""
    return re.sub(r"\s+", " ", text.replace("\\", "").replace("**", ""))


@pytest.fixture
def stranger(served: Served, started: Browser) -> Iterator[Stranger]:
    seen = visit(started)
    seen.open(served.url)
    yield Stranger(seen)
    assert seen.complaints == []
    seen.page.close()


@dataclass
class Truth:
    """What the metrics layer says of the same store."""

    catalog: Catalog
    days: Days = field(init=False)
    worst: list[tuple[State, Trouble]] = field(init=False)

    def __post_init__(self) -> None:
        opened = self.catalog
        names = [kpi.name for kpi in opened.kpis() if kpi.type != "relationship"]
        covered = shared(opened.covered(name) for name in names if opened.kpi(name).grains != ("sprint",))
        assert covered is not None
        self.days, judged, states = chosen("28d", covered, opened.calendar), signals(opened, names), []
        for name in names:
            by_sprint = opened.kpi(name).grains == ("sprint",)
            row = opened.last_sprint(name)[0] if by_sprint else opened.ask(Question(name, "total", self.told(name).period)).rows[0]
            states.append(State(name, standing(opened, name, row.value, row.period, by_sprint).status, judged[name], row.value is None))
        self.worst = list(ranked(states))

    def told(self, name: str) -> Days:
        found = self.catalog.told(name, self.days)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def truth(served: Served) -> Iterator[Truth]:
    with open_catalog(served.space) as opened:
        yield Truth(opened)


def worst_line(stranger: Stranger) -> Locator:
    """Return the first line that needs attention and is about a KPI."""
    return stranger.page.locator('.st-key-attention [class*="st-key-attention_"]:not([class*="st-key-attention_source_"]) a').first


def drawn(place: Locator) -> str:
    """Return the words of a place, once there are some: on a busy machine a container comes before what is in it."""
    for _ in range(60):
        if words := flat(place.inner_text()):
            return words
        place.page.wait_for_timeout(250)
    raise AssertionError(f"nothing is drawn at {place}")


def test_1_which_kpi_is_worst_today(stranger: Stranger, truth: Truth) -> None:
    state = truth.worst[0][0]
    said = drawn(worst_line(stranger))
    assert truth.catalog.kpi(state.kpi).label in said
    assert state.status.distance is not None
    assert state.status.sentence.rstrip(".").lower() in said.lower()


def test_2_why_3_since_when_4_is_it_noise_and_5_which_release(stranger: Stranger, truth: Truth) -> None:
    """One click: the first words of the KPI's page say whether it is noise, the page says why and what was released at the same time."""
    state = truth.worst[0][0]
    kpi, told, signal = truth.catalog.kpi(state.kpi), truth.told(state.kpi), state.signal
    moving = next((state for state, kind in truth.worst if kind in ("worsening", "missed_and_worsening")), None)
    assert moving is not None
    assert moving.signal is not None
    assert moving.signal.since is not None
    line = drawn(stranger.page.locator(f".st-key-attention_{moving.kpi}"))
    assert f"since {day_words(moving.signal.since)}" in line
    stranger.click(worst_line(stranger))
    assert signal is not None
    assert drawn(stranger.page.locator(".kb-lead")) == flat(sentence(signal, day_words))
    found = explain(truth.catalog, state.kpi, told.period, None, (), told.base(truth.catalog.calendar, "previous_period"))
    said = stranger.reads()
    assert flat(why.headline(found, kpi, truth.catalog.calendar.currency)) in said
    period = told.period if signal.since is None else around(signal.since)
    meanwhile = at_the_time(truth.catalog, state.kpi, period)
    assert flat(happened.summary(meanwhile, kpi, signal.since)) in said
    for version in meanwhile.versions[:4]:
        assert version.name in said


def test_6_what_are_100_ms_worth(stranger: Stranger, truth: Truth) -> None:
    stranger.click(stranger.page.get_by_role("link", name="Speed × conversion").first)
    stranger.page.wait_for_selector("text=Checks", timeout=90_000)
    stranger.seen.settle()
    found = truth.catalog.relation("speed_conversion", shared([truth.catalog.covered("sessions")]))
    said = stranger.reads()
    if found.worth is None:
        assert flat(found.without_worth or found.sentence) in said or flat(found.sentence) in said
    else:
        assert "What 100 ms faster goes with" in said
        assert f"{found.worth.relative.value * 100:+.1f}%".replace("-", "\u2212") in said


def test_7_is_the_sprint_on_track(stranger: Stranger, truth: Truth) -> None:
    stranger.click(stranger.page.get_by_role("link", name="Delivery").first)
    found = truth.catalog.delivery(truth.catalog.teams()[0].name, 12)
    said = stranger.reads()
    assert flat(found.sentence) in said
    assert flat(delivery_words.state_words(found)) in said


def test_8_are_the_data_fresh(stranger: Stranger, truth: Truth) -> None:
    now = datetime.now(UTC)
    found = problems(truth.catalog.trust(now).sources, now, truth.catalog.calendar)
    said = stranger.page.locator('[class*="st-key-attention_source_"]')
    stranger.page.get_by_text("stand on them").nth(len(found) - 1).wait_for()
    assert said.count() == len(found) > 0  # the company of the tests lives in the past
    for place, problem in enumerate(found):
        assert f"Data of {problem.source} {problem.lateness}: data to {day_words(problem.through)}" in flat(said.nth(place).inner_text())


def test_9_where_is_it_defined(stranger: Stranger, truth: Truth) -> None:
    card = stranger.page.locator(".st-key-card_conversion_rate")
    stranger.click(card.get_by_role("button", name="Definition"))
    stranger.page.wait_for_selector('[data-testid="stPopoverBody"] >> text=Version')
    said = flat(stranger.page.locator('[data-testid="stPopoverBody"]').inner_text())
    document = truth.catalog.force.definitions.document
    assert f"{document.file} line {document.place(('kpis', 'conversion_rate'))[0]}" in said
    assert truth.catalog.kpi("conversion_rate").hash in said
    assert "Owner: growth" in said


def test_10_send_me_this_view(stranger: Stranger, served: Served, started: Browser) -> None:
    """Other days are chosen; the address of the page, and the link on a card, show somebody else the same."""
    stranger.click(stranger.page.locator('[data-testid="stSelectbox"]').filter(has_text="Period").locator("input, [role=combobox]").first)
    stranger.click(stranger.page.get_by_role("option", name="Month to date"))
    stranger.page.wait_for_selector("text=month to date")
    stranger.seen.settle()
    mine = stranger.page.locator(".kb-value").all_inner_texts()
    card = stranger.page.locator(".st-key-card_conversion_rate")
    stranger.click(card.get_by_role("button", name="Definition"))
    link = flat(stranger.page.locator('[data-testid="stPopoverBody"] [data-testid="stCode"]').last.inner_text()).strip()
    assert link == f"{served.url}/kpi?kpi=conversion_rate&period=mtd"
    other = visit(started)
    other.open(stranger.page.url)
    assert other.page.locator(".kb-value").all_inner_texts() == mine
    other.open(link)
    assert "month to date" in flat(other.text())
    assert other.page.locator(".kb-value").first.inner_text() in mine
    other.page.close()


def test_a_note_that_is_written_on_the_page_is_there_for_everybody_and_runs_no_script(served: Served, started: Browser) -> None:
    from store.ledger import Ledger
    from store.notes import read_notes

    text = "Outage <img src=x onerror=alert(1)> of the [shop](javascript:alert(1))"
    seen = visit(started)
    page = seen.open(f"{served.url}/kpi?kpi=signups")
    page.get_by_text("Write a note").click()
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("What happened").fill(text)
    page.get_by_role("button", name="Keep the note").click()
    page.wait_for_selector("text=Kept: a note on")
    (kept,) = read_notes(Ledger(served.space), "signups")
    assert (kept.author, kept.text) == ("Ada", text)
    other = visit(started)
    other.open(f"{served.url}/kpi?kpi=signups")
    assert text in other.text()
    assert other.page.locator('[data-testid="stMain"] img[src="x"]').count() == 0
    assert seen.complaints == other.complaints == []
    for one in (seen, other):
        one.page.close()
