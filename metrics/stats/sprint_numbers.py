"""The numbers of one sprint from its items: committed, completed, added, removed, and what they are of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """One item of a sprint. start, end: its estimate at the sprint's start (at joining, when later) and at its end; None = not estimated.

    completed: counts for velocity; removed: left after the start.
    """

    committed: bool
    completed: bool
    removed: bool
    start: float | None
    end: float | None


@dataclass(frozen=True, slots=True)
class SprintNumbers:
    """Sums of estimates (units of points, or items). committed: at the start; kept: committed and completed, at their start estimates;
    completed: at the end, with what was added; added: joined later and stayed; removed: left after the start; re_estimated: how far the
    estimates of what was committed moved since; unestimated: items.
    """

    committed: float
    completed: float
    kept: float
    added: float
    removed: float
    re_estimated: float
    items: int
    unestimated: int

    @property
    def completed_share(self) -> float | None:
        """Completed ÷ committed; late work mixes in, so it can pass 1. None when nothing was committed."""
        return self._of_committed(self.completed)

    @property
    def kept_share(self) -> float | None:
        """Share of the commitment that was completed: says whether the plan held."""
        return self._of_committed(self.kept)

    @property
    def added_share(self) -> float | None:
        """Added ÷ committed."""
        return self._of_committed(self.added)

    @property
    def removed_share(self) -> float | None:
        """Removed ÷ committed."""
        return self._of_committed(self.removed)

    def _of_committed(self, part: float) -> float | None:
        return part / self.committed if self.committed > 0 else None


def sprint_numbers(members: Iterable[Member]) -> SprintNumbers:
    """Return the numbers of a sprint by Jira's rules for Cloud.

    Source: Atlassian support, velocity chart and sprint report: committed by estimates at the start, completed by estimates at the end.
    Notes: an item without an estimate counts 0 points.

    >>> sprint_numbers([Member(True, True, False, 3, 8), Member(True, False, True, 5, 5), Member(False, True, False, 2, 2)]).completed
    10.0
    """
    known = list(members)

    def total(keep: Callable[[Member], bool], at_start: bool) -> float:
        return float(sum((one.start if at_start else one.end) or 0.0 for one in known if keep(one)))

    return SprintNumbers(
        committed=total(lambda one: one.committed, True),
        completed=total(lambda one: one.completed, False),
        kept=total(lambda one: one.committed and one.completed, True),
        added=total(lambda one: not one.committed and not one.removed, False),
        removed=total(lambda one: one.removed, False),
        re_estimated=total(lambda one: one.committed, False) - total(lambda one: one.committed, True),
        items=len(known),
        unestimated=sum(one.end is None for one in known),
    )
