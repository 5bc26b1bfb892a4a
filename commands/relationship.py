"""kpi analyse RELATIONSHIP: the effect of a driver on an outcome, with its interval and grade, or the reason why none is told."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from commands.common import AsJson, Home, open_space, print_json
from commands.query import parse_period, parse_where
from commands.table import print_table
from errors import QueryError
from metrics import open_catalog
from metrics.relation_types import Relation
from metrics.relation_words import worth_words
from metrics.stats.evidence import GRADES


def analyse(
    context: typer.Context,
    kpi: Annotated[str, typer.Argument(help="A KPI of type relationship.")],
    from_: Annotated[str | None, typer.Option("--from", metavar="D", help="First day.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="D", help="Last day, included.")] = None,
    where: Annotated[list[str] | None, typer.Option(metavar="DIM=VALUE", help="Keep only this value; repeat for more.")] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Say how an outcome follows a driver within segments: estimate, interval, grade, population, window."""
    catalog = open_catalog(open_space(context, home))
    relationship = catalog.definition(kpi).relationship
    if relationship is None:
        raise QueryError(f"KPI '{kpi}' is not a relationship. Ask for its values: './kpi query {kpi}'.")
    found = catalog.relation(kpi, parse_period(catalog, relationship.driver, from_, to), parse_where(where or ()))
    if as_json:
        print_json(as_document(found))
        return
    sys.stdout.write(f"{found.sentence}\n")
    if found.worth is not None:
        sys.stdout.write(f"{worth_words(found)}\n")
    rows = [[check.name, check.outcome, check.words] for check in found.assessment.checks]
    print_table(f"{kpi}, grade {found.assessment.grade} ({GRADES[found.assessment.grade]})", ["check", "outcome", "what was found"], rows)
    for words in (*found.left_out, *found.assessment.notes):
        sys.stdout.write(f"{words}\n")


def as_document(found: Relation) -> dict[str, Any]:
    """Return the JSON form of a relation. period: first and last day, both included."""
    document = asdict(found)
    period = found.period
    days = None if period is None else {"from": period.start, "to": period.end - timedelta(days=1)}
    conditions = {name: list(values) for name, values in found.where}
    return {"sentence": found.sentence, **document, "period": days, "where": conditions, "worth_sentence": worth_words(found)}
