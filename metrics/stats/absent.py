"""The answer of a calculation that has none: why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Absent:
    """No number, and the reason in words that a reader understands."""

    reason: str
