"""Cuts what comes one by one into portions, so that never everything is in memory at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def portions(entries: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` entries, the last one shorter; none for nothing."""
    rest = iter(entries)
    while portion := list(islice(rest, size)):
        yield portion
