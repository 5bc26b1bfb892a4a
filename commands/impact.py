"""kpi analyse impact: what releases and campaigns did to the KPIs."""

from __future__ import annotations

import dataclasses
import sys
from typing import Annotated, Any

import typer

from commands.common import AsJson, Home, open_space, print_json
from commands.table import print_table
from metrics import open_catalog
from metrics.impact import Impact, ImpactReport, impacts
from metrics.impact import words as w


def impact(
    context: typer.Context,
    event: Annotated[
        str | None, typer.Option(metavar="NAME_OR_ID", help="One release or campaign; all of them when it is not given.")
    ] = None,
    kpi: Annotated[list[str] | None, typer.Option(metavar="K", help="A KPI; repeat for more. Else those that the event names.")] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Compare a KPI after a release or a campaign with what was to be expected without it."""
    with open_catalog(open_space(context, home)) as catalog:
        report = impacts(catalog, event, tuple(kpi or ()))
    if as_json:
        print_json(document(report))
    elif event is not None:
        sys.stdout.write("\n\n".join(_told(one) for one in report.impacts) + f"\n\n{w.multiplicity(report)}\n")
    else:
        _print(report)


def document(report: ImpactReport) -> dict[str, Any]:
    """Return the JSON form of a report."""
    whole = {**dataclasses.asdict(report), "headline": w.headline(report), "multiplicity": w.multiplicity(report)}
    whole["impacts"] = [{**dataclasses.asdict(one), "sentence": w.sentence(one)} for one in report.impacts]
    return whole


def _print(report: ImpactReport) -> None:
    rows = [
        [one.event.name, f"{one.event.start}", one.kpi, w.WORD[one.verdict], w.size(one), one.grade, "yes" if one.holds else "", one.reason]
        for one in report.impacts
    ]
    print_table(w.headline(report), ["event", "day", "kpi", "verdict", "effect", "grade", "holds", "reason"], rows)
    sys.stderr.write(f"{w.multiplicity(report)} {report.rule}\n")


def _told(one: Impact) -> str:
    """Return everything about one look, line by line."""
    lines = [w.sentence(one), f"  grade {w.GRADE[one.grade]} ({one.reason})", f"  window {w.when(one)}"]
    if one.before is not None:
        lines.append(
            f"  expected from {w.days_of(one.before)}, by {one.grain}{', with ' + ', '.join(one.controls) if one.controls else ''}"
        )
    if one.effect is not None and one.verdict != "refused":
        lines.append(f"  effect on average {w.in_units(one.effect, one.unit)}")
        lines += [f"  in total {w.in_units(one.total, one.unit)}"] if one.total is not None else []
        lines.append(f"  plain before and after (misleading where anything else changed): {w.plain_comparison(one.naive, one.unit)}")
        lines += [f"  touched segments against the others {w.interval(one.panel)}"] if one.panel is not None else []
        lines += [f"  everyone whom the campaign did not bring {w.interval(one.others)}"] if one.others is not None else []
    lines.append(f"  expected by the team: {one.expected}{' (' + ', '.join(one.named_by) + ')' if one.named_by else ''}")
    return "\n".join(lines)
