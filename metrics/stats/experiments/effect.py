"""The difference between two arms, as an amount and as a share of the control, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

from scipy.special import stdtr, stdtrit

from metrics.stats.absent import Absent
from metrics.stats.experiments.arms import Arm

Alternative = Literal["two-sided", "greater", "less"]


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference. low, high: its interval, None where it is open; df: of Student's t, None elsewhere; se: None for exact methods."""

    value: float
    se: float | None
    df: float | None
    low: float | None
    high: float | None
    p_value: float


def absolute_effect(control: Arm, treatment: Arm, *, alpha: float = 0.05, alternative: Alternative = "two-sided") -> Effect | Absent:
    """Return treatment − control by Welch's test.

    Source: Welch 1947; se² = v_T/n_T + v_C/n_C with Satterthwaite's degrees of freedom.
    """
    change = treatment.value - control.value
    return _effect(change, treatment.variance / treatment.n + control.variance / control.n, control, treatment, alpha, alternative)


def relative_effect(control: Arm, treatment: Arm, *, alpha: float = 0.05, alternative: Alternative = "two-sided") -> Effect | Absent:
    """Return (treatment − control) / |control|, the control unadjusted, by the delta method.

    Source: gradient of the ratio of means; an adjusted arm brings its covariance with the base (exact to first order).
    """
    base = control.base
    if base == 0:
        return Absent("the control's value is 0, so there is no relative change")
    share = (treatment.value - control.value) / base
    of_control = control.variance + 2 * share * control.covariance + share**2 * control.base_variance
    variance = (treatment.variance / treatment.n + max(0.0, of_control) / control.n) / base**2
    return _effect(share if base > 0 else -share, variance, control, treatment, alpha, alternative)


def _effect(value: float, variance: float, control: Arm, treatment: Arm, alpha: float, alternative: Alternative) -> Effect | Absent:
    if variance <= 0:
        return Absent("every user of both arms has the same value, so there is nothing to estimate an interval from")
    se, df = sqrt(variance), welch_df(control, treatment)
    t = value / se
    if alternative == "two-sided":
        half = float(stdtrit(df, 1 - alpha / 2)) * se
        return Effect(value, se, df, value - half, value + half, min(1.0, 2 * float(stdtr(df, -abs(t)))))
    half = float(stdtrit(df, 1 - alpha)) * se
    if alternative == "greater":
        return Effect(value, se, df, value - half, None, float(stdtr(df, -t)))
    return Effect(value, se, df, None, value + half, float(stdtr(df, t)))


def welch_df(control: Arm, treatment: Arm) -> float:
    """Return Satterthwaite's degrees of freedom of the underlying variances."""
    parts = [(arm.variance / arm.n, arm.n - 1) for arm in (control, treatment)]
    whole = sum(part for part, _ in parts)
    if whole == 0:
        return float(sum(free for _, free in parts))
    return 1.0 / sum((part / whole) ** 2 / free for part, free in parts)
