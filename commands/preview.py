"""kpi preview: what a change of the definitions does to the values, before or after it is saved."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from commands.common import AsJson, Home, open_space, print_json, say
from commands.query import parse_grain
from commands.table import print_table
from metrics.preview import Compared, Side
from metrics.preview import preview as compared


def preview(
    context: typer.Context,
    kpi: Annotated[str, typer.Argument(metavar="KPI", help="Name of a KPI.")],
    file: Annotated[
        Path | None, typer.Option("--file", metavar="F", help="A changed copy; default: the workspace's file as it lies there.")
    ] = None,
    grain: Annotated[str | None, typer.Option(help="day, week, month, …; default: week, or the first that the KPI has.")] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Compare the last 12 periods before and after a change of the definitions."""
    found = compared(open_space(context, home), kpi, file, None if grain is None else parse_grain(grain))
    if as_json:
        documents = [{"period": r.label, "old": _document(r.old), "new": _document(r.new), "differs": r.differs} for r in found.rows]
        print_json({**{k: v for k, v in dataclasses.asdict(found).items() if k != "rows"}, "rows": documents})
        return
    unit = f" ({found.unit})" if found.unit else ""
    say(f"{kpi}{unit}: {found.words}.")
    rows = [[r.label, _value(r.old), _value(r.new), _change(r), _why(r)] for r in found.rows]
    print_table(f"{found.before} against {found.after}", [found.grain, "old", "new", "change", "why"], rows, numbers={1, 2, 3})
    differing = sum(row.differs for row in found.rows)
    say(f"{differing} of {len(found.rows)} periods differ." if differing else f"None of {len(found.rows)} periods differs.")


def _document(side: Side | None) -> dict[str, object] | None:
    return None if side is None else dataclasses.asdict(side)


def _value(side: Side | None) -> str:
    if side is None:
        return "no KPI"
    return "–" if side.value is None else f"{side.value:,.6g}{'' if side.complete else ' (incomplete)'}"


def _change(row: Compared) -> str:
    if not row.differs:
        return "="
    if row.old is None or row.new is None or row.old.value is None or row.new.value is None:
        return "≠"
    return f"{row.new.value - row.old.value:+,.6g}"


def _why(row: Compared) -> str:
    reasons = [f"{name}: {side.reason}" for name, side in (("old", row.old), ("new", row.new)) if side is not None and side.reason]
    return "; ".join(reasons)
