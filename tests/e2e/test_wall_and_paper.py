"""The wall and the paper in a real browser: the wall turns and comes back by itself, the paper has no controls and cuts nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date

import pytest
from playwright.sync_api import Page

from commands.serve import dashboard
from sandbox.world import make_world
from tests.e2e.browser import browser, needs_browser, visit
from tests.e2e.processes import free_port
from tests.e2e.test_demo import PAGES
from tests.shop import Shop, open_shop

pytestmark = [pytest.mark.browser, needs_browser]

CONTROLS = (
    "stSidebar", "stHeader", "stToolbar", "stElementToolbar", "stPopover", "stPageLink", "stButton", "stDownloadButton", "stTextInput", "stSkipToContent",
)  # fmt: skip
SHEET = """() => {
  const main = document.querySelector('[data-testid=stMainBlockContainer]');
  Object.assign(main.style, {columns: '900px 1', columnFill: 'auto', height: '1250px', width: '900px'});
}"""
"""Breaks the page into columns of the size of a sheet: the browser's own way of breaking, as on paper, where pieces can be counted."""
PIECES = """() => [...document.querySelectorAll('[class*="st-key-card_"], [class*="st-key-row_"], .stEChartsChart, [data-testid=stDataFrame], img.kb-spark')]
  .filter(e => e.getClientRects().length).map(e => [e.className, e.getClientRects().length, Math.round(e.getBoundingClientRect().height)])"""
SEEN = """names => names.filter(name => [...document.querySelectorAll(`[data-testid=${name}]:not([class*="st-key-row_"] *, .st-key-attention *)`)].some(e => e.getClientRects().length))"""
DARK_TEXT = """() => [...document.querySelectorAll('[data-testid=stMain] *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .filter(e => e.getClientRects().length && !(e.getAttribute('style') || '').includes('color')).map(e => getComputedStyle(e).color)
  .filter(c => Math.max(...c.match(/[\\d.]+/g).slice(0, 3).map(Number)) > 100)"""
SCROLLS = "(e => [e.scrollHeight > e.clientHeight && 'down', e.scrollWidth > e.clientWidth && 'across'].filter(Boolean))(document.querySelector('[data-testid=stMain]'))"
WIDE = "() => [...document.querySelectorAll('[data-testid=stMain] canvas, [data-testid=stMain] img')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).length"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with ExitStack() as stack:
        opened = open_shop(stack, tmp_path_factory.mktemp("wall"), make_world(11, start=date(2026, 1, 5), days=60))
        opened.sync()
        yield opened


def printed(page: Page) -> list[str]:
    """Return the controls that are on the paper; a busy browser takes a while to lay it out anew."""
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 703, "height": 1000})
    return until_nothing(page, lambda: page.evaluate(SEEN, list(CONTROLS)))


def until_nothing(page: Page, look: Callable[[], list[str]]) -> list[str]:
    """Return what is still seen when the page had ten seconds to come to rest."""
    for _ in range(16):
        page.wait_for_timeout(600)
        if not (found := look()):
            return []
    return found


def test_paper_has_no_controls_is_black_on_white_and_cuts_nothing(shop: Shop) -> None:
    port, cards = free_port(), 0
    with dashboard(shop.space, port), browser() as started:
        seen = visit(started, dark=True)
        for path in PAGES:
            page = seen.open(f"http://127.0.0.1:{port}/{path}")
            assert printed(page) == [], path
            assert (
                page.locator('[data-testid="stButtonGroup"] button:visible').count()
                == page.locator('[data-testid="stButtonGroup"]:visible').count()
            )
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            assert page.evaluate(DARK_TEXT) == [], path
            assert page.evaluate(WIDE) == 0, path
            assert (
                "invert(1)"
                in str(page.evaluate("getComputedStyle(document.querySelector('.stEChartsChart canvas') || document.body).filter"))
                or not page.locator(".stEChartsChart canvas").count()
            )
            page.evaluate(SHEET)
            pieces = page.evaluate(PIECES)
            cards += len(pieces)
            assert [one for one in pieces if one[1] != 1] == [], path
            page.emulate_media(media="screen")
            page.set_viewport_size({"width": 1440, "height": 1000})
    assert cards > 40


def test_the_wall_turns_fits_the_screen_and_comes_back_after_the_server_was_gone(shop: Shop) -> None:
    port = free_port()
    with browser() as started:
        seen = visit(started, width=1920, height=1080, dark=True)
        with dashboard(shop.space, port) as server:
            page = seen.open(f"http://127.0.0.1:{port}/?kiosk=1&seconds=10")
            assert until_nothing(page, lambda: page.evaluate(SCROLLS)) == []
            assert page.locator('[data-testid="stSidebar"]:visible, [data-testid="stHeader"]:visible').count() == 0
            page.wait_for_url("**/speed_conversion?kiosk=1&seconds=10", timeout=30_000)
            page.wait_for_selector(".kb-wall >> text=next: Delivery")
            page.locator('[data-testid="stMain"]').get_by_text("Speed × conversion").first.wait_for()  # the strip comes first
            before = page.inner_text(".kb-wall")
            server.kill()
            page.wait_for_selector(".kb-old", state="visible", timeout=20_000)
            assert "Speed × conversion" in page.inner_text('[data-testid="stMain"]'), "the last numbers stay"
        with dashboard(shop.space, port):
            page.wait_for_selector(".kb-old", state="hidden", timeout=40_000)
            for _ in range(80):  # connected again comes before drawn again
                if page.inner_text(".kb-wall") != before:
                    break
                page.wait_for_timeout(500)
            assert page.inner_text(".kb-wall") != before, "drawn anew, without a person"
