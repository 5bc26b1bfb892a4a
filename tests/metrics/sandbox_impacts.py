"""The sandbox company's releases and campaigns through the engine, straight from its records, beside their true effects."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from metrics.check import check_file
from metrics.impact import rules
from metrics.impact.measure import Measured, measure
from metrics.impact.segments import Touched, control_of
from metrics.impact.series import Days, days_of, from_counts, logged
from metrics.plan import Plan, make_plan
from metrics.stats.gls import NoFit
from metrics.types import Event, Period
from sandbox import plan
from sandbox.traffic import SIGMA, effect_ms, make_traffic
from settings import PROJECT_ROOT

DAYS = 430
COLUMNS = {"sessions": "sessions", "key_events": "purchases", "new_users": "new_user"}
NEXT_PAGES = (0.2, 0.22, 0.3, 0.14, 0.06, 0.08)
"""Where the views after the first one go, as sandbox.traffic draws them."""


@dataclass(frozen=True, slots=True)
class Case:
    """One event and one KPI: what the engine said, and what is true. truth: relative effect. naive: four weeks against four before."""

    seed: int
    event: str
    kpi: str
    joint: bool
    truth: float
    measured: Measured
    naive: float

    @property
    def holds(self) -> bool:
        """Whether the true effect lies in the interval."""
        assert self.measured.relative is not None
        return self.measured.relative.low <= self.truth <= self.measured.relative.high


def cases(seed: int) -> Iterator[Case]:
    """Yield the cases of one company; every seed begins on another day of the year and the week."""
    start = date(2025, 1, 6) + timedelta(days=9 * seed)
    visits, actions = make_traffic(seed, start, DAYS)
    events, held = _events(start), Period(start, start + timedelta(days=DAYS))
    for number, event in enumerate(events):
        found = rules.windows(event, [other for other in events if other != event], held)
        if isinstance(found, rules.Refused):
            continue
        for kpi in (
            ("site_speed", "conversion_rate") if event.kind == "release" else ("conversion_rate", "sessions", "new_users", "purchases")
        ):
            case = _case(seed, start, event, kpi, found, visits, actions, [o for n, o in enumerate(events) if n != number])
            if case is not None:
                yield case


def _events(start: date) -> list[Event]:
    found = [
        Event("release", r.name, r.name, start + timedelta(days=r.day), start + timedelta(days=r.day + 1))
        for r in plan.RELEASES
        if r.day < DAYS
    ]
    found += [Event("campaign", c.name, c.name, c.days(start)[0], c.days(start)[1] + timedelta(days=1)) for c in plan.CAMPAIGNS]
    return sorted(found, key=lambda e: (e.start, e.kind, e.name))


def _case(
    seed: int, start: date, event: Event, kpi: str, windows: rules.Windows, visits: pd.DataFrame, actions: pd.DataFrame, others: list[Event]
) -> Case | None:
    kpi_plan, control = plan_of(kpi), None
    if kpi == "site_speed":
        daily = speed_by_day(actions, windows)
        series: Any = logged("day", days_of(windows), daily, windows)
    else:
        days = leaves_by_day(kpi_plan, visits, windows)
        series = from_counts(kpi_plan, days, windows, ())
        if event.kind == "campaign" and not isinstance(series, rules.Refused) and series.adds_up:
            channel = next(c.channel for c in plan.CAMPAIGNS if c.name == event.name)
            control = control_of(kpi_plan, days, Touched("channel", (channel,)))
    if isinstance(series, rules.Refused):
        return None
    try:
        found = measure(series, others, control)
    except NoFit:
        return None
    truth = _truth(start, event, kpi, windows, visits)
    return Case(seed, event.name, kpi, bool(windows.joint), truth, found, naive(kpi, event.start, visits, actions))


@lru_cache(maxsize=8)
def plan_of(kpi: str) -> Plan:
    definitions, _ = check_file(PROJECT_ROOT / "kpi_definitions.yaml")
    assert definitions is not None
    return make_plan(definitions.measures, definitions.kpis, kpi)


def leaves_by_day(kpi_plan: Plan, visits: pd.DataFrame, windows: rules.Windows) -> Days:
    """Return the sums that the warehouse would give, by channel."""
    days = pd.date_range(windows.before.start, windows.after.end, inclusive="left")
    mine = visits.assign(sessions=1, new_user=visits["new_user"].astype(int))
    leaves = {}
    for leaf in kpi_plan.leaves:
        column = COLUMNS[leaf.measure.columns[0]]
        table = mine.groupby(["day", "channel"])[column].sum().unstack(fill_value=0).reindex(days.astype("datetime64[s]"), fill_value=0)
        leaves[leaf.key] = {str(name): table[name].to_numpy(dtype=float) for name in table}
    return Days(np.ones(len(days), dtype=bool), leaves)


def speed_by_day(actions: pd.DataFrame, windows: rules.Windows) -> Any:
    days = pd.date_range(windows.before.start, windows.after.end, inclusive="left")
    views = actions[actions["event"] == "page_view"]
    local = pd.to_datetime(views["time"], unit="s", utc=True).dt.tz_convert("Europe/Vienna").dt.tz_localize(None).dt.floor("D")
    return views.groupby(local)["lcp_ms"].quantile(0.75).reindex(days).to_numpy()


def naive(kpi: str, start: date, visits: pd.DataFrame, actions: pd.DataFrame) -> float:
    """Return what a plain comparison of four weeks with the four before says, as a share."""
    del actions
    after, before = (
        visits[(visits["day"] >= np.datetime64(a)) & (visits["day"] < np.datetime64(a + timedelta(days=28)))]
        for a in (start, start - timedelta(days=28))
    )
    if kpi == "conversion_rate":
        return float(after["purchases"].mean() / before["purchases"].mean() - 1)
    return float(len(after) / len(before) - 1)


def _truth(start: date, event: Event, kpi: str, windows: rules.Windows, visits: pd.DataFrame) -> float:
    """Return the relative effect in the window: from the plan for rates and times, from the campaign's own visits for what adds up."""
    number = (event.start - start).days
    if event.kind == "release":
        own = next(dict(r.effect_ms) for r in plan.RELEASES if r.name == event.name)
        live = effect_ms(number)
        before = {page: live[page] - own.get(page, 0.0) for page in live}
        return (p75(live) / p75(before) if kpi == "site_speed" else conversion(live) / conversion(before)) - 1
    drive = next(c for c in plan.CAMPAIGNS if c.name == event.name)
    inside = visits[(visits["day"] >= np.datetime64(windows.after.start)) & (visits["day"] < np.datetime64(windows.after.end))]
    brought = inside["campaign"] == drive.name
    if kpi == "conversion_rate":
        mine = conversion(effect_ms(number), drive.device_share, drive.rate)
        share = float(brought.mean())
        return (share * mine + (1 - share) * conversion(effect_ms(number))) / conversion(effect_ms(number)) - 1
    column = {"sessions": pd.Series(1, inside.index), "new_users": inside["new_user"].astype(int), "purchases": inside["purchases"]}[kpi]
    return float(column[brought].sum() / column[~brought].sum())


