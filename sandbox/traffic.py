"""Visits and actions of the company's visitors, day by day; a day depends only on the days before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from sandbox import plan
from sandbox.tables import REPORTING_ZONE

Array = Any
MEAN_SESSIONS = 118.0
WEEKDAY = (1.08, 1.12, 1.1, 1.05, 0.98, 0.78, 0.82)
REMEMBERED_DAYS = 35
SIGMA = 0.45
ACTION_NAMES = ("page_view", "signup", "activation", "purchase")


@dataclass(slots=True)
class State:
    """What one day hands to the next: people seen lately, sign-ups not yet activated, the drift of page speed."""

    users: int = 0
    recent: list[Array] = field(default_factory=list)
    device_of: dict[int, int] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)
    drift: Array = field(default_factory=lambda: np.zeros((len(plan.DEVICES), len(plan.PAGES))))


def make_traffic(seed: int, start: date, days: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (visits, actions) as sandbox.tables describes them, sorted by time."""
    state, visits, actions = State(), [], []
    for number in range(days):
        rng = np.random.default_rng([seed, 1, number])
        day_visits, day_actions = _day(rng, state, start + timedelta(days=number), number)
        visits.append(day_visits)
        actions.append(day_actions)
    joined = pd.concat(visits, ignore_index=True), pd.concat(actions, ignore_index=True)
    return joined[0], joined[1]


def expected_sessions(day: date, number: int) -> float:
    """Return the mean of the day's sessions without campaigns: growth, weekday, quiet days around Christmas."""
    quiet = 0.55 if (day.month, day.day) >= (12, 24) or (day.month, day.day) <= (1, 1) else 1.0
    return MEAN_SESSIONS * (1 + 0.0006 * number) * WEEKDAY[day.weekday()] * quiet


def effect_ms(number: int) -> dict[str, float]:
    """Return page → change of the desktop median by all releases that are live on the day."""
    total = dict.fromkeys(plan.PAGES, 0.0)
    for release in plan.RELEASES:
        if release.day <= number:
            for page, change in release.effect_ms:
                total[page] += change
    return total


