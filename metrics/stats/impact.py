"""What an event did to a series: observed minus what the time before it led to expect, with intervals, and the same at dates on which nothing happened.

Source: the counterfactual idea of Brodersen et al. 2015 (Annals of Applied Statistics 9), with the engine of metrics.stats.gls in the place of
their structural model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from metrics.stats.gls import NoFit, fit, prepare
from metrics.stats.mixture import Estimate, Mixture

Array = Any


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect, in the units of the series.

    average: over the known points after the event. cumulative: the sum through each of them; its last one is the average times their number.
    expected: what each point after the event would have been. fitted: what each point before it was expected to be, one step ahead.
    before, after: known points.
    """

    average: Estimate
    cumulative: tuple[Estimate, ...]
    expected: tuple[Estimate, ...]
    fitted: tuple[float, ...]
    before: int
    after: int


def effect(y: Array, design: Array, pre: int, *, confidence: float = 0.95) -> Effect:
    """Return the effect on y (n,) of an event just before point `pre`, given regressors design (n, k) that the event does not touch.

    A NaN in y is a point that is not known.
    Raises: NoFit when the time before does not suffice, or no point after the event is known.

    Examples
    --------
    A step of 10 on a series that goes up and down by 1:

    >>> import numpy as np
    >>> y = np.tile([99.0, 101.0], 40) + 10 * (np.arange(80) >= 60)
    >>> round(effect(y, np.ones((80, 1)), 60).average.value, 1)
    10.0
    """
    y, design = np.asarray(y, dtype=float), np.asarray(design, dtype=float)
    before, after = fit(y[:pre], design[:pre]), np.isfinite(y[pre:])
    if not after.any():
        raise NoFit("no point after the event is known")
    ahead, seen = len(after), np.where(after, y[pre:], 0.0)
    sums = np.tril(np.ones((ahead, ahead))) * after
    law = before.forecast(design[pre:], np.vstack([after / after.sum(), sums, np.eye(ahead)]))
    found = _minus(np.concatenate([[seen.sum() / after.sum()], sums @ seen]), law, slice(0, ahead + 1)).estimates(confidence)
    expected = Mixture(law.weight, law.mean[:, ahead + 1 :], law.scale[:, ahead + 1 :], law.df).estimates(confidence)
    fitted = tuple(map(float, before.fitted))
    return Effect(found[0], tuple(found[1:]), tuple(expected), fitted, int(np.isfinite(y[:pre]).sum()), int(after.sum()))


def _minus(observed: Array, law: Mixture, part: slice) -> Mixture:
    """Return the law of observed minus predicted."""
    return Mixture(law.weight, observed - law.mean[:, part], law.scale[:, part], law.df)


@dataclass(frozen=True, slots=True)
class Placebo:
    """The effect that would have been found at a date on which nothing happened. at: the point; p: as in an Estimate."""

    at: int
    value: float
    p: float


def placebos(y: Array, design: Array, after: int, dates: Sequence[int]) -> list[Placebo]:
    """Return the average effects over the `after` points from each date on, as they would have been found from the points before it.

    Columns that begin later than a date are left out there and must stand last in the design, by the date on which they begin. A date
    without a regression or a known point is left out.
    Raises: NoFit when there is no regression on all points either.
    """
    y, design, found = np.asarray(y, dtype=float), np.asarray(design, dtype=float), []
    ready = prepare(y, design) if dates else None
    for date in dates:
        window, known = y[date : date + after], np.isfinite(y[date : date + after])
        assert ready is not None
        try:
            before = ready.until(date)
        except NoFit:
            continue
        if known.any():
            law = before.forecast(design[date : date + after, : len(before.start)], (known / known.sum())[None, :])
            law = _minus(np.array([window[known].mean()]), law, slice(0, 1))
            low = float(law.below(np.zeros(1))[0])
            found.append(Placebo(date, float(law.centre()[0]), 2 * min(low, 1 - low)))
    return found


def spread_out(dates: Sequence[int], wanted: int) -> list[int]:
    """Return up to `wanted` of the dates, evenly spread from the first to the last."""
    if len(dates) <= wanted:
        return list(dates)
    return [dates[round(at)] for at in np.linspace(0, len(dates) - 1, wanted)]


def before_after(y: Array, pre: int, after: int) -> float | None:
    """Return the naive answer: the mean of the `after` points from `pre` on minus the mean of as many before; None when a side is empty."""
    y = np.asarray(y, dtype=float)
    sides = y[max(0, pre - after) : pre], y[pre : pre + after]
    known = [side[np.isfinite(side)] for side in sides]
    return None if any(len(side) == 0 for side in known) else float(known[1].mean() - known[0].mean())