def _medians(live: dict[str, float]) -> Any:
    """Return the median LCP, device × page."""
    base = plan.BASE_MS["desktop"]
    return np.array([[plan.BASE_MS[d] / base * (base * plan.PAGE_FACTOR[p] + live[p]) for p in plan.PAGES] for d in plan.DEVICES])


def conversion(live: dict[str, float], devices: tuple[float, ...] = plan.DEVICE_SHARE, rate: float | None = None) -> float:
    """Return the expected purchases a session; rate None = the usual channels."""
    channel = sum(s * plan.CHANNEL_RATE[c] for s, c in zip(plan.CHANNEL_SHARE, plan.CHANNELS, strict=True)) if rate is None else rate
    by_cell = np.array([plan.DEVICE_RATE[d] for d in plan.DEVICES])[:, None] * (_medians(live) / 2500.0) ** plan.ELASTICITY
    return float(channel * np.array(devices) @ by_cell @ np.array(plan.LANDING_SHARE))


def p75(live: dict[str, float]) -> float:
    """Return the 75th percentile of the LCP of all page views."""
    more = sum((1 - 0.36) ** n for n in range(1, 12))
    pages = (np.array(plan.LANDING_SHARE) + more * np.array(NEXT_PAGES)) / (1 + more)
    weight, medians = np.outer(plan.DEVICE_SHARE, pages), np.log(_medians(live))
    return math.exp(brentq(lambda at: float((weight * norm.cdf((at - medians) / SIGMA)).sum()) - 0.75, 4.0, 12.0))
