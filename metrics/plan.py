"""What a KPI is made of: an expression over leaves, each leaf one measure with all conditions that hold for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metrics.definitions import KPI, Measure, Where
from metrics.formula import Expression, Name, Number, Operation, names, parse


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
    def is_additive(self) -> bool:
        """Whether every leaf may be filled with 0 where it has no rows."""
        return all(leaf.measure.agg in ("sum", "count", "count_distinct") for leaf in self.leaves)


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
