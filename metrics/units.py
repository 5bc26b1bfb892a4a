"""What fits together in a definition: values with the columns they are compared with, units with units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches

from metrics.definitions import Condition, Scalar
from metrics.formula import Call, Expression, Name, Number, Operation

HELD = {"text": "text", "number": "numbers", "yes/no": "true or false", "day": "days", "instant": "instants"}
EXAMPLE = {"text": "'5' in quotes, or mobile", "number": "5", "yes/no": "true", "day": "2026-01-31 without quotes", "instant": "2026-01-31"}


def unfit(holds: str, wanted: Scalar | list[Scalar] | Condition) -> Iterator[object]:
    """Yield the values of a condition that a column of this word can never equal or be measured against."""
    if isinstance(wanted, Condition):
        given = {name: getattr(wanted, name) for name in wanted.model_fields_set if name != "is_null"}
    else:
        given = {"in_": wanted}
    for name, value in sorted(given.items()):
        if (name == "like" and holds != "text") or (name in ("gt", "gte", "lt", "lte") and holds in ("text", "yes/no")):
            yield value
            continue
        yield from (one for one in (value if isinstance(value, list) else [value]) if one is not None and not _fits(holds, one))


def _fits(holds: str, value: object) -> bool:
    if holds == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, {"text": str, "yes/no": bool, "day": date, "instant": date}[holds])


def unit_clash(expression: Expression, units: Mapping[str, str | None]) -> tuple[str, str] | None:
    """Return the two units that an expression adds or subtracts though they differ. units: KPI → its unit, None = not said."""
    found = _unit(expression, units)
    return found if isinstance(found, tuple) else None


def _unit(expression: Expression, units: Mapping[str, str | None]) -> str | tuple[str, str] | None:
    """Return the unit of an expression, None when it is not known, or the two that clash."""
    match expression:
        case Number():
            return None
        case Name(name):
            return units.get(name)
        case Operation(sign, left, right):
            a, b = _unit(left, units), _unit(right, units)
            if isinstance(a, tuple) or isinstance(b, tuple):
                return a if isinstance(a, tuple) else b
            if sign in ("+", "-"):
                return (a, b) if a and b and a != b else a or b
            return _scaled(sign, left, right, a, b)
        case Call(function, arguments):
            return _alike([_unit(argument, units) for argument in (arguments[:1] if function == "round" else arguments)])


def _alike(found: list[str | tuple[str, str] | None]) -> str | tuple[str, str] | None:
    """Return the one unit of things that are set beside each other, or the first two that differ."""
    for unit in found:
        if isinstance(unit, tuple):
            return unit
    said = [unit for unit in found if isinstance(unit, str)]
    other = next((unit for unit in said if unit != said[0]), None)
    return (said[0], other) if other is not None else said[0] if said else None


def _scaled(sign: str, left: Expression, right: Expression, a: str | None, b: str | None) -> str | None:
    """A product or quotient with a plain number keeps the unit; any other has one that nobody said."""
    if isinstance(right, Number):
        return a
    return b if sign == "*" and isinstance(left, Number) else None


COMMON = ("%", "ms", "s", "min", "h", "days", "points", "items", "users", "EUR", "USD", "GBP", "CHF")
"""Units that need no second use to be believed."""


def unit_slip(unit: str | None, currency: str, others: Iterable[str | None]) -> str | None:
    """Return the unit that was probably meant by one that nobody else uses, or None when it may be a word of its own."""
    if unit is None or unit in COMMON or unit == currency:
        return None
    known = {*COMMON, currency, *(other for other in others if other is not None)}
    if unit in known:
        return None
    folded = {one.casefold(): one for one in sorted(known)}
    near = get_close_matches(unit.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[near[0]] if near else None
