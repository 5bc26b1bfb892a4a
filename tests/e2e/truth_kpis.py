"""Every shipped KPI worked out with pandas from the company's own records: no wire, no connector, no SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from sandbox.world import World

ZONE = "Europe/Vienna"


@dataclass
class TruthTables:
    """The records with the reporting day of each row. ordered, followed: what was worked out of them before."""

    visits: pd.DataFrame
    actions: pd.DataFrame
    vitals: pd.DataFrame
    items: pd.DataFrame
    members: pd.DataFrame
    ordered: dict[tuple[str, str], tuple[pd.DataFrame, np.ndarray]] = field(default_factory=dict)
    followed: dict[tuple[str, str, timedelta, timedelta], tuple[pd.DataFrame, np.ndarray]] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World) -> TruthTables:
        visits = world.company.visits.assign(day=lambda f: f["day"].dt.date)
        actions = world.company.actions.copy()
        actions["day"] = pd.to_datetime(actions["time"], unit="s", utc=True).dt.tz_convert(ZONE).dt.date
        vitals = actions[actions["lcp_ms"].notna()]
        items = world.truth.work_items()
        members = world.truth.sprint_items()
        ends = {s.name: (s.completed_at or s.end_at).astimezone(world.company.zone).date() for s in world.company.jira.sprints}
        members["day"] = members["sprint_name"].map(ends)
        return cls(visits, actions, vitals, items, members)

    def between(self, table: str, column: str, first: date, end: date) -> pd.DataFrame:
        """Return the records whose day is in [first, end), in the order of their days."""
        if (table, column) not in self.ordered:
            rows = getattr(self, table)
            stamps = pd.to_datetime(rows["day"] if column == "day" else local_day(rows[column]))
            order = np.argsort(stamps[stamps.notna()].to_numpy(), kind="stable")
            self.ordered[table, column] = rows[stamps.notna()].iloc[order], stamps[stamps.notna()].to_numpy()[order]
        rows, stamps = self.ordered[table, column]
        low, high = np.searchsorted(stamps, np.array([first, end], dtype=stamps.dtype))
        return rows.iloc[low:high]


def local_day(instants: pd.Series) -> pd.Series:
    return pd.to_datetime(instants, utc=True).dt.tz_convert(ZONE).dt.date


Part = Callable[[pd.DataFrame], float | None]


def total(column: str) -> Part:
    """Sum of a column; nothing for no rows or only missing values."""
    return lambda rows: None if rows[column].dropna().empty else float(rows[column].dropna().sum())


def cents(rows: pd.DataFrame) -> float | None:
    return None if rows.empty else int(rows["revenue_cents"].sum()) / 100


def size(rows: pd.DataFrame) -> float | None:
    return float(len(rows)) or None


def people(rows: pd.DataFrame) -> float | None:
    return float(rows["user_id"].nunique()) or None


def quantile(column: str, share: float) -> Part:
    return lambda rows: None if rows[column].dropna().empty else float(rows[column].dropna().quantile(share))


def only(part: Part, **wanted: object) -> Part:
    """Keep the rows whose columns have the wanted values."""

    def kept(rows: pd.DataFrame) -> float | None:
        for column, value in wanted.items():
            rows = rows[rows[column] == value]
        return part(rows)

    return kept


def ratio(above: Part, below: Part, *, zero: bool = False) -> Part:
    """Sum over sum; nothing where a side is missing or the lower one is 0. zero: a missing side counts as 0."""

    def divided(rows: pd.DataFrame) -> float | None:
        a, b = above(rows), below(rows)
        if zero:
            a, b = a or 0.0, b or 0.0
        return None if a is None or not b else a / b

    return divided


def zero(part: Part) -> Part:
    return lambda rows: part(rows) or 0.0


First = Callable[[date, date], date]


def own(first: date, end: date) -> date:
    return first


def rolling(days: int) -> First:
    return lambda first, end: end - timedelta(days=days)


def month_to_date(first: date, end: date) -> date:
    return (end - timedelta(days=1)).replace(day=1)


def ever(first: date, end: date) -> date:
    return date(1970, 1, 1)


@dataclass
class TruthKpi:
    """Which records, which day column, and how to compute. by: (dimension, column of the records). first: where its days begin.

    after: further records that are set beside these, each worked out on its own; joined: how. then: who followed, for conversions.
    """

    table: str
    part: Part
    by: tuple[str, str] | None = None
    day: str = "day"
    fills: bool = False
    first: First = own
    after: tuple[TruthKpi, ...] = ()
    joined: Callable[..., float | None] = field(default=lambda value: value)
    then: tuple[str, str, timedelta, timedelta] | None = None


def over(a: float | None, b: float | None) -> float | None:
    return None if a is None or not b else a / b


def mean_daily_share(rows: pd.DataFrame) -> float | None:
    """The mean of each day's different people over 28 days, divided by the different people of all of them."""
    return None if rows.empty else float(rows.groupby("day")["user_id"].nunique().sum() / 28 / rows["user_id"].nunique())


