"""The lower bound of an incremental query, written so that no zone can hide an issue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

WESTERNMOST = timedelta(hours=12)
"""A literal means a later instant the further west the account lives; no zone lies further west than this."""


def updated_since(since: datetime, zone: ZoneInfo | None, *, is_cloud: bool) -> str:
    """Return the clause that finds every issue updated at or after `since`; there never is an upper bound.

    Cloud takes epoch milliseconds. Data Center reads literals of whole minutes in the account's zone.
    """
    if is_cloud:
        return f"updated >= {int(since.timestamp() * 1000)}"
    return f'updated >= "{_literal(since, zone):%Y-%m-%d %H:%M}"'


def _literal(since: datetime, zone: ZoneInfo | None) -> datetime:
    """Return a wall clock time that the account's zone reads as `since` or earlier, in both readings of a doubled hour."""
    if zone is None:
        return since.astimezone(UTC).replace(tzinfo=None) - WESTERNMOST
    wall = since.astimezone(zone).replace(tzinfo=None, fold=0)
    while any(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) > since for fold in (0, 1)):
        wall -= timedelta(hours=1)
    return wall
