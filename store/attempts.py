"""When a source is asked next, and why. Pure: the caller brings the last run and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from settings import SourceEntry
from store.ledger import SourceRun

AFTER_A_FAULT = timedelta(minutes=5)
"""A vendor that was away is asked again sooner than the interval."""
CLOCK_SLACK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The next attempt of a source. at: aware UTC.

    why: first = it never ran; clock = its last run lies in the future, so the clock was set back; interval; fault = the vendor
        was away; vendor = the vendor named a wait that is longer than all of these.
    """

    at: datetime
    why: Literal["first", "clock", "interval", "fault", "vendor"]


def next_attempt(entry: SourceEntry, run: SourceRun | None, now: datetime) -> Attempt:
    """Return when a source is to be asked next.

    Notes: a run in the future means that the clock was set back; it must not silence the source until then.
    """
    if run is None:
        return Attempt(now, "first")
    if run.started_at > now + CLOCK_SLACK:
        return Attempt(now, "clock")
    sooner = run.error_kind == "transient" and entry.every > AFTER_A_FAULT
    own = run.started_at + (AFTER_A_FAULT if sooner else entry.every)
    if run.not_before is not None and run.not_before > own:
        return Attempt(run.not_before, "vendor")
    return Attempt(own, "fault" if sooner else "interval")
