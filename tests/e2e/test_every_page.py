"""Every page, opened cold and from the navigation, on every state of a workspace: the failure is said once, and the rest is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.browser import Visit, browser, leaves_loopback, needs_browser, visit
from tests.e2e.stores import PAGES, STATES, copied, served
from tests.shop import Shop

pytestmark = [pytest.mark.browser, needs_browser]
PAUSE_MS = 150
REMEDY = "and run './kpi sync'"


@dataclass(frozen=True, slots=True)
class Expected:
    """What every page of a state says. h1: where it is not the page's own; once: words that stand there exactly once, page → more of them."""

    h1: dict[str, str]
    once: tuple[str, ...] = ()
    also: dict[str, tuple[str, ...]] | None = None


ALL_BUT_CATALOG = [path for path in PAGES if path != "catalog"]
OWN = {"kpi": "Conversion rate"}
NUMBERS = {
    "": ("Marketing", "Revenue per session", "Velocity", "Target"),
    "side_by_side": ("The numbers",),
    "kpi": ("Signal or noise", "Why did it change"),
    "speed_conversion": ("Elasticity", "Checks"),
    "delivery": ("When will it be done?", "Cycle time"),
    "impact": ("After release", "Where nothing happened"),
    "catalog": ("Conversion rate", "growth"),
    "data_health": ("web · ga4", "delivery · jira", "Streams"),
}
WITHOUT_FACTS = {"catalog": ("Conversion rate", "purchases", "growth"), "data_health": ("web · ga4", "Last sync succeeded")}
EXPECTED = {
    "whole": Expected(OWN, also=NUMBERS),
    "empty": Expected(dict.fromkeys(ALL_BUT_CATALOG, "Welcome to KPI Bridge"), ("./kpi demo",), {"catalog": ("Conversion rate",)}),
    "cut": Expected(dict.fromkeys(ALL_BUT_CATALOG, "The store cannot be read"), ("the facts cannot be read", REMEDY), WITHOUT_FACTS),
    "misfit": Expected(
        OWN,
        also={
            **NUMBERS,
            "": (*NUMBERS[""], "KPI 'velocity' cannot be answered", REMEDY),
            "delivery": ("do not fit", REMEDY),
        },
    ),
}


@pytest.fixture(scope="module")
def started() -> Iterator[Browser]:
    with browser() as running:
        yield running


def arrived(seen: Visit, title: str, words: tuple[str, ...]) -> str:
    """Return the page's text, once its title and words are drawn or have had their time: a busy machine draws the last of them late."""
    text = seen.text()
    for _ in range(50):
        if seen.page.locator("h1").all_inner_texts() == [title] and all(word in text for word in words):
            break
        seen.page.wait_for_timeout(100)
        text = seen.text()
    return text


def check(seen: Visit, path: str, state: str) -> None:
    """Hold a page to what is expected of it, and to what is expected of every page."""
    expected, page, where = EXPECTED[state], seen.page, f"{state}: /{path}"
    text = arrived(seen, expected.h1.get(path, PAGES[path]), (*expected.once, *(expected.also or {}).get(path, ())))
    assert page.title() == f"{PAGES[path]} · KPI Bridge", where
    assert page.locator("h1").all_inner_texts() == [expected.h1.get(path, PAGES[path])], where
    assert page.locator('[data-testid="stException"]').count() == 0, f"{where}: {text[:500]}"
    assert "Traceback" not in text, where
    alerts = Counter(page.locator('[data-testid="stAlert"]').all_inner_texts())
    assert not [words for words, times in alerts.items() if times > 1], where
    for words in expected.once:
        assert text.count(words) == 1, f"{where}: '{words}' stands there {text.count(words)} times: {text[:800]}"
    for words in (expected.also or {}).get(path, ()):
        assert words in text, f"{where}: '{words}' is missing: {text[:800]}"
    assert seen.complaints == [], where
    assert [url for url in seen.requests if leaves_loopback(url)] == [], where


@pytest.mark.parametrize("state", EXPECTED)
def test_every_page_says_what_it_can(state: str, shop: Shop, started: Browser, tmp_path: Path) -> None:
    home = copied(tmp_path / "home", shop.space.home, STATES[state])
    with served(home) as (address,):
        first = visit(started)
        try:
            first.open(f"{address}/")
            for path, title in PAGES.items():
                first.page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
                first.page.wait_for_url(f"{address}/{path}**")
                first.settle(PAUSE_MS)
                check(first, path, state)
            for path in PAGES:
                cold = visit(started)
                cold.page.goto(f"{address}/{path}")
                cold.settle(PAUSE_MS)
                check(cold, path, state)
                cold.page.close()
        finally:
            first.page.close()
    assert "Traceback" not in (home / "server.log").read_text(errors="replace")
