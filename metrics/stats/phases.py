"""An XmR chart over one or more phases: each draws its limits from its own first points and keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from metrics.stats.absent import Absent
from metrics.stats.serial import FOLLOWS, OneStep, autocorrelation, one_step
from metrics.stats.xmr import FULL, LONGEST, RULES, Found, Limits, limits

NOTHING = Found((), (), (), ())
JUMP = 6.0
"""Median ranges that no two neighbours of a smooth series lie apart: 4 standard deviations of a difference."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What values cannot pass: a count not 0, a rate neither 0 nor 1."""

    floor: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """Values [start, stop) with limits of their own.

    step: set when values follow each other; then the differences from this one-step forecast are judged, and limits are theirs.
    judged: what is held against the limits, one for each value; None for a first value that has none before it.
    found: places count over all phases. correlation: of the baseline at lag 1, None when it is provisional.
    """

    start: int
    stop: int
    baseline: tuple[int, int]
    limits: Limits | Absent
    correlation: float | None
    step: OneStep | None
    judged: tuple[float | None, ...]
    expected: tuple[float | None, ...]
    found: Found


def chart(
    values: Sequence[float],
    starts: Sequence[int] = (0,),
    *,
    bounds: Bounds = Bounds(),
    baselines: Mapping[int, tuple[int, int]] | None = None,
    rules: str = "wheeler",
) -> tuple[Phase, ...]:
    """Return the phases of a series.

    starts: places at which a phase begins, rising. baselines: start → places [first, end) to draw its limits from; by default its first
    24 values, all of them while there are fewer. Limits never move with values after their baseline.
    """
    edges = [*sorted({place for place in (0, *starts) if 0 <= place < len(values)}), len(values)]
    return tuple(_phase(values, start, stop, (baselines or {}).get(start), bounds, rules) for start, stop in pairwise(edges))


def _phase(values: Sequence[float], start: int, stop: int, declared: tuple[int, int] | None, bounds: Bounds, rules: str) -> Phase:
    first, end = declared or (start, min(stop, start + LONGEST))
    first, end = max(first, start), min(end, stop)
    drawn = limits(values[first:end], floor=bounds.floor, ceiling=bounds.ceiling)
    correlation = autocorrelation(values[first:end]) if end - first >= FULL else None
    mine = tuple(values[start:stop])
    if isinstance(drawn, Absent):
        return Phase(start, stop, (first, end), drawn, correlation, None, mine, (None,) * len(mine), NOTHING)
    if correlation is not None and correlation > FOLLOWS and (step := inertia(values[first:end])) is not None:
        return _residual_phase(values, (start, stop), (first, end), correlation, step, rules)
    found = _moved(RULES[rules](mine, drawn), start)
    return Phase(start, stop, (first, end), drawn, correlation, None, mine, (drawn.centre,) * len(mine), found)


def inertia(baseline: Sequence[float]) -> OneStep | None:
    """Return the one-step forecast when values do follow each other; None when the level only made a step.

    A step looks like autocorrelation, too, but limits around forecast errors would then be far too wide and hide it. It shows in one
    moving range beyond JUMP median ranges, or in errors that alternate (the lag-1 autocorrelation of their ranks is below −0.3).
    """
    step, ranges = one_step(baseline), np.abs(np.diff(baseline))
    if step is None or ranges.max() > JUMP * float(np.median(ranges)):
        return None
    left = autocorrelation(np.argsort(np.argsort(step.residuals(baseline), kind="stable")).tolist())
    return None if left is None or left < -FOLLOWS else step


def _residual_phase(
    values: Sequence[float], span: tuple[int, int], baseline: tuple[int, int], correlation: float, step: OneStep, rules: str
) -> Phase:
    """Judge the differences from the one-step forecast of the baseline."""
    mine = values[slice(*span)]
    drawn = limits(step.residuals(values[slice(*baseline)]).tolist())
    if isinstance(drawn, Limits):  # one difference fewer than values does not make the baseline a shorter one
        drawn = replace(drawn, points=baseline[1] - baseline[0])
    residuals, expected = step.residuals(mine).tolist(), step.expected(mine).tolist()
    found = NOTHING if isinstance(drawn, Absent) else _moved(RULES[rules](residuals, drawn), span[0] + 1)
    return Phase(*span, baseline, drawn, correlation, step, (None, *residuals), (None, *expected), found)


def _moved(found: Found, by: int) -> Found:
    return Found(*(tuple(place + by for place in places) for places in (found.rule1, found.rule2, found.rule3, found.ranges)))
