"""Every text of every vendor is hostile: pages run none of it, send nothing away, and show it as the text that it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import duckdb
import pytest
from playwright.sync_api import Browser, Page, Response

from sandbox.hostile import ELSEWHERE, LONG, RAN
from sandbox.hostile_fields import HOSTILE
from tests.e2e.browser import Visit, browser, leaves_loopback, needs_browser, open_some, visit
from tests.e2e.hostile_home import CURRENCY, asked, hostile_shop, refused
from tests.e2e.stores import PAGES, served
from tests.shop import Shop

pytestmark = [pytest.mark.browser, needs_browser]
TEXTS = ("<script>", "[click](javascript:", ":material/skull:", "$\\frac{1}{2}$", "{{7*7}} ${7*7}", "&lt;b&gt;")
LONGEST = ("w" * 1_000,)
SHOWN: dict[str, tuple[str, ...]] = {
    "": ("<script>",),
    "kpi?kpi=conversion_rate&by=channel": (),
    "kpi?kpi=conversion_rate&by=campaign": (),
    "kpi?kpi=sessions&by=landing_page": (),
    "kpi?kpi=site_speed&by=device": (),
    "kpi?kpi=active_users&by=event": (),
    "kpi?kpi=throughput&by=type": (),
    "side_by_side?grain=sprint&kpis=velocity&kpis=sessions": (),
    "side_by_side?grain=day&kpis=sessions&span=all": (),
    "side_by_side?grain=week&kpis=sessions&channel={channel}&channel={long_channel}&device={device}&device={long_device}": TEXTS,
    "delivery": TEXTS,
    "delivery?board={long_board}": ("w" * 30,),
    "impact": LONGEST,
    "impact?look={release}": TEXTS,
    "impact?look={campaign}": ("![pixel]",),
    "impact?look={long_campaign}": LONGEST,
    "speed_conversion": (),
    "data_health": (),
    "catalog": (),
}
"""Address → pieces of the vendors' texts that stand on the page literally. The first is the one whose live numbers grow old."""
REFUSED: dict[str, tuple[str, ...]] = {"": (), "data_health": ("<script>", "[click](javascript:", "$\\frac{1}{2}$")}
"""The same of a workspace whose vendors refuse to answer, in words of theirs."""
MADE = f"""() => {{
  const main = document.querySelector('[data-testid=stApp]');
  const found = selector => [...main.querySelectorAll(selector)].map(e => e.outerHTML.slice(0, 200));
  return [
    ...found('[href*="{ELSEWHERE.removeprefix("http://")}"], [src*="{ELSEWHERE.removeprefix("http://")}"], [href^="javascript"], [onerror], [onload]'),
    ...found('.katex, .stMarkdownColoredText, img[src="x"]'),
    ...found('[data-testid=stIconMaterial]').filter(text => text.includes('skull')),
    ...found('h1, h2, h3, h4, strong, code, s').filter(text => /^<(h\\d|strong|code|s)[^>]*>(heading|bold|code|gone)/.test(text)),
  ];
}}"""
"""What markup would have made of the texts."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """A visitor of the hostile company's dashboard. broken: the address of the one whose vendors refuse; asked: what addresses name."""

    seen: Visit
    shop: Shop
    address: str
    broken: str
    asked: Mapping[str, str]
    dialogs: list[str]
    answers: list[Response]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    with ExitStack() as stack:
        shop = hostile_shop(stack, tmp_path_factory.mktemp("hostile"))
        address, broken = stack.enter_context(served(shop.space.home, refused(shop, tmp_path_factory.mktemp("refused") / "home")))
        started: Browser = stack.enter_context(browser())
        seen, dialogs, answers = visit(started), list[str](), list[Response]()
        seen.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        seen.page.on("response", lambda answer: answers.append(answer))
        yield Hostile(seen, shop, address, broken, asked(shop), dialogs, answers)


def test_every_field_that_can_be_is_hostile_and_long_beside_what_is_usual(hostile: Hostile) -> None:
    newest = max((hostile.shop.space.data / "warehouse").glob("*.duckdb"))
    with duckdb.connect(str(newest), read_only=True) as facts:
        for table, columns in HOSTILE.items():
            for column in columns:
                scripts = f"count(*) FILTER (contains({column}, '<script>'))"
                found = facts.execute(f"SELECT {scripts}, max(length({column})), count(DISTINCT {column}) FROM {table}").fetchone()
                assert found is not None
                assert found[0] > 0, f"{table}.{column} holds no markup"
                assert found[1] >= len(LONG), f"{table}.{column} holds nothing long"
                assert found[2] > 1
        usual = facts.execute("SELECT count(*) FROM web_traffic WHERE channel = 'Paid Search' AND device = 'desktop'").fetchone()
        assert usual is not None
        assert usual[0] > 0
        contexts = [row[0] for row in facts.execute("SELECT DISTINCT context FROM _slices WHERE context LIKE 'EUR%'").fetchall()]
    assert set(contexts) == {"EUR Europe/Vienna", f"{CURRENCY} Europe/Vienna"}


def hover(page: Page) -> None:
    """Move over the marks of every chart, so that its tooltips are made."""
    for chart in page.locator('[data-testid="stEChartsChart"]').all():
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        assert box is not None
        for share in (0.3, 0.6, 0.9):
            for height in (0.25, 0.5, 0.8):
                page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * height)
                page.wait_for_timeout(30)


@pytest.mark.parametrize("path", SHOWN)
def test_hostile_texts_stay_texts(path: str, hostile: Hostile) -> None:
    require_texts(hostile, f"{hostile.address}/{path.format(**hostile.asked)}", SHOWN[path])
    assert hostile.seen.page.locator('[data-testid="stAlertContentError"]').count() == 0, hostile.seen.text()


@pytest.mark.parametrize("path", REFUSED)
def test_what_a_vendor_says_when_it_refuses_stays_text(path: str, hostile: Hostile) -> None:
    require_texts(hostile, f"{hostile.broken}/{path}", REFUSED[path])


def require_texts(hostile: Hostile, url: str, pieces: tuple[str, ...]) -> None:
    """Open a page on a phone, draw all of it, and require that the vendors' texts became nothing but text."""
    seen, page = hostile.seen, hostile.seen.page
    seen.requests.clear()
    seen.complaints.clear()
    page.set_viewport_size({"width": 390, "height": 844})
    seen.open(url)
    open_some(page)
    seen.settle(200)
    hover(page)
    assert page.locator('[data-testid="stException"]').count() == 0, seen.text()
    for piece in pieces:
        assert piece in seen.text().replace("\u2060", ""), f"'{piece[:40]}' is not shown as it is"
    assert page.evaluate(MADE) == []
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    wide = "[...document.querySelectorAll('[data-testid=stMain] :is(p, h1, h2, h3, li, button, img)')].filter(e => !e.closest('[role=tablist]'))"
    assert page.evaluate(f"{wide}.filter(e => e.getBoundingClientRect().right > 391).map(e => e.textContent.slice(0, 80))") == []
    assert page.evaluate(RAN) is None
    assert hostile.dialogs == []
    assert [url for url in seen.requests if leaves_loopback(url)] == []
    assert seen.complaints == [], "the browser refused something that a text became"


def test_every_answer_carries_the_policy(hostile: Hostile) -> None:
    if not hostile.answers:
        for path in PAGES:
            hostile.seen.open(f"{hostile.address}/{path}")
    named = [answer for answer in hostile.answers if not answer.url.startswith(("data:", "blob:"))]
    assert len(named) > len(PAGES)
    assert [answer.url for answer in named if "script-src 'self'" not in answer.headers.get("content-security-policy", "")] == []
