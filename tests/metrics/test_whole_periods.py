"""Periods of KPIs that look ahead end early enough for those in them to have followed."""

from __future__ import annotations

from datetime import timedelta

from metrics.types import Period
from tests.shop import Shop


def test_a_period_is_moved_back_until_conversions_in_it_are_whole(shop: Shop) -> None:
    """Who signed up yesterday has had no week to come back: counted, they would make every retention fall towards today."""
    with shop.catalog() as opened:
        covered = opened.covered("week_one_retention")
        assert covered is not None
        month = Period(covered.end - timedelta(days=28), covered.end)
        assert opened.whole("sessions", month) == month
        whole = opened.whole("week_one_retention", month)
        assert whole.days == month.days
        asked, moved = (opened.total("week_one_retention", period).rows[0] for period in (month, whole))
        assert (asked.complete, moved.complete) == (False, True)
        assert moved.value is not None
        assert asked.value is not None
        assert moved.value > asked.value
