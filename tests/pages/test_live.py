"""The live strip: numbers of the ledger alone, labelled as what they are; silent when there is nothing recent; nothing where nobody asked."""

from __future__ import annotations

import base64
import json
import re
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cli import main
from connectors.live import LivePull
from errors import StoreError
from metrics import reporting_zone
from metrics.live import judged
from pages.ui import health, ledger, live
from sandbox import ga4_scenarios as scenario
from settings import Workspace, load_sources
from store.ledger import Ledger
from store.live import Live, LiveState, Minute, Part, write_live
from tests.pages.test_pages import show
from tests.shop import Shop

pytestmark = pytest.mark.filterwarnings("ignore")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def home(shop: Shop, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with the shop's numbers whose ledger the test may fill."""
    for name in ("sources.yaml", "data"):
        source = shop.space.home / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    st.cache_data.clear()
    yield Workspace(tmp_path)
    st.cache_data.clear()


def answer(at: datetime, *, pages: tuple[Part, ...] = (Part("Home", 9), Part("Pricing", 2))) -> Live:
    running = at.replace(second=0, microsecond=0)
    minutes = tuple(
        Minute(running - ago * MINUTE, 7 if ago == 12 else ago % 2, 20 if ago == 12 else ago % 2, int(ago == 12))
        for ago in range(29, -1, -1)
    )
    return Live(at, 1_234, 17, 5_678, 1, minutes, (Part("mobile", 800), Part("desktop", 500)), pages)


def heard(space: Workspace, at: datetime, **more: Any) -> None:
    Ledger(space).upgrade()
    write_live(Ledger(space), LiveState("web", at, at + MINUTE, MINUTE, **{"live": answer(at), **more}))


def strips(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> str:
    app: AppTest = show("overview", space.home, monkeypatch)
    assert not app.exception
    return " ".join(body for element in app.get("html") if "kb-live" in (body := str(element.proto.body)))


def test_the_strip_says_what_it_is_and_how_many(home: Workspace, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    heard(home, now)
    asked = [len(server.calls) for server in shop.servers]
    html = strips(home, monkeypatch)
    assert [len(server.calls) for server in shop.servers] == asked, "a page never asks a vendor"
    assert "Live, last 30 minutes, Google Analytics realtime; not comparable with the daily numbers" in html
    zone = reporting_zone(home)
    for words in (
        "<b>1,234</b> active users",
        "17 in the last 5 minutes",
        "5,678 events, 1 key event ◆",
        "mobile <b>800</b> · desktop <b>500</b>",
        "Home <b>9</b>",
    ):
        assert words in html, words
    assert f"as of {now.astimezone(zone):%H:%M}" in html
    alt = re.search(r'<img class="kb-live-spark" alt="([^"]+)"', html)
    peak = (now - 12 * MINUTE).astimezone(zone)
    assert alt is not None
    assert alt[1] == (
        f"Active users by minute over the last 30 minutes: 1234 in all; most in one minute: 7 at {peak:%H:%M}; 5678 events; key events at {peak:%H:%M}; the last minute still runs."
    )


def test_one_bar_a_minute_in_proportion_and_a_mark_for_key_events() -> None:
    drawn = live.bars(answer(datetime(2026, 3, 31, 12, tzinfo=UTC)).minutes)
    svg = ElementTree.fromstring(base64.b64decode(drawn.split(",")[1]))
    boxes = [element for element in svg if element.tag.endswith("rect")]
    heights = {float(box.get("height", "0")) for box in boxes}
    assert len(boxes) == 16, "a minute without users has no bar"
    assert max(heights) == pytest.approx(7 * min(heights), rel=0.03)
    assert len([element for element in svg if element.tag.endswith("path")]) == 1
    assert float(svg.get("viewBox", "").split()[2]) == 30 * (live.BAR + live.GAP)


def test_the_running_minute_is_drawn_as_unfinished() -> None:
    minutes = tuple(Minute(datetime(2026, 3, 31, 12, n, tzinfo=UTC), 1, 1, 0) for n in range(30))
    svg = base64.b64decode(live.bars(minutes).split(",")[1]).decode()
    assert svg.count("<rect") == 30
    assert svg.count('fill="none"') == 1


def test_old_numbers_are_not_shown_as_live(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=20)
    heard(home, long_ago, error_kind="quota", error="web: used up", failures=1)
    html = strips(home, monkeypatch)
    assert "1,234" not in html
    assert f"{long_ago.astimezone(reporting_zone(home)):%H:%M}: the vendor&#x27;s quota for live reports is used up." in html
    assert "Live numbers are silent since" in html


def test_where_nobody_asked_there_is_no_strip(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert strips(home, monkeypatch) == ""


def test_a_ledger_that_cannot_be_read_takes_only_the_strip(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_space: Workspace, _now: datetime) -> Any:
        raise StoreError("the ledger cannot be used")

    monkeypatch.setattr(ledger, "live_now", broken)
    app = show("overview", home.home, monkeypatch)
    assert not app.exception
    assert not app.error
    assert any("Conversion rate" in str(element.proto.body) for element in app.get("html"))


def test_who_was_never_heard_says_why(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    heard(home, datetime.now(UTC), live=None, error_kind="contract", error="x", failures=3)
    html = strips(home, monkeypatch)
    assert "Live numbers are not available: the vendor&#x27;s answer could not be read." in html


def test_titles_of_pages_are_text_and_nothing_else(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    heard(home, datetime.now(UTC), live=answer(datetime.now(UTC), pages=(Part('<img src=x onerror="alert(1)">\u202e **x**', 3),)))
    html = strips(home, monkeypatch)
    assert "<img src=x" not in html
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt; **x**" in html


def test_doctor_status_and_data_health_tell_how_it_stands(small_shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    ga4, now = small_shop.servers[0], datetime.now(UTC)
    small_shop.sync()
    capsys.readouterr()

    def status() -> Any:
        assert main(["status", "--json", "--home", str(small_shop.space.home)]) == 0
        return json.loads(capsys.readouterr().out)["sources"]

    def doctor() -> Any:
        code = main(["doctor", "web", "--json", "--home", str(small_shop.space.home)])
        checks = {one["check"]: one for one in json.loads(capsys.readouterr().out)["checks"]}
        return code, checks["live web"]["status"], checks["live web"]["message"]

    assert status()["web"]["live"] is None
    pull = LivePull(Ledger(small_shop.space), threading.Event())
    pull.round(load_sources(small_shop.space), reporting_zone(small_shop.space), now)
    found = status()
    assert (found["web"]["live"]["status"], found["web"]["live"]["every_seconds"], found["product"]["live"]) == ("live", 60, None)
    assert doctor() == (
        0,
        "ok",
        f"the realtime report answers: {found['web']['live']['active_users']} active users in the last 30 minutes.",
    )
    scenario.misbehave(ga4, scenario.refuse(403, "PERMISSION_DENIED", "User does not have sufficient permissions for this property."))
    pull.round(load_sources(small_shop.space), reporting_zone(small_shop.space), now + 5 * MINUTE)
    code, level, message = doctor()
    assert (code, level) == (0, "warn"), "no KPI needs them"
    assert "no access to property 123456" in message
    assert status()["web"]["live"]["error"]["kind"] == "permission"


@pytest.mark.parametrize(
    ("age", "kind", "words"),
    [
        (0, None, "Live numbers as of 31 Mar 2026, 12:00, asked every minute."),
        (30, None, "Live numbers silent since 31 Mar 2026, 11:30: nobody has asked the vendor since; is ./kpi serve running?"),
        (30, "quota", "Live numbers silent since 31 Mar 2026, 11:30: the vendor's quota for live reports is used up. Asked again from 31 Mar 2026, 12:01."),
    ],
)  # fmt: skip
def test_data_health_says_it_in_a_line(age: float, kind: str | None, words: str) -> None:
    from metrics.trust import SourceTrust

    now = datetime(2026, 3, 31, 12, tzinfo=UTC)
    state = LiveState("web", now, now + MINUTE, MINUTE, int(kind is not None), kind, kind, answer(now - age * MINUTE))
    source = SourceTrust("web", "ga4", "ok", None, None, (), None, None, None, 0, None, None, judged(state, now))
    from zoneinfo import ZoneInfo

    assert health._live(source, ZoneInfo("UTC")) == words
