"""A relationship as a whole: reads its panel, assesses it, and says what one change of the driver is worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from errors import QueryError
from metrics import relation_daily, relation_events
from metrics.asking import written
from metrics.clauses import Relationship
from metrics.numerals import short
from metrics.plan import Asked
from metrics.question import require_dimensions
from metrics.relation_cells import Cells, Row, finest
from metrics.relation_types import Basis, Relation, Variant
from metrics.relation_words import left_out_words, population_words
from metrics.relation_worth import segment_of, worth_of
from metrics.stats.evidence import Assessment, Check, Origin, Single, assess
from metrics.stats.panel import elasticity, plateau
from metrics.stats.series import single_series
from metrics.tables import dimensions
from metrics.types import Period
from store.schema import events

if TYPE_CHECKING:
    from metrics.answering import Facts
    from metrics.catalog import Catalog

KNEE_MS = 2_500.0
"""Where a plateau is looked for: Google's limit of a good LCP, chosen before any data were seen."""
LAGS = 2
SINGLE_SERIES: Single = single_series
"""The estimator of a panel with one segment."""
LANDING_SPEED = "LCP of the landing page"


@dataclass(frozen=True, slots=True)
class Read:
    """What was read for a relationship."""

    basis: Basis
    noun: str
    rows: list[Row]
    by: tuple[str, ...]
    splits: tuple[tuple[int, ...], ...]
    sql: str
    flags: tuple[str, ...]


def analyse(catalog: Catalog, facts: Facts, kpi: str, period: Period | None, where: Asked) -> Relation:
    """Return what is known of a relationship over a period, at most the days that are covered and settled.

    Raises: QueryError when the KPI is no relationship, a condition is unknown or no day is covered.
    """
    relationship = catalog.definition(kpi).relationship
    if relationship is None:
        raise QueryError(f"KPI '{kpi}' is not a relationship. Ask for its values instead: './kpi query {kpi}'.")
    window = None
    try:
        window = _window(catalog, kpi, relationship, period)
        read = _read(catalog, facts, kpi, relationship, window, where)
    except relation_daily.NoPanelError as reason:
        return _refused(catalog, facts, kpi, relationship, window, where, str(reason))
    every, part = finest(read.rows, _seen(read.rows, window), read.by, read.splits)
    return _assessed(catalog, facts, kpi, relationship, where, read, every, part)


def _window(catalog: Catalog, kpi: str, relationship: Relationship, period: Period | None) -> Period:
    """Return the days that both sides cover and that no longer settle, cut to the period."""
    sides = (relationship.driver,) if _from_events(catalog, relationship) else (relationship.driver, relationship.outcome)
    spans = [catalog.covered(side) for side in sides]
    known = [span for span in spans if span is not None]
    if len(known) < len(spans):
        missing = next(side for side, span in zip(sides, spans, strict=True) if span is None)
        raise relation_daily.NoPanelError(f"'{missing}' has no covered day yet.")
    settled = max(catalog.kpi(side).maturity_days for side in (relationship.driver, relationship.outcome))
    start, end = max(span.start for span in known), min(span.end for span in known) - timedelta(days=settled)
    whole = Period(start, max(start, end))
    if period is None:
        return whole
    cut = Period(max(whole.start, period.start), min(whole.end, period.end))
    if cut.days <= 0:
        raise QueryError(
            f"KPI '{kpi}' has no settled day from {period.start} to {period.end - timedelta(days=1)}. Known: {whole.start} to {whole.end - timedelta(days=1)}."
        )
    return cut


def _seen(rows: list[Row], window: Period) -> Period:
    """Return the days of the window from the first to the last that has a row."""
    days = [row.day for row in rows]
    return Period(min(days), max(days) + timedelta(days=1)) if days else window


def _from_events(catalog: Catalog, relationship: Relationship) -> bool:
    """Whether the relationship is one of landing-page speed and a converting event."""
    definitions = catalog.force.definitions
    measures, kpis = dict(definitions.measures), definitions.kpis
    is_speed = relation_events.is_landing_speed(kpis[relationship.driver], measures)
    return is_speed and relation_events.converting_event(kpis[relationship.outcome], measures) is not None


