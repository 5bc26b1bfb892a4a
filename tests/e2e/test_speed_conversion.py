"""Speed × conversion from the warehouse equals pandas on the company's own actions."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from metrics.speed import EDGES_MS
from metrics.types import Period
from tests.shop import DAYS, START, Shop


def visitor_days(shop: Shop) -> pd.DataFrame:
    """One row a person and local day with a page view: device and LCP of the first view, and whether they bought that day."""
    actions = shop.world.company.actions
    day = pd.to_datetime(actions["time"], unit="s", utc=True).dt.tz_convert("Europe/Vienna").dt.date
    actions = actions.assign(day=day)
    landing = actions[actions["event"] == "page_view"].sort_values("time", kind="stable").drop_duplicates(["user_id", "day"])
    bought = set(zip(*actions.loc[actions["event"] == "purchase", ["user_id", "day"]].to_numpy().T, strict=True))
    landing = landing.assign(bought=[pair in bought for pair in zip(landing["user_id"], landing["day"], strict=True)])
    landing["place"] = pd.cut(landing["lcp_ms"], [*EDGES_MS, float("inf")], right=False, labels=False)
    return landing


def test_buckets_equal_pandas(shop: Shop) -> None:
    with shop.catalog() as catalog:
        found = catalog.speed_conversion("speed_conversion", Period(START, START + timedelta(days=DAYS)))
    truth = visitor_days(shop)
    cells = truth.dropna(subset=["place"]).groupby(["device", "place"])["bought"].agg(["size", "sum"])
    expected = {(device, EDGES_MS[int(place)]): (int(n), int(k)) for (device, place), (n, k) in cells.iterrows()}
    assert {(b.device, b.low_ms): (b.visitors, b.conversions) for b in found.by_device} == expected
    assert (found.visitors, found.visitors_without_speed) == (len(truth), int(truth["place"].isna().sum()))
    measured = truth.dropna(subset=["place"])
    assert found.mix == pytest.approx((measured["device"].value_counts() / len(measured)).to_dict())
    crude = measured.groupby("place")["bought"].mean()
    assert [b.rate for b in found.crude] == pytest.approx(crude.tolist())
    rates = measured.groupby(["place", "device"])["bought"].mean().unstack()
    for bucket in found.standardised:
        if bucket.rate is not None:
            place = EDGES_MS.index(bucket.low_ms)
            assert bucket.rate == pytest.approx(sum(found.mix[device] * rates.loc[place, device] for device in found.mix))
    assert sum(b.rate is not None for b in found.standardised) >= 3
