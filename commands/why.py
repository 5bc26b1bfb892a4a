"""kpi analyse why: what a KPI's change is made of."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

import typer

from commands.common import AsJson, Home, open_space, print_json
from commands.query import parse_period, parse_where
from commands.table import print_table
from metrics import open_catalog
from metrics.reconcile import Reconciliation
from metrics.types import Period
from metrics.why import Split, Why, why


def analyse_why(
    context: typer.Context,
    kpi: Annotated[str, typer.Argument(metavar="KPI", help="Name of a KPI.")],
    from_: Annotated[str | None, typer.Option("--from", metavar="D", help="First day; by default the last 28 whole days.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="D", help="Last day, included.")] = None,
    by: Annotated[str | None, typer.Option(metavar="DIM", help="Split by this dimension.")] = None,
    where: Annotated[list[str] | None, typer.Option(metavar="DIM=VALUE", help="Keep only this value; repeat for more.")] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Say what a change against the days before is made of: measures, rate and mix by segment, and its like in another source. Arithmetic, not a cause."""
    with open_catalog(open_space(context, home)) as catalog:
        found = why(catalog, kpi, parse_period(catalog, kpi, from_, to), by, parse_where(where or ()))
    if as_json:
        print_json(document(found))
        return
    _print(found)


def document(found: Why) -> dict[str, Any]:
    """Return the JSON form of an explanation."""
    return {
        "kpi": found.kpi,
        "unit": found.unit,
        "period": _days(found.period),
        "base_period": _days(found.base_period),
        "against": found.words,
        "before": found.before,
        "after": found.after,
        "change": found.change,
        "measures": [dataclasses.asdict(one) for one in found.measures],
        "measures_reason": found.measures_reason,
        "split": None if found.split is None else split_document(found.split),
        "reversals": [split_document(split) for split in found.reversals],
        "reconciliation": None if found.reconciliation is None else _reconciliation(found.reconciliation),
        "reason": found.reason,
    }


def _days(period: Period) -> dict[str, Any]:
    return {"from": period.start, "to": period.end - timedelta(days=1)}


def split_document(split: Split) -> dict[str, Any]:
    """Return the JSON form of a split."""
    rates = split.rates
    segments = (
        []
        if rates is None
        else [{**dataclasses.asdict(effect), "rate_effect": effect.rate, "mix_effect": effect.mix} for effect in rates.effects]
    )
    amounts = [{**dataclasses.asdict(amount), "effect": amount.effect} for amount in split.amounts]
    for one in segments:
        del one["rate"], one["mix"]
    return {
        "by": split.by,
        "rate_effect": None if rates is None else rates.rate,
        "mix_effect": None if rates is None else rates.mix,
        "reversal": split.is_reversal,
        "segments": segments or amounts,
        "reason": split.reason,
    }


def _reconciliation(found: Reconciliation) -> dict[str, Any]:
    return {**dataclasses.asdict(found), "usual": found.is_usual}


def _print(found: Why) -> None:
    title = f"{found.kpi}, {found.period.start} to {found.period.end - timedelta(days=1)} against {found.words}"
    if found.reason is not None or found.change is None:
        sys.stdout.write(f"{title}: nothing to explain: {found.reason}.\n")
        return
    unit = found.unit
    sys.stdout.write(f"{title}: {_value(found.before, unit)} → {_value(found.after, unit)} ({_change(found.change, unit)})\n")
    if found.measures:
        rows = [[one.name, _number(one.before), _number(one.after), _change(one.effect, unit)] for one in found.measures]
        print_table("What each measure contributes", ["measure", "before", "after", "contribution"], rows, numbers={1, 2, 3})
    elif found.measures_reason:
        sys.stdout.write(f"Measures: {found.measures_reason}.\n")
    for split in (found.split, *found.reversals):
        if split is not None:
            _print_split(split, unit)
    sys.stdout.write("".join(f"{line}\n" for line in _reconciled(found.reconciliation)))


def _print_split(split: Split, unit: str) -> None:
    if split.reason is not None:
        sys.stdout.write(f"By {split.by}: {split.reason}.\n")
    elif split.rates is not None:
        if split.is_reversal:
            sys.stdout.write(f"By {split.by}, the total and all segments disagree: the mix moved against the rates.\n")
        rows = [
            [e.segment, *(f"{s:.1%}" for s in e.shares), *(_value(r, unit) for r in e.rates), _change(e.rate, unit), _change(e.mix, unit)]
            for e in sorted(split.rates.effects, key=lambda e: -abs(e.rate + e.mix))
        ]
        whole = split.rates
        sides, effects = (_value(one, unit) for one in (whole.before, whole.after)), (_change(one, unit) for one in (whole.rate, whole.mix))
        rows.append(["all", "100.0%", "100.0%", *sides, *effects])
        columns = [split.by, "share before", "share after", "rate before", "rate after", "rate effect", "mix effect"]
        print_table(f"Rate and mix by {split.by}", columns, rows, numbers=set(range(1, 7)))
    else:
        rows = [[a.segment, _value(a.before, unit), _value(a.after, unit), _change(a.effect, unit)] for a in split.amounts]
        print_table(f"By {split.by}", [split.by, "before", "after", "change"], rows, numbers={1, 2, 3})


def _value(value: float | None, unit: str) -> str:
    """Return a value of the KPI; a rate is stored as a fraction of 1."""
    if value is None:
        return "–"
    return f"{value:.2%}" if unit == "%" else f"{value:,.6g} {unit}".rstrip()


def _change(change: float, unit: str) -> str:
    """Return a change with its sign; a rate changes in points."""
    return f"{change * 100:+.3f} points" if unit == "%" else f"{change:+,.6g} {unit}".rstrip()


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.6g}"


def _reconciled(found: Reconciliation | None) -> Iterator[str]:
    if found is None:
        return
    if found.difference is None:
        yield f"Against {found.other}: not comparable: {found.reason}."
        return
    usual = "inside" if found.is_usual else "OUTSIDE"
    yield (
        f"Against {found.other}: {found.mine:,.6g} and {found.theirs:,.6g}, {found.difference:+.1%}: {usual} the usual band of ±{found.gap:.0%} "
        f"({found.outside} of {found.weeks} weeks were outside)."
    )
