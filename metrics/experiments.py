"""Reads a randomised test: is the split sound, may the result be read yet, what changed, and what of it is shown. Knows no file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from errors import QueryError, suggest
from metrics.experiment_types import ArmMetric, Direction, Moment, Plan, Reading, Readout
from metrics.experiment_words import headline
from metrics.stats.absent import Absent
from metrics.stats.experiments.arms import Adjusted, Arm, adjusted_arms, mean_arm, ratio_arm
from metrics.stats.experiments.effect import Effect, absolute_effect, relative_effect
from metrics.stats.experiments.moments import Moments
from metrics.stats.experiments.multiplicity import benjamini_hochberg, holm
from metrics.stats.experiments.sequence import DEFAULT_PLANNED, always_valid
from metrics.stats.experiments.small_counts import Share, fisher_p, newcombe
from metrics.stats.experiments.srm import FLAG_BELOW, Srm, sample_ratio

HIDDEN = "the split is broken, so the arms are not alike and no difference between them can be read"


def read_experiment(rows: Sequence[ArmMetric], plan: Plan = Plan(), metrics: Sequence[str] = ()) -> Readout:  # noqa: B008  # Plan is frozen
    """Return what a test says; metrics: those to read, () = all.

    Raises: QueryError for a metric, arm or primary metric that the rows do not have.
    """
    arms, names = list(dict.fromkeys(row.arm for row in rows)), list(dict.fromkeys(row.metric for row in rows))
    control = _control(arms, plan)
    primary = _known("metric", plan.primary or names[0], names)
    chosen = list(dict.fromkeys([primary, *(_known("metric", name, names) for name in metrics)])) if metrics else names
    for name in plan.weights:
        _known("arm", name, arms)
    users = {arm: max(row.users for row in rows if row.arm == arm) for arm in arms}
    split = sample_ratio(list(users.values()), [plan.weights.get(arm, 0.0) if plan.weights else 1.0 for arm in arms])
    moment, reason = _moment(sum(users.values()), plan), _refusal(split)
    found = [
        _reading(rows, control, arm, name, name == primary, plan, moment, _share(users, arm, control, plan))
        for name in sorted(chosen, key=lambda one: one != primary)
        for arm in arms
        if arm != control
    ]
    readings = _hidden(found, reason) if reason else _adjusted(found, plan.alpha)
    whole = Readout(rows[0].experiment, control, users, split, moment, plan.users, plan.alpha, "R" if reason else "A", reason, "", readings, _notes(rows, moment, plan))  # fmt: skip
    return replace(whole, sentence=headline(whole))


def _control(arms: Sequence[str], plan: Plan) -> str:
    if plan.control is not None:
        return _known("arm", plan.control, arms)
    return next((arm for arm in arms if arm.casefold() in ("control", "baseline")), arms[0])


def _known(what: str, name: str, known: Iterable[str]) -> str:
    listed = list(known)
    if name not in listed:
        raise QueryError(f"The test has no {what} '{name}'. Known: {', '.join(listed)}. {suggest(name, listed) or ''}".rstrip())
    return name


def _moment(users: int, plan: Plan) -> Moment:
    if plan.users is None:
        return "no plan"
    return "planned end" if users >= plan.users else "interim"


def _refusal(split: Srm | Absent) -> str | None:
    if isinstance(split, Absent):
        return split.reason
    return f"{HIDDEN} (p = {split.p_value:.2g}, below {FLAG_BELOW:g})" if split.is_flagged else None


def _share(users: dict[str, int], arm: str, control: str, plan: Plan) -> float:
    """Return the share of the planned users that these two arms were to get."""
    weights = plan.weights or dict.fromkeys(users, 1.0)
    return (weights.get(arm, 0.0) + weights.get(control, 0.0)) / sum(weights.values())


def _notes(rows: Sequence[ArmMetric], moment: Moment, plan: Plan) -> tuple[str, ...]:
    found = []
    if moment == "interim":
        found.append(f"{plan.users:,} users were planned and are not reached: intervals hold at every look and are wider for it.")
    if moment == "no plan":
        found.append(
            f"Nobody said how many users were planned: intervals hold at every look, and are tightest at {DEFAULT_PLANNED:,} users. Name the plan with --planned."
        )
    if any("covariate" in row.variables for row in rows):
        found.append("Metrics with a covariate are adjusted by what was known of the users before the test (CUPED).")
    return tuple(found)


def _reading(
    rows: Sequence[ArmMetric], control: str, arm: str, metric: str, is_primary: bool, plan: Plan, moment: Moment, share: float
) -> Reading:
    sides = [next((row for row in rows if (row.arm, row.metric) == (name, metric)), None) for name in (control, arm)]
    if sides[0] is None or sides[1] is None:
        gone = Absent("one of the arms has no row for this metric")
        kind = next(row.kind for row in rows if row.metric == metric)
        return Reading(metric, kind, arm, is_primary, None, None, gone, gone, "", None, "withheld")
    left, right = sides[0], sides[1]
    blank = Reading(metric, left.kind, arm, is_primary, _plain(left), _plain(right), Absent(""), Absent(""), "", None, "withheld")
    if _is_small(left) or _is_small(right):
        return _small(blank, left, right, plan, moment)
    pair = _pair(left, right)
    if isinstance(pair, Absent):
        return replace(blank, change=pair, lift=pair)
    change = absolute_effect(pair.control, pair.treatment, alpha=plan.alpha)
    lift = relative_effect(pair.control, pair.treatment, alpha=plan.alpha)
    method = "Welch"
    if moment != "planned end":
        users, planned = left.users + right.users, round((plan.users or DEFAULT_PLANNED) * (share if plan.users else 1.0))
        change, lift = (one if isinstance(one, Absent) else always_valid(one, users, max(1, planned), plan.alpha) for one in (change, lift))
        method = "confidence sequence"
    adjusted = "covariate" in left.variables
    notes = _disagreement(change, lift, plan.alpha)
    return replace(
        blank, change=change, lift=lift, method=method, notes=notes, theta=pair.theta if adjusted else None, share_removed=pair.share_removed if adjusted else None
    )  # fmt: skip


def _plain(row: ArmMetric) -> float | None:
    if isinstance(row.moments, Absent):
        return None
    mean = row.moments.mean
    if row.kind != "ratio":
        return mean[0]
    return mean[0] / mean[1] if mean[1] else None


def _pair(left: ArmMetric, right: ArmMetric) -> Adjusted | Absent:
    """Return both arms, adjusted where both have a covariate."""
    if (left.kind, left.variables) != (right.kind, right.variables):
        return Absent("the arms do not have the same sums for this metric")
    if isinstance(left.moments, Absent):
        return Absent(f"{left.arm}: {left.moments.reason}")
    if isinstance(right.moments, Absent):
        return Absent(f"{right.arm}: {right.moments.reason}")
    if "covariate" in left.variables:
        return adjusted_arms(left.moments, right.moments, is_ratio=left.kind == "ratio")
    arms = [_arm(left, left.moments), _arm(right, right.moments)]
    wrong = next((one for one in arms if isinstance(one, Absent)), None)
    if wrong is not None:
        return wrong
    control, treatment = (one for one in arms if isinstance(one, Arm))
    return Adjusted(control, treatment, 0.0, 0.0)


def _arm(row: ArmMetric, moments: Moments) -> Arm | Absent:
    return ratio_arm(moments) if row.kind == "ratio" else mean_arm(moments)


def _is_small(row: ArmMetric) -> bool:
    return row.successes is not None and Share(row.successes, row.users).is_small


def _small(blank: Reading, left: ArmMetric, right: ArmMetric, plan: Plan, moment: Moment) -> Reading:
    """Few conversions: exact methods at the planned end, and no lift; before it nothing holds at every look."""
    few = "fewer than 10 users of an arm converted, or did not"
    no_lift = Absent(f"{few}: a share of so few is no base for a relative change")
    if moment != "planned end":
        return replace(blank, change=Absent(f"{few}, and the planned end is not known to be reached"), lift=no_lift)
    control, treatment = Share(left.successes or 0, left.users), Share(right.successes or 0, right.users)
    interval = newcombe(treatment, control, confidence=1 - plan.alpha)
    if isinstance(interval, Absent):
        return replace(blank, change=interval, lift=no_lift)
    change = Effect(interval[0], None, None, interval[1], interval[2], fisher_p(treatment, control))
    return replace(blank, change=change, lift=no_lift, method="Newcombe and Fisher")


def _disagreement(change: Effect | Absent, lift: Effect | Absent, alpha: float) -> tuple[str, ...]:
    if isinstance(change, Absent) or isinstance(lift, Absent) or (change.p_value < alpha) == (lift.p_value < alpha):
        return ()
    return (f"The absolute change (p = {change.p_value:.3f}) decides; the relative one (p = {lift.p_value:.3f}) would say otherwise.",)


def _hidden(readings: Iterable[Reading], reason: str) -> tuple[Reading, ...]:
    """Take every number away: with a broken split, looking at them anyway is the mistake."""
    gone = Absent(reason)
    return tuple(Reading(one.metric, one.kind, one.arm, one.is_primary, None, None, gone, gone, "", None, "withheld") for one in readings)


def _adjusted(readings: Sequence[Reading], alpha: float) -> tuple[Reading, ...]:
    """Adjust for the number of tests: Holm over the primary metric's arms, Benjamini-Hochberg over the rest."""
    found = list(readings)
    for is_primary, adjust in ((True, holm), (False, benjamini_hochberg)):
        places = [at for at, one in enumerate(readings) if one.is_primary is is_primary and isinstance(one.change, Effect)]
        raw = [one.change.p_value for at in places if isinstance((one := readings[at]).change, Effect)]
        for at, p in zip(places, adjust(raw), strict=True):
            found[at] = _decided(readings[at], p, len(places), alpha)
    return tuple(found)


def _decided(reading: Reading, p: float, tests: int, alpha: float) -> Reading:
    direction = _direction(reading.change, p, alpha)
    alone = isinstance(reading.change, Effect) and reading.change.p_value < alpha <= p
    many = f"{reading.metric} in '{reading.arm}' would pass alone (see its interval), but not among {tests} results that are read together."
    return replace(reading, p_adjusted=p, direction=direction, notes=(*reading.notes, many) if alone else reading.notes)


def _direction(change: Effect | Absent, p: float, alpha: float) -> Direction:
    if isinstance(change, Absent):
        return "withheld"
    if p >= alpha:
        return "not shown"
    return "higher" if change.value > 0 else "lower"
