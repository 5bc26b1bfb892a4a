"""Many tests at once: p-values adjusted so that some of them are not significant by chance alone."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values that bound the chance of any false alarm (family-wise error).

    Source: Holm 1979, step down; checked against statsmodels multipletests.

    >>> [round(p, 4) for p in holm([0.01, 0.04, 0.03, 0.005])]
    [0.03, 0.06, 0.06, 0.02]
    """
    found, highest, count = [0.0] * len(p_values), 0.0, len(p_values)
    for rank, place in enumerate(sorted(range(count), key=lambda at: p_values[at])):
        highest = max(highest, min(1.0, (count - rank) * p_values[place]))
        found[place] = highest
    return found


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return p-values that bound the share of false alarms among the alarms (false discovery rate).

    Source: Benjamini and Hochberg 1995, step up; checked against statsmodels multipletests.

    >>> [round(p, 4) for p in benjamini_hochberg([0.01, 0.04, 0.03, 0.005])]
    [0.02, 0.04, 0.04, 0.02]
    """
    found, lowest, count = [0.0] * len(p_values), 1.0, len(p_values)
    for rank, place in enumerate(sorted(range(count), key=lambda at: -p_values[at])):
        lowest = min(lowest, p_values[place] * count / (count - rank))
        found[place] = lowest
    return found
