"""Where rows may fall: the asked days, the grain, the sprints, and how far around them facts are held. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from metrics.calendar import Calendar
from metrics.types import Grain, Period

EVERYTHING = Period(date(1970, 1, 1), date(2200, 1, 1))


@dataclass(frozen=True, slots=True)
class SprintPeriod:
    """A sprint as a period: its days, its board, and what sprint tables name it by. name is unlike every other sprint's."""

    source: str
    id: str
    name: str
    period: Period
    board: str = ""
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Slots:
    """Where rows may fall.

    period: the asked days that all sources hold. held: all days that they hold, for values that look back or ahead.
    """

    grain: Grain
    period: Period
    calendar: Calendar
    sprints: tuple[SprintPeriod, ...] = ()
    held: Period = EVERYTHING
