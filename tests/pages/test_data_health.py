"""Data health says what a held and a paused source mean, and what to do about each."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from sandbox.server import Reply
from tests.e2e.test_sync_from_vendors import serve
from tests.pages.test_pages import show, words
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
    result = small_shop.sync()
    assert {name: source.status for name, source in result.sources.items()} == {"web": "held", "product": "paused", "delivery": "ok"}
    page = show("data_health", small_shop.space.home, monkeypatch)
    assert not page.exception
    for expected in ("./kpi sync web --accept", "Nothing to do", "Asked again from", "Days with a reservation", "2 rows after"):
        assert expected in words(page), expected
    assert not page.error
