"""The sandbox company as a whole, with its truth: one seed and one first day give the same company on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from sandbox.delivery import make_site
from sandbox.tables import REPORTING_ZONE, Company
from sandbox.traffic import make_traffic
from sandbox.truth import Truth


@dataclass(frozen=True, slots=True)
class World:
    """A company, what is true about it, and its first and last day (both included)."""

    company: Company
    truth: Truth
    seed: int
    start: date
    end: date


def make_world(seed: int = 7, *, start: date, days: int = 430) -> World:
    """Return the company of `days` days from `start`; a longer one begins with exactly the shorter one."""
    end = start + timedelta(days=days - 1)
    after = end + timedelta(days=1)
    now = datetime(after.year, after.month, after.day, tzinfo=REPORTING_ZONE).astimezone(UTC)
    visits, actions = make_traffic(seed, start, days)
    company = Company(visits, actions, make_site(seed, start, now), now)
    return World(company, Truth(company, start), seed, start, end)


def next_day(world: World) -> World:
    """Return the same company one day later."""
    return make_world(world.seed, start=world.start, days=(world.end - world.start).days + 2)


def restate(company: Company, day: date, *, seed: int) -> tuple[int, int]:
    """Change a past day in place, as vendors do: drop some sessions with all their actions, correct some revenues.

    Shape: returns (sessions dropped, purchases corrected).
    """
    rng = np.random.default_rng([seed, 6])
    visits, actions = company.visits, company.actions
    today = visits.index[visits["day"] == np.datetime64(day)]
    dropped = set(visits.loc[rng.choice(today, max(1, len(today) // 20), replace=False), "session_id"])
    company.visits = visits[~visits["session_id"].isin(dropped)].reset_index(drop=True)
    company.actions = actions[~actions["session_id"].isin(dropped)].reset_index(drop=True)
    bought = company.visits.index[(company.visits["day"] == np.datetime64(day)) & (company.visits["purchases"] > 0)][:2]
    for place in bought:
        session = company.visits.loc[place, "session_id"]
        company.visits.loc[place, "revenue_cents"] += 1_000
        first = company.actions.index[(company.actions["session_id"] == session) & (company.actions["event"] == "purchase")][0]
        company.actions.loc[first, "revenue_cents"] += 1_000
    return len(dropped), len(bought)
