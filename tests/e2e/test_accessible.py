"""Everybody can use the pages: no violation that axe knows, and everything by keyboard alone. Charts in words: test_alt_texts.py."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.browser import browser, needs_browser, open_some, visit
from tests.e2e.desk import Desk
from tests.e2e.stores import PAGES, copied, served
from tests.shop import Shop

pytestmark = [pytest.mark.browser, needs_browser]
RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
BASELINE: list[dict[str, str]] = json.loads((Path(__file__).parent / "axe_baseline.json").read_text(encoding="utf-8"))
"""What axe finds in markup that Streamlit writes and nobody else can change: rule, pattern of the element, reason."""


@pytest.fixture(scope="module")
def desk(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with ExitStack() as stack:
        (address,) = stack.enter_context(served(copied(tmp_path_factory.mktemp("full") / "home", shop.space.home)))
        yield Desk(visit(stack.enter_context(browser())), address)


def violations(page: Page, where: str) -> list[str]:
    """Return what axe finds that is not in the baseline."""
    found: dict[str, Any] = Axe().run(page, options=RULES).response
    return [
        f"{where}: {rule['id']}: {node['html'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
        if not any(known["rule"] == rule["id"] and re.search(known["element"], node["html"]) for known in BASELINE)
    ]


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_of_ours(path: str, desk: Desk) -> None:
    page, found = desk.open(path), []
    for dark, width in ((False, 1440), (True, 1440), (False, 390)):
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.set_viewport_size({"width": width, "height": 1000})
        if width == 390:
            open_some(page, 3)
        desk.seen.settle(300)
        found += violations(page, f"/{path} {'dark' if dark else 'light'} {width}")
        if width == 390:
            assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    assert found == []
    levels = [
        int(tag[1]) for tag in page.evaluate("[...document.querySelectorAll('[data-testid=stMain] :is(h1,h2,h3,h4)')].map(e => e.tagName)")
    ]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert not [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1]
    for table in page.locator('[data-testid="stMain"] table').all():
        assert all(text.strip() for text in table.locator("th").all_inner_texts())


FOCUS = """() => {
  const at = document.activeElement, grid = at.matches('canvas *') && at.closest('canvas'), e = grid || at, box = e.getBoundingClientRect();
  const ring = [e, e.parentElement, e.closest('[data-baseweb], [role=combobox], .react-aria-ComboBox') || e].some(one => {
    const s = getComputedStyle(one);
    return (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2) || (s.boxShadow !== 'none' && !/ 0px 0px 0px 0px$/.test(s.boxShadow));
  });
  return {tag: e.tagName, name: (e.getAttribute('aria-label') || (e.matches('a, button, summary, [role]') ? e.innerText : '')).slice(0, 80), seen: !!grid || ring || e.matches('main, body, input'),
    width: Math.round(box.width), height: Math.round(box.height), editable: e.tagName === 'INPUT'};
}"""
"""What has the focus. A table is a canvas: soon after it got the focus, the cell of its invisible twin has it, and the canvas draws the ring."""


def tab_to(page: Page, name: str, *, most: int = 80) -> dict[str, Any]:
    """Press Tab until the element with this name has the focus; every stop on the way shows its focus and is large enough to hit."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focus: dict[str, Any] = page.evaluate(FOCUS)
        assert focus["seen"], f"the focus on {focus} is not seen"
        if focus["tag"] not in ("BODY", "MAIN"):
            assert min(focus["width"], focus["height"]) >= 24, f"{focus} is smaller than 24 px"
        if name in " ".join(focus["name"].split()):
            return focus
    raise AssertionError(f"no Tab leads to '{name}'")


def choose(desk: Desk, name: str, typed: str, address: str) -> None:
    """Choose what is typed in a list, with the keyboard; the address then says so."""
    page = desk.seen.page
    tab_to(page, name)
    page.keyboard.type(typed)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(address)
    desk.seen.settle(200)


def test_the_overview_is_used_with_the_keyboard_alone(desk: Desk) -> None:
    page = desk.open("")
    choose(desk, "Period", "Last 90", "**period=90d**")
    assert "with the 90 days before" in desk.seen.text()
    tab_to(page, "Definition")
    page.keyboard.press("Enter")
    page.get_by_test_id("stPopoverBody").get_by_text("Time until the largest element is visible").wait_for()
    page.keyboard.press("Escape")
    page.get_by_test_id("stPopoverBody").wait_for(state="detached")
    tab_to(page, "In depth")
    page.keyboard.press("Enter")
    page.wait_for_url("**/kpi?kpi=**")
    desk.seen.settle(200)
    tab_to(page, "The numbers and how they are judged")
    page.keyboard.press("Enter")
    page.get_by_text("An XmR chart").wait_for()


def test_kpis_are_chosen_and_numbers_taken_along_with_the_keyboard_alone(desk: Desk) -> None:
    page = desk.open("side_by_side")
    choose(desk, "KPIs", "velo", "**kpis=velocity**")
    page.keyboard.press("Escape")
    tab_to(page, "The numbers")
    page.keyboard.press("Space")
    page.get_by_role("button", name="CSV", exact=True).wait_for()
    tab_to(page, "download CSV")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert re.fullmatch(r"side_by_side_.*_generation_1\.csv", download.value.suggested_filename)


def test_no_page_traps_the_keyboard(desk: Desk) -> None:
    """Tab comes round to the first stop again."""
    for path in PAGES:
        page = desk.open(path)
        tab_to(page, "Skip to main content")
        tab_to(page, "Skip to main content", most=250)
