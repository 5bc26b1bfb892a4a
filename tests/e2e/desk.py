"""A desk with a wide screen in front of a dashboard."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

from tests.e2e.browser import Visit


@dataclass(frozen=True, slots=True)
class Desk:
    """One visitor at the dashboard of the full store."""

    seen: Visit
    address: str

    def open(self, path: str) -> Page:
        self.seen.page.set_viewport_size({"width": 1440, "height": 1000})
        self.seen.page.emulate_media(color_scheme="light")
        self.seen.page.goto(f"{self.address}/{path}")
        self.seen.settle(200)
        return self.seen.page
