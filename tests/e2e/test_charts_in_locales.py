"""In a real browser: what charts and tables draw is German for a German, to the last tick."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from settings import Workspace
from tests.e2e.browser import another, browser, needs_browser
from tests.e2e.test_serve import answers, served, wait_until
from tests.shop import Shop

pytestmark = [pytest.mark.browser, needs_browser]
CHART = '[data-testid="stEChartsChart"]'
LISTEN = """
window.drawnTexts = new Set();
const fillText = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
  window.drawnTexts.add(String(text));
  return fillText.call(this, text, ...rest);
};
"""
"""Charts and tables are drawn on canvases: what is written there is read as it is written."""
NUMBER = re.compile(r"[−-]?\d[\d.,]*(?:[\xa0 ]%)?")
GERMAN = re.compile(r"[−-]?\d{1,3}(?:\.\d{3})*(?:,\d+)?(?:[\xa0 ]%)?|\d\d?\.\d\d?\.|\d{4}")
ENGLISH = re.compile(r"\d{4}-\d\d-\d\d|\b(?:Mar|May|Oct|Dec)\b|\d%")

DIFFERS = re.compile(r"\d[.,]\d|\d%|[A-Z][a-z]{2} \d{4}")


@pytest.fixture(scope="module")
def url(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("locales") / "home"
    shutil.copytree(shop.space.home, home)
    process, port = served(Shop(shop.world, shop.servers, Workspace(Path(home))), "--no-sync")
    try:
        wait_until(lambda: answers(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0


@pytest.fixture(scope="module")
def visitor() -> Iterator[BrowserContext]:
    with browser() as one:
        context = one.new_context(viewport={"width": 1440, "height": 4_000})
        context.add_init_script(LISTEN)
        yield context


def texts(url: str, path: str, visitor: BrowserContext, locale: str) -> set[str]:
    """Return all that the canvases of a page are asked to write."""
    seen = another(visitor)
    seen.open(f"{url}/{path}{'&' if '?' in path else '?'}locale={locale}")
    seen.page.wait_for_selector(f'{CHART}[aria-busy="false"], [data-testid="stDataFrame"] canvas')
    seen.page.wait_for_timeout(1_500)
    assert seen.complaints == []
    found = {str(text) for text in seen.page.evaluate("[...window.drawnTexts]")}
    seen.page.close()
    return found


@pytest.mark.parametrize(
    "path", ["side_by_side?kpis=sessions", "kpi?kpi=sessions", "speed_conversion", "delivery", "impact", "data_health"]
)
def test_nothing_that_is_drawn_is_english(path: str, url: str, visitor: BrowserContext) -> None:
    german = texts(url, path, visitor, "de")
    assert [text for text in german if ENGLISH.search(text)] == []
    assert [text for text in german if NUMBER.fullmatch(text) and not GERMAN.fullmatch(text)] == []
    english = texts(url, path, visitor, "en")
    assert any(DIFFERS.search(text) for text in english - german), sorted(english - german)
