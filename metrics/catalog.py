"""All that a page or a command may ask: definitions and store together. Draws nothing and pulls nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Select

from errors import Issue, QueryError, StoreError, suggest
from metrics import comparisons, speed
from metrics.answering import Answering, Facts
from metrics.bases import Base
from metrics.calendar import Calendar
from metrics.check import Definitions
from metrics.compare import target_status
from metrics.comparisons import Where
from metrics.coverage import StreamCoverage, freshness, read_coverage
from metrics.days import Days, fitted
from metrics.definitions import KPI as Definition
from metrics.delivery_types import Delivery, Team
from metrics.events import definition_events, read_events
from metrics.force import InForce, in_force
from metrics.parts import Parts, read_parts
from metrics.plan import Plan, make_plan
from metrics.question import require_answerable, require_dimensions
from metrics.reservations import FlaggedSlice, Restatement, read_flagged, read_restatements
from metrics.shown import KPI, show
from metrics.tables import TableInfo, dimensions, measurable_tables
from metrics.trust import Trust, read_trust
from metrics.types import Answer, Comparison, Event, Freshness, Grain, Pace, Period, Question, Row, SpeedConversion, TargetStatus
from settings import Workspace
from store.ledger import Ledger
from store.schema import events
from store.unread_ledger import readable
from store.warehouse import Warehouse

if TYPE_CHECKING:
    from metrics.relation_types import Relation


def open_catalog(space: Workspace, generation: int | None = None, definitions: InForce | None = None) -> Catalog:
    """Return the catalog of a workspace, by default of its newest state; an empty store gives one without a generation.

    Raises: DefinitionError when the definitions are broken as a whole, StoreError when the store is damaged or the generation is gone.
    """
    force, warehouse = definitions or in_force(space), Warehouse(space)
    opened = None if generation is None and warehouse.current() is None else warehouse.open(generation)
    try:
        return Catalog(space, force.definitions, opened, force)
    except StoreError:  # a damaged file: it is nobody's any more
        if opened is not None:
            opened.close()
        raise


def open_definitions(space: Workspace, problem: str) -> Catalog:
    """Return the catalog of a workspace whose facts cannot be read: what KPIs mean is still known. problem: why, and what to do."""
    force = in_force(space)
    found = Catalog(space, force.definitions, None, force)
    found.problem = problem
    return found


class Catalog:
    """Definitions and one generation, pinned. Close it to let the generation go. problem: why there are no facts, when they cannot be read."""

    problem: str | None = None

    def __init__(self, space: Workspace, definitions: Definitions, opened: Facts | None, force: InForce | None = None) -> None:
        self._space, self._definitions, self._opened = space, definitions, opened
        self._force = force or InForce(definitions)
        streams: tuple[StreamCoverage, ...] = ()
        if opened is not None:
            with opened.engine.connect() as connection:
                streams = read_coverage(connection)
        self._plans = {
            n: make_plan(definitions.measures, definitions.kpis, n) for n, k in definitions.kpis.items() if k.type != "relationship"
        }
        self._kpis = {name: show(name, definitions, self._plans) for name in definitions.kpis}
        self._answering = Answering(opened, definitions, self._plans, self._kpis, streams, self.ledger.last_good(self.generation))

    @property
    def calendar(self) -> Calendar:
        """The organisation's calendar."""
        return self._definitions.calendar

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Problems of single definitions; the other KPIs work."""
        return self._definitions.issues

    @property
    def force(self) -> InForce:
        """The definitions in force, and why the file is not when it is broken."""
        return self._force

    @property
    def ledger(self) -> Ledger:
        """What people wrote in this workspace; one that knows nothing, and why, when it cannot be read."""
        return readable(self._space)

    @property
    def generation(self) -> int | None:
        """The pinned generation, None for an empty store."""
        return None if self._opened is None else self._opened.number

    def close(self) -> None:
        """Let the generation go."""
        if self._opened is not None:
            self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def kpis(self, team: str | None = None) -> tuple[KPI, ...]:
        """Return the KPIs in the order of the file, all or those of one team."""
        return tuple(kpi for kpi in self._kpis.values() if team is None or kpi.team == team)

    def kpi(self, name: str) -> KPI:
        """Return one KPI.

        Raises: QueryError with the nearest names, or with what is wrong with its definition.
        """
        if name in self._kpis:
            return self._kpis[name]
        wrong = next((issue for issue in self.issues if issue.kpi == name), None)
        if wrong is not None:
            raise QueryError(f"KPI '{name}' has a problem in its definition. {wrong}")
        hint = suggest(name, self._kpis) or f"Known KPIs: {', '.join(self._kpis)}."
        raise QueryError(f"There is no KPI '{name}'. {hint}")

    def definition(self, name: str) -> Definition:
        """Return a KPI as it is written.

        Raises: as `kpi`.
        """
        self.kpi(name)
        return self._definitions.kpis[name]

    def plan(self, name: str) -> Plan:
        """Return what a KPI with a value is made of.

        Raises: QueryError for a relationship, and as `kpi`.
        """
        self.kpi(name)
        if name not in self._plans:
            raise QueryError(f"KPI '{name}' is a relationship and has no value of its own. Open the page Speed × conversion.")
        return self._plans[name]

    def tables(self) -> tuple[TableInfo, ...]:
        """Return the tables and columns that measures may use."""
        return measurable_tables()

    def coverage(self) -> tuple[StreamCoverage, ...]:
        """Return how far every stream of every source reaches."""
        return self._answering.streams

    def restatements(self) -> tuple[Restatement, ...]:
        """Return the complete days whose totals changed at a vendor later, newest first; () for an empty store."""
        if self._opened is None:
            return ()
        with self._opened.engine.connect() as connection:
            return read_restatements(connection)

    def flagged(self) -> tuple[FlaggedSlice, ...]:
        """Return the slices that carry quality flags, newest first; () for an empty store."""
        if self._opened is None:
            return ()
        with self._opened.engine.connect() as connection:
            return read_flagged(connection)

    def freshness(self, kpi: str | None = None) -> tuple[Freshness, ...]:
        """Return how far each source reaches, all or those behind one KPI."""
        streams = self._answering.streams if kpi is None else self._answering.reach_of(self.kpi(kpi).name).streams
        return freshness(streams, self.ledger.last_good(self.generation), self.calendar)

    def freshness_many(self, kpis: Sequence[str]) -> dict[str, tuple[Freshness, ...]]:
        """Return KPI → how far each source behind it reaches; the ledger is read once for all."""
        synced = self.ledger.last_good(self.generation)
        return {kpi: freshness(self._answering.reach_of(self.kpi(kpi).name).streams, synced, self.calendar) for kpi in kpis}

    def streams(self, kpi: str) -> tuple[StreamCoverage, ...]:
        """Return the streams behind a KPI."""
        return self._answering.reach_of(self.kpi(kpi).name).streams

    def trust(self, now: datetime) -> Trust:
        """Return what is known about every source and stream at an instant."""
        with nullcontext() if self._opened is None else self._opened.engine.connect() as connection:
            return read_trust(self._space, connection, self._answering.streams, self.freshness(), now)

    def covered(self, kpi: str) -> Period | None:
        """Return the days that every source behind a KPI covers, or None when there are none."""
        self.kpi(kpi)
        return self._answering.covered(kpi)

    def told(self, kpi: str, days: Days) -> Days | None:
        """Return the days that a KPI can tell when these are asked for, see `days.fitted`; None when there are none."""
        covered = self.covered(kpi)
        return fitted(days, None if covered is None else covered.end - timedelta(days=self.plan(kpi).lag_days), self.calendar)

    def whole(self, kpi: str, period: Period) -> Period:
        """Return the period, moved back until those in it can follow no more: a conversion is not whole before its time has passed."""
        return period.shift(-self._plans[kpi].lag_days) if kpi in self._plans else period

    def ask(self, question: Question) -> Answer:
        """Answer a question.

        Raises: QueryError when it cannot be answered as put, StoreError for an empty store or a generation that is gone.
        """
        return self.ask_many((question,))[0]

    def ask_many(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """Answer several questions. Those that share grain, period, split and conditions read every table once for all of them.

        Raises: as `ask`, for the first question that cannot be answered.
        """
        for question in questions:
            require_answerable(self.kpi(question.kpi), question)
        found: dict[int, Answer] = {}
        for as_of in dict.fromkeys(question.as_of for question in questions):
            places = [place for place, question in enumerate(questions) if question.as_of == as_of]
            mine = [questions[place] for place in places]
            if as_of is None or as_of == self.generation:
                answers = self._answering.answers(mine)
            else:
                with Catalog(self._space, self._definitions, Warehouse(self._space).open(as_of)) as pinned:
                    answers = pinned._answering.answers(mine)
            found.update(zip(places, answers, strict=True))
        return tuple(found[place] for place in range(len(questions)))

    def read(self, statement: Select[Any]) -> Sequence[Any]:
        """Return the rows of a statement over the facts that no KPI answers."""
        with self._answering.generation().engine.connect() as connection:
            return connection.execute(statement).all()

    def parts(self, question: Question) -> Parts:
        """Return the measures that a KPI is made of, over the same rows as its own answer.

        Raises: as `ask`.
        """
        require_answerable(self.kpi(question.kpi), question)
        return read_parts(self._answering.generation().engine, self._answering.prepared(question))

    def total(
        self,
        kpi: str,
        period: Period,
        by: tuple[str, ...] = (),
        where: tuple[tuple[str, tuple[str, ...]], ...] = (),
        as_of: int | None = None,
    ) -> Answer:
        """Return one value over a whole period."""
        return self.ask(Question(kpi, "total", period, by, where, as_of))

    def compare(self, kpi: str, period: Period, to: Base, where: Where = (), grain: Grain | None = None) -> Comparison:
        """Compare a period with the one before it, or with the same weekdays a year (364 days) before.

        A period that the sources do not wholly cover is compared like for like: both are cut to the covered part. grain: a whole month,
        quarter or year is compared with the calendar's one before, or a year before, cut to as many days.
        """
        return comparisons.compare_many(self, (kpi,), period, (to,), where, grain)[kpi, to]

    def compare_many(self, kpis: Sequence[str], days: Days, bases: Sequence[Base], where: Where = ()) -> dict[tuple[str, Base], Comparison]:
        """Return (KPI, base) → comparison of several KPIs at once, from as few statements as possible; a period to date with the same part."""
        return comparisons.compare_many(self, kpis, days.whole, bases, where, days.grain, days.period.end)

    def pace(self, kpi: str, on: date, where: Where = ()) -> Pace | None:
        """Return how a target to reach that is in force on a day is on its way; None when there is none."""
        self.kpi(kpi)
        return comparisons.pace(self, kpi, on, where)

    def boards(self) -> dict[str, str]:
        """Return sprint name → name of its board, for the sprints that have started."""
        return {sprint.name: sprint.board for sprint in self._answering.sprints()}

    def last_sprint(self, kpi: str) -> tuple[Row, Comparison, tuple[Row, ...]]:
        """Return the last closed sprint, its comparison with the sprint before on the same board, and that board's closed sprints.

        Raises: QueryError when no sprint is closed yet.
        """
        return comparisons.last_sprint(self, kpi)

    def target_status(self, kpi: str, value: float | None, on: date, where: Where = ()) -> TargetStatus:
        """Return how a value stands against the target in force on a day."""
        self.kpi(kpi)
        return target_status(self._definitions.kpis[kpi], value, on, where)

    def events(self, period: Period) -> tuple[Event, ...]:
        """Return the releases, campaigns, sprints and changes of definitions that touch a period."""
        with self._answering.generation().engine.connect() as connection:
            found = read_events(connection, self.calendar, period)
        changes = definition_events(self.ledger, self.calendar, period, {name: kpi.label for name, kpi in self._kpis.items()})
        return tuple(sorted((*found, *changes), key=lambda e: (e.start, e.kind, e.name)))

    def speed_conversion(self, kpi: str, period: Period, where: tuple[tuple[str, tuple[str, ...]], ...] = ()) -> SpeedConversion:
        """Return the descriptive cut of a relationship between page speed and conversion."""
        if self.kpi(kpi).type != "relationship":
            raise QueryError(f"KPI '{kpi}' is not a relationship. Ask for its values instead.")
        require_dimensions(kpi, tuple(name for name, _ in where), tuple(sorted(dimensions(events.name) - {"event"})))
        return speed.read_cut(self._answering.generation(), period, where)

    def teams(self) -> tuple[Team, ...]:
        """Return the boards, and projects without one, whose delivery may be asked about; () for an empty store."""
        from metrics import delivery  # only who asks pays for numpy

        return () if self._opened is None else delivery.teams(self._opened.engine)

    def delivery(self, board: str | None = None, weeks: int = 12) -> Delivery:
        """Return sprints, flow and forecast of a board.

        Raises: QueryError for a board that is not known, StoreError for an empty store.
        """
        from metrics import delivery

        opened = self._answering.generation()
        return delivery.read_delivery(opened.engine, opened.number, self.calendar, self._answering.streams, self.ledger, board, weeks)

    def relation(self, kpi: str, period: Period | None = None, where: Where = ()) -> Relation:
        """Return the effect of a relationship's driver on its outcome, or why none is told; by default over all that is covered."""
        from metrics import relation

        return relation.analyse(self, self._answering.generation(), kpi, period, where)

    def beside(self, more: Mapping[str, Definition]) -> Catalog:
        """Return a catalog over the same generation that knows more KPIs. Do not close it: the generation is this one's."""
        wider = replace(self._definitions, kpis={**self._definitions.kpis, **more})
        return Catalog(self._space, wider, self._opened, self._force)
