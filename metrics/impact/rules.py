"""When an effect may be stated, over which days, and in which words. Pure: knows days and events, no store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from metrics.impact.types import Grade, Placebos, Verdict
from metrics.stats.mixture import Estimate
from metrics.types import Event, Period

WEEK, MOST_AFTER, LEAST_AFTER = 7, 28, 7
LEAST_BEFORE, TIMES_BEFORE, MOST_BEFORE = 56, 4, 182
"""Days before the event: at least 56 and four times those after it, at most 26 weeks, because older days say less about now."""
NEAR_DAYS = 7
"""Another event so shortly before cannot be told apart from this one."""
WANTED_PLACEBOS, FEW_PLACEBOS, MOST_SIGNIFICANT = 20, 5, 0.1
LEAST_COUNT, LEAST_EXPECTED = 30, 10
LARGE = 0.05
"""Share of the expected value; a smaller effect is called none when the interval excludes this one."""


@dataclass(frozen=True, slots=True)
class Windows:
    """The days that are compared: before and after, both whole weeks. joint: names of other events that cannot be told apart."""

    before: Period
    after: Period
    joint: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """No answer, and why."""

    reason: str


def windows(event: Event, others: Sequence[Event], held: Period) -> Windows | Refused:
    """Return the days to compare for an event, or why there are none.

    held: the days that are complete and settled. The window after is at most 28 days (a campaign's own days, when they are fewer), whole weeks,
    cut before the next logged event when a week is left, and before 24 December.
    """
    start = event.start
    history = min((start - held.start).days, MOST_BEFORE)
    if history < LEAST_BEFORE:
        return Refused(f"{max(history, 0)} whole days are held before it; {LEAST_BEFORE} are needed")
    span = min(MOST_AFTER, (event.end - start).days) if event.kind == "campaign" else MOST_AFTER
    if span < LEAST_AFTER:
        return Refused(f"it lasted {_days(span)}; {LEAST_AFTER} are needed")
    span = min(span, (held.end - start).days, (_year_end(start) - start).days)
    if span < LEAST_AFTER:
        return Refused(_too_short(event, held))
    clean = min(((o.start - start).days for o in others if o.start > start), default=span)
    cut = min(span, clean if clean >= LEAST_AFTER else span, history // TIMES_BEFORE) // WEEK * WEEK
    after = Period(start, start + timedelta(days=cut))
    return Windows(Period(start - timedelta(days=history // WEEK * WEEK), start), after, joint(event, others, after))


def _too_short(event: Event, held: Period) -> str:
    left = (held.end - event.start).days
    if left < LEAST_AFTER:
        return f"{_days(max(left, 0))} after it, complete and settled; {LEAST_AFTER} are needed"
    return "the days after it are those around the turn of the year, which no time before them foretells"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _year_end(start: date) -> date:
    """Return the first day from `start` on that lies in 24 December to 1 January."""
    if is_year_end(start):
        return start
    return date(start.year, 12, 24)


def is_year_end(day: date) -> bool:
    """Whether a day lies in 24 December to 1 January."""
    return (day.month, day.day) >= (12, 24) or (day.month, day.day) == (1, 1)


def joint(event: Event, others: Sequence[Event], after: Period) -> tuple[str, ...]:
    """Return the names of the events that begin in the window or shortly before it, and of the campaigns that run in it."""
    found = []
    for other in others:
        begins_near = event.start - timedelta(days=NEAR_DAYS) < other.start < after.end
        runs = other.kind == "campaign" and other.start < after.end and other.end > after.start
        ended_near = other.kind == "campaign" and event.start - timedelta(days=NEAR_DAYS) < other.end <= event.start
        if begins_near or runs or ended_near:
            found.append(other.name)
    return tuple(dict.fromkeys(found))


def verdict(relative: Estimate | None, effect: Estimate, better: str) -> Verdict:
    """Return what the interval says: a direction when it excludes 0, none when it excludes an effect of 5 %, else open."""
    if effect.low > 0 or effect.high < 0:
        if better not in ("higher", "lower"):
            return "rose" if effect.value > 0 else "fell"
        return "improved" if (effect.value > 0) == (better == "higher") else "worsened"
    is_small = relative is not None and relative.low > -LARGE and relative.high < LARGE
    return "none" if is_small else "open"


def too_many(placebos: Placebos | None) -> bool:
    """Whether more than 10 % of the dates on which nothing happened show a significant effect, and more than one does."""
    if placebos is None or len(placebos.effects) < FEW_PLACEBOS:
        return False
    return placebos.significant > max(1, MOST_SIGNIFICANT * len(placebos.effects))


def grade(joint: Sequence[str], placebos: Placebos | None, panel: Estimate | None, effect: Estimate) -> tuple[Grade, str]:
    """Return the grade of an effect and what it rests on; the refusals come before it."""
    if joint:
        return "D", f"joint with {', '.join(joint)}: what each of them did cannot be told apart"
    if placebos is None or len(placebos.effects) < FEW_PLACEBOS:
        few = "no segment known to be untouched, and too few quiet dates before it for placebos"
        return "C", few
    share = f"{placebos.as_large} of {len(placebos.effects)} placebo dates show as much"
    if panel is not None and agrees(panel, effect):
        return "B", share
    return "C", f"no segment known to be untouched that would confirm it; {share}"


def agrees(panel: Estimate, effect: Estimate) -> bool:
    """Whether the comparison of segments excludes 0 on the side of an effect that excludes it, too; or both hold 0."""
    sides = [(one.low > 0) - (one.high < 0) for one in (panel, effect)]
    return sides[0] == sides[1]
