"""A ledger that may be unreadable: the numbers do not depend on it, so readers of numbers go on without it, and can say why."""

from __future__ import annotations

from typing import Any

from errors import StoreError
from settings import Workspace
from store.ledger import Ledger


class UnreadLedger(Ledger):
    """Stands in for a ledger that cannot be read: it knows of no row. problem: why, and what to do."""

    def __init__(self, space: Workspace, problem: str) -> None:
        super().__init__(space)
        self.problem = problem

    def rows(self, statement: Any) -> list[Any]:
        """Return no row."""
        return []


def readable(space: Workspace) -> Ledger:
    """Return the ledger of a workspace, or one that knows nothing when it cannot be read."""
    ledger = Ledger(space)
    try:
        ledger.last_good()
    except StoreError as error:
        return UnreadLedger(space, str(error))
    return ledger