def begun(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows["type"] != "Epic") & (rows["status_category"] != "cancelled")]


def bugs(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows["type"] == "Bug") & (rows["status_category"] != "cancelled")]


KPIS: dict[str, TruthKpi] = {
    "sessions": TruthKpi("visits", size, ("device", "device")),
    "new_users": TruthKpi("visits", total("new_user"), ("channel", "channel")),
    "engagement_rate": TruthKpi("visits", ratio(total("engaged"), size), ("landing_page", "landing_page")),
    "conversion_rate": TruthKpi("visits", ratio(total("purchases"), size), ("device", "device")),
    "revenue": TruthKpi("visits", cents, ("campaign", "campaign")),
    "revenue_per_session": TruthKpi("visits", ratio(cents, size), ("device", "device")),
    "average_order_value": TruthKpi("visits", ratio(cents, total("purchases")), ("channel", "channel")),
    "active_users": TruthKpi("actions", people, ("device", "device")),
    "signups": TruthKpi("actions", zero(only(size, event="signup")), ("channel", "channel"), fills=True),
    "activation_rate": TruthKpi("actions", ratio(only(size, event="activation"), only(size, event="signup")), ("device", "device")),
    "buyers": TruthKpi("actions", zero(only(people, event="purchase")), ("device", "device"), fills=True),
    "views_per_user": TruthKpi("actions", ratio(only(size, event="page_view"), people), ("device", "device")),
    "site_speed": TruthKpi("actions", only(quantile("lcp_ms", 0.75), event="page_view"), ("page", "page")),
    "good_speed_share": TruthKpi("vitals", ratio(lambda r: size(r[r["lcp_ms"] <= 2500]), size), ("device", "device")),
    "velocity": TruthKpi("members", only(total("points_at_end"), completed=True)),
    "committed": TruthKpi("members", only(total("points_at_start"), committed=True)),
    "predictability": TruthKpi("members", ratio(only(total("points_at_start"), committed=True, completed=True), only(total("points_at_start"), committed=True), zero=True)),
    "scope_added": TruthKpi("members", ratio(lambda r: total("points_at_end")(r[~r["committed"] & r["removed_at"].isna()]), only(total("points_at_start"), committed=True), zero=True)),
    "throughput": TruthKpi("items", zero(lambda r: size(r[(r["status_category"] == "done") & (r["type"] != "Epic")])), ("project", "project"), "done_at", fills=True),
    "cycle_time_p50": TruthKpi("items", lambda r: quantile("cycle_days", 0.5)(r[(r["status_category"] == "done") & (r["type"] != "Epic")]), ("type", "type"), "done_at"),
    "cycle_time_p85": TruthKpi("items", lambda r: quantile("cycle_days", 0.85)(r[(r["status_category"] == "done") & (r["type"] != "Epic")]), ("project", "project"), "done_at"),
    "purchases": TruthKpi("visits", total("purchases"), ("device", "device")),
    "paid_share": TruthKpi("visits", ratio(lambda r: size(r[r["channel"].isin(["Paid Search", "Paid Social"])]), size, zero=True), ("device", "device")),
    "revenue_mtd": TruthKpi("visits", cents, ("device", "device"), first=month_to_date),
    "weekly_active_users": TruthKpi("actions", people, ("device", "device"), first=rolling(7)),
    "monthly_active_users": TruthKpi("actions", people, ("channel", "channel"), first=rolling(28)),
    "stickiness": TruthKpi("actions", mean_daily_share, ("device", "device"), first=rolling(28)),
    "tracked_purchases": TruthKpi("actions", zero(only(size, event="purchase")), ("device", "device"), fills=True),
    "activation_in_7_days": TruthKpi("actions", only(size, event="signup"), ("device", "device"), then=("signup", "activation", timedelta(0), timedelta(days=7))),
    "signup_to_purchase": TruthKpi("actions", only(size, event="signup"), ("channel", "channel"), then=("signup", "purchase", timedelta(0), timedelta(days=28))),
    "week_one_retention": TruthKpi("actions", only(size, event="signup"), ("device", "device"), then=("signup", "page_view", timedelta(days=7), timedelta(days=14))),
    "returning_users": TruthKpi("actions", only(size, event="page_view"), ("device", "device"), then=("page_view", "page_view", timedelta(days=1), timedelta(days=28))),
    "churn": TruthKpi("actions", only(size, event="page_view"), ("page", "page"), then=("page_view", "page_view", timedelta(days=1), timedelta(days=28)), joined=lambda v: None if v is None else 1 - v),
    "signups_per_session": TruthKpi("actions", only(size, event="signup"), ("device", "device"), after=(TruthKpi("visits", size, ("device", "device")),), joined=over),
    "revenue_per_active_user": TruthKpi("visits", cents, ("device", "device"), after=(TruthKpi("actions", people, ("device", "device")),), joined=over),
    "bugs_per_thousand_sessions": TruthKpi("items", lambda r: size(r[r["type"] == "Bug"]), None, "created_at", after=(TruthKpi("visits", size),), joined=lambda a, b: over(1000 * (a or 0.0), b)),
    "open_bugs": TruthKpi("items", lambda r: float(len(bugs(r))), ("project", "project"), "created_at", True, ever, (TruthKpi("items", lambda r: float(len(r[(r["type"] == "Bug") & (r["status_category"] == "done")])), ("project", "project"), "done_at", first=ever),), lambda a, b: a - (b or 0.0)),
    "work_in_progress": TruthKpi("items", lambda r: float(len(begun(r))), ("type", "type"), "started_at", True, ever, (TruthKpi("items", lambda r: float(len(begun(r[r["started_at"].notna()]))), ("type", "type"), "done_at", first=ever),), lambda a, b: a - (b or 0.0)),
    "lead_time_p85": TruthKpi("items", lambda r: quantile("lead_days", 0.85)(r[(r["status_category"] == "done") & (r["type"] != "Epic")]), ("project", "project"), "done_at"),
    "bugs_created": TruthKpi("items", zero(lambda r: size(r[r["type"] == "Bug"])), ("project", "project"), "created_at", fills=True),
}  # fmt: skip


