"""Difference in differences of counts: segments that an event touched against segments that it did not.

Model: ln E[c] = ln n + segment + day + tau × touched × after, by Poisson pseudo-likelihood. Given the total of each day the counts of the
segments are a multinomial logit with the same score, so that the day effects never have to be estimated.
Source: Santos Silva and Tenreyro 2006 (PPML); the equality with the conditional likelihood: Palmgren 1981 (Biometrika 68).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from metrics.stats.gls import NoFit
from metrics.stats.mixture import Estimate

Array = Any
ROUNDS, EXACT = 60, 1e-12
BLOCK_DAYS, MOST_BEFORE, LEAST_AFTER, MOST_AFTER = 7, 8, 3, 8
"""Blocks of the jackknife: whole weeks at least; as many before and after the event as there may and must be."""


def difference(treated_before: float, treated_after: float, control_before: float, control_after: float) -> float:
    """Return the change of the touched minus the change of the untouched.

    Examples
    --------
    >>> difference(85, 19, 135, 147)  # Snow 1855, deaths per 10,000 houses
    -78
    """
    return (treated_after - treated_before) - (control_after - control_before)


@dataclass(frozen=True, slots=True)
class Panel:
    """Counts and exposures of segments by day. Shape: counts, exposure (days, segments); touched (segments,); after (days,)."""

    counts: Array
    exposure: Array
    touched: Array
    after: Array

    def without(self, days: Array) -> Panel:
        """Return the panel without some days."""
        kept = ~np.isin(np.arange(len(self.after)), days)
        return Panel(self.counts[kept], self.exposure[kept], self.touched, self.after[kept])


def log_effect(panel: Panel) -> float:
    """Return tau, the logarithm of the ratio of ratios.

    Raises: NoFit when a side has no count before or after the event, or the iterations do not end.
    """
    usable = panel.counts.sum(axis=0) > 0
    counts, exposure, touched = panel.counts[:, usable], panel.exposure[:, usable], panel.touched[usable]
    for side in (touched, ~touched):
        for time in (panel.after, ~panel.after):
            if counts[time][:, side].sum() <= 0:
                raise NoFit("a side of the comparison has no count before or after the event")
    design = np.zeros((*counts.shape, counts.shape[1]))
    for segment in range(1, counts.shape[1]):
        design[:, segment, segment - 1] = 1.0
    design[:, :, -1] = panel.after[:, None] * touched[None, :]
    return float(_newton(counts, exposure, design)[-1])


def _newton(counts: Array, exposure: Array, design: Array) -> Array:
    """Return the maximum of the likelihood of the segments' shares, given the days' totals."""
    total, slope = counts.sum(axis=1), np.zeros(design.shape[2])
    for _ in range(ROUNDS):
        odds = exposure * np.exp(np.clip(design @ slope, -50, 50))
        share = odds / np.maximum(odds.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        expected = total[:, None] * share
        score = np.einsum("tsk,ts->k", design, counts - expected)
        middle = np.einsum("tsk,ts->tk", design, share)
        information = np.einsum("tsk,ts,tsl->kl", design, expected, design) - np.einsum("tk,t,tl->kl", middle, total, middle)
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            raise NoFit("the segments cannot be told apart") from None
        slope = slope + np.clip(step, -3, 3)
        if np.abs(step).max() < EXACT * (1 + np.abs(slope).max()):
            return slope
    raise NoFit("the comparison of the segments does not settle")


def estimate(panel: Panel, *, confidence: float = 0.95) -> Estimate:
    """Return tau with its interval by a jackknife over whole weeks or longer blocks, before and after the event apart.

    V = sum over both times of (G-1)/G × sum (tau_(g) - mean)^2, with Satterthwaite's degrees of freedom: few weeks after the event give a
    wide interval, as they should. Source: Shao and Tu 1995, section 5.2 (jackknife within strata).
    Raises: NoFit as `log_effect`, and when there are too few weeks for blocks.
    """
    from scipy.special import stdtr, stdtrit

    value, variance, worth = log_effect(panel), 0.0, 0.0
    for blocks in _blocks(panel.after):
        each = np.array([log_effect(panel.without(days)) for days in blocks])
        part = (len(each) - 1) / len(each) * float(((each - each.mean()) ** 2).sum())
        variance, worth = variance + part, worth + part**2 / (len(each) - 1)
    if variance <= 0:
        raise NoFit("the blocks of days do not differ, so that nothing tells how sure the comparison is")
    free, error = variance**2 / worth, float(variance**0.5)
    half = float(stdtrit(free, (1 + confidence) / 2)) * error
    return Estimate(value, value - half, value + half, float(2 * stdtr(free, -abs(value) / error)), confidence)


def _blocks(after: Array) -> tuple[list[Array], list[Array]]:
    """Return the days before and after the event in contiguous blocks."""
    found = []
    for time, least, most in ((~after, MOST_BEFORE // 2, MOST_BEFORE), (after, LEAST_AFTER, MOST_AFTER)):
        days = np.flatnonzero(time)
        number = min(most, len(days) // BLOCK_DAYS)
        if number < least:
            raise NoFit(f"{len(days)} days are too few for {least} blocks of {BLOCK_DAYS} days")
        found.append(np.array_split(days, number))
    return found[0], found[1]
