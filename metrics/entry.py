"""What the catalogue says of each KPI: state, words, origin, problems, YAML, history. The same for the page and for kpi docs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from errors import DashboardError, Issue, QueryError
from metrics.catalog import Catalog
from metrics.compose import Map
from metrics.document import Document
from metrics.types import Grain, Period, Question, Row
from metrics.words import Origin, describe, lineage
from store.definition_history import DefinitionChange, read_changes

Status = Literal["ok", "certified", "lapsed", "no_data", "problem"]
STATUS_WORDS: dict[Status, str] = {
    "ok": "holds",
    "certified": "certified",
    "lapsed": "certification lapsed",
    "no_data": "no data",
    "problem": "has a problem",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One KPI of the catalogue, right or wrong. search: everything it may be found by, as one text."""

    name: str
    label: str
    description: str
    owner: str
    team: str
    tags: tuple[str, ...]
    synonyms: tuple[str, ...]
    docs: str
    status: Status
    certified: str
    words: tuple[str, ...]
    origins: tuple[Origin, ...]
    issues: tuple[Issue, ...]
    line: int
    yaml: str
    history: tuple[DefinitionChange, ...]

    @property
    def holds(self) -> bool:
        """Whether the KPI is defined without an error."""
        return self.status != "problem"

    @property
    def status_words(self) -> str:
        """The state in words, with who certified it."""
        return f"{STATUS_WORDS[self.status]}{f' by {self.certified}' if self.certified and self.status == 'certified' else ''}"

    @property
    def search(self) -> str:
        """Everything that it may be found by."""
        return " ".join((self.name, self.label, self.description, self.owner, self.team, *self.tags, *self.synonyms))


def entries(catalog: Catalog) -> tuple[Entry, ...]:
    """Return every KPI that the file in force writes, in its order, those with a problem, too."""
    document = catalog.force.definitions.document
    changes: dict[str, list[DefinitionChange]] = {}
    for change in read_changes(catalog.ledger):
        changes.setdefault(change.kpi, []).append(change)
    bodies: Mapping[str, Any] = document.root.get("kpis") or {}
    return tuple(_entry(catalog, document, str(name), body, tuple(reversed(changes.get(str(name), ())))) for name, body in bodies.items())


def _entry(catalog: Catalog, document: Document, name: str, body: Any, history: tuple[DefinitionChange, ...]) -> Entry:
    definitions = catalog.force.definitions
    issues = tuple(issue for issue in catalog.issues if issue.kpi == name)
    held = definitions.kpis.get(name)
    said: Mapping[str, Any] = body if isinstance(body, dict) else {}
    return Entry(
        name,
        _text(said.get("label")) or name.replace("_", " ").capitalize(),
        _text(said.get("description")),
        _text(said.get("owner")),
        _text(said.get("team")) or "both",
        _texts(said.get("tags")),
        _texts(said.get("synonyms")),
        _text(said.get("docs")),
        _status(catalog, name, issues),
        f"{held.certified.by} on {held.certified.on}" if held is not None and held.certified is not None else "",
        () if held is None else describe(name, definitions),
        () if held is None else lineage(name, definitions),
        issues,
        document.place(("kpis", name))[0],
        source_of(document, name),
        history,
    )


def _status(catalog: Catalog, name: str, issues: Iterable[Issue]) -> Status:
    definitions = catalog.force.definitions
    if name not in definitions.kpis:
        return "problem"
    if any(issue.code == "KPI042" for issue in issues):
        return "lapsed"
    if catalog.generation is None or (definitions.kpis[name].relationship is None and catalog.covered(name) is None):
        return "no_data"
    return "certified" if definitions.kpis[name].certified is not None else "ok"


def sql_of(catalog: Catalog, kpi: str) -> str:
    """Return the SQL that answers a KPI at its first grain of whole days, or why there is none."""
    grains = catalog.kpi(kpi).grains
    if not grains:
        return "-- A relationship has no SQL of its own: its two sides have."
    try:
        return catalog.ask(Question(kpi, next((grain for grain in grains if grain != "hour"), grains[0]))).sql
    except DashboardError as error:
        return f"-- {error}"


def newest_rows(catalog: Catalog, kpis: Iterable[str]) -> dict[str, Row]:
    """Return KPI → its last complete period, by day or else by its finest grain; KPIs without one are left out."""
    found: dict[str, Row] = {}
    for name in kpis:
        grains = [grain for grain in catalog.kpi(name).grains if grain != "hour"]
        if not grains or catalog.generation is None:
            continue
        try:
            found[name] = catalog.last_sprint(name)[0] if grains[0] == "sprint" else _newest(catalog, name, grains[0])
        except QueryError as error:
            covered = catalog.covered(name)
            if covered is not None:  # without a covered period the state says so
                found[name] = Row("", covered, {}, None, False, False, str(error))
    return found


def _newest(catalog: Catalog, name: str, grain: Grain) -> Row:
    covered = catalog.covered(name)
    if covered is None:
        raise QueryError(f"KPI '{name}' has no covered day yet.")
    last = covered.end - timedelta(days=1)
    if grain != "day":
        last = catalog.calendar.floor(catalog.calendar.floor(covered.end, grain) - timedelta(days=1), grain)
    # what looks ahead, as a conversion does, is not complete for its newest periods: the last that is lies further back
    for first in (last, covered.start):
        rows = catalog.ask(Question(name, grain, Period(first, covered.end))).rows
        complete = [row for row in rows if row.complete]
        if complete:
            return complete[-1]
    raise QueryError(f"KPI '{name}' has no complete period yet.")


def source_of(document: Document, name: str) -> str:
    """Return the lines of a KPI as they are written, comments included."""
    spot = document.spot(("kpis", name))
    if spot is None:
        return ""
    start = document.text.rfind("\n", 0, spot.start) + 1
    node = document.root["kpis"][name]
    if isinstance(node, Map) and node.flow:
        start = spot.start
    return "\n".join(line.removeprefix("  ") for line in document.text[start : spot.end].split("\n"))


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(_text, value)) if isinstance(value, list) else ()
