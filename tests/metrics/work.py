"""How much work something is, counted in calls instead of seconds: the same on a busy machine as on an idle one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

CALLS_A_SECOND = 3_000_000
"""About what a slow machine does in a second."""


@contextmanager
def at_most(calls: int = CALLS_A_SECOND) -> Iterator[None]:
    """Fail when what is done inside takes more calls of functions than this; as soon as it does, so that a loop ends."""
    left = calls

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal left
        if event in ("call", "c_call"):
            left -= 1
            if left < 0:
                raise AssertionError(f"more than {calls:,} calls")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)
