"""What a KPI is made of: an expression over leaves, each leaf one measure with all conditions that hold for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metrics.definitions import KPI, Condition, Measure, Where
from metrics.formula import Expression, Name, Number, Operation, names, parse
from store.schema import PLANNED, TIME_AXES

Asked = Sequence[tuple[str, tuple[str, ...]]]
"""(dimension, values) of a question; all of them must hold."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One measure in one KPI. conditions: the `where` of the measure and of every KPI around it, in that order."""

    key: str
    name: str
    measure: Measure
    conditions: tuple[Where, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How the leaves make the KPI's value."""

    expression: Expression
    leaves: tuple[Leaf, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that are read, by name."""
        return tuple(sorted({leaf.measure.table for leaf in self.leaves}))

    @property
    def is_by_sprint(self) -> bool:
        """Whether every leaf names its sprint, so that no day decides which sprint a row belongs to."""
        return all(leaf.measure.table in ("sprint_items", "sprints") for leaf in self.leaves)

    @property
    def is_planned(self) -> bool:
        """Whether every leaf falls on the calendar by a plan, which is known for days to come."""
        return all((leaf.measure.table, leaf.measure.time or TIME_AXES[leaf.measure.table].column) in PLANNED for leaf in self.leaves)

    def meaning(self) -> str:
        """Return what the value is made of, down to the measures: the same text for the same number."""
        parts = [(leaf.key, leaf.measure.model_dump_json(exclude_defaults=True), repr(leaf.conditions)) for leaf in self.leaves]
        return repr((self.expression, parts))

    def needs(self, where: Asked = ()) -> dict[str, frozenset[str] | None]:
        """Return table → the sources whose rows can take part under the conditions; None = all of them."""
        asked = [frozenset(wanted) for name, wanted in where if name == "source"]
        found: dict[str, frozenset[str] | None] = {}
        for leaf in self.leaves:
            limits = [*asked, *filter(None, (_sources(condition) for condition in leaf.conditions))]
            mine = frozenset.intersection(*limits) if limits else None
            earlier = found.get(leaf.measure.table, frozenset())
            found[leaf.measure.table] = None if mine is None or earlier is None else earlier | mine
        return found

    @property
    def is_additive(self) -> bool:
        """Whether every leaf may be filled with 0 where it has no rows."""
        return all(leaf.measure.agg in ("sum", "count", "count_distinct") for leaf in self.leaves)


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
    expression = _expand(_Names(measures, kpis), name, (), leaves)
    return Plan(expression, tuple(leaves.values()))


_Leaves = dict[tuple[str, tuple[int, ...]], Leaf]


@dataclass(frozen=True, slots=True)
class _Names:
    measures: Mapping[str, Measure]
    kpis: Mapping[str, KPI]


def _expand(known: _Names, name: str, around: tuple[Where, ...], leaves: _Leaves) -> Expression:
    """Return the expression of a measure or a KPI with every name replaced by the key of a leaf."""
    if name not in known.kpis:
        return _leaf(known.measures, name, around, leaves)
    kpi = known.kpis[name]
    inside = (*around, kpi.where) if kpi.where else around
    parts = expression_of(kpi)
    replaced = {part: _part(known, name, part, inside, leaves) for part in sorted(names(parts))}
    return _substitute(parts, replaced)


def _part(known: _Names, owner: str, part: str, inside: tuple[Where, ...], leaves: _Leaves) -> Expression:
    """A KPI may bear the name of the measure it shows: inside itself, its own name means the measure."""
    if part == owner:
        return _leaf(known.measures, part, inside, leaves)
    return _expand(known, part, inside, leaves)


def _leaf(measures: Mapping[str, Measure], name: str, around: tuple[Where, ...], leaves: _Leaves) -> Expression:
    identity = (name, tuple(id(where) for where in around))
    if identity not in leaves:
        measure = measures[name]
        conditions = tuple(where for where in (measure.where, *around) if where)
        leaves[identity] = Leaf(f"m{len(leaves)}", name, measure, conditions)
    return Name(leaves[identity].key)


def expression_of(kpi: KPI) -> Expression:
    """Return a KPI's own expression over measures and KPIs."""
    if kpi.formula is not None:
        return parse(kpi.formula)
    if kpi.numerator is not None and kpi.denominator is not None:
        return Operation("/", Name(kpi.numerator), Name(kpi.denominator))
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
