"""kpi analyse forecast: where a KPI's running period is likely to end."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

import typer

from commands.common import AsJson, Home, open_space, print_json
from commands.query import parse_where
from metrics import open_catalog
from metrics.forecast import METHODS, Forecast, Skill, forecast


def analyse_forecast(
    context: typer.Context,
    kpi: Annotated[str, typer.Argument(metavar="KPI", help="Name of a KPI whose days add up.")],
    where: Annotated[list[str] | None, typer.Option(metavar="DIM=VALUE", help="Keep only this value; repeat for more.")] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Say where the running period is likely to end, with its 80 % interval, the chance of its target, and how good such forecasts were."""
    with open_catalog(open_space(context, home)) as catalog:
        found = forecast(catalog, kpi, parse_where(where or ()))
    if as_json:
        print_json(document(found))
        return
    sys.stdout.write("\n".join(lines(found)) + "\n")


def document(found: Forecast) -> dict[str, Any]:
    """Return the JSON form of a forecast."""
    period = found.period
    return {
        "kpi": found.kpi,
        "unit": found.unit,
        "period": None if period is None else {"from": period.start, "to": period.end - timedelta(days=1)},
        "through": found.through,
        "actual": found.actual,
        "forecast": None if found.middle is None else {"middle": found.middle, "low": found.low, "high": found.high, "level": 0.8},
        "method": found.method,
        "target": found.target,
        "chance": found.chance,
        "status": found.status,
        "pace": None if found.pace is None else dataclasses.asdict(found.pace),
        "skill": {method: _skill(skill) for method, skill in _skills(found)},
        "days": [dataclasses.asdict(day) for day in found.ahead],
        "reason": found.reason,
        "notes": list(found.notes),
    }


def _skills(found: Forecast) -> Iterator[tuple[str, Skill]]:
    other = "weekday" if found.method == "ets" else "ets"
    for method, skill in ((found.method, found.skill), (other, found.other)):
        if method is not None and skill is not None:
            yield method, skill


def _skill(skill: Skill) -> dict[str, Any]:
    return {**dataclasses.asdict(skill), "unreliable": skill.is_unreliable}


def lines(found: Forecast) -> Iterator[str]:
    """Yield a forecast in words."""
    if found.period is None or found.middle is None or found.method is None:
        yield f"{found.kpi}: no forecast: {found.reason}."
        return
    last = found.period.end - timedelta(days=1)
    yield f"{found.kpi}, {found.period.start} to {last}: {found.actual:,.6g} through {found.through}."
    yield f"Likely total {found.middle:,.6g}, 80 % interval {found.low:,.6g} to {found.high:,.6g} {found.unit}".rstrip() + "."
    if found.chance is not None and found.status is not None:
        yield f"Target {found.target:,.6g}: {found.status.replace('_', ' ')}; {found.chance:.0%} of the simulated paths reach it."
    if found.pace is not None and found.pace.share is not None:
        yield f"Pace {found.pace.share:.0%} of what was to be there by now ({found.pace.note})."
    yield f"By {METHODS[found.method]}."
    if found.skill is not None:
        yield f"From {found.skill.origins} earlier days, as many days ahead: {skill_words(found.skill)}."
    yield from (f"Note: {note}." for note in found.notes)


def skill_words(skill: Skill) -> str:
    """Return how good a method was."""
    known = [
        None if skill.error is None else f"off by {skill.error:,.4g} on average",
        None if skill.mase is None else f"MASE {skill.mase:.2f}",
        None if skill.pinball is None else f"pinball loss {skill.pinball:,.4g}",
        None if skill.coverage is None else f"80 % interval held {skill.coverage:.0%}",
    ]
    return ", ".join(one for one in known if one is not None) or "not known yet"
