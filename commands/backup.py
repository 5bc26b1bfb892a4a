"""kpi backup and kpi restore: the workspace in one file, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from commands.common import AsJson, Home, open_space, print_json, say
from errors import ConfigError
from store.backup import Backup, make_backup, restore_backup
from store.warehouse import Warehouse


def backup(
    context: typer.Context,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Where to write it (default: data/backups/ with the time).")
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Write the facts, the ledger, the definitions and the sources into one file; nobody is disturbed."""
    space, now = open_space(context, home), datetime.now(UTC)
    made = make_backup(space, to or space.data / "backups" / f"kpi-{now:%Y%m%dT%H%M%SZ}.tar.gz", now)
    if as_json:
        print_json(_document(made))
    else:
        say(f"Wrote {made.file} ({made.size:,} bytes): {', '.join(made.members)}, generation {made.generation}.")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that './kpi backup' wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Replace what the workspace serves now.")] = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Bring the workspace back to a backup, after proving it whole."""
    space = open_space(context, home)
    if Warehouse(space).current() is not None and not yes:
        raise ConfigError(
            f"{space.home} serves data that the backup would replace. Run this again with --yes; './kpi backup' first keeps them."
        )
    held = restore_backup(space, file)
    if as_json:
        print_json({**_document(held), "serves": Warehouse(space).current()})
    else:
        say(f"Restored {', '.join(held.members)} of {held.made_at:%Y-%m-%d %H:%M} UTC; generation {Warehouse(space).current()} is served.")


def _document(made: Backup) -> dict[str, object]:
    return {
        "file": str(made.file),
        "made_at": made.made_at.isoformat(timespec="seconds"),
        "generation": made.generation,
        "members": list(made.members),
        "bytes": made.size,
    }
