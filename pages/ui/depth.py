"""One KPI in depth, for its page and its card: targets, what happened at the same time, and how its definition changed."""

from __future__ import annotations

from threading import Condition

from cachetools import TTLCache, cached

from metrics.standing import Standing, standing
from metrics.stories import AtTheTime
from metrics.stories import at_the_time as happened
from metrics.target_history import TargetThen, target_history
from metrics.types import Period
from pages.ui import data
from pages.ui.ledger import FRESH_SECONDS
from store.definition_history import DefinitionChange, read_changes


def stands(kpi: str, value: float | None, period: Period, by_sprint: bool = False) -> Standing:
    """Return how a value stands against its target."""
    opened = data.catalog()
    found: Standing = data.kept(f"stands {kpi} {value!r} {period!r}", lambda: standing(opened, kpi, value, period, by_sprint))
    return found


def targets(kpi: str) -> tuple[TargetThen, ...]:
    """Return the targets of a KPI and what became of them, the newest first."""
    opened = data.catalog()
    found: tuple[TargetThen, ...] = data.kept(f"targets {kpi}", lambda: target_history(opened, kpi))
    return found


def at_the_time(kpi: str, period: Period) -> AtTheTime:
    """Return what was released and done in a period."""
    opened = data.catalog()
    found: AtTheTime = data.kept(f"at the time {kpi} {period!r}", lambda: happened(opened, kpi, period))
    return found


@cached(TTLCache(400, FRESH_SECONDS), condition=Condition())
def _history(key: str, kpi: str) -> tuple[DefinitionChange, ...]:
    return tuple(reversed(read_changes(data.catalog().ledger, kpi)))


def history(kpi: str) -> tuple[DefinitionChange, ...]:
    """Return what changed of a KPI's definition, the newest first."""
    return _history(data.state().key, kpi)
