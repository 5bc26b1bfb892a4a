"""Every deliberate error, grouped by what should happen next. Knows no vendor, no store, no page."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Issue:
    """A problem in a definition, with the place to repair it.

    Shape: line and column count from 1; 0 means the place is not known.
    """

    level: str
    code: str
    file: str
    line: int
    column: int
    kpi: str | None
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        tail = f" {self.suggestion}" if self.suggestion else ""
        return f"{place}: {self.code} {self.message}{tail}"


class DashboardError(Exception):
    """Base of all deliberate errors: the text is fit to show to a person as it is."""

    exit_code = 1


class ConfigError(DashboardError):
    """A person has to edit a setting, a file or the command."""

    exit_code = 2


class DefinitionError(DashboardError):
    """The KPI definitions do not hold; carries every issue that was found."""

    exit_code = 2

    def __init__(self, message: str, issues: tuple[Issue, ...] = ()) -> None:
        super().__init__(message)
        self.issues = issues


class QueryError(DashboardError):
    """The question cannot be answered as it was put."""

    exit_code = 2


class BusyError(DashboardError):
    """Another sync holds the workspace."""

    exit_code = 4


class StoreError(DashboardError):
    """The warehouse or the ledger cannot be opened, read or written."""


class SourceError(DashboardError):
    """A vendor's stream stops; what was published before stays.

    kind is one word of the shared taxonomy: auth, permission, config, quota, transient, contract, plan, held.
    """

    kind = "contract"


class TransientSourceError(SourceError):
    """The vendor may answer if asked again; retry_after_seconds is the vendor's own wish, when it named one."""

    kind = "transient"

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class QuotaError(TransientSourceError):
    """The vendor's quota is used up: a pause, not a failure.

    window: it comes back at the end of this "hour" or "pacific day" (midnight in Los Angeles), when the vendor names no wait.
    """

    kind = "quota"

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, window: str | None = None) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.window = window


class AuthError(SourceError):
    """The credentials were refused: a person has to renew them."""

    kind = "auth"
    exit_code = 5


class PermissionSourceError(SourceError):
    """The credentials are good, but do not reach this object; never read as a deletion."""

    kind = "permission"


class SourceConfigError(SourceError):
    """The vendor refuses the request as it is configured."""

    kind = "config"
    exit_code = 2


class PlanError(SourceError):
    """The vendor's plan does not include this stream: unavailable, not failed."""

    kind = "plan"


class HeldError(SourceError):
    """What the vendor sent is so unlike what it sent before that the last good data stay in force."""

    kind = "held"


class ContractError(SourceError):
    """The vendor answered in a shape that is not its contract."""

    kind = "contract"


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Return "Did you mean: …?" with up to three known words near to `word`, or None."""
    near = difflib.get_close_matches(word, sorted(known), n=3, cutoff=0.55)
    return f"Did you mean: {', '.join(near)}?" if near else None


def place(error: BaseException) -> str:
    """Return file:line of the innermost of our own lines that an error passed; never a value, which could be a secret."""
    frames = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [(path, line) for path, line in frames if path.is_relative_to(ROOT) and "site-packages" not in path.parts]
    path, line = ours[-1] if ours else frames[-1]
    return f"{path.relative_to(ROOT) if ours else path.name}:{line}"
