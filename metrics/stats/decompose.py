"""Why a number changed, by exact arithmetic: rate and mix within segments, contributions of parts to a formula. No estimate, no cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial, fsum

from metrics.stats.absent import Absent

MOST_PARTS = 8
"""A formula of more parts has too many orders in which they may change."""
Sides = Mapping[str, tuple[float, float]]
"""Segment → (denominator, numerator)."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One segment. shares: of the denominator, before and after; rates: None on a side without a denominator. rate + mix add up over segments."""

    segment: str
    shares: tuple[float, float]
    rates: tuple[float | None, float | None]
    rate: float
    mix: float


@dataclass(frozen=True, slots=True)
class RateMix:
    """The change of a rate, cut in two. rate + mix = after − before, but for rounding in the last digits."""

    before: float
    after: float
    rate: float
    mix: float
    effects: tuple[Effect, ...]

    @property
    def change(self) -> float:
        """after − before."""
        return self.after - self.before

    @property
    def is_reversal(self) -> bool:
        """Whether the total moved one way and every segment that can be compared the other way (Simpson)."""
        moves = [b - a for a, b in (effect.rates for effect in self.effects) if a is not None and b is not None]
        return len(moves) > 1 and all(move * self.change < 0 for move in moves)


def rate_mix(before: Sides, after: Sides) -> RateMix | Absent:
    """Return the change of Σ numerator ÷ Σ denominator as rate and mix effects with midpoint weights.

    Rate effect of a segment: mean share · change of its rate. Mix effect: mean rate · change of its share. A segment that has no
    denominator on one side has no rate there: that of its other side is taken, so that all of it is mix.
    Source: Kitagawa 1955; Das Gupta 1993.
    """
    names = [name for name in dict.fromkeys([*before, *after]) if any(side.get(name, (0.0, 0.0)) != (0.0, 0.0) for side in (before, after))]
    wholes = [fsum(size for size, _ in side.values()) for side in (before, after)]
    if any(size < 0 for side in (before, after) for size, _ in side.values()):
        return Absent("a denominator below 0 has no share")
    if not all(whole > 0 for whole in wholes):
        return Absent("the denominator is 0 on one side")
    if any(size == 0 and hits != 0 for side in (before, after) for size, hits in side.values()):
        return Absent("a segment has a numerator without a denominator: it has no rate")
    effects = tuple(_effect(name, (before, after), (wholes[0], wholes[1])) for name in names)
    totals = [fsum(hits for _, hits in side.values()) / whole for side, whole in zip((before, after), wholes, strict=True)]
    return RateMix(totals[0], totals[1], fsum(e.rate for e in effects), fsum(e.mix for e in effects), effects)


def _effect(name: str, sides: tuple[Sides, Sides], wholes: tuple[float, float]) -> Effect:
    cells = [side.get(name, (0.0, 0.0)) for side in sides]
    shares = [size / whole for (size, _), whole in zip(cells, wholes, strict=True)]
    rates = [hits / size if size else None for size, hits in cells]
    first = rates[0] if rates[0] is not None else rates[1]
    last = rates[1] if rates[1] is not None else rates[0]
    if first is None or last is None:
        return Effect(name, (shares[0], shares[1]), (None, None), 0.0, 0.0)
    return Effect(
        name,
        (shares[0], shares[1]),
        (rates[0], rates[1]),
        (shares[0] + shares[1]) / 2 * (last - first),
        (first + last) / 2 * (shares[1] - shares[0]),
    )


def contributions(
    value: Callable[[Mapping[str, float | None]], float | None], before: Mapping[str, float | None], after: Mapping[str, float | None]
) -> dict[str, float] | Absent:
    """Return part → what its change contributes to the change of a formula; they add up to it.

    A part's contribution is the mean, over all orders in which the parts may change one after the other, of what its own step does
    (Shapley 1953). For a ratio this is the midpoint form: ΔN · mean(1/D) and mean(N) · Δ(1/D); for a sum, each part's own change.
    value: the formula at some values of the parts, None where it has none.
    """
    names = tuple(before)
    moved = [name for name in names if before[name] != after[name]]
    if len(moved) > MOST_PARTS:
        return Absent(f"{len(moved)} parts changed; their orders are counted up to {MOST_PARTS}")
    known = {chosen: value({n: after[n] if n in chosen else before[n] for n in names}) for chosen in _subsets(moved)}
    if any(one is None for one in known.values()):
        return Absent("the formula has no value when only some of its parts have changed")
    found = {chosen: float(one) for chosen, one in known.items() if one is not None}
    return {name: _mean_step(name, moved, found) if name in moved else 0.0 for name in names}


def _subsets(names: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset(chosen) for size in range(len(names) + 1) for chosen in combinations(names, size)]


def _mean_step(name: str, names: Sequence[str], found: Mapping[frozenset[str], float]) -> float:
    orders = factorial(len(names))
    steps = []
    for chosen in _subsets([other for other in names if other != name]):
        weight = factorial(len(chosen)) * factorial(len(names) - len(chosen) - 1) / orders
        steps.append(weight * (found[chosen | {name}] - found[chosen]))
    return fsum(steps)
