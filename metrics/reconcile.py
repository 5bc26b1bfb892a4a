"""The same notion in two sources: how far apart they are, and whether that is as usual."""

from __future__ import annotations

from dataclasses import dataclass

from errors import QueryError
from metrics.comparisons import Asks, Where
from metrics.types import Period, Question

WEEKS = 26


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A KPI beside its like in another source. difference: (mine − theirs) ÷ |theirs|; gap: the usual largest one, either way.

    weeks, outside: of the last half year's whole weeks that both hold, how many there are and how many lie outside the gap.
    """

    other: str
    gap: float
    mine: float | None = None
    theirs: float | None = None
    difference: float | None = None
    weeks: int = 0
    outside: int = 0
    reason: str | None = None

    @property
    def is_usual(self) -> bool | None:
        """Whether the difference lies inside the usual band, its edge included; None without a difference."""
        return None if self.difference is None else abs(self.difference) <= self.gap


def reconcile(catalog: Asks, kpi: str, period: Period, where: Where = ()) -> Reconciliation | None:
    """Return how a KPI compares with the one it is to be reconciled with; None when its definition names none."""
    clause = catalog.definition(kpi).reconcile_with
    if clause is None:
        return None
    base = Reconciliation(clause.kpi, float(clause.gap))
    try:
        mine, theirs = (
            answer.rows[0] for answer in catalog.ask_many([Question(k, "total", period, (), tuple(where)) for k in (kpi, clause.kpi)])
        )
    except QueryError as error:
        return Reconciliation(clause.kpi, float(clause.gap), reason=str(error).rstrip("."))
    for row, name in ((mine, kpi), (theirs, clause.kpi)):
        if row.value is None or not row.complete:
            return Reconciliation(
                clause.kpi, float(clause.gap), mine.value, theirs.value, reason=f"{name}: {row.reason or 'not all days are held'}"
            )
    weeks = _weeks(catalog, kpi, clause.kpi, where)
    outside = sum(1 for share in weeks if abs(share) > base.gap)
    found = _share(mine.value, theirs.value)
    reason = None if found is not None else f"{clause.kpi} is 0: there is no share of it"
    return Reconciliation(clause.kpi, base.gap, mine.value, theirs.value, found, len(weeks), outside, reason)


def _weeks(catalog: Asks, kpi: str, other: str, where: Where) -> list[float]:
    """Return the differences of the last whole weeks that both hold, oldest first."""
    try:
        mine, theirs = catalog.ask_many([Question(k, "week", None, (), tuple(where)) for k in (kpi, other)])
    except QueryError:  # one of them has no weeks: the period alone is compared
        return []
    known = {row.label: row.value for row in theirs.rows if row.complete}
    shares = [_share(row.value, known.get(row.label)) for row in mine.rows if row.complete]
    return [share for share in shares if share is not None][-WEEKS:]


def _share(mine: float | None, theirs: float | None) -> float | None:
    return None if mine is None or not theirs else (mine - theirs) / abs(theirs)
