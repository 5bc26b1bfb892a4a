"""A randomised test from one row a user: the moments of every metric, and what is wrong with the rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from errors import ConfigError, suggest
from metrics.csv_lines import Line
from metrics.experiment_types import VARIABLES, ArmMetric, Kind
from metrics.stats.experiments.moments import Floats, moments_of_values

KEYS = ("experiment", "arm", "user")
PARTS = {"": "value", **{f":{name}": name for name in VARIABLES[1:]}}
"""Ending of a column → what it holds: revenue, revenue:denominator, revenue:covariate, revenue:covariate_denominator."""


def arms_of_users(lines: Sequence[Line]) -> tuple[ArmMetric, ...]:
    """Return the arms of a test from its users.

    Raises: ConfigError with file:line:column for a value that is no number, a user that stands twice or is in two arms.
    """
    arms = _users(lines)
    values = {
        column: np.array([float(line.number_in(column)) for line in lines]) for column in lines[0].columns if column not in KEYS and column
    }
    experiment, found = lines[0].cells.get("experiment", ""), []
    for metric, parts in _metrics(lines[0], list(values)).items():
        kind = _kind(parts, values[parts["value"]])
        table = np.column_stack([values[parts[name]] for name in parts])
        for arm, places in arms.items():
            mine = table[places]
            successes = int(mine[:, 0].sum()) if kind == "proportion" else None
            moments = moments_of_values(mine, is_proportion=kind == "proportion")
            found.append(ArmMetric(experiment, arm, metric, kind, len(places), tuple(parts), moments, successes))
    return tuple(found)


def _users(lines: Sequence[Line]) -> dict[str, list[int]]:
    """Return arm → places of its users."""
    seen: dict[str, Line] = {}
    found: dict[str, list[int]] = {}
    first = lines[0].cells.get("experiment", "")
    for place, line in enumerate(lines):
        user, arm = line.text_in("user"), line.text_in("arm")
        if line.cells.get("experiment", "") != first:
            raise line.wrong("experiment", f"'{line.cells['experiment']}' is another test than '{first}'. Keep one test in a file.")
        if user in seen:
            where = f"on line {seen[user].number} in arm '{seen[user].cells['arm']}'"
            what = "Sum up what a user did into one row." if seen[user].cells["arm"] == arm else "Who saw both arms belongs to neither."
            raise line.wrong("user", f"'{user}' stands {where} already. {what}")
        seen[user] = line
        found.setdefault(arm, []).append(place)
    return found


def _metrics(line: Line, columns: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return metric → what it holds → column, in the order of VARIABLES."""
    found: dict[str, dict[str, str]] = {}
    for column in columns:
        name, colon, part = column.partition(":")
        if colon + part not in PARTS:
            known = ", ".join(ending for ending in PARTS if ending)
            at = f"{line.path}:1:{line.columns.index(column) + 1}"
            raise ConfigError(f"{at}: column '{column}' ends in ':{part}'. Known: {known}. {suggest(part, VARIABLES) or ''}".rstrip())
        found.setdefault(name, {})[PARTS[colon + part]] = column
    if not found:
        raise ConfigError(f"{line.path}:1: has no column for a metric beside {', '.join(line.columns)}.")
    for name, parts in found.items():
        if set(parts) not in ({"value"}, {"value", "denominator"}, {"value", "covariate"}, set(VARIABLES)):
            raise ConfigError(
                f"{line.path}:1: metric '{name}' has {', '.join(parts)}. Known: value alone, with denominator, with covariate, or with all of {', '.join(VARIABLES[1:])}."
            )
    return {name: {one: parts[one] for one in VARIABLES if one in parts} for name, parts in found.items()}


def _kind(parts: dict[str, str], values: Floats) -> Kind:
    """A denominator makes a ratio; nothing but 0 and 1 a share."""
    if "denominator" in parts:
        return "ratio"
    return "proportion" if bool(np.isin(values, (0.0, 1.0)).all()) else "mean"