def periods(grain: str, first: date, end: date) -> list[tuple[str, date, date]]:
    """Return (label, first day, day after the last) of a calendar grain, with pandas' own calendar."""
    if grain == "day":
        return [(str(d.date()), d.date(), d.date() + timedelta(days=1)) for d in pd.date_range(first, end - timedelta(days=1))]
    codes = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
    spans = pd.period_range(first, end - timedelta(days=1), freq=codes[grain])
    return [(str(p.start_time.date()), p.start_time.date(), p.end_time.date() + timedelta(days=1)) for p in spans]


def sprint_periods(world: World) -> list[tuple[str, date, date]]:
    """Return the sprints that have begun; none of the company's overlap on one board."""
    found = []
    for sprint in world.company.jira.sprints:
        if sprint.start_at <= world.company.now:
            last = (sprint.completed_at or sprint.end_at).astimezone(world.company.zone).date()
            found.append((sprint.name, sprint.start_at.astimezone(world.company.zone).date(), last + timedelta(days=1)))
    return found


def expected(
    tables: TruthTables, kpi: TruthKpi, spans: list[tuple[str, date, date]], split: bool, last: date
) -> dict[tuple[str, ...], float | None]:
    """Return (period, [value of the dimension]) → value. last: the day after the last one that is known."""
    if kpi.then is not None:
        return {key: kpi.joined(value) for key, value in followed(tables, kpi, spans, split).items()}
    sides = [one_side(tables, side, spans, split, last) for side in (kpi, *kpi.after)]
    keys = dict.fromkeys(key for side in sides for key in side)
    return {key: kpi.joined(*(side.get(key) for side in sides)) for key in keys}


