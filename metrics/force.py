"""Which definitions are in force: those of the file, or the last that held when the file is broken as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from errors import DefinitionError, Issue, StoreError
from metrics.check import Definitions, check_file, check_text
from settings import Workspace
from store.definition_history import DefinitionFile, file_of, last_files
from store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class InForce:
    """The definitions that hold. broken: why the file is not in force; () when it is. since: aware UTC, when it is not the file."""

    definitions: Definitions
    broken: tuple[Issue, ...] = ()
    since: datetime | None = None


def in_force(space: Workspace) -> InForce:
    """Return the definitions that hold now.

    Raises: DefinitionError when the file is broken as a whole and no earlier version is known.
    """
    definitions, issues = check_file(space.definitions_file)
    last = None if definitions is not None and space.definitions_file.parent == space.home else _last(space)
    if definitions is not None and (last is None or last.origin == "shipped"):
        return InForce(definitions)
    if definitions is not None:  # the workspace had a file of its own: others must not take its place unsaid
        name = space.definitions_file.name
        words = "the file is gone. Put it back; a workspace that had its own definitions does not fall back to those of the project."
        issues = (Issue("error", "KPI001", name, 0, 0, None, words),)
    kept = None if last is None else check_text(space.definitions_file.name, last.text)[0]
    if kept is None or last is None:
        raise DefinitionError("\n".join(map(str, issues)), issues)
    return InForce(kept, issues, last.since)


def in_force_then(space: Workspace, digest: str) -> InForce | None:
    """Return the definitions of an earlier version, known by the beginning of its digest; None when it is not known or holds no more."""
    kept = file_of(Ledger(space), digest)
    definitions = None if kept is None else check_text(space.definitions_file.name, kept.text)[0]
    return None if kept is None or definitions is None else InForce(definitions, since=kept.since)


def _last(space: Workspace) -> DefinitionFile | None:
    """Return the last version that was in force; a ledger that cannot be read knows none."""
    try:
        return next(iter(last_files(Ledger(space))), None)
    except StoreError:
        return None


def reporting_zone(space: Workspace) -> ZoneInfo:
    """Return the zone in which the organisation's days begin.

    Raises: DefinitionError when the definitions are broken as a whole.
    """
    return in_force(space).definitions.calendar.timezone
