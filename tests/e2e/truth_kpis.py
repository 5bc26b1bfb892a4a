"""Every shipped KPI worked out with pandas from the company's own records: no wire, no connector, no SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from sandbox.world import World

ZONE = "Europe/Vienna"


@dataclass
class TruthTables:
    """The records with the reporting day of each row."""

    visits: pd.DataFrame
    actions: pd.DataFrame
    vitals: pd.DataFrame
    items: pd.DataFrame
    members: pd.DataFrame

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


@dataclass
class TruthKpi:
    """Which records, which day column, and how to compute. by: (dimension, column of the records)."""

    table: str
    part: Part
    by: tuple[str, str] | None = None
    day: str = "day"
    fills: bool = False


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


def expected(tables: TruthTables, kpi: TruthKpi, spans: list[tuple[str, date, date]], split: bool) -> dict[tuple[str, ...], float | None]:
    """Return (period, [value of the dimension]) → value."""
    rows = getattr(tables, kpi.table)
    days = rows["day"] if kpi.day == "day" else local_day(rows[kpi.day])
    found: dict[tuple[str, ...], float | None] = {}
    for label, first, end in spans:
        if kpi.table == "members" and any(label == name for name in rows["sprint_name"].unique()):
            inside = rows[rows["sprint_name"] == label]
        else:
            inside = (
                rows[(days >= first) & (days < end)]
                if days.notna().all()
                else rows[days.notna() & (pd.to_datetime(days) >= pd.Timestamp(first)) & (pd.to_datetime(days) < pd.Timestamp(end))]
            )
        if not split:
            found[(label,)] = kpi.part(inside)
            continue
        assert kpi.by is not None
        for value, group in inside.groupby(kpi.by[1]):
            found[(label, str(value))] = kpi.part(group)
    return found
