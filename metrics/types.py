"""What may be asked of the metrics layer and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, Protocol

Grain = Literal["hour", "day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year", "sprint", "total"]
Verdict = Literal["met", "near", "missed", "no_target", "unknown"]


@dataclass(frozen=True, slots=True)
class Period:
    """Calendar days of the reporting zone, half-open: [start, end)."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.end - self.start).days

    @property
    def last(self) -> date:
        """The last day."""
        return self.end - timedelta(days=1)

    def shift(self, days: int) -> Period:
        """Return the same length, `days` later (negative: earlier)."""
        return Period(self.start + timedelta(days=days), self.end + timedelta(days=days))


@dataclass(frozen=True, slots=True)
class Question:
    """One question. grain "total" gives one row over the whole period. period None = all that is covered.

    where: ((dimension, (value, …)), …), all of them must hold. as_of: generation, None = the current one.
    """

    kpi: str
    grain: Grain = "day"
    period: Period | None = None
    by: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    as_of: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One value. label: first day as ISO date, the hour with its offset, or the sprint's name. value None always has a reason.

    complete: the period is over and every contributing source covers it. settling: inside the maturity window.
    begins: the hour's beginning (aware UTC) for the grain "hour", whose period is the day.
    """

    label: str
    period: Period
    dimensions: Mapping[str, str]
    value: float | None
    complete: bool
    settling: bool
    reason: str | None
    begins: datetime | None = None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far one source's data reaches. covered_through: last whole day held; synced_at: last good sync (UTC)."""

    source: str
    connector: str
    synced_at: datetime | None
    covered_from: date | None
    covered_through: date | None
    flags: tuple[str, ...] = ()


class Readable(Protocol):
    """Something that can be put into words."""

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows ordered by period, then dimensions; and what is needed to trust them. written: the SQL that ran, see `sql`."""

    question: Question
    unit: str
    rows: tuple[Row, ...]
    written: Readable
    generation: int
    freshness: tuple[Freshness, ...]
    flags: tuple[str, ...]
    definition_hash: str
    notes: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """The statements that ran, with their values written in."""
        return self.written.text


@dataclass(frozen=True, slots=True)
class Comparison:
    """A period's total against a base. change = value − base; change_ratio = change ÷ |base|, None for rates (use
    change, in points) and when the base is 0. Any part may be None; note says what was compared, or why not."""

    value: float | None
    base: float | None
    period: Period
    base_period: Period
    change: float | None
    change_ratio: float | None
    better: bool | None
    note: str


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """A value against the target in force. distance = (value − target) ÷ |target|; sentence is fit to show."""

    verdict: Verdict
    kind: str | None
    target: float | None
    distance: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a target to reach is on its way. expected: what was to be there by now; share = actual ÷ expected.

    period: the target's days; through: last whole day that counts; required_per_day: what each day left must bring, None when none is.
    """

    target: float
    period: Period
    through: date | None
    actual: float | None
    expected: float | None
    share: float | None
    required_per_day: float | None
    note: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something to draw on a time axis. end is exclusive; for a release and a definition it is start + 1 day.

    definition: a KPI came to mean something else; id is its name, detail what changed. note: somebody noted something about a
    KPI; id is its name, detail who."""

    kind: Literal["release", "campaign", "sprint", "definition", "note"]
    id: str
    name: str
    start: date
    end: date
    detail: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """Visitor-days whose landing page view had an LCP in [low_ms, high_ms), and how many of them purchased.

    rate = conversions ÷ visitors, with its Wilson interval; device "" = all devices, directly standardised to the
    overall device mix (then visitors and conversions are the sums and rate is the standardised one).
    """

    device: str
    low_ms: float
    high_ms: float | None
    visitors: int
    conversions: int
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class SpeedConversion:
    """The first, descriptive cut of speed × conversion: per device, crude over all, and standardised."""

    period: Period
    by_device: tuple[Bucket, ...]
    crude: tuple[Bucket, ...]
    standardised: tuple[Bucket, ...]
    mix: Mapping[str, float]
    visitors: int
    visitors_without_speed: int
    sql: str
    generation: int
    notes: tuple[str, ...] = field(default=())
