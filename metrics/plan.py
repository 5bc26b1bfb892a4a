"""What a KPI is made of: an expression over leaves, each leaf one measure with all conditions that hold for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import DateTime

from metrics.clauses import days_of, hours_of
from metrics.definitions import KPI, Condition, Conversion, Measure, Where
from metrics.formula import Call, Expression, Name, Number, Operation, names, parse
from metrics.spans import Rolling, Span, ToDate
from store.schema import FACTS, PLANNED, TIME_AXES, events

Asked = Sequence[tuple[str, tuple[str, ...]]]
"""(dimension, values) of a question; all of them must hold."""


@dataclass(frozen=True, slots=True)
class Follow:
    """What those in a leaf must have done after it to count: a row of `measure` with the same `entity`, between the two times.

    converted False: the leaf counts all of them, those that did not follow, too.
    """

    measure: Measure
    entity: str
    after_hours: int
    within_hours: int
    converted: bool


@dataclass(frozen=True, slots=True)
class Leaf:
    """One measure in one KPI. conditions: the `where` of the measure and of every KPI around it, in that order.

    span: the days it looks back over, None = the period itself. follow: set for the two sides of a conversion.
    """

    key: str
    name: str
    measure: Measure
    conditions: tuple[Where, ...]
    span: Span | None = None
    follow: Follow | None = None

    @property
    def identity(self) -> str:
        """A text that two leaves share exactly when they are the same number."""
        followed = self.follow and (
            self.follow.measure.model_dump_json(),
            self.follow.entity,
            self.follow.after_hours,
            self.follow.within_hours,
            self.follow.converted,
        )
        return repr((self.measure.model_dump_json(), self.conditions, self.span, followed))

    @property
    def time(self) -> str:
        """The column by which its rows fall on the calendar."""
        return self.measure.time or TIME_AXES[self.measure.table].column

    @property
    def instant(self) -> str | None:
        """The column that tells the hour, None when only the day is known."""
        return instant_of(self.measure)


def instant_of(measure: Measure) -> str | None:
    """Return the column that tells when a measure's rows happened, None when only the day is known."""
    if measure.time is None and TIME_AXES[measure.table].instant is not None:
        return TIME_AXES[measure.table].instant
    name = measure.time or TIME_AXES[measure.table].column
    return name if isinstance(FACTS[measure.table].c[name].type, DateTime) else None


