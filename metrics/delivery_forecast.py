"""When the work of a team is done, against the days that others wait for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

from metrics.calendar import Calendar
from metrics.delivery_facts import Facts, Launch
from metrics.delivery_flow import first_whole_week, weekly_throughput, whole_weeks
from metrics.delivery_types import Burndown, Chance, Forecast, Outlook
from metrics.stats.finish_dates import MOST_WEEKS, Finish, finish, refusal

LIKELY, POSSIBLE = 0.85, 0.5
OPEN = ("todo", "doing", "blocked")
FEW_WEEKS = 8
FRIDAY = 4


def forecast_of(facts: Facts, launches: Sequence[Launch], current: Burndown | None, calendar: Calendar, today: date) -> Forecast:
    """Return when the running sprint, each release and each launch is ready by the pace of up to 16 recent weeks."""
    weekly = recent_weeks(facts, calendar, today)
    pace = Pace(weekly, today)
    outlooks = [*_sprint(facts, current, pace), *_releases(facts, pace), *_launches(facts, launches, pace), *_backlog(facts, pace)]
    return Forecast(today, tuple(weekly), tuple(outlooks), pace.reason, _notes(facts, weekly))


def recent_weeks(facts: Facts, calendar: Calendar, today: date) -> list[int]:
    """Return the items finished in each of the last whole weeks, at most 16 and none from before the work began."""
    period, first = whole_weeks(calendar, today, MOST_WEEKS), first_whole_week(facts, calendar)
    return [] if first is None else [count for start, count in weekly_throughput(facts, calendar, period) if start >= first]


class Pace:
    """Recent weeks and the day from which they go on. Draws the paths for each number of items once."""

    def __init__(self, weekly: Sequence[int], today: date) -> None:
        self.reason = refusal(weekly)
        self._today = today
        self._finish = cache(lambda items: finish(weekly, items))

    def outlook(
        self, kind: Any, name: str, url: str | None, items: int, ahead: int, due: date | None, none: str = "nothing is open"
    ) -> Outlook:
        """Return when `items` are done after those ahead; due: last day that is in time; none: the reason when there are no items."""
        if self.reason is not None or items == 0:
            reason = none if items == 0 else self.reason
            return Outlook(kind, name, url, items, ahead, due, None, None, None, None, "unknown", reason)
        found: Finish = self._finish(items + ahead)
        p50, p85, p95 = (self._date(found.day(share)) for share in (0.5, 0.85, 0.95))
        chance = None if due is None else found.within(working_days(self._today, due))
        reason = None if p95 else "some of the paths do not end within ten years"
        return Outlook(kind, name, url, items, ahead, due, p50, p85, p95, chance, verdict(chance), reason)

    def _date(self, day: int | None) -> date | None:
        return None if day is None else working_day(self._today, day)


def working_day(today: date, number: int) -> date:
    """Return the number-th day from Monday to Friday, today included."""
    monday = today - timedelta(days=today.weekday())
    gone = min(today.weekday(), FRIDAY + 1)
    weeks, rest = divmod(gone + number - 1, FRIDAY + 1)
    return monday + timedelta(weeks=weeks, days=rest)


def working_days(today: date, last: date) -> int:
    """Return how many days from Monday to Friday lie in [today, last]."""
    if last < today:
        return 0
    weeks, rest = divmod((last - today).days + 1, 7)
    return weeks * 5 + sum((today + timedelta(days=n)).weekday() <= FRIDAY for n in range(rest))


def verdict(chance: float | None) -> Chance:
    """Return the word for a chance."""
    if chance is None:
        return "unknown"
    return "likely" if chance >= LIKELY else "at risk" if chance >= POSSIBLE else "unlikely"


def _sprint(facts: Facts, current: Burndown | None, pace: Pace) -> list[Outlook]:
    if current is None or current.sprint.state != "active":
        return []
    kinds = {item.id: item.status_category for item in facts.items}
    inside = [one for one in facts.members.get(current.sprint.id, ()) if one.removed_at is None]
    open_ = sum(kinds.get(one.item_id) in OPEN for one in inside)
    return [pace.outlook("sprint", current.sprint.name, None, open_, 0, current.sprint.last_day)]


def _waiting(facts: Facts) -> list[Any]:
    """Return the releases that are not out, by the day that is planned for them."""
    return sorted((one for one in facts.releases if not one.released), key=lambda one: (one.planned_on or date.max, one.name or one.id))


def _open(facts: Facts, release: Any) -> int:
    return sum(item.release_id == release.id and item.status_category in OPEN for item in facts.items)


def _releases(facts: Facts, pace: Pace) -> list[Outlook]:
    """Releases queue: the items of those that are planned earlier come first."""
    found, ahead = [], 0
    for release in _waiting(facts):
        items, done = _open(facts, release), sum(one.release_id == release.id and one.status_category == "done" for one in facts.items)
        none = f"nothing is open any more, {done} items are done" if done else "no item is assigned to it yet"
        found.append(pace.outlook("release", release.name or release.id, release.url, items, ahead, release.planned_on, none))
        ahead += items
    return found


def _launches(facts: Facts, launches: Sequence[Launch], pace: Pace) -> list[Outlook]:
    """A launch waits for every release that is planned before it begins, until the day before."""
    found = []
    for launch in launches:
        needed = [one for one in _waiting(facts) if one.planned_on is not None and one.planned_on <= launch.start]
        items = sum(_open(facts, one) for one in needed)
        found.append(pace.outlook("launch", launch.name, launch.url, items, 0, launch.start - timedelta(days=1)))
    return found


def _backlog(facts: Facts, pace: Pace) -> list[Outlook]:
    """Everything that is open, whatever it belongs to."""
    items = sum(item.status_category in OPEN for item in facts.items)
    return [pace.outlook("backlog", "all open items", None, items, 0, None)]


def _notes(facts: Facts, weekly: Sequence[int]) -> tuple[str, ...]:
    found = []
    if 0 < len(weekly) < FEW_WEEKS:
        found.append(f"Only {len(weekly)} whole weeks of history are there: the dates will still move.")
    waiting = {one.id for one in _waiting(facts)}
    loose = sum(item.status_category in OPEN and item.release_id not in waiting for item in facts.items)
    if loose and waiting:
        found.append(f"{loose} open items belong to no coming release and are not counted; work on them comes on top.")
    return tuple(found)
