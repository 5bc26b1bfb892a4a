"""Writes an expression in SQL, so that the statement shows the value too. Gives what metrics.formula.evaluate gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Double, and_, case, cast, func, literal, null

from metrics.formula import Call, Expression, Name, Number, Operation

Part = ColumnElement[Any]


def value_of(expression: Expression, leaves: Mapping[str, Part]) -> Part:
    """Return an expression over columns; a division by 0 and a missing part are NULL."""
    match expression:
        case Number(value):
            return cast(literal(value), Double)
        case Name(name):
            return leaves[name]
        case Operation(sign, left, right):
            a, b = value_of(left, leaves), value_of(right, leaves)
            return {"+": a + b, "-": a - b, "*": a * b, "/": a / func.nullif(b, literal(0.0), type_=Double())}[sign]
        case Call(function, arguments):
            decimals = arguments[1] if function == "round" and len(arguments) > 1 else Number(0.0)
            assert isinstance(decimals, Number)
            return _CALLS[function]([value_of(a, leaves) for a in arguments], decimals.value)


def _known(parts: Sequence[Part], whole: Part) -> Part:
    """`greatest` and `least` pass over what is missing; here the whole is missing then."""
    return case((and_(*(part.is_not(None) for part in parts)), whole), else_=null())


def _rounded(parts: Sequence[Part], decimals: float) -> Part:
    scale = 10.0**decimals
    return func.sign(parts[0]) * func.floor(func.abs(parts[0]) * literal(scale) + literal(0.5)) / literal(scale)


_CALLS: dict[str, Callable[[Sequence[Part], float], Part]] = {
    "min": lambda parts, _: _known(parts, func.least(*parts)),
    "max": lambda parts, _: _known(parts, func.greatest(*parts)),
    "abs": lambda parts, _: func.abs(parts[0]),
    "round": _rounded,
    "coalesce": lambda parts, _: func.coalesce(*parts),
    "if_missing": lambda parts, _: func.coalesce(*parts),
}