@dataclass(frozen=True, slots=True)
class Plan:
    """How the leaves make the KPI's value."""

    expression: Expression
    leaves: tuple[Leaf, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that are read, by name."""
        followed = {leaf.follow.measure.table for leaf in self.leaves if leaf.follow is not None}
        return tuple(sorted({leaf.measure.table for leaf in self.leaves} | followed))

    @property
    def split_tables(self) -> tuple[str, ...]:
        """The tables whose columns values may be split by; what follows in a conversion is counted where it came from."""
        return tuple(sorted({leaf.measure.table for leaf in self.leaves}))

    @property
    def is_by_sprint(self) -> bool:
        """Whether every leaf names its sprint, so that no day decides which sprint a row belongs to."""
        return all(leaf.measure.table in ("sprint_items", "sprints") and leaf.span is None for leaf in self.leaves)

    @property
    def has_hours(self) -> bool:
        """Whether every leaf knows the hour and is nothing but its own period's number."""
        return all(leaf.instant is not None and leaf.span is None and leaf.follow is None for leaf in self.leaves)

    @property
    def lag_days(self) -> int:
        """Days after a period in which those in it may still follow; its value is not whole before."""
        return max((-(-leaf.follow.within_hours // 24) for leaf in self.leaves if leaf.follow is not None), default=0)

    @property
    def is_summable(self) -> bool:
        """Whether values of periods add up to the value of all of them."""
        plain = all(leaf.measure.agg in ("sum", "count") and leaf.span is None and leaf.follow is None for leaf in self.leaves)
        return plain and _is_linear(self.expression)

    @property
    def is_planned(self) -> bool:
        """Whether every leaf falls on the calendar by a plan, which is known for days to come."""
        return all((leaf.measure.table, leaf.measure.time or TIME_AXES[leaf.measure.table].column) in PLANNED for leaf in self.leaves)

    def meaning(self) -> str:
        """Return what the value is made of, down to the measures: the same text for the same number."""
        return repr((self.expression, [(leaf.key, leaf.identity) for leaf in self.leaves]))

    def needs(self, where: Asked = ()) -> dict[str, frozenset[str] | None]:
        """Return table → the sources whose rows can take part under the conditions; None = all of them."""
        asked = [frozenset(wanted) for name, wanted in where if name == "source"]
        found: dict[str, frozenset[str] | None] = {}
        for leaf in self.leaves:
            _add(found, leaf.measure.table, [*asked, *(_sources(condition) for condition in leaf.conditions)])
            if leaf.follow is not None:
                _add(found, leaf.follow.measure.table, [_sources(leaf.follow.measure.where)])
        return found

    @property
    def is_additive(self) -> bool:
        """Whether every leaf may be filled with 0 where it has no rows."""
        return all(leaf.measure.agg in ("sum", "count", "count_distinct") for leaf in self.leaves)


def _add(found: dict[str, frozenset[str] | None], table: str, limits: Sequence[frozenset[str] | None]) -> None:
    """Widen what is needed of a table by what one leaf needs."""
    named = [limit for limit in limits if limit is not None]
    mine = frozenset.intersection(*named) if named else None
    earlier = found.get(table, frozenset())
    found[table] = None if mine is None or earlier is None else earlier | mine


def _is_linear(expression: Expression) -> bool:
    """Whether an expression is a sum of names, each perhaps times or divided by a number."""
    match expression:
        case Name():
            return True
        case Operation("+" | "-", left, right):
            return all(_is_linear(side) or _is_zero(side) for side in (left, right))
        case Operation("*", Number(), other) | Operation("*" | "/", other, Number()):
            return _is_linear(other)
        case _:
            return False


def _is_zero(expression: Expression) -> bool:
    return isinstance(expression, Number) and expression.value == 0


def _sources(condition: Where) -> frozenset[str] | None:
    """Return the sources that a condition names one by one, None when it does not."""
    wanted = condition.get("source")
    if isinstance(wanted, Condition):
        wanted = wanted.in_
    if wanted is None:
        return None
    return frozenset(map(str, wanted)) if isinstance(wanted, list) else frozenset({str(wanted)})


def make_plan(measures: Mapping[str, Measure], kpis: Mapping[str, KPI], name: str) -> Plan:
    """Return the plan of a KPI whose definition was checked."""
    leaves: _Leaves = {}
    expression = _expand(_Names(measures, kpis), name, _Inside(), leaves)
    return Plan(expression, tuple(leaves.values()))


_Leaves = dict[tuple[object, ...], Leaf]


@dataclass(frozen=True, slots=True)
class _Names:
    measures: Mapping[str, Measure]
    kpis: Mapping[str, KPI]


@dataclass(frozen=True, slots=True)
class _Inside:
    """What the KPIs around a measure say about it."""

    around: tuple[Where, ...] = ()
    span: Span | None = None

    def of(self, kpi: KPI) -> _Inside:
        return _Inside((*self.around, kpi.where) if kpi.where else self.around, span_of(kpi) or self.span)


def span_of(kpi: KPI) -> Span | None:
    """Return the days that a KPI looks back over, None when it is about its own period."""
    if kpi.window is not None:
        return Rolling(days_of(kpi.window))
    return ToDate(kpi.to_date) if kpi.to_date is not None else None


def _expand(known: _Names, name: str, inside: _Inside, leaves: _Leaves) -> Expression:
    """Return the expression of a measure or a KPI with every name replaced by the key of a leaf."""
    if name not in known.kpis:
        return _leaf(known.measures, name, inside, leaves)
    kpi = known.kpis[name]
    within = inside.of(kpi)
    if kpi.conversion is not None:
        return _conversion(known.measures, kpi.conversion, within, leaves)
    parts = expression_of(kpi)
    replaced = {part: _part(known, name, part, within, leaves) for part in sorted(names(parts))}
    return _substitute(parts, replaced)


def _part(known: _Names, owner: str, part: str, inside: _Inside, leaves: _Leaves) -> Expression:
    """A KPI may bear the name of the measure it shows: inside itself, its own name means the measure."""
    if part == owner:
        return _leaf(known.measures, part, inside, leaves)
    return _expand(known, part, inside, leaves)


def _leaf(measures: Mapping[str, Measure], name: str, inside: _Inside, leaves: _Leaves) -> Expression:
    measure = measures[name]
    return _kept(leaves, (name, *map(id, inside.around), inside.span), Leaf("", name, measure, _conditions(measure, inside), inside.span))


def _conversion(measures: Mapping[str, Measure], conversion: Conversion, inside: _Inside, leaves: _Leaves) -> Expression:
    """Return converted ÷ base: the two sides of one look at those who did the first thing."""
    first, then = step(measures, conversion.from_), step(measures, conversion.to)
    after = hours_of(conversion.after) if conversion.after is not None else 0
    sides = []
    for converted in (True, False):
        follow = Follow(then, conversion.entity, after, hours_of(conversion.within), converted)
        name = f"{conversion.from_} that led to {conversion.to}" if converted else conversion.from_
        leaf = Leaf("", name, first, _conditions(first, inside), None, follow)
        sides.append(_kept(leaves, (conversion.from_, conversion.to, *map(id, inside.around), repr(follow)), leaf))
    return Operation("/", sides[0], sides[1])


def step(measures: Mapping[str, Measure], name: str) -> Measure:
    """Return what one end of a conversion names: a measure, or else an event of the table events."""
    return measures[name] if name in measures else Measure(table=events.name, agg="count", where={"event": name})


def _conditions(measure: Measure, inside: _Inside) -> tuple[Where, ...]:
    return tuple(where for where in (measure.where, *inside.around) if where)


def _kept(leaves: _Leaves, identity: tuple[object, ...], leaf: Leaf) -> Name:
    if identity not in leaves:
        leaves[identity] = replace(leaf, key=f"m{len(leaves)}")
    return Name(leaves[identity].key)


def expression_of(kpi: KPI) -> Expression:
    """Return a KPI's own expression over measures and KPIs."""
    if kpi.formula is not None:
        return parse(kpi.formula)
    if kpi.numerator is not None and kpi.denominator is not None:
        return Operation("/", Name(kpi.numerator), Name(kpi.denominator))
    if kpi.conversion is not None:
        return Operation("/", Name(kpi.conversion.to), Name(kpi.conversion.from_))
    assert kpi.value is not None
    return Name(kpi.value)


def _substitute(expression: Expression, replaced: Mapping[str, Expression]) -> Expression:
    match expression:
        case Number():
            return expression
        case Name(name):
            return replaced[name]
        case Operation(sign, left, right):
            return Operation(sign, _substitute(left, replaced), _substitute(right, replaced))
        case Call(function, arguments):
            return Call(function, tuple(_substitute(argument, replaced) for argument in arguments))
