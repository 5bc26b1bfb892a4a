"""What all commands share: the --home option, and printing data and messages."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from settings import Workspace, workspace

Home = Annotated[
    Path | None,
    typer.Option(
        "--home", help="Folder with sources.yaml, kpi_definitions.yaml and data/.", metavar="DIR", show_default="KPI_HOME, else the project"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def open_space(context: typer.Context, home: Path | None) -> Workspace:
    """Return the workspace: the command's --home, else the one given before the command, else the default."""
    return workspace(home or context.find_root().params.get("home"))


def print_json(document: Any) -> None:
    """Print one JSON document to stdout, where nothing but data goes."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")


def say(message: str) -> None:
    """Print one message to stderr."""
    sys.stderr.write(message + "\n")


def tests() -> None:
    """Run the test suite (the launcher does it: ./kpi test)."""
    say("Run the tests with the launcher: ./kpi test")
    raise typer.Exit(2)
