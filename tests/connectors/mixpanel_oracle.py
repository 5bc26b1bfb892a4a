"""Funnels and retention counted by pandas from raw actions: by joins, where the double of Mixpanel walks from person to person."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from connectors.mixpanel.settings import RetentionReport


def local_day(times: pd.Series, zone: str) -> pd.Series:
    return pd.to_datetime(times, unit="s", utc=True).dt.tz_convert(zone).dt.date


def funnel_by_pandas(actions: pd.DataFrame, zone: str, steps: tuple[str, ...], window: timedelta) -> dict[tuple[date, int], int]:
    """Return (day, step) → people, by joining every entry of a day with everything the same person did afterwards."""
    found: dict[tuple[date, int], int] = {}
    entries = actions.loc[actions["event"] == steps[0], ["user_id", "time"]].rename(columns={"time": "entry"})
    entries["day"] = local_day(entries["entry"], zone)
    chain = entries.groupby(["day", "user_id"], as_index=False)["entry"].min().assign(last=lambda f: f["entry"])
    for number, event in enumerate(steps, 1):
        if number > 1:
            did = actions.loc[actions["event"] == event, ["user_id", "time"]]
            joined = chain.merge(did, on="user_id")
            chain = joined[(joined["time"] > joined["last"]) & (joined["time"] <= joined["entry"] + window.total_seconds())]
            chain = chain.drop(columns="last").rename(columns={"time": "last"})
        found |= {(day, number): int(n) for day, n in chain.groupby("day")["user_id"].nunique().items()}
    return found


def retention_by_pandas(actions: pd.DataFrame, zone: str, report: RetentionReport) -> dict[tuple[date, int], tuple[int, int]]:
    """Return (cohort, interval) → (people who came back, people of the cohort), for what is not zero."""
    born = (
        actions.loc[actions["event"] == report.born_event].groupby("user_id", as_index=False)["time"].min().rename(columns={"time": "born"})
    )
    days = pd.to_datetime(local_day(born["born"], zone))
    born["cohort"] = (days - pd.to_timedelta(days.dt.day_of_week if report.unit == "week" else 0, unit="D")).dt.date
    sizes = born.groupby("cohort")["user_id"].nunique()
    back = born.merge(actions.loc[actions["event"] == report.event, ["user_id", "time"]], on="user_id")
    back = back[back["time"] >= back["born"]]
    back["interval"] = (back["time"] - back["born"]) // int(report.length.total_seconds())
    counts = back[back["interval"] < report.intervals].groupby(["cohort", "interval"])["user_id"].nunique()
    return {(cohort, int(n)): (int(people), int(sizes[cohort])) for (cohort, n), people in counts.items()}
