"""kpi check and kpi tables: what the analysts' YAML says, and what it may use."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from commands.common import AsJson, Home, open_space, print_json, say
from commands.table import print_table
from errors import ConfigError
from metrics import check_file, json_schema, measurable_tables, run_tests


def check(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Definitions to check (default: the workspace's).")] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Validate the definitions without a store and run the KPIs' own tests."""
    path = file or open_space(context, home).definitions_file
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file. Name the definitions to check, for example './kpi check kpi_definitions.yaml'.")
    definitions, issues = check_file(path)
    if definitions is not None:
        issues += run_tests(definitions)
    ok = not any(issue.level == "error" for issue in issues)
    if as_json:
        print_json({"ok": ok, "issues": [dataclasses.asdict(issue) for issue in issues]})
    else:
        for issue in issues:
            say(f"{issue.level}: {issue}")
        count = len(definitions.kpis) if definitions is not None else 0
        say(f"{path.name}: {count} KPIs, {len(issues)} issues." if issues else f"{path.name}: {count} KPIs, no issues.")
    raise typer.Exit(0 if ok else 2)


def tables(as_json: AsJson = False) -> None:
    """List the tables and columns a measure may use."""
    listed = measurable_tables()
    if as_json:
        print_json([dataclasses.asdict(table) for table in listed])
        return
    rows = [[t.name, c.name, c.type, "" if c.additive else "never summed", c.comment] for t in listed for c in t.columns]
    print_table("Tables and columns", ["table", "column", "type", "note", "meaning"], rows)
    sys.stdout.flush()


def schema() -> None:
    """Print the JSON schema of kpi_definitions.yaml; schema/ holds a copy for editors."""
    print_json(json_schema())
