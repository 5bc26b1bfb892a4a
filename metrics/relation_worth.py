"""What one change of the driver goes with, in the outcome's counts and in money, where the days have shown such a change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metrics.relation_cells import Cells
from metrics.relation_types import Segment, Worth
from metrics.stats.elasticity import seen_range, weighted_effect
from metrics.stats.evidence import Assessment

MONTH_DAYS = 30


def segment_of(cells: Cells, place: int) -> Segment:
    """Return one segment with its typical driver and the range of its days."""
    panel = cells.panel
    known = float(cells.known[:, place].sum())
    typical = float(cells.logs[:, place].sum()) / known if known else np.nan
    low, high = seen_range(panel.driver[:, place], cells.known[:, place]) or (np.nan, np.nan)
    revenue = float(cells.revenue[:, place].sum())
    counts, told = float(cells.counts[:, place].sum()), revenue if np.isfinite(revenue) else None
    return Segment(cells.names[place], known, counts, float(np.exp(typical)), float(np.exp(low)), float(np.exp(high)), told)


def worth_of(assessment: Assessment, segments: Sequence[Segment], change: float, days: int) -> tuple[Worth | None, str | None]:
    """Return the worth of a change, or None and the reason.

    A segment counts when its typical driver, changed, still lies within the 5–95 % range of its own days.
    """
    if assessment.estimate is None:
        return None, "Without an estimate there is no worth of a change."
    inside = [one for one in segments if one.low <= one.typical + change <= one.high and one.counts > 0]
    every = sum(one.counts for one in segments)
    if not inside or not every:
        return None, "In no segment do the days show a change as large as this one: what it would do is not known."
    bases = np.array([one.typical for one in inside])
    counts = np.array([one.counts for one in inside])
    effect = weighted_effect(assessment.estimate, bases, change, counts)
    if effect is None:
        return None, "The change would bring the driver to 0 or below."
    held = float(counts.sum())
    money = [one.revenue for one in inside]
    known = [one for one in money if one is not None and one >= 0]
    revenue = weighted_effect(assessment.estimate, bases, change, np.array(known)) if len(known) == len(money) else None
    month = MONTH_DAYS / days
    base = float(np.exp((np.log(bases) * counts).sum() / held))
    without = (
        None
        if revenue is not None
        else "No revenue is known for all of these visitors."
        if len(known) < len(money)
        else "They brought no revenue."
    )
    return Worth(
        change,
        base,
        effect.times(1 / held),
        effect,
        effect.times(month),
        revenue,
        None if revenue is None else revenue.times(month),
        held / every,
        without,
    ), None
