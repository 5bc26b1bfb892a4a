"""The interval of an estimate from leaving out one block of days after the other. Knows no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
BLOCKS = 8
"""Few long blocks on purpose: many short ones cover too little when days follow each other (0.85 at an autocorrelation of 0.9)."""


T7 = 2.3646242515927844
"""t₀.₉₇₅ with 7 degrees of freedom, as scipy has it, whose import takes longer than the analysis."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its standard error and the ends of its interval."""

    value: float
    se: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.high - self.low) / 2

    @property
    def excludes_zero(self) -> bool:
        """Whether 0 lies outside the interval."""
        return self.low > 0 or self.high < 0


def leave_outs(days: int, blocks: int = BLOCKS) -> Array:
    """Return which days each refit keeps, (blocks + 1, days): the first keeps all, each other leaves out one contiguous block.

    >>> leave_outs(4, 2).astype(int).tolist()
    [[1, 1, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0]]
    """
    block = np.arange(days) * blocks // days
    return np.concatenate([np.ones((1, days), dtype=bool), block[None, :] != np.arange(blocks)[:, None]])


def critical(blocks: int = BLOCKS, confidence: float = 0.95) -> float:
    """Return the t quantile with blocks − 1 degrees of freedom.

    >>> round(critical(), 4)
    2.3646
    """
    if (blocks, confidence) == (BLOCKS, 0.95):
        return T7
    from scipy.special import stdtrit

    return float(stdtrit(blocks - 1, 0.5 + confidence / 2))


def standard_error(values: Array) -> Array:
    """Return the delete-one-block standard error of values (…, blocks + 1), the whole first: √((G − 1)/G · Σ (b₍g₎ − b)²).

    Source: Quenouille and Tukey's jackknife about the whole estimate; statistics with G blocks have about G − 1 degrees of freedom.
    """
    whole, left = values[..., :1], values[..., 1:]
    count = left.shape[-1]
    return np.asarray(np.sqrt((count - 1) / count * ((left - whole) ** 2).sum(axis=-1)))


def interval(values: Array, confidence: float = 0.95) -> Estimate | None:
    """Return the estimate of values (blocks + 1,), the whole first; None when a refit has no answer."""
    if not np.isfinite(values).all():
        return None
    value, se = float(values[0]), float(standard_error(values))
    half = critical(len(values) - 1, confidence) * se
    return Estimate(value, se, value - half, value + half)
