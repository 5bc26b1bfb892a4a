"""kpi note: write down what somebody knows about a day of a KPI, or list what was written."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from commands.common import AsJson, Home, open_space, print_json, say
from commands.table import print_table
from errors import ConfigError
from metrics import open_catalog
from store.ledger import Ledger
from store.notes import Note, add_note, read_notes


def note(
    context: typer.Context,
    kpi: Annotated[str, typer.Argument(metavar="KPI", help="Name of a KPI.")],
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="What happened, at most 500 characters; without it, the notes are listed.")
    ] = None,
    day: Annotated[
        str | None, typer.Option("--day", metavar="D", help="The day that it is about, as 2026-11-24; today unless said otherwise.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who says so; needed with a text.")] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Write a note on a day of a KPI, or list its notes. A note is seen by everybody and is never changed."""
    space = open_space(context, home)
    with open_catalog(space) as catalog:
        name, today = catalog.kpi(kpi).name, catalog.calendar.day_of(datetime.now(UTC))
    ledger = Ledger(space)
    if text is not None:
        add_note(ledger, Note(name, _day(day) or today, by or "", datetime.now(UTC), text))
        say(f"Kept: a note on {_day(day) or today} of {name}.")
        return
    found = read_notes(ledger, name)
    if as_json:
        print_json([{"kpi": one.kpi, "day": one.day, "author": one.author, "at": one.at.isoformat(), "text": one.text} for one in found])
        return
    print_table(
        f"Notes on {name}",
        ["day", "who", "written", "note"],
        [[str(one.day), one.author, f"{one.at:%Y-%m-%d %H:%M}Z", one.text] for one in found],
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError as error:
        raise ConfigError(f"--day {text}: not a day. Write it as 2026-11-24.") from error
