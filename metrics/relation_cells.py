"""Days × segments as plain arrays, whatever they were read from; which segments are dense enough, and how fine they may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from metrics.stats.panel import Panel
from metrics.types import Period

Array = npt.NDArray[Any]
LEAST_EXPECTED = 30
"""Counts that a segment must be expected to bring over the window, at the rate of all, to take part."""
ENOUGH = 0.8
"""Part of all counts that segments must hold for a split to be taken; the finest such split is."""


@dataclass(frozen=True, slots=True)
class Row:
    """One cell as it is read. people: all who came; known: those with a driver, whom counts and revenue are of; logs: sum of the driver's logarithm."""

    day: date
    names: tuple[str, ...]
    people: float
    known: float
    counts: float
    logs: float
    revenue: float | None


@dataclass(frozen=True, slots=True)
class Cells:
    """Arrays (days, segments). by: what the names of a segment stand for. revenue NaN: not known."""

    period: Period
    by: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    people: Array
    known: Array
    counts: Array
    logs: Array
    revenue: Array

    @property
    def panel(self) -> Panel:
        """The panel of those who have a driver."""
        seen = self.known > 0
        return Panel(self.counts, self.known, np.where(seen, self.logs / np.where(seen, self.known, 1.0), np.nan))

    def only(self, keep: Array) -> Cells:
        """Return the segments that are kept."""
        names = tuple(name for name, stays in zip(self.names, keep, strict=True) if stays)
        parts = (part[:, keep] for part in (self.people, self.known, self.counts, self.logs, self.revenue))
        return Cells(self.period, self.by, names, *parts)


def gather(rows: Iterable[Row], period: Period, by: tuple[str, ...], keep: Sequence[int]) -> Cells:
    """Return the cells of rows, split by the dimensions at the places `keep` of their names."""
    rows = tuple(rows)
    is_whole = tuple(keep) == tuple(range(len(by)))
    named = [row.names if is_whole else tuple(row.names[place] for place in keep) for row in rows]
    names = tuple(sorted(set(named)))
    place = {name: number for number, name in enumerate(names)}
    spots = [(row.day - period.start).days for row in rows], [place[name] for name in named]
    parts = zip(
        *((row.people, row.known, row.counts, row.logs, np.nan if row.revenue is None else row.revenue) for row in rows), strict=True
    )
    cells = tuple(np.zeros((period.days, len(names))) for _ in range(5))
    for cell, part in zip(cells, parts, strict=bool(rows)):
        np.add.at(cell, spots, part)
    return Cells(period, tuple(by[number] for number in keep), names, *cells)


def dense(cells: Cells) -> Array:
    """Return which segments may be expected to bring enough counts: by their visitors, never by what they happened to bring."""
    known, counts = cells.known.sum(axis=0), float(cells.counts.sum())
    return np.asarray(known * counts / max(float(known.sum()), 1.0) >= LEAST_EXPECTED)


def finest(rows: Iterable[Row], period: Period, by: tuple[str, ...], splits: Sequence[Sequence[int]]) -> tuple[Cells, Cells]:
    """Return (all segments, those that take part) of the finest split whose dense segments hold enough of all counts.

    splits: finest first; when none holds enough, the one that holds most is taken.
    """
    found: list[tuple[bool, float, int, Cells, Cells]] = []
    rows = tuple(rows)
    for split in splits:
        cells = gather(rows, period, by, split)
        part = cells.only(dense(cells))
        share = float(part.counts.sum()) / max(float(cells.counts.sum()), 1.0)
        if share >= ENOUGH and len(part.names) > 1:
            return cells, part
        found.append((len(part.names) > 1, share, -len(found), cells, part))
    _, _, _, cells, part = max(found, key=lambda one: one[:3])
    return cells, part
