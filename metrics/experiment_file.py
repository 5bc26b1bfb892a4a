"""Reads a randomised test from a CSV file: one row an arm and metric with sums, or one row a user. Every problem has its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from errors import ConfigError, suggest
from metrics.csv_lines import Line, read_lines
from metrics.experiment_types import VARIABLES, ArmMetric, Kind, arm_of_sums
from metrics.experiment_users import arms_of_users

SUMS = {
    "sum": "value",
    "denominator_sum": "denominator",
    "covariate_sum": "covariate",
    "covariate_denominator_sum": "covariate_denominator",
}
SQUARES = {"sum_squares": "value", **{f"{name}_sum_squares": name for name in VARIABLES[1:]}}
PRODUCTS = {f"{a}_x_{b}": (a, b) for at, a in enumerate(VARIABLES) for b in VARIABLES[at + 1 :]}
NEEDED = ("arm", "metric", "n", "sum")
OPTIONAL = ("experiment", "kind", *SQUARES, *(name for name in SUMS if name != "sum"), *PRODUCTS)
KINDS: tuple[Kind, ...] = ("mean", "proportion", "ratio")


def read_file(path: Path) -> tuple[ArmMetric, ...]:
    """Return the arms of a test from a file of either form; the header says which.

    Raises: ConfigError with file:line:column for what is wrong, the known columns and the nearest right one.
    """
    lines = list(read_lines(path, _check_header))
    if not lines:
        raise ConfigError(f"{path}: has no rows below its header. One row for each arm and metric, or one for each user, is needed.")
    return arms_of_users(lines) if "user" in lines[0].columns else _arms_of_sums(lines)


def _check_header(path: Path, header: Sequence[str]) -> None:
    twice = next((at for at, name in enumerate(header) if name in header[:at]), None)
    if twice is not None:
        raise ConfigError(f"{path}:1:{twice + 1}: column '{header[twice]}' stands twice.")
    if "user" in header:
        if "arm" not in header:
            raise ConfigError(f"{path}:1: one row a user needs a column 'arm'. It has: {', '.join(header)}.")
        return
    for at, name in enumerate(header, 1):
        if name not in (*NEEDED, *OPTIONAL):
            known = f"Known columns: {', '.join((*NEEDED, *OPTIONAL))}; or one row a user: arm, user, and a column for each metric."
            raise ConfigError(f"{path}:1:{at}: unknown column '{name}'. {suggest(name, (*NEEDED, *OPTIONAL, 'user')) or ''} {known}")
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise ConfigError(f"{path}:1: column {', '.join(repr(one) for one in missing)} is missing. Needed: {', '.join(NEEDED)}.")


def _arms_of_sums(lines: Sequence[Line]) -> tuple[ArmMetric, ...]:
    found: dict[tuple[str, str], ArmMetric] = {}
    seen: dict[tuple[str, str], int] = {}
    for line in lines:
        one = _arm(line)
        if one.experiment != (first := lines[0].cells.get("experiment", "")):
            raise line.wrong("experiment", f"'{one.experiment}' is another test than '{first}'. Keep one test in a file.")
        key = one.arm, one.metric
        if key in seen:
            raise line.wrong("metric", f"'{one.metric}' of arm '{one.arm}' stands on line {seen[key]} already.")
        seen[key], found[key] = line.number, one
    return tuple(found.values())


def _arm(line: Line) -> ArmMetric:
    users = line.number_in("n")
    if users.denominator != 1 or users < 0:
        raise line.wrong("n", f"'{line.cells['n']}' is not a number of users.")
    sums = {name: line.number_in(column) for column, name in SUMS.items() if line.cells.get(column)}
    if "value" not in sums:
        raise line.wrong("sum", "is empty. Every row needs it.")
    products = {(name, name): line.number_in(column) for column, name in SQUARES.items() if line.cells.get(column)}
    products |= {pair: line.number_in(column) for column, pair in PRODUCTS.items() if line.cells.get(column)}
    kind = _kind(line, int(users), sums, products)
    if kind == "proportion":
        products.setdefault(("value", "value"), sums["value"])
    _require(line, sums, products)
    return arm_of_sums(line.cells.get("experiment", ""), line.text_in("arm"), line.text_in("metric"), kind, int(users), sums, products)


def _kind(line: Line, users: int, sums: Mapping[str, Fraction], products: Mapping[tuple[str, str], Fraction]) -> Kind:
    """A denominator makes a ratio; whole sums without squares, or equal to them, count users who converted."""
    asked = line.cells.get("kind", "")
    if asked and asked not in KINDS:
        raise line.wrong("kind", f"'{asked}' is not known. Known: {', '.join(KINDS)}. {suggest(asked, KINDS) or ''}".rstrip())
    squares, total = products.get(("value", "value")), sums["value"]
    counts = squares is None or (squares == total and total.denominator == 1)
    kind = next((one for one in KINDS if one == asked), None) or ("ratio" if "denominator" in sums else "proportion" if counts else "mean")
    if kind == "proportion" and not (total.denominator == 1 and 0 <= total <= users):
        hint = "Of an amount, give sum_squares too." if squares is None else "A share counts each user once."
        raise line.wrong("sum", f"{line.cells['sum']} is not a number of {users} users. {hint}")
    if kind == "ratio" and "denominator" not in sums:
        raise line.wrong("kind", "a ratio needs denominator_sum, denominator_sum_squares and value_x_denominator.")
    return kind


def _require(line: Line, sums: Mapping[str, Fraction], products: Mapping[tuple[str, str], Fraction]) -> None:
    """Every pair of variables needs its sum of products."""
    names = [name for name in VARIABLES if name in sums]
    if "denominator" in names and "covariate" in names and "covariate_denominator" not in names:
        raise line.wrong("covariate_sum", "a ratio with a covariate needs covariate_denominator_sum, too: the ratio before the test.")
    if "covariate_denominator" in names and not {"covariate", "denominator"} <= set(names):
        raise line.wrong("covariate_denominator_sum", "only goes with denominator_sum and covariate_sum.")
    columns = {(name, name): column for column, name in SQUARES.items()} | {pair: column for column, pair in PRODUCTS.items()}
    missing = [columns[a, b] for at, a in enumerate(names) for b in names[at:] if (a, b) not in products]
    if missing:
        raise line.wrong("sum", f"this row also needs {', '.join(missing)}.")
