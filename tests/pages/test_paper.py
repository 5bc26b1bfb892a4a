"""What is said on every sheet of paper, and that no text can leave the style sheet that says it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.ui import paper
from tests.pages.test_kiosk import show
from tests.shop import Shop

pytestmark = pytest.mark.filterwarnings("ignore")
ESCAPED = re.compile(r"\\([0-9a-f]{1,6}) ")


def said(html: str, where: str) -> str:
    """Return the text that a browser prints there: the escapes of the style sheet undone."""
    pattern = r"@bottom-left \{ content: \"([^\"]*)\"" if where == "foot" else r"::before \{ content: \"([^\"]*)\""
    found = re.search(pattern, html)
    assert found is not None
    return ESCAPED.sub(lambda one: chr(int(one[1], 16)), found[1])


def test_every_sheet_says_what_it_shows_and_as_of_when(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    html = show(shop.space.home, monkeypatch)
    assert said(html, "foot") == "KPI Bridge · Overview · generation 1"
    head = said(html, "head")
    assert head.startswith("KPI Bridge\ngeneration 1 · data to 19 Mar 2026 · synced ")
    assert re.search(r"page of \d+ \w+ \d{4}, \d\d:\d\d \(Europe/Vienna\)$", head)


def test_demo_data_are_marked_on_paper(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.space.home / "DEMO").touch()
    try:
        html = show(shop.space.home, monkeypatch)
    finally:
        (shop.space.home / "DEMO").unlink()
    assert "DEMO DATA of a made-up company" in said(html, "foot")
    assert "DEMO DATA of a made-up company" in said(html, "head")


@given(st.text(max_size=60))
def test_no_text_ends_the_quotes_or_the_sheet(text: str) -> None:
    quoted = paper.quoted(text)
    assert not set(quoted) & set("\"'<>{}();\n\r%")
    assert re.fullmatch(r"(?:[A-Za-z0-9 ]|\\[0-9a-f]{1,6} )*", quoted)