def one_side(
    tables: TruthTables, kpi: TruthKpi, spans: list[tuple[str, date, date]], split: bool, last: date
) -> dict[tuple[str, ...], float | None]:
    rows = getattr(tables, kpi.table)
    names = set(rows["sprint_name"]) if kpi.table == "members" else set()
    found: dict[tuple[str, ...], float | None] = {}
    for label, first, end in spans:
        if label in names:
            inside = rows[rows["sprint_name"] == label]
        else:
            until = end if kpi.first is own else min(end, last)
            inside = tables.between(kpi.table, kpi.day, kpi.first(first, until), until)
        if not split:
            found[(label,)] = kpi.part(inside)
            continue
        assert kpi.by is not None
        for value, group in inside.groupby(kpi.by[1]):
            found[(label, str(value))] = kpi.part(group)
    return found


def followed(tables: TruthTables, kpi: TruthKpi, spans: list[tuple[str, date, date]], split: bool) -> dict[tuple[str, ...], float | None]:
    """Return the share of the people of a period of whom an action was followed by the other one in time."""
    assert kpi.then is not None
    if kpi.then not in tables.followed:
        tables.followed[kpi.then] = starts_of(tables.actions, *kpi.then)
    starts, stamps = tables.followed[kpi.then]
    found: dict[tuple[str, ...], float | None] = {}
    for label, first, end in spans:
        low, high = np.searchsorted(stamps, np.array([first, end], dtype=stamps.dtype))
        inside = starts.iloc[low:high]
        groups = [((label,), inside)] if not split else [((label, str(v)), g) for v, g in inside.groupby(kpi.by[1] if kpi.by else "device")]
        for key, group in groups:
            found[key] = float(group.groupby("user_id")["hit"].any().mean()) if len(group) else None
    return found


def starts_of(actions: pd.DataFrame, begin: str, name: str, after: timedelta, within: timedelta) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the actions that begin, in the order of their days, each with whether the other one followed in time; and their days."""
    later = {user: np.sort(group.to_numpy()) for user, group in actions[actions["event"] == name].groupby("user_id")["time"]}
    starts = actions[actions["event"] == begin].copy()
    nothing = np.zeros(0, dtype="int64")
    low, high = int(after.total_seconds()), int(within.total_seconds())
    hits = []
    for user, time in zip(starts["user_id"], starts["time"], strict=True):
        times = later.get(user, nothing)
        place = np.searchsorted(times, time + low, side="right")
        hits.append(bool(place < len(times) and times[place] <= time + high))
    starts["hit"] = hits
    stamps = pd.to_datetime(starts["day"]).to_numpy()
    order = np.argsort(stamps, kind="stable")
    return starts.iloc[order], stamps[order]
