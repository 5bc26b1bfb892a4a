"""When will it be done? Recent weeks drawn at random until the items are finished, and the exact answer beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PATHS, SEED = 10_000, 20_261
LEAST_WEEKS, MOST_WEEKS = 5, 16
HORIZON_WEEKS = 520
DAYS_A_WEEK = 5


@dataclass(frozen=True, slots=True)
class Finish:
    """Working days until the last item is done, one a path, in order; paths that do not end within ten years stand at the horizon + 1."""

    days: NDArray[np.int64]

    def within(self, days: int) -> float:
        """Return the share of paths that are done after so many working days."""
        return float(np.searchsorted(self.days, days, side="right") / len(self.days))

    def day(self, share: float) -> int | None:
        """Return the first working day (from 1) by which at least this share of the paths is done; None beyond ten years."""
        found = int(self.days[int(np.ceil(share * len(self.days))) - 1])
        return found if found <= HORIZON_WEEKS * DAYS_A_WEEK else None


def refusal(weekly: Sequence[int]) -> str | None:
    """Return why no date can be given from these weeks, or None."""
    if len(weekly) < LEAST_WEEKS:
        return f"only {len(weekly)} whole weeks of history are there, and {LEAST_WEEKS} are needed"
    return None if any(weekly) else f"nothing was finished in the last {len(weekly)} weeks"


def finish(weekly: Sequence[int], items: int) -> Finish:
    """Return when `items` items are finished by the pace of these weeks, zero weeks included.

    Notes: weeks are drawn with replacement, 10,000 paths from a fixed seed. Within a week its items end at independent, evenly spread
    working moments, so the day of the r-th of n is the r-th smallest of n uniform draws (Beta(r, n − r + 1)).
    Raises: ValueError for weeks that `refusal` refuses, or no items.
    """
    if refusal(weekly) is not None or items < 1:
        raise ValueError(refusal(weekly) or "nothing is left to finish")
    rng = np.random.default_rng(SEED)
    pace = np.asarray(weekly, dtype=np.int64)
    left = np.full(PATHS, items, dtype=np.int64)
    days = np.full(PATHS, HORIZON_WEEKS * DAYS_A_WEEK + 1, dtype=np.int64)
    running = np.arange(PATHS)
    for week in range(HORIZON_WEEKS):
        drawn = pace[rng.integers(len(pace), size=len(running))]
        ends = drawn >= left[running]
        need, of = left[running[ends]], drawn[ends]
        share = rng.beta(need, of - need + 1)
        days[running[ends]] = week * DAYS_A_WEEK + np.clip(np.ceil(share * DAYS_A_WEEK), 1, DAYS_A_WEEK).astype(np.int64)
        left[running] -= drawn
        running = running[~ends]
        if not len(running):
            break
    return Finish(np.sort(days))


def exact_total(weekly: Sequence[int], weeks: int) -> NDArray[np.float64]:
    """Return the probabilities of finishing 0, 1, 2, … items in so many weeks, by convolution: the oracle of the simulation."""
    one = np.bincount(np.asarray(weekly, dtype=np.int64)) / len(weekly)
    total = np.ones(1)
    for _ in range(weeks):
        total = np.convolve(total, one)
    return total


def items_by(weekly: Sequence[int], weeks: int, share: float) -> int:
    """Return the largest number of items that is finished in so many weeks with at least this probability."""
    at_least = np.cumsum(exact_total(weekly, weeks)[::-1])[::-1]
    return int(np.nonzero(at_least >= share - 1e-12)[0][-1])
