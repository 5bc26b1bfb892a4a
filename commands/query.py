"""kpi query: one answer, as a table, JSON, CSV or SQL."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, cast, get_args

import typer

from commands.common import AsJson, Home, open_space, print_json
from commands.signal import signal_of
from commands.sync import parse_day
from commands.table import print_table
from errors import QueryError, suggest
from metrics import Catalog, export, open_catalog
from metrics.types import Answer, Freshness, Grain, Period, Question


def query(
    context: typer.Context,
    kpis: Annotated[list[str], typer.Argument(metavar="KPI...", help="Names of KPIs (see 'kpi tables' and 'kpi check').")],
    grain: Annotated[str, typer.Option(help="day, week, month, quarter, year, fiscal_quarter, fiscal_year, sprint or total.")] = "day",
    from_: Annotated[str | None, typer.Option("--from", metavar="D", help="First day.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="D", help="Last day, included.")] = None,
    by: Annotated[list[str] | None, typer.Option(metavar="DIM", help="Split by a dimension; repeat, or separate by commas.")] = None,
    where: Annotated[list[str] | None, typer.Option(metavar="DIM=VALUE", help="Keep only this value; repeat for more.")] = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma separated values.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL that answers.")] = False,
    home: Home = None,
) -> None:
    """Answer a question about one or more KPIs."""
    catalog = open_catalog(open_space(context, home))
    dimensions = tuple(name.strip() for item in by or () for name in item.split(",") if name.strip())
    filters = parse_where(where or ())
    questions = [Question(k, parse_grain(grain), parse_period(catalog, k, from_, to), dimensions, filters) for k in kpis]
    answers = [catalog.ask(question) for question in questions]
    if as_json:
        documents = [{**as_document(answer), "signal": signal_of(catalog, answer.question.kpi, filters)} for answer in answers]
        print_json(documents[0] if len(documents) == 1 else documents)
    elif sql:
        sys.stdout.write("\n\n".join(answer.sql for answer in answers) + "\n")
    elif as_csv:
        sys.stdout.write(export.as_csv(answers))
    else:
        for answer in answers:
            _print_answer(answer)


def parse_grain(text: str) -> Grain:
    """Return the grain of that name."""
    known = get_args(Grain)
    if text not in known:
        raise QueryError(f"--grain: '{text}' is not a grain. Known: {', '.join(known)}. {suggest(text, known) or ''}".rstrip())
    return cast(Grain, text)


def parse_period(catalog: Catalog, kpi: str, first: str | None, last: str | None) -> Period | None:
    """Return [first, last + 1 day); an open side takes the end of what is covered; both open give None."""
    start, end = parse_day(first, "--from"), parse_day(last, "--to")
    if start is None and end is None:
        return None
    covered = catalog.covered(kpi)
    start = start or (covered.start if covered else end)
    until = end + timedelta(days=1) if end else (covered.end if covered else None)
    assert start is not None
    until = until or start + timedelta(days=1)
    if until <= start:
        raise QueryError(
            f"--from {start} is not before the end {until - timedelta(days=1)}. Give a first day that is not after the last one."
        )
    return Period(start, until)


def parse_where(items: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the filters; the same dimension given twice takes either value."""
    found: dict[str, list[str]] = {}
    for item in items:
        name, sign, value = item.partition("=")
        if not sign or not name:
            raise QueryError(f"--where: '{item}' is not DIM=VALUE. Example: --where device=mobile.")
        found.setdefault(name.strip(), []).append(value)
    return tuple((name, tuple(values)) for name, values in found.items())


def as_document(answer: Answer) -> dict[str, Any]:
    """Return the JSON form of an answer."""
    rows = [
        {
            "period": row.label,
            **row.dimensions,
            "value": row.value,
            "complete": row.complete,
            "settling": row.settling,
            "reason": row.reason,
        }
        for row in answer.rows
    ]
    return {
        "kpi": answer.question.kpi,
        "grain": answer.question.grain,
        "unit": answer.unit,
        "generation": answer.generation,
        "rows": rows,
        "flags": list(answer.flags),
        "freshness": {f.source: freshness_document(f) for f in answer.freshness},
        "definition_hash": answer.definition_hash,
        "notes": list(answer.notes),
    }


def freshness_document(freshness: Freshness) -> dict[str, Any]:
    """Return the JSON form of a source's freshness."""
    return {
        "connector": freshness.connector,
        "synced_at": None if freshness.synced_at is None else freshness.synced_at.isoformat(timespec="seconds"),
        "covered_from": freshness.covered_from,
        "covered_through": freshness.covered_through,
        "flags": list(freshness.flags),
    }


def _print_answer(answer: Answer) -> None:
    by = answer.question.by
    unit = f" ({answer.unit})" if answer.unit else ""
    rows = [
        [
            row.label,
            *(row.dimensions[d] for d in by),
            "–" if row.value is None else f"{row.value:,.6g}",
            _state(row.complete, row.settling),
            row.reason or "",
        ]
        for row in answer.rows
    ]
    print_table(
        f"{answer.question.kpi}{unit}, generation {answer.generation}",
        ["period", *by, "value", "state", "reason"],
        rows,
        numbers={len(by) + 1},
    )


def _state(complete: bool, settling: bool) -> str:
    if not complete:
        return "incomplete"
    return "settling" if settling else "complete"
