"""`kpi demo` from nothing to a rendered Overview, and back to nothing on Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings import Workspace
from store.warehouse import Warehouse
from tests.e2e.browser import browser, leaves_loopback, needs_browser, visit
from tests.e2e.processes import below, free_port
from tests.e2e.stores import PAGES

ROOT = Path(__file__).resolve().parent.parent.parent
ERROR_BOX = '[data-testid="stException"], [data-testid="stAlertContentError"]'


class Demo:
    """The running demo and what it printed."""

    def __init__(self, home: Path) -> None:
        self.home, self.port, self.lines = home, free_port(), []
        command = [sys.executable, str(ROOT / "cli.py"), "demo", "--home", str(home), "--port", str(self.port)]
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait(self) -> float:
        """Wait until the address is printed; return the seconds it took."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip())
            if self.url in line and "served" in line:
                return time.monotonic() - self.began
        raise AssertionError("\n".join(self.lines))

    def children(self) -> set[int]:
        return below(self.process.pid)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"))
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        assert running.process.stderr is not None
        running.process.stderr.close()


@pytest.mark.browser
@needs_browser
def test_the_demo_reaches_a_rendered_overview_and_its_first_visitor_comes_by_a_deep_link(demo: Demo) -> None:
    """A fresh process whose first visitor comes by a deep link: that is when Streamlit could serve a page without the frame."""
    demo.wait()
    text = "\n".join(demo.lines)
    assert re.search(r"\d+ of \d+ slices, [\d,]+ rows, [\d,]+ rows/s, about \d+ s left", text), text
    with browser() as started:
        for path in ("side_by_side", ""):
            seen = visit(started)
            page = seen.open(f"{demo.url}/{path}")
            assert page.title().startswith(PAGES[path]), path
            assert page.locator(ERROR_BOX).count() == 0, seen.text()
            assert page.locator('[data-testid="stSidebarNav"], [data-testid="stTopNavLink"], [data-testid="stSidebarNavLink"]').count() > 0
            assert not [url for url in seen.requests if leaves_loopback(url)]
            assert seen.complaints == []
        overview = visit(started)
        overview.open(demo.url)
        for words in ("Marketing", "Product", "Delivery", "Conversion rate"):
            assert words in overview.text()
        for _ in range(40):  # rows are drawn after the words around them
            if len(values := re.findall(r"\d[\d,. ]*(?: ?%| ?ms| ?EUR|€)", overview.text())) > 20:
                break
            overview.page.wait_for_timeout(250)
        assert len(values) > 20


@pytest.mark.browser
@needs_browser
def test_a_link_carries_every_choice_and_the_back_button_takes_it_back(demo: Demo) -> None:
    with browser() as started:
        seen = visit(started)
        page = seen.open(f"{demo.url}/side_by_side?kpis=velocity&kpis=throughput&grain=sprint&kpis=nonsense")
        page.locator("[data-tag]").nth(1).wait_for()
        assert "Velocity | Throughput |" in seen.text().replace("\n", " | ").replace(" |  | ", " | ")
        page.locator("button:has-text('Month')").click()
        seen.settle()
        page.wait_for_url("**grain=month**")
        page.go_back()
        page.wait_for_url("**grain=sprint**")
        overview = visit(started)
        page = overview.open(f"{demo.url}/?period=90d")
        assert "with the 90 days before" in overview.text()
        page.locator(".st-key-card_conversion_rate a").click()
        page.wait_for_url("**/kpi?kpi=conversion_rate**")
        overview.settle()
        assert "Signal or noise" in overview.text()


CONTRAST = """() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$|transparent/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
  return [...document.querySelectorAll('[data-tag] span')].filter(e => e.innerText).map(e => {
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); });
}"""


@pytest.mark.browser
@needs_browser
@pytest.mark.parametrize("dark", [False, True])
def test_the_chosen_kpis_can_be_read_on_both_grounds(demo: Demo, dark: bool) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 : 1 for small text."""
    if not demo.lines:
        demo.wait()
    with browser() as started:
        page = visit(started, dark=dark).open(f"{demo.url}/side_by_side")
        for _ in range(30):  # what is asked is the picture that stays, not the first frame of a busy machine
            ratios = page.evaluate(CONTRAST)
            if len(ratios) >= 3 and min(ratios) >= 4.5:
                break
            page.wait_for_timeout(500)
    assert len(ratios) >= 3
    assert min(ratios) >= 4.5


def test_ctrl_c_leaves_no_process_and_no_lock_behind(demo: Demo) -> None:
    if not demo.lines:
        demo.wait()
    children = demo.children()
    assert len(children) >= 2
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(timeout=15) == 0
    alive = {
        pid
        for pid in children
        if Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    }
    assert alive == set()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", demo.port))
    with Warehouse(Workspace(demo.home)).build(reporting_zone="Europe/Vienna"):
        pass
    assert os.listdir(demo.home / "data" / "warehouse")  # noqa: PTH208


def test_an_interrupted_sync_leaves_no_lock_and_the_next_start_goes_on(tmp_path: Path) -> None:
    running = Demo(tmp_path)
    assert running.process.stderr is not None
    for line in running.process.stderr:
        if "slices" in line:
            break
    running.process.send_signal(signal.SIGINT)
    try:
        assert running.process.wait(timeout=90) in (0, 130)
        assert "stops when the request that is under way has ended" in running.process.stderr.read()
    finally:
        running.process.kill()
        running.process.wait()
        running.process.stderr.close()
    with Warehouse(Workspace(tmp_path)).build(reporting_zone="Europe/Vienna"):
        pass
