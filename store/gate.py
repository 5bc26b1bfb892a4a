"""Holds back a slice that collapsed: far fewer rows than before is more often a fault of the vendor's than a fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median

from errors import HeldError
from store.types import WHOLE, Batch, Stream

LEAST_ROWS = 20
"""Fewer rows than this vary too much to be judged."""
LEAST_SHARE = 0.5
COMPARED_WEEKS = 8
LEAST_WEEKS = 4


@dataclass(slots=True)
class Gate:
    """Judges the slices of one stream in one sync. kept: slices whose last good rows stay, with the reason.

    backfill: the stream is read for the first time, when an outage long ago is a fact and nothing good is at stake.
    """

    source: str
    stream: Stream
    backfill: bool = False
    kept: dict[date, str] = field(default_factory=dict)

    def admits(self, batch: Batch, rows: int, held: Mapping[date, int]) -> bool:
        """Return whether the slice may replace what is held. held: slice → rows of complete slices.

        Of a keyed stream it is the list of what exists that is judged: the rows that come are few by nature.

        Raises: HeldError for a slice that is new: nothing good is held for it, so the stream must not go on past it.
        """
        if self.stream.slicing == "keyed":
            if batch.listed is None:
                return True
            rows = len(batch.listed)
        if batch.slice in held:
            reason = self._collapsed(rows, held[batch.slice]) if "truncated" not in batch.flags else TRUNCATED
            if reason is not None:
                self.kept[batch.slice] = reason
            return reason is None
        if batch.complete_through is not None and batch.slice != WHOLE and not self.backfill:
            reason = _empty(batch.slice, rows, held)
            if reason is not None:
                raise HeldError(f"{self.source}: {self.stream.name} of {batch.slice} {reason}. {NEXT}")
        return True

    def _collapsed(self, rows: int, before: int) -> str | None:
        if before >= LEAST_ROWS and rows < before * LEAST_SHARE:
            return f"came with {rows:,} rows after {before:,} before"
        return None

    def words(self) -> str:
        """Say what was held back, for people."""
        first = min(self.kept)
        day = "" if first == WHOLE else f" of {first}"
        more = f", and {len(self.kept) - 1} more days" if len(self.kept) > 1 else ""
        return f"{self.source}: {self.stream.name}{day} {self.kept[first]}{more}. {NEXT}"


TRUNCATED = "came without what the vendor no longer keeps"
NEXT = "The last good data stay. Look at the vendor; when the fall is real, run './kpi sync --accept'."


def _empty(day: date, rows: int, held: Mapping[date, int]) -> str | None:
    """Return why a new day may not be empty: the same weekday of the weeks before had rows. None when it may pass.

    A day that is merely low passes: holidays are, and a day that is held would hide every day after it.
    """
    days = [day - timedelta(weeks=n) for n in range(1, COMPARED_WEEKS + 1)]
    known = [held[other] for other in days if other in held]
    if rows or len(known) < LEAST_WEEKS or median(known) < LEAST_ROWS:
        return None
    return f"came empty, after {median(known):,.0f} rows on a usual {day:%A}"
