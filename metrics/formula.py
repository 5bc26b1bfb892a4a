"""The formulas of KPIs: numbers, names, + - * / and parentheses, parsed into a tree. Nothing is ever run as code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

MAX_LENGTH = 1_000
MAX_DEPTH = 30
_TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?)(?![\w.])|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>[-+*/()]))", re.ASCII)

Sign = Literal["+", "-", "*", "/"]


class FormulaError(Exception):
    """The text is not a formula; `at` counts characters from 0."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A measure or KPI; `at` is its first character in the text."""

    name: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """Two sides under one sign; a leading minus is 0 − x."""

    sign: Sign
    left: Node
    right: Node


Node = Number | Name | Operation


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str) -> Node:
    """Return the tree of a formula. Raises: FormulaError with the place of the first thing that does not fit."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"the formula has {len(text):,} characters; at most {MAX_LENGTH:,} are read", 0)
    parser = _Parser(list(_tokens(text)))
    tree = parser.sum(0)
    parser.expect_end()
    return tree


def names(node: Node) -> tuple[Name, ...]:
    """Return every name of the tree, left to right."""
    if isinstance(node, Operation):
        return names(node.left) + names(node.right)
    return (node,) if isinstance(node, Name) else ()


def _tokens(text: str) -> Iterator[_Token]:
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            at = position + len(text[position:]) - len(text[position:].lstrip())
            raise FormulaError(f"'{text[at]}' is not allowed here. Known: numbers, names, + - * / and parentheses", at)
        yield _Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup))
        position = match.end()
    yield _Token("end", "the end", end)


class _Parser:
    """Recursive descent: sum = product {± product}, product = factor {×÷ factor}, factor = number, name, (sum), −factor."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._token
        self._next += 1
        return token

    def sum(self, depth: int) -> Node:
        tree = self._product(depth)
        while self._token.text in ("+", "-"):
            sign: Sign = "+" if self._take().text == "+" else "-"
            tree = Operation(sign, tree, self._product(depth))
        return tree

    def _product(self, depth: int) -> Node:
        tree = self._factor(depth)
        while self._token.text in ("*", "/"):
            sign: Sign = "*" if self._take().text == "*" else "/"
            tree = Operation(sign, tree, self._factor(depth))
        return tree

    def _factor(self, depth: int) -> Node:
        token = self._take()
        if depth > MAX_DEPTH:
            raise FormulaError(f"the formula is nested more than {MAX_DEPTH} levels deep", token.at)
        if token.kind == "number":
            return Number(float(token.text))
        if token.kind == "name":
            return Name(token.text, token.at)
        if token.text == "-":
            return Operation("-", Number(0.0), self._factor(depth + 1))
        if token.text == "(":
            return self._inside(depth)
        self._next -= 1
        raise FormulaError(f"a number, a name or '(' is missing before {_shown(token)}", token.at)

    def _inside(self, depth: int) -> Node:
        tree = self.sum(depth + 1)
        if self._token.text != ")":
            raise FormulaError(f"')' is missing before {_shown(self._token)}", self._token.at)
        self._take()
        return tree

    def expect_end(self) -> None:
        if self._token.kind != "end":
            raise FormulaError(f"a sign (+ - * /) is missing before {_shown(self._token)}", self._token.at)


def _shown(token: _Token) -> str:
    return token.text if token.kind == "end" else f"'{token.text}'"
