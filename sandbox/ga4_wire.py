"""What all reports of the double of the Data API share on the wire: refusals, headers, rows, filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

METRIC_TYPES = {"purchaseRevenue": "TYPE_CURRENCY", "totalRevenue": "TYPE_CURRENCY", "eventValue": "TYPE_FLOAT"}


class Refusal(Exception):
    """The API refuses; status is Google's word."""

    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def metric_type(name: str) -> str:
    """Return the word for a metric's type."""
    return METRIC_TYPES.get(name, "TYPE_INTEGER")


def headers(dimensions: Sequence[str], metrics: Sequence[str]) -> dict[str, Any]:
    """Return the headers of an answer; an empty list is left out, as on the wire."""
    named = {"dimensionHeaders": [{"name": name} for name in dimensions]} if dimensions else {}
    return named | {"metricHeaders": [{"name": name, "type": metric_type(name)} for name in metrics]}


def row(names: Sequence[str], values: Sequence[str]) -> dict[str, Any]:
    """Return one row of an answer."""
    cells = {"metricValues": [{"value": value} for value in values]}
    return ({"dimensionValues": [{"value": name} for name in names]} if names else {}) | cells


def names(listed: Any, most: int, what: str) -> tuple[str, ...]:
    """Return the API names that were asked for; refuse more than `most`."""
    found = tuple(one["name"] for one in listed or ())
    if len(found) > most:
        raise Refusal(400, "INVALID_ARGUMENT", f"Requests are limited to {most} {what}; this one has {len(found)}.")
    return found


def passes(tree: Any, cells: Mapping[str, str]) -> bool:
    """Evaluate a FilterExpression on one row."""
    if not tree:
        return True
    if "andGroup" in tree:
        return all(passes(part, cells) for part in tree["andGroup"]["expressions"])
    if "orGroup" in tree:
        return any(passes(part, cells) for part in tree["orGroup"]["expressions"])
    if "notExpression" in tree:
        return not passes(tree["notExpression"], cells)
    condition = tree["filter"]
    value = cells.get(condition["fieldName"])
    if value is None:
        raise Refusal(400, "INVALID_ARGUMENT", f"Please add {condition['fieldName']} to make the request compatible.")
    if "inListFilter" in condition:
        return value in condition["inListFilter"].get("values", ())
    return bool(value == condition["stringFilter"].get("value"))
