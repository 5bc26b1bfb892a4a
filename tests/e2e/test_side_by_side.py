"""In a real browser: dragging zooms and the address keeps it, links copy, files come down guarded, and no unguarded download remains."""

from __future__ import annotations

import csv
import io
import shutil
import signal
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Browser, Page

from settings import Workspace
from tests.e2e.browser import Visit, browser, needs_browser, visit
from tests.e2e.test_serve import answers, served, wait_until
from tests.shop import Shop

pytestmark = [pytest.mark.browser, needs_browser]
CHART = '[data-testid="stEChartsChart"]'
TABLE = '[data-testid="stDataFrame"]'


@dataclass
class Site:
    """A served workspace and a browser beside it."""

    url: str
    home: Path
    started: Browser

    def visit(self, path: str, **shape: bool | int) -> Visit:
        seen = visit(self.started, **shape)  # type: ignore[arg-type]
        seen.open(f"{self.url}/{path}")
        return seen


@pytest.fixture(scope="module")
def site(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("side") / "home"
    shutil.copytree(shop.space.home, home)
    process, port = served(Shop(shop.world, shop.servers, Workspace(home)), "--no-sync")
    try:
        wait_until(lambda: answers(port))
        with browser() as started:
            yield Site(f"http://127.0.0.1:{port}", home, started)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlparse(page.url).query)


def test_dragging_over_the_chart_zooms_and_the_back_button_takes_it_back(site: Site) -> None:
    seen = site.visit("side_by_side?kpis=signups")
    page = seen.page
    page.wait_for_selector(f'{CHART}[aria-busy="false"]')
    page.wait_for_timeout(1_000)
    box = page.locator(CHART).first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 50, box["y"] + 24)
    page.mouse.move(box["x"] + 300, box["y"] + 120)
    page.mouse.down()
    page.mouse.move(box["x"] + 420, box["y"] + 125, steps=5)
    page.mouse.move(box["x"] + 560, box["y"] + 125, steps=5)
    page.mouse.up()
    page.wait_for_url("**from=**")
    seen.settle()
    zoomed = asked(page)
    assert zoomed["from"][0] < zoomed["to"][0]
    days = page.get_by_test_id("stDateInput").inner_text()
    page.reload()
    seen.settle()
    assert asked(page) == zoomed
    assert page.get_by_test_id("stDateInput").inner_text() == days
    page.go_back()
    page.wait_for_url(lambda url: "from=" not in url)
    seen.settle()
    assert page.get_by_test_id("stDateInput").count() == 0
    assert seen.complaints == []


def test_the_links_of_the_share_button_open_what_was_shown(site: Site) -> None:
    seen = site.visit("side_by_side?kpis=signups&device=mobile", width=390, height=844)
    page = seen.page
    page.get_by_test_id("stPopoverButton").filter(has_text="Share").click()
    links = page.locator('[data-testid="stPopoverBody"] code')
    links.first.wait_for()
    live, pinned = (str(links.nth(n).text_content()) for n in range(2))
    assert live == f"{site.url}/side_by_side?kpis=signups&device=mobile"
    assert pinned.startswith(f"{live}&asof=1-")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    other = visit(site.started)
    other.open(pinned)
    assert "Pinned: the data as of" in other.text()
    other.page.get_by_test_id("stSidebarNavLink").filter(has_text="Overview").click()
    other.page.wait_for_url("**asof=1-**")
    other.settle()
    assert "Pinned: the data as of" in other.text()
    other.page.get_by_text("Show current numbers").click()
    other.page.wait_for_url(lambda url: "asof" not in url)
    other.settle()
    assert "Pinned" not in other.text()


def test_files_come_down_named_and_whole(site: Site) -> None:
    page = site.visit("side_by_side?kpis=signups&device=mobile&locale=de").page
    files = {}
    for kind in ("CSV", "XLSX", "PNG", "SVG"):
        with page.expect_download(timeout=60_000) as coming:
            page.locator(".st-key-export_side_by_side button").filter(has_text=kind).click()
        files[kind] = (coming.value.suggested_filename, Path(coming.value.path()).read_bytes())
    for kind, (name, _) in files.items():
        assert name.startswith("side_by_side_signups_"), name
        assert name.endswith(f"_generation_1.{kind.lower()}")
    rows = list(csv.DictReader(io.StringIO(files["CSV"][1].decode("utf-8-sig"))))
    assert {row["device"] for row in rows} == {"mobile"}
    assert all(row["value"] == "" or float(row["value"]) >= 0 for row in rows)
    assert files["XLSX"][1].startswith(b"PK")
    width, height = struct.unpack(">II", files["PNG"][1][16:24])
    assert (width > 1_500, height > 400) == (True, True)
    svg = files["SVG"][1].decode()
    assert "by week · device mobile" in svg
    assert svg.startswith("<svg")


@pytest.mark.parametrize("path", ["side_by_side", "data_health"])
def test_no_table_can_be_downloaded_unguarded(path: str, site: Site) -> None:
    """Streamlit's own button writes cells as they are, and a spreadsheet would run some of them. The style sheet is that of every page."""
    page = site.visit(path).page
    for summary in page.locator("details > summary").all():
        if summary.evaluate("one => !one.parentElement.open"):
            summary.click()
    page.locator(TABLE).filter(visible=True).first.wait_for()
    tables = [table for table in page.locator(TABLE).all() if table.is_visible()]
    for table in tables[:3]:
        table.scroll_into_view_if_needed()
        table.hover()
        for _ in range(20):  # until the toolbar has come, on a busy machine, too
            buttons = page.locator('[data-testid="stElementToolbarButton"] button').all()
            shown = [str(one.get_attribute("aria-label")) for one in buttons if one.is_visible()]
            if any("Search" in label for label in shown):
                break
            page.wait_for_timeout(250)
        assert any("Search" in label for label in shown), "the toolbar is there to be looked at"
        assert not [label for label in shown if "CSV" in label]
