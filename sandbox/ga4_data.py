"""The company's visits and actions as Google Analytics would report them: cells of dimensions and metrics, as text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from sandbox.tables import Company

Cell = tuple[tuple[str, ...], tuple[str, ...]]
SESSION_METRICS = ("sessions", "engagedSessions", "totalUsers", "newUsers", "keyEvents", "purchaseRevenue", "totalRevenue", "activeUsers")
EVENT_METRICS = ("eventCount", "eventValue", "screenPageViews", "totalUsers", "activeUsers")
VITALS = {"LCP": ("lcp_ms", 2500.0, 4000.0), "INP": ("inp_ms", 200.0, 500.0), "CLS": ("cls", 0.1, 0.25)}
"""Event name → column, upper end of good, upper end of needs-improvement (the published Core Web Vitals thresholds)."""


class Ga4Data:
    """Answers from one state of the company."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self._frames: dict[bool, dict[date, pd.DataFrame]] = {}

    def cells(self, by_event: bool, days: Sequence[date], dimensions: Sequence[str], metrics: Sequence[str]) -> list[Cell]:
        """Return one cell for each combination that occurs on the days; none without rows."""
        frames = self._by_day(by_event)
        chosen = [frames[day] for day in days if day in frames]
        if not chosen:
            return []
        return cells_of(pd.concat(chosen) if len(chosen) > 1 else chosen[0], dimensions, metrics)

    def _by_day(self, by_event: bool) -> dict[date, pd.DataFrame]:
        if by_event not in self._frames:
            frame = _events(self.company) if by_event else _sessions(self.company)
            self._frames[by_event] = {pd.Timestamp(str(day)).date(): part for day, part in frame.groupby("date")}
        return self._frames[by_event]


def cells_of(frame: pd.DataFrame, dimensions: Sequence[str], metrics: Sequence[str]) -> list[Cell]:
    """Return one cell for each combination of the dimensions in a frame of events or sessions."""
    wanted = {m: ("user", "nunique") if m in ("totalUsers", "activeUsers") else (_column(m), "sum") for m in metrics}
    keys = list(dimensions)
    grouped = frame.assign(_all=0).groupby(keys or ["_all"], sort=False, observed=True)
    table = grouped.agg(**wanted)
    index = table.index.to_frame(index=False).astype(str)
    names = list(zip(*(index[k] for k in keys), strict=True)) if keys else [()]
    texts = [[_text(metric, value) for value in table[metric]] for metric in metrics]
    return list(zip(names, zip(*texts, strict=True), strict=True))


def _column(metric: str) -> str:
    return "cents" if metric in ("purchaseRevenue", "totalRevenue") else metric


def _text(metric: str, value: float) -> str:
    if metric in ("purchaseRevenue", "totalRevenue"):
        return f"{int(value) // 100}.{int(value) % 100:02d}"
    if metric == "eventValue":
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return str(int(value))


def _sessions(company: Company) -> pd.DataFrame:
    visits = company.visits
    return pd.DataFrame(
        {
            "date": visits["day"].dt.strftime("%Y%m%d"),
            "deviceCategory": visits["device"],
            "sessionDefaultChannelGroup": visits["channel"],
            "landingPage": visits["landing_page"],
            "sessionCampaignName": visits["campaign"],
            "user": visits["user_id"],
            "sessions": 1,
            "engagedSessions": visits["engaged"].astype("int64"),
            "newUsers": visits["new_user"].astype("int64"),
            "keyEvents": visits["purchases"],
            "cents": visits["revenue_cents"],
        }
    )


def _events(company: Company) -> pd.DataFrame:
    """One row for each action, and one for each web vital that a page view measured."""
    actions = company.actions
    local = pd.to_datetime(actions["time"], unit="s", utc=True).dt.tz_convert(str(company.zone))
    frame = pd.DataFrame(
        {
            "date": local.dt.strftime("%Y%m%d"),
            "deviceCategory": actions["device"],
            "pagePath": actions["page"],
            "eventName": actions["event"],
            "customEvent:metric_rating": "(not set)",
            "user": actions["user_id"],
            "eventCount": 1,
            "eventValue": actions["revenue_cents"] / 100,
            "screenPageViews": (actions["event"] == "page_view").astype("int64"),
        }
    )
    parts = [frame]
    for name, (column, good, fair) in VITALS.items():
        measured = actions[column].notna().to_numpy()
        values = actions.loc[measured, column].to_numpy()
        rating = np.where(values <= good, "good", np.where(values <= fair, "needs-improvement", "poor"))
        if "rating" in actions:
            own = actions.loc[measured, "rating"]
            rating = np.where(own.notna(), own, rating)
        parts.append(frame[measured].assign(eventName=name, eventValue=values, screenPageViews=0, **{"customEvent:metric_rating": rating}))
    return pd.concat(parts, ignore_index=True)
