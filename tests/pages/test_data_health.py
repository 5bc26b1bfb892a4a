"""Data health says how every source stands, what happens next, and which days carry a reservation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import time_machine

from connectors.sync import Order
from metrics.trust import SourceTrust
from pages.ui.health import next_words
from sandbox.ga4 import error_reply
from sandbox.server import Reply
from store.attempts import Attempt
from tests.cli.test_status import USD_AND_SAMPLED
from tests.connectors.test_ga4_faults import changed
from tests.e2e.test_sync_from_vendors import serve
from tests.pages.test_pages import forget, show, words
from tests.shop import Shop

pytestmark = pytest.mark.filterwarnings("ignore")


def test_held_and_paused_sources_name_the_next_step(small_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    small_shop.sync()
    company, day = small_shop.world.company, small_shop.world.end - timedelta(days=1)
    others = (company.visits["day"] != np.datetime64(day)).to_numpy().copy()
    others[np.flatnonzero(~others)[:2]] = True
    company.visits = company.visits[others].reset_index(drop=True)
    serve(small_shop, small_shop.world)
    small_shop.servers[1].fault = lambda _request, _number: Reply(429, b"slow down", {"Retry-After": "5400"})
    with time_machine.travel(company.now + timedelta(hours=9)):
        result = small_shop.sync()
        page = show("data_health", small_shop.space.home, monkeypatch)
    assert {name: source.status for name, source in result.sources.items()} == {"web": "held", "product": "paused", "delivery": "ok"}
    assert not page.exception
    for expected in (
        "./kpi sync web --accept",
        "Nothing to do",
        "Asked again from 30 Mar 2026, 10:30: the vendor named this wait",
        "Days with a reservation",
        "2 rows after",
    ):
        assert expected in words(page), expected
    assert not page.error


def test_refused_failed_and_never_synced_sources_are_told_apart_even_before_the_first_numbers(
    small_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_shop.space.sources_file
    ends = datetime.now(UTC).date() + timedelta(days=9)
    path.write_text(path.read_text().replace("    connector: jira\n", f"    connector: jira\n    token_expires: {ends}\n"))
    small_shop.servers[0].fault = lambda _request, _number: error_reply(401, "UNAUTHENTICATED", "no")
    small_shop.servers[1].fault = lambda _request, _number: Reply(418, b"", {})
    small_shop.sync(Order(("web", "product")))
    page = show("data_health", small_shop.space.home, monkeypatch)
    assert not page.exception
    for expected in (
        "Credentials refused",
        "Renew the credentials",
        "Failed",
        "./kpi doctor product",
        "Never synced",
        "No data yet",
        "./kpi demo",
    ):
        assert expected in words(page), expected
    assert "Its token ends in 9 days" in " ".join(box.value for box in page.warning)


def test_a_broken_sources_file_is_said_and_takes_nothing_away(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    path = shop.space.sources_file
    text = path.read_text()
    path.write_text("sources: [")
    try:
        page = show("data_health", shop.space.home, monkeypatch)
    finally:
        path.write_text(text)
    assert not page.exception
    assert "sources.yaml:1" in words(page).replace("\\", "")
    assert "Last sync succeeded" in words(page)


def test_flags_epochs_and_frozen_sprints_stand_in_tables(small_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    small_shop.sync()
    changed(small_shop, lambda answer, _body: answer["metadata"].update(USD_AND_SAMPLED))
    small_shop.sync()
    page = show("data_health", small_shop.space.home, monkeypatch)
    assert not page.exception
    tables = [table.value.astype(str) for table in page.dataframe]
    counted = next(table for table in tables if "counted in" in table)
    assert set(counted["counted in"]) == {"EUR Europe/Vienna", "USD Europe/Vienna"}
    days = counted[counted["stream"] == "traffic"]["days"].astype(int).sum()
    assert f"sampled: the vendor answered from a sample (traffic 5 of {days}" in words(page)
    assert {"start", "close"} >= set(next(table for table in tables if "moment" in table)["moment"])


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (Attempt(NOON + timedelta(minutes=10), "interval"), "Next sync 20 Nov 2026, 13:10 (every 90 minutes)."),
        (Attempt(NOON - timedelta(minutes=10), "interval"), "Due since 20 Nov 2026, 12:50. Is `./kpi serve` running?"),
        (Attempt(NOON + timedelta(minutes=2), "fault"), "Asked again from 20 Nov 2026, 13:02: the vendor did not answer."),
        (Attempt(NOON, "first"), "Asked by the first `./kpi sync`, or as soon as `./kpi serve` runs."),
        (Attempt(NOON, "clock"), "Due now: its last run lies in the future, so the clock was set back."),
        (None, "Not in sources.yaml: it is not asked any more, and the next sync takes its data away."),
    ],
)
def test_the_next_attempt_is_said_with_its_reason(attempt: Attempt | None, said: str) -> None:
    source = SourceTrust("web", "ga4", "ok", None, None, (), attempt, timedelta(minutes=90), None, 0, None, None)
    assert next_words(source, ZoneInfo("Europe/Vienna"), NOON) == said