def _read(catalog: Catalog, facts: Facts, kpi: str, relationship: Relationship, period: Period, where: Asked) -> Read:
    names = tuple(name for name, _ in where)
    if not _from_events(catalog, relationship):
        for side in (relationship.driver, relationship.outcome):
            require_dimensions(side, names, catalog.kpi(side).dimensions)
        rows, sql, flags = relation_daily.read_rows(catalog, kpi, period, where)
        by = tuple(relationship.by)
        return Read(
            "daily values", relation_daily.noun(catalog.definition(relationship.outcome)), rows, by, (tuple(range(len(by))),), sql, flags
        )
    require_dimensions(kpi, names, tuple(sorted(dimensions(events.name) - {"event"})))
    every, splits = relation_events.splits(tuple(relationship.by))
    definitions = catalog.force.definitions
    event = relation_events.converting_event(definitions.kpis[relationship.outcome], dict(definitions.measures)) or relation_events.PURCHASE
    statement = relation_events.compile_landings(period, every, where, event)
    with facts.engine.connect() as connection:
        rows = relation_events.read_rows(connection, statement, len(every))
        sql = written(statement, connection.dialect)
    flags = tuple(sorted({flag for stream in catalog.coverage() if stream.table == events.name for flag in stream.flags}))
    return Read("visitor-days", f"{event}s", rows, every, splits, sql, flags)


def _assessed(
    catalog: Catalog, facts: Facts, kpi: str, relationship: Relationship, where: Asked, read: Read, every: Cells, part: Cells
) -> Relation:
    people = float(every.people.sum())
    coverage = float(every.known.sum()) / people if people else 0.0
    same = read.basis == "visitor-days"
    origin = Origin(same, coverage, read.noun, "visitor-days" if same else "the outcome's base")
    assessment = assess(part.panel, origin, breaks=_breaks(catalog, relationship, part.period), single=SINGLE_SERIES)
    segments = tuple(segment_of(part, place) for place in range(len(part.names)))
    worth, reason = worth_of(assessment, segments, relationship.per, part.period.days)
    frame = _frame(catalog, facts, kpi, relationship, where)
    return Relation(
        **{**frame, "driver": LANDING_SPEED if same else frame["driver"]},
        basis=read.basis,
        noun=read.noun,
        population=population_words(part, read.basis, relationship.outcome),
        period=part.period,
        by=part.by,
        assessment=assessment,
        segments=segments,
        left_out=left_out_words(every, part, read.noun, origin.people),
        variants=_variants(part, read.basis, assessment),
        worth=worth,
        without_worth=reason,
        sql=read.sql,
        flags=read.flags,
    )


def _refused(
    catalog: Catalog, facts: Facts, kpi: str, relationship: Relationship, period: Period | None, where: Asked, reason: str
) -> Relation:
    assessment = Assessment("R", None, (Check("Panel", "failed", reason, "refusal"),), reason)
    return Relation(
        **_frame(catalog, facts, kpi, relationship, where), basis="daily values", noun=catalog.kpi(relationship.outcome).label, population="", period=period,
        by=tuple(relationship.by), assessment=assessment, segments=(), left_out=(), variants=(), worth=None, without_worth=reason, sql="",
    )  # fmt: skip


def _frame(catalog: Catalog, facts: Facts, kpi: str, relationship: Relationship, where: Asked) -> dict[str, Any]:
    """Return what a relation says whether it is refused or not."""
    driver, outcome = catalog.kpi(relationship.driver), catalog.kpi(relationship.outcome)
    return {
        "kpi": kpi, "driver": driver.label, "outcome": outcome.label, "driver_unit": driver.unit, "per": relationship.per,
        "currency": catalog.calendar.currency, "where": tuple(where), "generation": facts.number,
    }  # fmt: skip


def _breaks(catalog: Catalog, relationship: Relationship, period: Period) -> tuple[int, ...]:
    """Return the days of the window, counted from its first, on which one of both sides is on record as measured anew."""
    kinds = (catalog.definition(side).signals for side in (relationship.driver, relationship.outcome))
    days = {entry.on for signals in kinds if signals is not None for entry in signals.rebase}
    return tuple(sorted((day - period.start).days for day in days if period.start < day < period.end))


def _variants(part: Cells, basis: Basis, assessment: Assessment) -> tuple[Variant, ...]:
    """Return other readings of a panel that has an estimate."""
    if assessment.estimate is None:
        return ()
    found = [Variant("Over three days", "the effect of the day and of the two days before it together", elasticity(part.panel, LAGS))]
    if basis == "visitor-days":
        found.append(
            Variant(
                f"Above {short(KNEE_MS / 1000)} s",
                f"the part of page speed above {short(KNEE_MS / 1000)} s alone",
                plateau(part.panel, KNEE_MS),
            )
        )
    return tuple(found)
