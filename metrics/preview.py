"""The values of a KPI under two versions of the definitions, from the same facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from errors import ConfigError, DefinitionError, QueryError, StoreError
from metrics.catalog import Catalog
from metrics.check import Definitions, check_file, check_text
from metrics.force import in_force
from metrics.history import body_of, difference
from metrics.types import Grain, Period, Question, Row
from settings import Workspace
from store.definition_history import digest_of, last_files
from store.ledger import Ledger
from store.warehouse import Warehouse

PERIODS = 12


@dataclass(frozen=True, slots=True)
class Side:
    """One period under one version. reason: why value is None."""

    value: float | None
    complete: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class Compared:
    """One period under both versions; None = the KPI does not exist in that version."""

    label: str
    old: Side | None
    new: Side | None

    @property
    def differs(self) -> bool:
        """Whether people will see another value, or another reason."""
        return (self.old and (self.old.value, self.old.reason)) != (self.new and (self.new.value, self.new.reason))


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change of the definitions does to one KPI. words: what changed of it; before, after: where the versions are from."""

    kpi: str
    grain: Grain
    unit: str
    words: str
    before: str
    after: str
    rows: tuple[Compared, ...]


def preview(space: Workspace, kpi: str, file: Path | None = None, grain: Grain | None = None) -> Preview:
    """Return the last 12 periods of a KPI under the definitions in force and under those of a file (default: the workspace's).

    When the workspace's file is in force already, it is compared with the version before it.
    Raises: DefinitionError when the file does not hold, QueryError for an unknown KPI, StoreError for an empty store.
    """
    new, path = _new(space, kpi, file)
    old, before = _old(space, new, file)
    warehouse = Warehouse(space)
    if warehouse.current() is None:
        raise StoreError(
            "The warehouse is empty: there are no values to compare yet. Run './kpi sync', or './kpi demo' for a living example."
        )
    with Catalog(space, new, warehouse.open()) as fresh, Catalog(space, old, warehouse.open(fresh.generation)) as held:
        chosen = grain or _grain(fresh, held, kpi)
        period = _period(fresh if kpi in new.kpis else held, kpi, chosen)
        sides = [_sides(one, kpi, chosen, period) for one in (held, fresh)]
        unit = (fresh if kpi in new.kpis else held).kpi(kpi).unit
    labels = list(dict.fromkeys(label for side in sides for label in side or ()))[-PERIODS:]
    rows = tuple(Compared(label, *(None if side is None else side.get(label) for side in sides)) for label in labels)
    return Preview(kpi, chosen, unit, _words(kpi, old, new), before, str(path.name), rows)


def _new(space: Workspace, kpi: str, file: Path | None) -> tuple[Definitions, Path]:
    path = file or space.definitions_file
    if file is not None and not file.is_file():
        raise ConfigError(f"--file: {file} does not exist. Name a definitions file.")
    definitions, issues = check_file(path)
    if definitions is None:
        raise DefinitionError("\n".join(map(str, issues)), issues)
    wrong = [issue for issue in issues if issue.kpi == kpi and issue.level == "error"]
    if wrong:
        raise DefinitionError("\n".join(map(str, wrong)), tuple(wrong))
    return definitions, path


def _old(space: Workspace, new: Definitions, file: Path | None) -> tuple[Definitions, str]:
    """Return the version to compare with, and where it is from."""
    if file is not None:
        return in_force(space).definitions, "the definitions in force"
    mark = digest_of(new.document.text)
    for kept in last_files(Ledger(space), 2):
        if kept.digest != mark:
            definitions, _ = check_text(new.document.file, kept.text)
            if definitions is not None:
                return definitions, f"the version in force since {kept.since:%Y-%m-%d %H:%M} UTC"
    raise QueryError("No other version of the definitions is recorded yet. Change the file, or name a changed copy with --file.")


def _grain(fresh: Catalog, held: Catalog, kpi: str) -> Grain:
    """Return the grain that tells most at a glance: weeks, when the KPI has them."""
    grains = (fresh if kpi in fresh.force.definitions.kpis else held).kpi(kpi).grains
    if not grains:
        raise QueryError(f"KPI '{kpi}' is a relationship and has no values of its own. Preview its driver and its outcome.")
    return "week" if "week" in grains else next((grain for grain in grains if grain != "hour"), grains[0])


def _period(catalog: Catalog, kpi: str, grain: Grain) -> Period | None:
    """Return the last periods that its sources cover; None lets a sprint's question take all of them."""
    covered = catalog.covered(kpi)
    if covered is None or grain in ("sprint", "total"):
        return None
    if grain == "hour":
        return Period(covered.end - timedelta(days=1), covered.end)
    start = catalog.calendar.floor(covered.end - timedelta(days=1), grain)
    for _ in range(PERIODS - 1):
        start = catalog.calendar.floor(start - timedelta(days=1), grain)
    return Period(start, covered.end)


def _sides(catalog: Catalog, kpi: str, grain: Grain, period: Period | None) -> dict[str, Side] | None:
    if kpi not in catalog.force.definitions.kpis:
        return None
    if grain not in catalog.kpi(kpi).grains:
        return {}
    return {row.label: _side(row) for row in catalog.ask(Question(kpi, grain, period)).rows}


def _side(row: Row) -> Side:
    return Side(row.value, row.complete, row.reason)


def _words(kpi: str, old: Definitions, new: Definitions) -> str:
    if kpi not in old.kpis and kpi not in new.kpis:
        return "unknown"
    if kpi not in old.kpis:
        return "a new KPI"
    if kpi not in new.kpis:
        return "the KPI goes"
    before, after = body_of(kpi, old), body_of(kpi, new)
    if before != after:
        return difference(before, after)
    return "nothing changed" if old.calendar == new.calendar else "the calendar"
