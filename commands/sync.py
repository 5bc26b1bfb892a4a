"""kpi sync: pull, validate, publish one generation."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer

from commands.common import AsJson, Home, open_space, print_json, say
from commands.logs import logged
from commands.progress import drawn
from connectors.example import example as example_text
from connectors.outcome import SourceResult, SyncResult
from connectors.sync import Order
from connectors.sync import sync as run_sync
from errors import ConfigError
from metrics import in_force, record_definitions, reporting_zone
from settings import Workspace, load_sources


def sync(
    context: typer.Context,
    sources: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Only these sources of sources.yaml.")] = None,
    since: Annotated[str | None, typer.Option(metavar="D", help="Read again from this day (2026-10-01).")] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again from every source's start.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Take data that were held back because they collapsed.")] = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Pull the sources and publish one generation when anything changed."""
    order = Order(tuple(sources or ()), parse_day(since, "--since"), full, accept)
    result = pull(open_space(context, home), order)
    if as_json:
        print_json(as_document(result))
    else:
        for line in summary(result):
            say(line)
    raise typer.Exit(result.exit_code)


def pull(space: Workspace, order: Order) -> SyncResult:
    """Sync the workspace, drawing the progress on stderr.

    Raises: ConfigError when sources.yaml declares nothing.
    """
    entries = load_sources(space)
    if not entries:
        raise ConfigError(
            f"{space.sources_file}: there are no sources to sync. Copy sources.example.yaml to sources.yaml and fill it in, or run './kpi demo' for a living example."
        )
    record_in_force(space)
    with logged(space), drawn(sys.stderr) as report:
        return run_sync(space, entries, reporting_zone(space), order, now=datetime.now(UTC), report=report)


def record_in_force(space: Workspace) -> None:
    """Record the definitions when they changed, and what changed of each KPI; a broken file changes nothing."""
    force = in_force(space)
    if not force.broken:
        record_definitions(space, force.definitions)


def parse_day(text: str | None, option: str) -> date | None:
    """Return the day written as 2026-10-01.

    Raises: ConfigError that names the option and shows the form.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{option}: '{text}' is not a day. Write it as {date(2026, 10, 1)}.") from error


def as_document(result: SyncResult) -> dict[str, Any]:
    """Return the JSON form of a sync."""
    return {"generation": result.generation, "published": result.published, "sources": {n: _source(s) for n, s in result.sources.items()}}


def _source(source: SourceResult) -> dict[str, Any]:
    return {
        "status": source.status,
        "rows_read": source.rows_read,
        "rows_changed": source.rows_changed,
        "not_before": None if source.not_before is None else source.not_before.isoformat(timespec="seconds"),
        "streams": source.stream_documents(),
        "error": None if source.error is None else {"kind": source.error_kind, "message": source.error},
    }


def summary(result: SyncResult) -> list[str]:
    """Return the lines a person reads after a sync."""
    lines = [
        f"{name}: {s.status}, {s.rows_read:,} rows read, {s.rows_changed:,} changed" + (f"\n  {s.error}" if s.error else "")
        for name, s in result.sources.items()
    ]
    if result.published:
        lines.append(f"Published generation {result.generation}.")
    elif result.generation is None:
        lines.append("Nothing was published: the warehouse is still empty.")
    else:
        lines.append(f"Nothing changed: generation {result.generation} stays.")
    return lines


def example() -> None:
    """Print sources.example.yaml."""
    sys.stdout.write(example_text())
