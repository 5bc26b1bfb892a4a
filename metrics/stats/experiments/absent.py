"""A number that is not there, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Absent:
    """No number. reason: a clause that is fit to be shown after "no value:"."""

    reason: str
