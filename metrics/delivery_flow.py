"""How work flowed through a team in whole weeks: times, items a week, work in progress, where time went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from metrics.calendar import Calendar
from metrics.delivery_facts import Facts, ended_at
from metrics.delivery_types import Ageing, Finished, Flow
from metrics.stats.control_chart import rolling_line
from metrics.stats.flow import counts_by_place, little, percentiles, wip_by_day
from metrics.stats.status_time import Time, flow_efficiency, time_of
from metrics.types import Period

MOST_AGEING = 10
DAY = timedelta(days=1)


def whole_weeks(calendar: Calendar, today: date, weeks: int) -> Period:
    """Return the last whole weeks before `today`."""
    end = calendar.floor(today, "week")
    return Period(end - timedelta(weeks=weeks), end)


def weekly_throughput(facts: Facts, calendar: Calendar, period: Period) -> list[tuple[date, int]]:
    """Return (first day, items finished) for every week of a period, weeks without one included."""
    weeks = period.days // 7
    places = [
        (calendar.day_of(item.done_at) - period.start).days // 7 for item in facts.items if item.status_category == "done" and item.done_at
    ]
    starts = [period.start + timedelta(weeks=n) for n in range(weeks)]
    return list(zip(starts, counts_by_place(places, weeks), strict=True))


def first_whole_week(facts: Facts, calendar: Calendar) -> date | None:
    """Return the first week that began after work had begun; None when there was no work yet."""
    begun = [at for item in facts.items for at in (item.started_at or item.done_at,) if at is not None]
    return calendar.floor(calendar.day_of(min(begun)), "week") + timedelta(weeks=1) if begun else None


def flow_of(facts: Facts, calendar: Calendar, today: date, weeks: int) -> Flow:
    """Return the flow of the last whole weeks."""
    period = whole_weeks(calendar, today, weeks)
    done = [i for i in facts.items if i.status_category == "done" and i.done_at and period.start <= calendar.day_of(i.done_at) < period.end]
    timed = [item for item in done if item.cycle_days is not None]
    cycle = [float(item.cycle_days) for item in timed]
    line = rolling_line(cycle)
    finished = tuple(_finished(item, calendar, average, sd) for item, average, sd in zip(timed, line.mean, line.sd, strict=True))
    wip = wip_by_day(_stays(facts, calendar, period.start), period.days)
    times = [time for item in timed if (time := _time(item, facts)) is not None]
    return Flow(
        period=period,
        finished=finished,
        cycle=percentiles(cycle),
        lead=percentiles([float(item.lead_days) for item in done if item.lead_days is not None]),
        unstarted=len(done) - len(timed),
        window=line.window,
        weeks=tuple(weekly_throughput(facts, calendar, period)),
        wip=tuple((period.start + n * DAY, count) for n, count in enumerate(wip)),
        efficiency=flow_efficiency(times),
        efficiency_items=len(times),
        little=little(wip, len(done), cycle),
        in_progress=sum(map(_is_open, facts.items)),
        ageing=_ageing(facts.items, calendar.begins(today).replace(tzinfo=None)),
    )


def _finished(item: Any, calendar: Calendar, average: float, sd: float) -> Finished:
    return Finished(
        item.key or item.id, item.title or "", item.url, item.done_at, calendar.day_of(item.done_at), float(item.cycle_days), average, sd
    )


def _stays(facts: Facts, calendar: Calendar, origin: date) -> list[tuple[int, int | None]]:
    """Return (day of start, day of end) of every item that was in progress, counted from a day."""
    found = []
    for item in facts.items:
        if item.started_at is not None:
            end = ended_at(item, facts.changes.get(item.id, ()))
            place = None if end is None else (calendar.day_of(end) - origin).days
            found.append(((calendar.day_of(item.started_at) - origin).days, place))
    return found


def _time(item: Any, facts: Facts) -> Time | None:
    moves = facts.changes.get(item.id, ())
    return time_of([(at, entered) for at, _, entered in moves], item.started_at, item.done_at)


def _is_open(item: Any) -> bool:
    return item.started_at is not None and item.status_category in ("doing", "blocked")


def _ageing(items: Sequence[Any], now: datetime) -> tuple[Ageing, ...]:
    """Return the items in progress, the oldest first."""
    oldest = sorted(filter(_is_open, items), key=lambda item: (item.started_at, item.id))[:MOST_AGEING]
    return tuple(Ageing(i.key or i.id, i.title or "", i.url, i.status or "", max(0.0, (now - i.started_at) / DAY)) for i in oldest)
