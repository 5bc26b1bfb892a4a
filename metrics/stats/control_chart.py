"""The rolling line of a control chart: each item with its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SHARE, LEAST = 0.2, 5


@dataclass(frozen=True, slots=True)
class Rolling:
    """For each item: the mean of its window and the standard deviation in it (divisor: the window's size)."""

    window: int
    mean: tuple[float, ...]
    sd: tuple[float, ...]


def window_of(items: int) -> int:
    """Return how many items a window has: 20 % of those shown, odd, at least 5.

    >>> window_of(15), window_of(30), window_of(100)
    (5, 7, 21)
    """
    size = max(LEAST, round(SHARE * items))
    return size if size % 2 else size + 1


def rolling_line(values: Sequence[float]) -> Rolling:
    """Return the line over items in the order of their end. At both ends the window is cut, because there are no more items.

    Source: Atlassian support, "View and understand the control chart": issue-based; it gives no rule for the ends.
    """
    size = window_of(len(values))
    reach = size // 2
    parts = [values[max(0, at - reach) : at + reach + 1] for at in range(len(values))]
    return Rolling(size, tuple(float(np.mean(part)) for part in parts), tuple(float(np.std(part)) for part in parts))
