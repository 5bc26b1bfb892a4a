"""Funnels and retention as the double of Mixpanel counts them: straight from the company's actions, person by person."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sandbox.server import Reply
from sandbox.tables import Company

Times = dict[str, list[int]]
"""person → times of one event, ascending."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """A funnel that somebody saved."""

    name: str
    steps: tuple[str, ...]
    window: timedelta


FUNNELS = {
    "7509": Funnel("From sign-up to purchase", ("signup", "activation", "purchase"), timedelta(days=14)),
    "7510": Funnel("Quick sign-up", ("signup", "activation"), timedelta(days=1)),
}
UNITS = {"day": timedelta(days=1), "week": timedelta(days=7)}


def funnel_steps(company: Company, zone: ZoneInfo, asked: Mapping[str, str]) -> Reply:
    """Return how many of those who entered on each day came how far, however late: also after to_date, but within the window."""
    funnel = FUNNELS.get(asked.get("funnel_id", ""))
    if funnel is None:
        return Reply.of({"error": "Funnel does not exist.", "request": "/api/query/funnels"}, status=400)
    reached: dict[date, list[int]] = {day: [0] * len(funnel.steps) for day in _days(asked)}
    times = [_times(company, event) for event in funnel.steps]
    for person, entries in times[0].items():
        for day, entry in {_day(at, zone): at for at in reversed(entries)}.items():
            if day in reached:
                for place in range(_furthest(person, entry, times, funnel.window)):
                    reached[day][place] += 1
    data = {str(day): {"steps": _steps(funnel, counts), "analysis": _analysis(counts)} for day, counts in reached.items()}
    return Reply.of({"meta": {"dates": [str(day) for day in reached]}, "data": data})


def _furthest(person: str, entry: int, times: list[Times], window: timedelta) -> int:
    """Return how many steps a person did in order after an entry, taking each as early as possible."""
    at, end = entry, entry + window.total_seconds()
    for done, step in enumerate(times[1:], 1):
        mine = step.get(person, [])
        place = bisect_right(mine, at)
        if place == len(mine) or mine[place] > end:
            return done
        at = mine[place]
    return len(times)


def _steps(funnel: Funnel, counts: list[int]) -> list[dict[str, object]]:
    ratios = [1.0, *(after / before if before else 0.0 for before, after in pairwise(counts))]
    return [
        {
            "count": people, "step_conv_ratio": ratio, "overall_conv_ratio": people / counts[0] if counts[0] else 0.0, "avg_time": None,
            "event": event, "goal": event,
        }
        for event, people, ratio in zip(funnel.steps, counts, ratios, strict=True)
    ]  # fmt: skip


def _analysis(counts: list[int]) -> dict[str, int]:
    return {"completion": counts[-1], "starting_amount": counts[0], "steps": len(counts), "worst": 1}


def retention(company: Company, zone: ZoneInfo, asked: Mapping[str, str]) -> Reply:
    """Return, for each day or week, who did born_event for the first time then, and how many came back in each interval after it.

    Intervals are counted from each person's own first event. A young cohort has only the intervals that have begun.
    """
    unit, days = UNITS.get(asked.get("unit", "day")), _days(asked)
    if unit is None or not asked.get("born_event"):
        return Reply.of({"error": "born_event and a unit of day or week are required.", "request": "/api/query/retention"}, status=400)
    most, length, back = int(asked.get("interval_count") or 1), unit.total_seconds(), _times(company, asked.get("event", ""))
    cohorts: dict[date, tuple[int, list[int]]] = {}
    for person, times in _times(company, asked["born_event"]).items():
        born = _day(times[0], zone)
        start = born - timedelta(days=born.weekday() if unit == UNITS["week"] else 0)
        if not days[0] <= start <= days[-1]:
            continue
        lived = int((company.now.timestamp() - datetime(start.year, start.month, start.day, tzinfo=zone).timestamp()) // length) + 1
        first, counts = cohorts.setdefault(start, (0, [0] * min(most, lived)))
        for interval in {int((at - times[0]) // length) for at in back.get(person, []) if at >= times[0]}:
            if interval < len(counts):
                counts[interval] += 1
        cohorts[start] = (first + 1, counts)
    return Reply.of({str(start): {"first": first, "counts": counts} for start, (first, counts) in cohorts.items()})


def _times(company: Company, event: str) -> Times:
    now = company.now.timestamp()
    chosen = company.actions[(company.actions["event"] == event) & (company.actions["time"] <= now)].sort_values("time")
    return {str(user): [int(at) for at in times] for user, times in chosen.groupby("user_id")["time"]}


def _days(asked: Mapping[str, str]) -> list[date]:
    first, last = (date.fromisoformat(asked[key]) for key in ("from_date", "to_date"))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _day(at: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).date()
