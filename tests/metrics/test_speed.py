"""Whose visit counts, and which page view is its landing: worked out by hand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from errors import QueryError
from metrics.types import Period, SpeedConversion
from tests.metrics.store import Rows, catalog

DEFINITIONS = """version: 1
measures:
  speed: {table: events, agg: p75, column: lcp_ms}
  views: {table: events, agg: count}
kpis:
  site_speed: {value: speed}
  conversion: {value: views}
  worth: {relationship: {driver: site_speed, outcome: conversion, by: [device], per: -100}}
"""
D = date(2026, 10, 1)


def cut(home: Path, rows: Rows, **where: str) -> SpeedConversion:
    with catalog(home, DEFINITIONS, events=rows) as shop:
        return shop.speed_conversion("worth", Period(D, date(2026, 10, 2)), tuple((name, (value,)) for name, value in where.items()))


def view(hour: int, user: str | None, device: str, lcp: float = 500.0, event: str = "page_view") -> dict[str, object]:
    at = datetime(2026, 10, 1, hour)  # stored instants are naive UTC
    return {"day": D, "time": at, "dedupe_key": f"{hour}{user}", "user_id": user, "device": device, "lcp_ms": lcp, "event": event}


def test_a_condition_holds_for_the_landing_page_and_does_not_choose_another(tmp_path: Path) -> None:
    """One visitor lands on a desktop and looks again on a phone: no mobile visit."""
    rows = [view(9, "ann", "desktop"), view(10, "ann", "mobile"), view(11, "bob", "mobile")]
    assert cut(tmp_path, rows, device="mobile").visitors == 1


def test_events_without_a_user_are_not_one_big_visitor(tmp_path: Path) -> None:
    rows = [view(9, None, "mobile"), view(10, None, "mobile"), view(11, None, "mobile", event="purchase"), view(12, "bob", "mobile")]
    found = cut(tmp_path, rows)
    assert [(b.visitors, b.conversions) for b in found.crude] == [(1, 0)]


def test_a_bucket_that_is_not_standardised_says_why(tmp_path: Path) -> None:
    found = cut(tmp_path, [view(9, "ann", "mobile")])
    assert [bucket.rate for bucket in found.standardised] == [None]
    assert found.notes == ("0–1 s: not standardised, fewer than 30 visitors of mobile",)


def test_an_unknown_dimension_is_named(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match=r"no dimension 'devise'.*Did you mean: device"):
        cut(tmp_path, [view(9, "ann", "mobile")], devise="mobile")
