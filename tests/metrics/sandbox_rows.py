"""The sandbox's own actions as the rows that the store would give: pandas, no vendor, no sync."""

from __future__ import annotations

import numpy as np
import pandas as pd

from metrics.relation_cells import Row

FINEST = ("device", "channel", "page")


def rows_of(actions: pd.DataFrame, zone: str = "Europe/Vienna") -> list[Row]:
    """Return one row for each day, device, channel and landing page of visitor-days, as sandbox.tables describes actions."""
    day = pd.to_datetime(actions["time"], unit="s", utc=True).dt.tz_convert(zone).dt.date
    actions = actions.assign(day=day)
    views = actions[actions["event"] == "page_view"].sort_values("time", kind="stable")
    landing = views.drop_duplicates(["user_id", "day"])
    spent = actions[actions["event"] == "purchase"].groupby(["user_id", "day"])["revenue_cents"].sum().rename("cents")
    landing = landing.merge(spent, how="left", left_on=["user_id", "day"], right_index=True)
    known = (landing["lcp_ms"] > 0).to_numpy()
    landing = landing.assign(
        people=1.0,
        known=known.astype(float),
        counts=(known & landing["cents"].notna()).astype(float),
        logs=np.where(known, np.log(landing["lcp_ms"].where(known, 1.0)), 0.0),
        revenue=np.where(known, landing["cents"].fillna(0) / 100, 0.0),
    )
    cells = landing.groupby(["day", *FINEST])[["people", "known", "counts", "logs", "revenue"]].sum()
    return [Row(key[0], tuple(key[1:]), *map(float, values)) for key, values in zip(cells.index, cells.to_numpy(), strict=True)]
