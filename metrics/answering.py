"""Answers questions over one pinned state of the facts: what covers them, what was kept, what must be asked. Knows no page and no ledger."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine, func, select

from errors import QueryError, StoreError
from metrics import kept
from metrics.answer import calendar_slots, sprint_slots
from metrics.asking import Found, Prepared, Written, run
from metrics.calendar import Calendar
from metrics.check import Definitions
from metrics.comparisons import Where
from metrics.coverage import Reach, StreamCoverage, freshness, reach
from metrics.events import read_sprints
from metrics.plan import Plan
from metrics.question import LATEST
from metrics.rows import day_of
from metrics.shown import KPI
from metrics.slots import Slots, SprintPeriod
from metrics.types import Answer, Freshness, Period, Question, Row
from store.schema import FACTS


class Facts(Protocol):
    """One unchanging state of the facts in a database. identity: a text that no other state has."""

    @property
    def number(self) -> int: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def identity(self) -> str: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class Answering:
    """What answers questions about KPIs that exist. opened None: an empty store. synced: source → its last good sync."""

    opened: Facts | None
    definitions: Definitions
    plans: Mapping[str, Plan]
    kpis: Mapping[str, KPI]
    streams: tuple[StreamCoverage, ...]
    synced: dict[str, datetime]
    _covered: dict[str, Period | None] = field(default_factory=dict)
    _begun: tuple[SprintPeriod, ...] | None = None
    _reaches: dict[tuple[str, Where], Reach] = field(default_factory=dict)
    _fresh: dict[tuple[str, Where], tuple[Freshness, ...]] = field(default_factory=dict)

    @property
    def calendar(self) -> Calendar:
        """The organisation's calendar."""
        return self.definitions.calendar

    def covered(self, kpi: str) -> Period | None:
        """Return the days that every source behind a KPI covers, or None when there are none."""
        if kpi not in self._covered:
            self._covered[kpi] = self._covered_days(kpi)
        return self._covered[kpi]

    def _covered_days(self, kpi: str) -> Period | None:
        found = self.reach_of(kpi)
        if found.end is None or self.opened is None:
            return None
        first = found.first or self._first_day(kpi)
        return None if first is None or first >= found.end else Period(first, found.end)

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer from the pinned generation, what was answered before from what was kept."""
        generation = self.generation()
        keys = [self._key(generation, question) for question in questions]
        found = {key: known for key in keys if (known := kept.answers.get(key)) is not None}
        missing = {key: self.prepared(question) for key, question in zip(keys, questions, strict=True) if key not in found}
        if missing:
            for key, result in zip(missing, self._run(tuple(missing.values())), strict=True):
                found[key] = result
                kept.answers.put(key, result)
        return [self._answer(question, *found[key]) for key, question in zip(keys, questions, strict=True)]

    def _run(self, questions: tuple[Prepared, ...]) -> list[Found]:
        """Put questions to the facts; one that they do not fit is named."""
        try:
            with self.generation().engine.connect() as connection:
                return run(connection, questions)
        except QueryError as error:
            if len(questions) > 1:  # nobody knows which one it was
                return [found for question in questions for found in self._run((question,))]
            raise QueryError(f"KPI '{questions[0].question.kpi}' cannot be answered. {error}") from error

    def _key(self, generation: Facts, question: Question) -> Hashable:
        asked = question if question.as_of is None else replace(question, as_of=None)
        return generation.identity, self.calendar, self.kpis[asked.kpi].hash, asked

    def prepared(self, question: Question) -> Prepared:
        """Return a question with everything that decides its rows.

        Raises: QueryError when no day is covered.
        """
        kpi, found = self.kpis[question.kpi], self.reach_of(question.kpi, question.where)
        period = question.period or self.covered(kpi.name)
        if period is None:
            reason = found.reason_outside(Period(LATEST - timedelta(days=1), LATEST))
            raise QueryError(f"KPI '{kpi.name}' has no covered day yet: {reason or 'its tables have no rows'}.")
        touching = self.sprints() if question.grain == "sprint" else ()
        sprints = tuple(s for s in touching if s.period.start < period.end and s.period.end > period.start)
        spans = sprint_slots(sprints) if question.grain == "sprint" else calendar_slots(question.grain, period, self.calendar)
        asked = Period(min(s.period.start for s in spans), max(s.period.end for s in spans)) if spans else period
        slots = Slots(question.grain, found.held(asked), self.calendar, sprints, found.everything)
        definition, plan = self.definitions.kpis[kpi.name], self.plans[kpi.name]
        return Prepared(question, definition, plan, found, slots, spans)

    def _answer(self, question: Question, rows: tuple[Row, ...], sql: Written) -> Answer:
        kpi, fresh = self.kpis[question.kpi], self._freshness(question.kpi, question.where)
        flags = tuple(sorted({flag for one in fresh for flag in one.flags}))
        return Answer(question, kpi.unit, rows, sql, self.generation().number, fresh, flags, kpi.hash)

    def _freshness(self, kpi: str, where: Where) -> tuple[Freshness, ...]:
        key = kpi, where
        if key not in self._fresh:
            self._fresh[key] = freshness(self.reach_of(kpi, where).streams, self.synced, self.calendar)
        return self._fresh[key]

    def sprints(self) -> tuple[SprintPeriod, ...]:
        """Return the sprints that have begun."""
        if self._begun is None:
            with self.generation().engine.connect() as connection:
                self._begun = read_sprints(connection, self.calendar)
        return self._begun

    def generation(self) -> Facts:
        """Return the facts.

        Raises: StoreError for an empty store.
        """
        if self.opened is None:
            raise StoreError("The warehouse is empty: nothing was synced yet. Run './kpi sync', or './kpi demo' for a living example.")
        return self.opened

    def reach_of(self, kpi: str, where: Where = ()) -> Reach:
        """Return what the sources behind a KPI cover together, under conditions."""
        key = kpi, where
        if key not in self._reaches:
            shown, plan = self.kpis[kpi], self.plans.get(kpi)
            needs = dict.fromkeys(shown.tables) if plan is None else plan.needs(where)
            self._reaches[key] = reach(self.streams, needs, self.calendar, plan is not None and plan.is_planned)
        return self._reaches[key]

    def _first_day(self, kpi: str) -> date | None:
        """Return the first day with rows, for tables that are replaced whole."""
        firsts = []
        with self.generation().engine.connect() as connection:
            for leaf in self.plans[kpi].leaves:
                day = day_of(FACTS[leaf.measure.table], leaf.measure.time, self.calendar)
                firsts.append(connection.scalar(select(func.min(day))))
        return min((first for first in firsts if first is not None), default=None)
