"""Debian's chromium, driven by Playwright; loopback only."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""The shell is the same engine without the windows around it, which nobody sees here and which take a third of the processor."""
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed (apt-get install chromium)")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--proxy-server=direct://",
    "--js-flags=--no-turbofan,--no-maglev",  # a page lives for seconds: compiling its scripts once more costs a fifth of them
]

IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"][data-test-connection-state="CONNECTED"]'
DRAWN = f"""() => document.querySelector('{IDLE}') && !document.querySelector('[data-stale="true"], [data-testid="stSkeleton"]')
  ? [document.body.innerHTML.length, document.body.innerText.length] : null"""
"""How much is drawn; nothing while more is to come."""
MOST_LOOKS = 60


@dataclass
class Visit:
    """One page and what it asked for and complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, url: str) -> Page:
        """Open an address and wait until Streamlit has finished running."""
        self.page.goto(url)
        self.settle()
        return self.page

    def settle(self, pause_ms: int = 500) -> None:
        """Wait until the script ran and nothing is being drawn."""
        self.page.wait_for_selector(IDLE, timeout=60_000)
        self.page.wait_for_timeout(pause_ms)
        before: Any = None
        for _ in range(MOST_LOOKS):  # the script is over before the browser has drawn what came last
            drawn = self.page.evaluate(DRAWN)
            if drawn is not None and drawn == before:
                return
            before = drawn
            self.page.wait_for_timeout(150)

    def text(self) -> str:
        """Return the visible text of the main part."""
        return self.page.inner_text('[data-testid="stMain"]')


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the browser."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


def visit(started: Browser, *, width: int = 1440, height: int = 1000, dark: bool = False) -> Visit:
    """Return a page that records requests and console errors: a session of its own in a browser that keeps the scripts of earlier ones."""
    seen = another(started.contexts[0] if started.contexts else started.new_context())
    seen.page.set_viewport_size({"width": width, "height": height})
    seen.page.emulate_media(color_scheme="dark" if dark else "light")
    return seen


def another(context: BrowserContext) -> Visit:
    """Return one more page of a visitor: a session of its own, with what the browser keeps of earlier ones."""
    seen = Visit(context.new_page())
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on(
        "console",
        lambda message: seen.complaints.append(message.text) if message.type == "error" and not _probes(message.location) else None,
    )
    return seen


def open_some(page: Page, most: int = 6) -> None:
    """Open what is closed, so that what it holds is drawn, too; of a long list of like ones the first few."""
    for closed in page.locator('[data-testid="stMain"] details:not([open]) > summary').element_handles()[:most]:
        closed.click()


def _probes(location: Any) -> bool:
    """On a deep link Streamlit itself looks for its server below the page's path first, and gets a 404 there."""
    return str(location.get("url", "")).endswith(("/_stcore/health", "/_stcore/host-config"))


def leaves_loopback(url: str) -> bool:
    """Whether a request went beyond this machine."""
    return not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))
