"""The panel of any driver and outcome, from their daily values: numerator and denominator of the outcome, the driver as it is."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from errors import QueryError
from metrics.definitions import KPI
from metrics.plan import Asked
from metrics.relation_cells import Row
from metrics.types import Answer, Period, Question

if TYPE_CHECKING:
    from metrics.catalog import Catalog

COUNTS, PEOPLE = "relation_counts", "relation_people"
"""Names of the outcome's two sides while they are asked for; no KPI of a file begins so."""


class NoPanelError(Exception):
    """Why a driver and an outcome make no panel; told as a refusal."""


def sides(outcome: KPI, name: str) -> dict[str, KPI]:
    """Return the sides of an outcome as KPIs of their own: counts, and people for a ratio.

    Raises: NoPanelError when it is neither a ratio nor a count.
    """
    plain = outcome.model_copy(
        update={"numerator": None, "denominator": None, "value": None, "targets": [], "tests": [], "unit": None, "certified": None}
    )
    if outcome.window is not None or outcome.to_date is not None:
        raise NoPanelError(f"The outcome '{name}' adds up several days: a day of it does not stand for that day.")
    if outcome.numerator is not None:
        return {
            COUNTS: plain.model_copy(update={"value": outcome.numerator}),
            PEOPLE: plain.model_copy(update={"value": outcome.denominator}),
        }
    if outcome.value is not None:
        return {COUNTS: plain.model_copy(update={"value": outcome.value})}
    raise NoPanelError(f"The outcome '{name}' is neither a ratio with a numerator and a denominator nor a count.")


def noun(outcome: KPI) -> str:
    """Return what an outcome counts, in words."""
    return (outcome.numerator or outcome.value or "counts").replace("_", " ")


def read_rows(catalog: Catalog, kpi: str, period: Period, where: Asked) -> tuple[list[Row], str, tuple[str, ...]]:
    """Return rows by day and the relationship's dimensions, the SQL, and the quality flags of all parts.

    Raises: NoPanelError when the two make no panel.
    """
    relationship = catalog.definition(kpi).relationship
    assert relationship is not None
    parts = sides(catalog.definition(relationship.outcome), relationship.outcome)
    wider, names = catalog.beside(parts), (*parts, relationship.driver)
    if not wider.plan(COUNTS).is_additive:
        raise NoPanelError(f"The outcome '{relationship.outcome}' is no count: its days do not add up.")
    questions = [Question(name, "day", period, tuple(relationship.by), tuple(where)) for name in names]
    try:
        answers = dict(zip(names, wider.ask_many(questions), strict=True))
    except QueryError as error:
        raise NoPanelError(str(error)) from error
    rows = _rows(answers, relationship.driver, relationship.outcome)
    flags = tuple(sorted({flag for answer in answers.values() for flag in answer.flags}))
    return rows, ";\n\n".join(dict.fromkeys(answer.sql for answer in answers.values())), flags


def _rows(answers: dict[str, Answer], driver: str, outcome: str) -> list[Row]:
    values = {
        name: {(r.period.start, tuple(r.dimensions.values())): r.value for r in answer.rows if r.complete}
        for name, answer in answers.items()
    }
    speeds = {key: value for key, value in values[driver].items() if value is not None}
    if not speeds:
        raise NoPanelError(f"The driver '{driver}' has no daily values in this window.")
    if min(speeds.values()) <= 0:
        raise NoPanelError(f"The driver '{driver}' has values of 0 or below: they have no logarithm, and an elasticity no meaning.")
    counts, people = values[COUNTS], values.get(PEOPLE)
    if any(value is not None and value < 0 for side in (counts, people or {}) for value in side.values()):
        raise NoPanelError(f"The outcome '{outcome}' has days below 0: no rate can be fitted to them.")
    found = []
    for key, count in counts.items():
        crowd = 1.0 if people is None else people.get(key)
        if count is None or not crowd:
            continue
        known = crowd if key in speeds else 0.0
        found.append(Row(key[0], key[1], crowd, known, count if known else 0.0, known * log(speeds[key]) if known else 0.0, None))
    return found
