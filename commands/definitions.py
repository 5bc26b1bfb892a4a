"""kpi check and kpi tables: what the analysts' YAML says, and what it may use."""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from commands.common import AsJson, Home, open_space, print_json, say
from errors import ConfigError, Issue
from metrics.check import check_file
from metrics.schema import json_schema, key_table
from metrics.tables import measurable_tables

WIDEST = 120
"""Characters of a line of the file that are shown beside a problem."""


def check(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Definitions to check (default: the workspace's).")] = None,
    as_json: AsJson = False,
    tests: Annotated[bool, typer.Option(help="Run the KPIs' own tests, too.")] = True,
    home: Home = None,
) -> None:
    """Validate the definitions without a store and run the KPIs' own tests."""
    path = file or open_space(context, home).definitions_file
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file. Name the definitions to check, for example './kpi check kpi_definitions.yaml'.")
    definitions, issues = check_file(path)
    if definitions is not None and tests and any(kpi.tests for kpi in definitions.kpis.values()):
        from metrics.selftest import run_tests  # brings the database that the tests run in

        issues += run_tests(definitions)
    ok = not any(issue.level == "error" for issue in issues)
    if as_json:
        print_json({"ok": ok, "issues": [dataclasses.asdict(issue) for issue in issues]})
    else:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if issues else []
        for issue in issues:
            say(_drawn(issue, lines))
        say(_summary(path.name, None if definitions is None else len(definitions.kpis), issues))
    raise typer.Exit(0 if ok else 2)


def _drawn(issue: Issue, lines: list[str]) -> str:
    """Return a problem with its line of the file and a caret below the place."""
    shown = f"{issue.level}: {issue}"
    if not 0 < issue.line <= len(lines):
        return shown
    line, cut = lines[issue.line - 1], max(0, issue.column - WIDEST // 2) if len(lines[issue.line - 1]) > WIDEST else 0
    margin = f"{issue.line:6} | {'…' if cut else ''}"
    return f"{shown}\n{margin}{line[cut : cut + WIDEST].rstrip()}\n{' ' * (len(margin) + issue.column - 1 - cut)}^"


def _summary(name: str, kpis: int | None, issues: tuple[Issue, ...]) -> str:
    levels = Counter(issue.level for issue in issues)
    told = ", ".join(f"{count} {level}{'' if count == 1 else 's'}" for level, count in sorted(levels.items())) or "no issues"
    if kpis is None:
        return f"{name}: broken as a whole, {told}. What was in force stays in force."
    return f"{name}: {kpis} KPI{'' if kpis == 1 else 's'} hold{'s' if kpis == 1 else ''}, {told}."


def tables(as_json: AsJson = False) -> None:
    """List the tables and columns a measure may use."""
    from commands.table import print_table  # rich takes as long as a check

    listed = measurable_tables()
    if as_json:
        print_json([dataclasses.asdict(table) for table in listed])
        return
    rows = [[t.name, c.name, c.type, "" if c.additive else "never summed", c.comment] for t in listed for c in t.columns]
    print_table("Tables and columns", ["table", "column", "type", "note", "meaning"], rows)
    sys.stdout.flush()


def schema(keys: Annotated[bool, typer.Option("--keys", help="Print the keys as tables for docs/kpi_language.md.")] = False) -> None:
    """Print the JSON schema of kpi_definitions.yaml; schema/ holds a copy for editors."""
    if keys:
        sys.stdout.write(key_table() + "\n")
    else:
        print_json(json_schema())
