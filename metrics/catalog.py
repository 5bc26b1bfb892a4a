"""All that a page or a command may ask: definitions and store together. Draws nothing and pulls nothing."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from sqlalchemy import Engine, Select, func, select

from errors import Issue, QueryError, StoreError, suggest
from metrics import comparisons, kept, speed
from metrics.answer import calendar_slots, sprint_slots
from metrics.asking import Prepared, Written, run, written
from metrics.bases import Base
from metrics.calendar import Calendar
from metrics.check import Definitions
from metrics.compare import target_status
from metrics.comparisons import Where
from metrics.coverage import Reach, StreamCoverage, freshness, reach, read_coverage
from metrics.definitions import KPI as Definition
from metrics.delivery_types import Delivery, Team
from metrics.events import definition_events, read_events, read_sprints
from metrics.force import InForce, in_force
from metrics.parts import Parts, read_parts
from metrics.plan import Plan, make_plan
from metrics.question import LATEST, require_answerable, require_dimensions
from metrics.reservations import FlaggedSlice, Restatement, read_flagged, read_restatements
from metrics.rows import day_of
from metrics.shown import KPI, show
from metrics.slots import Slots, SprintPeriod
from metrics.tables import TableInfo, dimensions, measurable_tables
from metrics.trust import Trust, read_trust
from metrics.types import Answer, Comparison, Event, Freshness, Grain, Pace, Period, Question, Row, SpeedConversion, TargetStatus
from settings import Workspace
from store.ledger import Ledger
from store.schema import FACTS, events
from store.warehouse import Warehouse

if TYPE_CHECKING:
    from metrics.relation_types import Relation


class Facts(Protocol):
    """One unchanging state of the facts in a database. identity: a text that no other state has."""

    @property
    def number(self) -> int: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def identity(self) -> str: ...
    def close(self) -> None: ...


def open_catalog(space: Workspace) -> Catalog:
    """Return the catalog of a workspace; an empty store gives one without a generation.

    Raises: DefinitionError when the definitions are broken as a whole, StoreError when the store is damaged.
    """
    force, warehouse = in_force(space), Warehouse(space)
    return Catalog(space, force.definitions, warehouse.open() if warehouse.current() is not None else None, force)


class Catalog:
    """Definitions and one generation, pinned. Close it to let the generation go."""

    def __init__(self, space: Workspace, definitions: Definitions, opened: Facts | None, force: InForce | None = None) -> None:
        self._space, self._definitions, self._opened = space, definitions, opened
        self._force = force or InForce(definitions)
        self._streams: tuple[StreamCoverage, ...] = ()
        if opened is not None:
            with opened.engine.connect() as connection:
                self._streams = read_coverage(connection)
        self._plans = {
            n: make_plan(definitions.measures, definitions.kpis, n) for n, k in definitions.kpis.items() if k.type != "relationship"
        }
        self._kpis = {name: show(name, definitions, self._plans) for name in definitions.kpis}
        self._synced = Ledger(space).last_good()
        self._covered: dict[str, Period | None] = {}
        self._begun: tuple[SprintPeriod, ...] | None = None
        self._reaches: dict[tuple[str, Where], Reach] = {}
        self._fresh: dict[tuple[str, Where], tuple[Freshness, ...]] = {}

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
        """What people wrote in this workspace."""
        return Ledger(self._space)

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
        return self._streams

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
        streams = self._streams if kpi is None else self._reach(kpi).streams
        return freshness(streams, Ledger(self._space).last_good(), self.calendar)

    def trust(self, now: datetime) -> Trust:
        """Return what is known about every source and stream at an instant."""
        with nullcontext() if self._opened is None else self._opened.engine.connect() as connection:
            return read_trust(self._space, connection, self._streams, self.freshness(), now)

    def covered(self, kpi: str) -> Period | None:
        """Return the days that every source behind a KPI covers, or None when there are none."""
        if kpi not in self._covered:
            self._covered[kpi] = self._covered_days(kpi)
        return self._covered[kpi]

    def whole(self, kpi: str, period: Period) -> Period:
        """Return the period, moved back until those in it can follow no more: a conversion is not whole before its time has passed."""
        return period.shift(-self._plans[kpi].lag_days) if kpi in self._plans else period

    def _covered_days(self, kpi: str) -> Period | None:
        found = self._reach(kpi)
        if found.end is None or self._opened is None:
            return None
        first = found.first or self._first_day(kpi)
        return None if first is None or first >= found.end else Period(first, found.end)

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
                answers = self._answers(mine)
            else:
                with Catalog(self._space, self._definitions, Warehouse(self._space).open(as_of)) as pinned:
                    answers = pinned._answers(mine)
            found.update(zip(places, answers, strict=True))
        return tuple(found[place] for place in range(len(questions)))

    def read(self, statement: Select[Any]) -> Sequence[Any]:
        """Return the rows of a statement over the facts that no KPI answers."""
        with self._generation().engine.connect() as connection:
            return connection.execute(statement).all()

    def parts(self, question: Question) -> Parts:
        """Return the measures that a KPI is made of, over the same rows as its own answer.

        Raises: as `ask`.
        """
        require_answerable(self.kpi(question.kpi), question)
        return read_parts(self._generation().engine, self._prepared(question))

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

    def compare_many(
        self, kpis: Sequence[str], period: Period, bases: Sequence[Base], where: Where = (), grain: Grain | None = None
    ) -> dict[tuple[str, Base], Comparison]:
        """Return (KPI, base) → comparison of several KPIs at once, from as few statements as possible."""
        return comparisons.compare_many(self, kpis, period, bases, where, grain)

    def pace(self, kpi: str, on: date, where: Where = ()) -> Pace | None:
        """Return how a target to reach that is in force on a day is on its way; None when there is none."""
        self.kpi(kpi)
        return comparisons.pace(self, kpi, on, where)

    def boards(self) -> dict[str, str]:
        """Return sprint name → name of its board, for the sprints that have started."""
        return {sprint.name: sprint.board for sprint in self._sprints()}

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
        with self._generation().engine.connect() as connection:
            found = read_events(connection, self.calendar, period)
        changes = definition_events(self.ledger, self.calendar, period, {name: kpi.label for name, kpi in self._kpis.items()})
        return tuple(sorted((*found, *changes), key=lambda e: (e.start, e.kind, e.name)))

    def speed_conversion(self, kpi: str, period: Period, where: tuple[tuple[str, tuple[str, ...]], ...] = ()) -> SpeedConversion:
        """Return the descriptive cut of a relationship between page speed and conversion."""
        if self.kpi(kpi).type != "relationship":
            raise QueryError(f"KPI '{kpi}' is not a relationship. Ask for its values instead.")
        require_dimensions(kpi, tuple(name for name, _ in where), tuple(sorted(dimensions(events.name) - {"event"})))
        statement = speed.compile_cells(period, where)
        with self._generation().engine.connect() as connection:
            cells = [speed.Cell(r.device, r.bucket, r.visitors, r.conversions) for r in connection.execute(statement)]
            sql = written(statement, connection.dialect)
        weights = speed.mix(cells)
        return SpeedConversion(
            period=period,
            by_device=speed.by_device(cells),
            crude=speed.crude(cells),
            standardised=speed.standardised(cells, weights),
            mix=weights,
            visitors=sum(c.visitors for c in cells),
            visitors_without_speed=sum(c.visitors for c in cells if c.place is None),
            sql=sql,
            generation=self._generation().number,
            notes=speed.rare(cells, weights),
        )

    def teams(self) -> tuple[Team, ...]:
        """Return the boards, and projects without one, whose delivery may be asked about; () for an empty store."""
        from metrics import delivery  # only who asks pays for numpy

        return () if self._opened is None else delivery.teams(self._opened.engine)

    def delivery(self, board: str | None = None, weeks: int = 12) -> Delivery:
        """Return sprints, flow and forecast of a board.

        Raises: QueryError for a board that is not known, StoreError for an empty store.
        """
        from metrics import delivery

        opened = self._generation()
        return delivery.read_delivery(opened.engine, opened.number, self.calendar, self._streams, self.ledger, board, weeks)

    def relation(self, kpi: str, period: Period | None = None, where: Where = ()) -> Relation:
        """Return the effect of a relationship's driver on its outcome, or why none is told; by default over all that is covered."""
        from metrics import relation

        return relation.analyse(self, self._generation(), kpi, period, where)

    def beside(self, more: Mapping[str, Definition]) -> Catalog:
        """Return a catalog over the same generation that knows more KPIs. Do not close it: the generation is this one's."""
        wider = replace(self._definitions, kpis={**self._definitions.kpis, **more})
        return Catalog(self._space, wider, self._opened, self._force)

    def _answers(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer from the pinned generation, what was answered before from what was kept."""
        generation = self._generation()
        keys = [self._key(generation, question) for question in questions]
        found = {key: known for key in keys if (known := kept.answers.get(key)) is not None}
        missing = {key: self._prepared(question) for key, question in zip(keys, questions, strict=True) if key not in found}
        if missing:
            with generation.engine.connect() as connection:
                for key, result in zip(missing, run(connection, tuple(missing.values())), strict=True):
                    found[key] = result
                    kept.answers.put(key, result)
        return [self._answer(question, *found[key]) for key, question in zip(keys, questions, strict=True)]

    def _key(self, generation: Facts, question: Question) -> Hashable:
        asked = question if question.as_of is None else replace(question, as_of=None)
        return generation.identity, self.calendar, self._kpis[asked.kpi].hash, asked

    def _prepared(self, question: Question) -> Prepared:
        kpi, found = self.kpi(question.kpi), self._reach(question.kpi, question.where)
        period = question.period or self.covered(kpi.name)
        if period is None:
            reason = found.reason_outside(Period(LATEST - timedelta(days=1), LATEST))
            raise QueryError(f"KPI '{kpi.name}' has no covered day yet: {reason or 'its tables have no rows'}.")
        touching = self._sprints() if question.grain == "sprint" else ()
        sprints = tuple(s for s in touching if s.period.start < period.end and s.period.end > period.start)
        spans = sprint_slots(sprints) if question.grain == "sprint" else calendar_slots(question.grain, period, self.calendar)
        asked = Period(min(s.period.start for s in spans), max(s.period.end for s in spans)) if spans else period
        slots = Slots(question.grain, found.held(asked), self.calendar, sprints, found.everything)
        definition, plan = self._definitions.kpis[kpi.name], self._plans[kpi.name]
        return Prepared(question, definition, plan, found, slots, spans)

    def _answer(self, question: Question, rows: tuple[Row, ...], sql: Written) -> Answer:
        kpi, fresh = self._kpis[question.kpi], self._freshness(question.kpi, question.where)
        flags = tuple(sorted({flag for one in fresh for flag in one.flags}))
        return Answer(question, kpi.unit, rows, sql, self._generation().number, fresh, flags, kpi.hash)

    def _freshness(self, kpi: str, where: Where) -> tuple[Freshness, ...]:
        key = kpi, where
        if key not in self._fresh:
            self._fresh[key] = freshness(self._reach(kpi, where).streams, self._synced, self.calendar)
        return self._fresh[key]

    def _sprints(self) -> tuple[SprintPeriod, ...]:
        if self._begun is None:
            with self._generation().engine.connect() as connection:
                self._begun = read_sprints(connection, self.calendar)
        return self._begun

    def _generation(self) -> Facts:
        if self._opened is None:
            raise StoreError("The warehouse is empty: nothing was synced yet. Run './kpi sync', or './kpi demo' for a living example.")
        return self._opened

    def _reach(self, kpi: str, where: Where = ()) -> Reach:
        key = kpi, where
        if key not in self._reaches:
            shown, plan = self.kpi(kpi), self._plans.get(kpi)
            needs = dict.fromkeys(shown.tables) if plan is None else plan.needs(where)
            self._reaches[key] = reach(self._streams, needs, self.calendar, plan is not None and plan.is_planned)
        return self._reaches[key]

    def _first_day(self, kpi: str) -> date | None:
        """Return the first day with rows, for tables that are replaced whole."""
        firsts = []
        with self._generation().engine.connect() as connection:
            for leaf in self._plans[kpi].leaves:
                day = day_of(FACTS[leaf.measure.table], leaf.measure.time, self.calendar)
                firsts.append(connection.scalar(select(func.min(day))))
        return min((first for first in firsts if first is not None), default=None)
