"""Keeps Python's garbage collector from walking the whole program again and again while many people look at pages."""

from __future__ import annotations

import gc
import threading

from settings import is_served

THRESHOLDS = (50_000, 20, 100)
"""Python's own are (700, 10, 10): with a heap of this size they take half of the time of a page (bench.sessions)."""
_LOCK = threading.Lock()
_settled = threading.Event()


def settle() -> None:
    """Once, after the first page: set aside what is alive, which is the program itself, and collect less often.

    Only in a process that is nothing but our server; elsewhere the collector is not ours to tune.
    """
    if _settled.is_set() or not is_served():
        return
    with _LOCK:
        if not _settled.is_set():
            gc.collect()
            gc.freeze()
            gc.set_threshold(*THRESHOLDS)
            _settled.set()
