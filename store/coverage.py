"""How far a stream is held without a gap, worked out from its slices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from store.types import Stream


def _epochs(held: Sequence[Any]) -> set[str]:
    """Return the flag of a series whose days were not all counted in the same currency and time zone."""
    return {"epochs"} if len({row.context for row in held if row.context}) > 1 else set()


def covered(stream: Stream, held: Sequence[Any]) -> dict[str, object]:
    """Return covered_from, complete_through, rows and flags of a stream.

    Shape: held are rows of `_slices`. For a stream sliced by day the newest unbroken run of complete days counts: a gap
    in the middle of the past must not let the days before it pass for held.
    """
    flags = sorted({flag for row in held for flag in row.flags.split(",") if flag and flag != "provisional"} | _epochs(held))
    rows = sum(row.rows for row in held)
    complete = sorted((row for row in held if row.complete_through is not None), key=lambda row: row.slice)
    if not complete:
        return {"covered_from": None, "complete_through": None, "rows": rows, "flags": ",".join(flags)}
    first = last = complete[-1]
    for row in reversed(complete[:-1]):
        if first.slice - row.slice != timedelta(days=1):
            break
        first = row
    return {
        "covered_from": first.slice if stream.slicing == "day" else None,
        "complete_through": last.complete_through,
        "rows": rows,
        "flags": ",".join(flags),
    }
