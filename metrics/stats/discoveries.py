"""Which of many findings hold when all of them were looked at."""

from __future__ import annotations

from collections.abc import Sequence


def discoveries(p_values: Sequence[float], *, rate: float = 0.05) -> list[bool]:
    """Return which findings hold when at most a share `rate` of those that hold may be false, on average.

    Source: Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57, procedure (1).

    Examples
    --------
    Their own example (section 3.2): fifteen p-values, of which four hold.

    >>> p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    >>> sum(discoveries(p))
    4
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    last = max((n for n, place in enumerate(order, 1) if p_values[place] <= rate * n / len(order)), default=0)
    kept = set(order[:last])
    return [place in kept for place in range(len(p_values))]
