"""kpi explain: a definition in words, where its numbers come from, and its SQL."""

from __future__ import annotations

import dataclasses
import sys
from typing import Annotated

import typer

from commands.common import AsJson, Home, open_space, print_json
from commands.table import print_table
from metrics import open_catalog
from metrics.entry import sql_of
from metrics.words import describe, lineage


def explain(
    context: typer.Context,
    kpi: Annotated[str, typer.Argument(metavar="KPI", help="Name of a KPI.")],
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Say a definition in words, where its numbers come from, down to the vendors' fields, and its SQL."""
    with open_catalog(open_space(context, home)) as catalog:
        shown = catalog.kpi(kpi)
        definitions = catalog.force.definitions
        words, origins, sql = describe(kpi, definitions), lineage(kpi, definitions), sql_of(catalog, kpi)
        line = definitions.document.place(("kpis", kpi))[0]
    if as_json:
        listed = [{**dataclasses.asdict(one), "fields": dict(one.fields)} for one in origins]
        print_json({"kpi": kpi, "label": shown.label, "hash": shown.hash, "line": line, "words": words, "lineage": listed, "sql": sql})
        return
    said = [f"{shown.label} ({kpi}), definition {shown.hash}, {definitions.document.file}:{line}", *(f"  {one}" for one in words), ""]
    sys.stdout.write("\n".join(said) + "\n")
    rows = [[o.part, o.table, o.column, o.meaning, "; ".join(f"{name}: {field}" for name, field in o.fields)] for o in origins]
    print_table("Where it comes from", ["measure", "table", "column", "meaning", "vendor's field"], rows)
    sys.stdout.write(f"\n{sql}\n")