def _day(rng: np.random.Generator, state: State, day: date, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    state.drift = 0.6 * state.drift + rng.normal(0.0, 0.05, state.drift.shape)
    sessions = _sessions(rng, state, day, number)
    medians = _medians(state, number)
    views = _views(rng, sessions, medians)
    landing = np.zeros(len(sessions["user"]))
    landing[views["session"][::-1]] = views["lcp"][::-1]
    _convert(rng, state, sessions, np.where(np.isnan(landing), medians[sessions["device"], sessions["landing"]], landing))
    return _visit_frame(sessions, views, day, number), _action_frame(rng, sessions, views, number)


def _sessions(rng: np.random.Generator, state: State, day: date, number: int) -> dict[str, Array]:
    """Draw who comes, how, where to and when."""
    own = rng.poisson(expected_sessions(day, number))
    channel = rng.choice(len(plan.CHANNELS), own, p=plan.CHANNEL_SHARE)
    device = rng.choice(3, own, p=plan.DEVICE_SHARE)
    campaign = np.array([plan.UNPAID.get(plan.CHANNELS[c], plan.ALWAYS_ON) for c in channel], dtype=object)
    rate = np.array([plan.CHANNEL_RATE[plan.CHANNELS[c]] for c in channel])
    for drive in plan.CAMPAIGNS:
        if drive.first <= number <= drive.last:
            extra = rng.poisson(drive.sessions_a_day)
            channel = np.append(channel, np.full(extra, plan.CHANNELS.index(drive.channel)))
            device = np.append(device, rng.choice(3, extra, p=drive.device_share))
            campaign = np.append(campaign, np.full(extra, drive.name, dtype=object))
            rate = np.append(rate, np.full(extra, drive.rate))
    total = len(channel)
    user, is_new = _people(rng, state, device, own)
    begin = int(datetime(day.year, day.month, day.day, 6, tzinfo=REPORTING_ZONE).timestamp())
    clock = np.sort(begin + (rng.beta(2.0, 1.8, total) * 17 * 3600 - 1).astype("int64").clip(0))
    return {
        "user": user, "new": is_new, "device": np.array([state.device_of[int(u)] for u in user], dtype="int64"), "channel": channel, "campaign": campaign,
        "rate": rate, "landing": rng.choice(len(plan.PAGES), total, p=plan.LANDING_SHARE), "time": clock,
    }  # fmt: skip


def _people(rng: np.random.Generator, state: State, device: Array, own: int) -> tuple[Array, Array]:
    """Let a part of the sessions be people of the last weeks on their own device; campaign sessions are new people."""
    pool = np.concatenate(state.recent) if state.recent else np.zeros(0, dtype="int64")
    returns = (rng.random(len(device)) < 0.45) & (np.arange(len(device)) < own) & (len(pool) > 0)
    user = np.empty(len(device), dtype="int64")
    fresh = int((~returns).sum())
    user[~returns] = np.arange(state.users, state.users + fresh)
    for person, kind in zip(user[~returns], device[~returns], strict=True):
        state.device_of[int(person)] = int(kind)
    state.users += fresh
    if returns.any():
        user[returns] = rng.choice(pool, int(returns.sum()))
    state.recent = [*state.recent[-REMEMBERED_DAYS + 1 :], np.unique(user)]
    return user, ~returns


def _medians(state: State, number: int) -> Array:
    """Return the median LCP of the day in ms, device × page."""
    effect = effect_ms(number)
    rows = []
    for place, device in enumerate(plan.DEVICES):
        scale = plan.BASE_MS[device] / plan.BASE_MS["desktop"]
        rows.append(
            [
                scale * (plan.BASE_MS["desktop"] * plan.PAGE_FACTOR[p] + effect[p]) * np.exp(state.drift[place, n])
                for n, p in enumerate(plan.PAGES)
            ]
        )
    return np.array(rows)


def _views(rng: np.random.Generator, sessions: dict[str, Array], medians: Array) -> dict[str, Array]:
    """Draw the page views of each session; the first is the landing page, at the session's start."""
    counts = 1 + np.minimum(rng.geometric(0.36, len(sessions["user"])) - 1, 11)
    session = np.repeat(np.arange(len(counts)), counts)
    is_first = np.concatenate(([True], session[1:] != session[:-1])) if len(session) else np.zeros(0, dtype=bool)
    page = np.where(is_first, sessions["landing"][session], rng.choice(len(plan.PAGES), len(session), p=(0.2, 0.22, 0.3, 0.14, 0.06, 0.08)))
    gaps = np.where(is_first, 0, rng.integers(15, 150, len(session)))
    total = np.cumsum(gaps)
    elapsed = total - np.maximum.accumulate(np.where(is_first, total, 0))
    lcp = np.round(medians[sessions["device"][session], page] * np.exp(rng.normal(0.0, SIGMA, len(session))))
    lcp = np.where(rng.random(len(session)) < 0.015, np.nan, lcp)
    scale = np.array([1.0, 1.6, 1.25])[sessions["device"][session]]
    inp = np.round(110 * scale * np.exp(rng.normal(0.0, 0.6, len(session))))
    cls = np.round(0.05 * scale * np.exp(rng.normal(0.0, 0.8, len(session))), 3)
    return {
        "session": session,
        "page": page,
        "time": sessions["time"][session] + elapsed,
        "lcp": lcp,
        "inp": inp,
        "cls": cls,
        "counts": counts,
    }


def _convert(rng: np.random.Generator, state: State, sessions: dict[str, Array], landing_ms: Array) -> None:
    """Draw sign-ups, activations and purchases; purchases follow the true elasticity in the landing page's LCP."""
    total = len(sessions["user"])
    base = np.array([plan.DEVICE_RATE[d] for d in plan.DEVICES])[sessions["device"]]
    chance = base * sessions["rate"] * (landing_ms / 2500.0) ** plan.ELASTICITY
    sessions["purchases"] = (rng.random(total) < np.minimum(chance, 0.9)).astype("int64")
    sessions["cents"] = np.where(sessions["purchases"] > 0, np.round(np.exp(rng.normal(np.log(13_000), 0.55, total))), 0).astype("int64")
    sessions["signup"] = sessions["new"] & (rng.random(total) < 0.11)
    activates = np.zeros(total, dtype=bool)
    luck = rng.random(total)
    for place in range(total):
        person = int(sessions["user"][place])
        if sessions["signup"][place]:
            activates[place] = luck[place] < 0.4
            if not activates[place]:
                state.waiting.add(person)
        elif person in state.waiting and luck[place] < 0.75:
            activates[place] = True
            state.waiting.discard(person)
    sessions["activation"] = activates


def _visit_frame(sessions: dict[str, Array], views: dict[str, Array], day: date, number: int) -> pd.DataFrame:
    total = len(sessions["user"])
    return pd.DataFrame(
        {
            "session_id": [f"s{number:04d}-{n:04d}" for n in range(total)],
            "user_id": [f"u-{u:06d}" for u in sessions["user"]],
            "time": sessions["time"],
            "day": np.full(total, np.datetime64(day, "s")),
            "device": np.array(plan.DEVICES, dtype=object)[sessions["device"]],
            "channel": np.array(plan.CHANNELS, dtype=object)[sessions["channel"]],
            "campaign": sessions["campaign"],
            "landing_page": np.array(plan.PAGES, dtype=object)[sessions["landing"]],
            "engaged": (views["counts"] > 1) | (sessions["purchases"] > 0),
            "new_user": sessions["new"],
            "purchases": sessions["purchases"],
            "revenue_cents": sessions["cents"],
        }
    )


def _action_frame(rng: np.random.Generator, sessions: dict[str, Array], views: dict[str, Array], number: int) -> pd.DataFrame:
    """Put page views and what followed them into one frame, sorted by time."""
    last = np.zeros(len(sessions["user"]), dtype="int64")
    np.maximum.at(last, views["session"], views["time"])
    parts = [_part("page_view", views["session"], views["time"], views["page"], views["lcp"], views["inp"], views["cls"])]
    for delay, name, happened, page in (
        (5, "signup", sessions["signup"], 4),
        (12, "activation", sessions["activation"], 2),
        (20, "purchase", sessions["purchases"] > 0, 5),
    ):
        who = np.flatnonzero(happened)
        parts.append(_part(name, who, last[who] + delay, np.full(len(who), page)))
    frame = pd.concat(parts, ignore_index=True)
    session = frame["session"].to_numpy()
    frame["session_id"] = [f"s{number:04d}-{n:04d}" for n in session]
    frame["user_id"] = [f"u-{u:06d}" for u in sessions["user"][session]]
    frame["device"] = np.array(plan.DEVICES, dtype=object)[sessions["device"][session]]
    frame["channel"] = np.array(plan.CHANNELS, dtype=object)[sessions["channel"][session]]
    frame["page"] = np.array(plan.PAGES, dtype=object)[frame["page"].to_numpy()]
    frame["revenue_cents"] = np.where(frame["event"] == "purchase", sessions["cents"][session], 0).astype("int64")
    frame = frame.sort_values(["time", "session", "event"], kind="stable", ignore_index=True)
    marks = rng.integers(0, 1 << 32, len(frame))
    frame["insert_id"] = [f"{number:04x}{n:05x}{mark:08x}" for n, mark in enumerate(marks)]
    return frame[
        ["insert_id", "session_id", "user_id", "time", "event", "device", "channel", "page", "lcp_ms", "inp_ms", "cls", "revenue_cents"]
    ]


def _part(
    name: str, session: Array, time: Array, page: Array, lcp: Array = np.nan, inp: Array = np.nan, cls: Array = np.nan
) -> pd.DataFrame:
    return pd.DataFrame({"event": name, "session": session, "time": time, "page": page, "lcp_ms": lcp, "inp_ms": inp, "cls": cls})
