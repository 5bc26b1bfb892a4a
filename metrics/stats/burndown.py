"""Burndown and burnup: what remains at the end of each day, with changes of scope apart from completions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal


@dataclass(frozen=True, slots=True)
class Step:
    """A change on a day: of the scope, or of what is done. Both may be negative (removed, opened again). day 0 is the start itself."""

    day: int
    kind: Literal["scope", "done"]
    size: float


@dataclass(frozen=True, slots=True)
class Burn:
    """At the start and at the end of each day: scope, done, and their difference. scope_steps: net change of scope on each day."""

    scope: tuple[float, ...]
    done: tuple[float, ...]
    scope_steps: tuple[float, ...]

    @property
    def remaining(self) -> tuple[float, ...]:
        """Scope less done."""
        return tuple(scope - done for scope, done in zip(self.scope, self.done, strict=True))


def burn(steps: Iterable[Step], days: int) -> Burn:
    """Return the lines of a sprint over `days` days.

    Shape: days + 1 values; the first is the start, value k the end of day k. Steps beyond the last day are left out.
    """
    scope, done = [0.0] * (days + 1), [0.0] * (days + 1)
    for step in steps:
        if 0 <= step.day <= days:
            (scope if step.kind == "scope" else done)[step.day] += step.size
    return Burn(tuple(accumulate(scope)), tuple(accumulate(done)), (0.0, *scope[1:]))


def ideal_line(committed: float, working: Sequence[bool]) -> tuple[float, ...] | None:
    """Return an even pace from the commitment to 0 that rests on days off, or None when every day is one.

    Shape: one value more than days; the first is the commitment.

    >>> ideal_line(10, [True, False, True])
    (10.0, 5.0, 5.0, 0.0)
    """
    days = sum(working)
    if days == 0:
        return None
    return (float(committed), *(committed * (1 - worked / days) for worked in accumulate(map(int, working))))
