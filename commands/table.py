"""Prints a table to stdout: drawn on a terminal, tab separated elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: AbstractSet[int] = frozenset()) -> None:
    """Print rows under their columns; `numbers` are the columns to align right."""
    if not sys.stdout.isatty():
        for row in [columns, *rows]:
            sys.stdout.write("\t".join(row) + "\n")
        return
    table = Table(title=Text(title), box=box.SIMPLE, title_justify="left")
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place in numbers else "left")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
