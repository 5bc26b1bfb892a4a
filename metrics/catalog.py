"""All that a page or a command may ask: definitions and store together. Draws nothing and pulls nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from types import TracebackType
from typing import Literal, Self

from sqlalchemy import ClauseElement, Connection, func, select

from errors import Issue, QueryError, StoreError, suggest
from metrics import speed
from metrics.answer import rows_of, slots_of
from metrics.calendar import Calendar
from metrics.compare import against_row, comparison, target_status
from metrics.compile import Slots, compile_plan, day_of
from metrics.coverage import Reach, StreamCoverage, freshness, reach, read_coverage
from metrics.events import definition_events, read_events, read_sprints
from metrics.force import InForce, in_force
from metrics.plan import Asked, make_plan
from metrics.question import LATEST, require_answerable, require_dimensions
from metrics.reservations import FlaggedSlice, Restatement, read_flagged, read_restatements
from metrics.shown import KPI, show
from metrics.tables import TableInfo, dimensions, measurable_tables
from metrics.types import Answer, Comparison, Event, Freshness, Period, Question, Row, SpeedConversion, TargetStatus
from settings import Workspace
from store.ledger import Ledger
from store.schema import FACTS, events
from store.warehouse import Generation, Warehouse


def open_catalog(space: Workspace) -> Catalog:
    """Return the catalog of a workspace; an empty store gives one without a generation.

    Raises: DefinitionError when the definitions are broken as a whole, StoreError when the store is damaged.
    """
    force, warehouse = in_force(space), Warehouse(space)
    return Catalog(space, force, warehouse.open() if warehouse.current() is not None else None)


class Catalog:
    """Definitions and one generation, pinned. Close it to let the generation go."""

    def __init__(self, space: Workspace, force: InForce, opened: Generation | None) -> None:
        self._space, self._force, self._opened = space, force, opened
        self._definitions = definitions = force.definitions
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

    def covered(self, kpi: str) -> Period | None:
        """Return the days that every source behind a KPI covers, or None when there are none."""
        if kpi not in self._covered:
            self._covered[kpi] = self._covered_days(kpi)
        return self._covered[kpi]

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
        kpi = self.kpi(question.kpi)
        require_answerable(kpi, question)
        if question.as_of is not None and question.as_of != self.generation:
            with Catalog(self._space, self._force, Warehouse(self._space).open(question.as_of)) as pinned:
                return pinned._answer(question, kpi)
        return self._answer(question, kpi)

    def ask_many(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """Answer several questions from one generation."""
        return tuple(self.ask(question) for question in questions)

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

    def compare(
        self, kpi: str, period: Period, to: Literal["previous_period", "previous_year"], where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    ) -> Comparison:
        """Compare a period with the one before it, or with the same weekdays a year (364 days) before.

        A period that the sources do not wholly cover is compared like for like: both are cut to the covered part.
        """
        covered = self.covered(kpi)
        whole, note = period, ""
        if covered is not None and covered.start < period.end and period.end > covered.end > period.start:
            period, note = Period(period.start, covered.end), f"through {covered.end - timedelta(days=1)}, "
        base_period = period.shift(-whole.days if to == "previous_period" else -364)
        before = "the day before" if whole.days == 1 else f"the {whole.days} days before"
        words = f"{note}against {before}" if to == "previous_period" else f"{note}against the same weekdays 364 days before"
        value, base = (self.total(kpi, p, (), where).rows[0] for p in (period, base_period))
        if base.value is None or not base.complete:
            return comparison(
                self._definitions.kpis[kpi],
                self._kpis[kpi].unit,
                value.value,
                None,
                period,
                base_period,
                f"no comparison: {base.reason or 'the earlier period is not wholly held'}",
            )
        return comparison(self._definitions.kpis[kpi], self._kpis[kpi].unit, value.value, base.value, period, base_period, words)

    def boards(self) -> dict[str, str]:
        """Return sprint name → name of its board, for the sprints that have started."""
        with self._generation().engine.connect() as connection:
            return {sprint.name: sprint.board for sprint in read_sprints(connection, self.calendar)}

    def last_sprint(self, kpi: str) -> tuple[Row, Comparison, tuple[Row, ...]]:
        """Return the last closed sprint, its comparison with the sprint before on the same board, and that board's closed sprints.

        Raises: QueryError when no sprint is closed yet.
        """
        rows = [row for row in self.ask(Question(kpi, "sprint")).rows if row.complete]
        if not rows:
            raise QueryError(f"KPI '{kpi}' has no closed sprint yet. It appears after the first sprint is completed in Jira.")
        boards = self.boards()
        mine = tuple(row for row in rows if boards.get(row.label) == boards.get(rows[-1].label))
        before = mine[-2] if len(mine) > 1 else None
        return mine[-1], against_row(self._definitions.kpis[kpi], self._kpis[kpi].unit, mine[-1], before), mine

    def target_status(self, kpi: str, value: float | None, on: date) -> TargetStatus:
        """Return how a value stands against the target in force on a day."""
        self.kpi(kpi)
        return target_status(self._definitions.kpis[kpi], value, on)

    def events(self, period: Period) -> tuple[Event, ...]:
        """Return the releases, campaigns, sprints and changes of definitions that touch a period."""
        with self._generation().engine.connect() as connection:
            found = read_events(connection, self.calendar, period)
        changes = definition_events(Ledger(self._space), self.calendar, period, {name: kpi.label for name, kpi in self._kpis.items()})
        return tuple(sorted((*found, *changes), key=lambda e: (e.start, e.kind, e.name)))

    def speed_conversion(self, kpi: str, period: Period, where: tuple[tuple[str, tuple[str, ...]], ...] = ()) -> SpeedConversion:
        """Return the descriptive cut of a relationship between page speed and conversion."""
        if self.kpi(kpi).type != "relationship":
            raise QueryError(f"KPI '{kpi}' is not a relationship. Ask for its values instead.")
        require_dimensions(kpi, tuple(name for name, _ in where), tuple(sorted(dimensions(events.name) - {"event"})))
        statement = speed.compile_cells(period, where)
        with self._generation().engine.connect() as connection:
            cells = [speed.Cell(r.device, r.bucket, r.visitors, r.conversions) for r in connection.execute(statement)]
            sql = _sql(statement, connection)
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

    def _answer(self, question: Question, kpi: KPI) -> Answer:
        generation, plan, found = self._generation(), self._plans[kpi.name], self._reach(kpi.name, question.where)
        period = question.period or self.covered(kpi.name)
        if period is None:
            reason = found.reason_outside(Period(LATEST - timedelta(days=1), LATEST))
            raise QueryError(f"KPI '{kpi.name}' has no covered day yet: {reason or 'its tables have no rows'}.")
        with generation.engine.connect() as connection:
            sprints = (
                tuple(s for s in read_sprints(connection, self.calendar) if s.period.start < period.end and s.period.end > period.start)
                if question.grain == "sprint"
                else ()
            )
            periods = () if question.grain == "sprint" else tuple(self.calendar.periods(question.grain, period))
            spans = periods or tuple(sprint.period for sprint in sprints)
            asked = Period(min(p.start for p in spans), max(p.end for p in spans)) if spans else period
            definition = self._definitions.kpis[kpi.name]
            slots = Slots(question.grain, found.held(asked), self.calendar, sprints)
            statement = compile_plan(plan, slots, question.by, question.where, definition.fill == "zero" and plan.is_additive)
            rows = rows_of(
                question,
                definition,
                plan,
                found,
                slots_of(question, periods, sprints),
                connection.execute(statement).all(),
            )
            sql = _sql(statement, connection)
        flags = tuple(sorted({flag for stream in found.streams for flag in stream.flags}))
        fresh = freshness(found.streams, self._synced, self.calendar)
        return Answer(question, kpi.unit, rows, sql, generation.number, fresh, flags, kpi.hash)

    def _generation(self) -> Generation:
        if self._opened is None:
            raise StoreError("The warehouse is empty: nothing was synced yet. Run './kpi sync', or './kpi demo' for a living example.")
        return self._opened

    def _reach(self, kpi: str, where: Asked = ()) -> Reach:
        shown = self.kpi(kpi)
        if kpi not in self._plans:
            return reach(self._streams, dict.fromkeys(shown.tables), self.calendar)
        plan = self._plans[kpi]
        return reach(self._streams, plan.needs(where), self.calendar, plan.is_planned)

    def _first_day(self, kpi: str) -> date | None:
        """Return the first day with rows, for tables that are replaced whole."""
        firsts = []
        with self._generation().engine.connect() as connection:
            for leaf in self._plans[kpi].leaves:
                day = day_of(FACTS[leaf.measure.table], leaf.measure.time, self.calendar)
                firsts.append(connection.scalar(select(func.min(day))))
        return min((first for first in firsts if first is not None), default=None)


def _sql(statement: ClauseElement, connection: Connection) -> str:
    """Return the statement with its values written in, for people to read."""
    return str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
