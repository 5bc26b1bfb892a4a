"""Keeps answers of this process, so that the same question of the same facts and definitions is worked out once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

from metrics.asking import Found

MOST_ROWS = 200_000
"""Rows of all kept answers together; the ones that were not asked for longest make room."""


class Kept:
    """Answers by (facts, definition, question). Safe to use from several threads."""

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._found: OrderedDict[Hashable, Found] = OrderedDict()
        self._rows, self._most, self._lock = 0, most_rows, Lock()

    def get(self, key: Hashable) -> Found | None:
        """Return what was kept."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: Hashable, found: Found) -> None:
        """Keep an answer, unless it alone is larger than all that may be kept."""
        size = len(found[0]) + 1
        if size > self._most:
            return
        with self._lock:
            if key in self._found:
                return
            self._found[key] = found
            self._rows += size
            while self._rows > self._most:
                self._rows -= len(self._found.popitem(last=False)[1][0]) + 1

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._found.clear()
            self._rows = 0


answers = Kept()
"""The answers of this process."""
