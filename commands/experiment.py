"""kpi analyse experiment: what a randomised test says, from a CSV file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.common import AsJson, print_json, say
from commands.table import print_table
from errors import ConfigError
from metrics.experiment_file import read_file
from metrics.experiment_types import Plan, Reading, Readout
from metrics.experiment_words import amount, ends, percent, percent_ends
from metrics.experiments import read_experiment
from metrics.stats.absent import Absent
from metrics.stats.experiments.effect import Effect


def experiment(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="One row for each arm and metric with its sums, or one row for each user.")],
    metric: Annotated[list[str] | None, typer.Option(metavar="METRIC", help="Read only this metric (and the primary one); repeat for more.")] = None,
    primary: Annotated[str | None, typer.Option(metavar="METRIC", help="The metric that decides; the file's first one otherwise.")] = None,
    planned: Annotated[int | None, typer.Option(min=2, metavar="N", help="Users of all arms together that were planned.")] = None,
    control: Annotated[str | None, typer.Option(metavar="ARM", help="The arm to compare with; 'control' or the file's first one otherwise.")] = None,
    weight: Annotated[list[str] | None, typer.Option(metavar="ARM=SHARE", help="Planned share of an arm; repeat for each. Equal otherwise.")] = None,
    alpha: Annotated[float, typer.Option(min=0.0001, max=0.5, help="Share of false alarms that is accepted.")] = 0.05,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Read a randomised test: is the split sound, what changed, and is it more than chance?

    Columns of the first form: arm, metric, n, sum; sum_squares for amounts; denominator_sum, denominator_sum_squares and
    value_x_denominator for ratios; covariate_sum, covariate_sum_squares and value_x_covariate for what was known before (CUPED).
    Columns of the second form: arm, user, and one for each metric; METRIC:denominator and METRIC:covariate beside it.
    """
    plan = Plan(planned, primary, control, _weights(weight or ()), alpha)
    readout = read_experiment(read_file(file), plan, metric or ())
    if as_json:
        print_json(document(readout))
        return
    say(readout.sentence)
    columns = [
        "metric",
        "arm",
        "control",
        "value",
        "change",
        "interval",
        "lift",
        "interval of the lift",
        "p",
        "p adjusted",
        "verdict",
        "method",
    ]
    print_table(_title(readout), columns, [_cells(one, readout) for one in readout.readings], numbers={2, 3, 4, 6, 8, 9})
    for note in (*readout.notes, *(note for one in readout.readings for note in one.notes)):
        say(note)


def _weights(given: list[str] | tuple[()]) -> dict[str, float]:
    found = {}
    for text in given:
        arm, sign, share = text.partition("=")
        try:
            found[arm] = float(share)
        except ValueError:
            sign = ""
        if not sign or not 0 <= found[arm] < float("inf"):
            raise ConfigError(f"--weight: '{text}' is not ARM=SHARE. Example: --weight control=0.5 --weight new=0.5.")
    return found


def _title(readout: Readout) -> str:
    users = ", ".join(f"{arm} {n:,}" for arm, n in readout.users.items())
    split = readout.split.reason if isinstance(readout.split, Absent) else f"split p = {readout.split.p_value:.3g}"
    return f"{readout.experiment or 'Test'}: {users} users; {split}; {readout.moment}; grade {readout.grade}"


def _cells(one: Reading, readout: Readout) -> list[str]:
    change = one.change if isinstance(one.change, Effect) else None
    lift = one.lift if isinstance(one.lift, Effect) else None
    return [
        one.metric,
        one.arm,
        *("–" if value is None else f"{value:.6g}" for value in (one.control_value, one.value)),
        "–" if change is None else amount(change.value, one.kind),
        one.change.reason if isinstance(one.change, Absent) else ends(one.change, one.kind, readout.alpha),
        "–" if lift is None else percent(lift.value),
        one.lift.reason if isinstance(one.lift, Absent) else percent_ends(one.lift, readout.alpha),
        "–" if change is None else f"{change.p_value:.4f}",
        "–" if one.p_adjusted is None else f"{one.p_adjusted:.4f}",
        one.direction,
        one.method,
    ]


def document(readout: Readout) -> dict[str, Any]:
    """Return the JSON form of a read-out: a number that is not there is null beside its reason."""
    whole = asdict(readout)
    whole["split"] = _number(readout.split)
    whole["readings"] = [{**asdict(one), "change": _number(one.change), "lift": _number(one.lift)} for one in readout.readings]
    return whole


def _number(one: Any) -> dict[str, Any]:
    return {"value": None, "reason": one.reason} if isinstance(one, Absent) else {**asdict(one), "reason": None}
