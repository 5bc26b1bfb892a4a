"""kpi analyse delivery: a team's sprints, flow and finish dates."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.common import AsJson, Home, open_space, print_json, say
from commands.table import print_table
from metrics import open_catalog
from metrics.delivery_types import Delivery, Outlook, Sprint
from metrics.delivery_words import velocity_words


def delivery(
    context: typer.Context,
    board: Annotated[str | None, typer.Option(metavar="B", help="Board or project; the first board when none is named.")] = None,
    weeks: Annotated[
        int, typer.Option(min=5, max=104, help="Whole weeks that times, throughput and work in progress are taken from.")
    ] = 12,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Tell when work will be done, and how it flows: sprints, cycle time, throughput, finish dates at 50, 85 and 95 %."""
    with open_catalog(open_space(context, home)) as catalog:
        found = catalog.delivery(board, weeks)
        names = [team.name for team in catalog.teams()]
    if as_json:
        print_json({**document(found), "boards": names})
        return
    say(found.sentence)
    columns = ["work", "open", "ahead", "due", "50 %", "85 %", "95 %", "in time", "verdict", "reason"]
    print_table(f"{found.team.name}: finish dates", columns, [_outlook(one) for one in found.forecast.outlooks], numbers={1, 2, 7})
    columns = ["sprint", "days", "committed", "completed", "added", "removed", "completed/committed", "kept", "unit", "from"]
    print_table("Closed sprints", columns, [_sprint(one) for one in found.sprints[-12:]], numbers={2, 3, 4, 5, 6, 7})
    print_table(f"Flow in {weeks} weeks from {found.flow.period.start}", ["what", "value", "reason"], _flow(found), numbers={1})
    for note in (velocity_words(found), *found.forecast.notes):
        if note:
            say(note)


def _outlook(one: Outlook) -> list[str]:
    dates = [str(one.due or "–"), *(str(day or "–") for day in (one.p50, one.p85, one.p95))]
    chance = "–" if one.chance is None else f"{one.chance:.0%}"
    return [f"{one.kind} {one.name}", str(one.items), str(one.ahead), *dates, chance, one.verdict, one.reason or ""]


def _sprint(one: Sprint) -> list[str]:
    n = one.numbers
    shares = ["–" if share is None else f"{share:.0%}" for share in (n.completed_share, n.kept_share)]
    amounts = [f"{value:g}" for value in (n.committed, n.completed, n.added, n.removed)]
    return [one.name, f"{one.days.start} – {one.days.end}", *amounts, *shares, one.unit, one.basis or ""]


def _flow(found: Delivery) -> list[list[str]]:
    flow = found.flow
    none = "nothing was finished in these weeks"
    rows = []
    for what, levels in (("cycle time", flow.cycle), ("lead time", flow.lead)):
        rows += [[f"{what}, {level} % within, days", f"{value:.2f}", ""] for level, value in (levels or {}).items()]
        rows += [] if levels else [[f"{what}, days", "–", none]]
    rows.append(["items finished", str(sum(n for _, n in flow.weeks)), ""])
    rows.append(["in progress now", str(flow.in_progress), ""])
    rows.append(["flow efficiency", "–" if flow.efficiency is None else f"{flow.efficiency:.0%}", none if flow.efficiency is None else ""])
    little = flow.little
    expected = "–" if little.expected_days is None else f"{little.expected_days:.2f}"
    agrees = little.reason or ("agrees with the mean cycle time" if little.agrees else "does not agree with the mean cycle time")
    rows.append(["cycle time by Little's law, days", expected, agrees])
    return rows


def document(found: Delivery) -> dict[str, Any]:
    """Return the JSON form: what is not there is null."""
    whole = asdict(found)
    for plain, one in zip(whole["sprints"], found.sprints, strict=True):
        n = one.numbers
        plain["numbers"] |= {"completed_share": n.completed_share, "kept_share": n.kept_share, "added_share": n.added_share, "removed_share": n.removed_share}  # fmt: skip
    return whole
