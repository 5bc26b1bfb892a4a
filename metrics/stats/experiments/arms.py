"""What is estimated in one arm: a mean, a ratio of sums, or either of them adjusted by what was known before the test (CUPED)."""

from __future__ import annotations

from dataclasses import dataclass

from metrics.stats.absent import Absent
from metrics.stats.experiments.moments import Moments


@dataclass(frozen=True, slots=True)
class Arm:
    """An estimate in one arm. value: what is compared; variance: per user, so that se² = variance / n.

    base: the unadjusted value, by which a lift is divided; base_variance and covariance (of value and base): per user.
    """

    n: int
    value: float
    variance: float
    base: float
    base_variance: float
    covariance: float


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Both arms after CUPED. theta: slope on the covariate; share_removed: of the variance of the difference, a fraction of 1."""

    control: Arm
    treatment: Arm
    theta: float
    share_removed: float


def mean_arm(moments: Moments) -> Arm:
    """Return the mean of the first variable."""
    return _arm(moments, moments.mean[0], _first(moments))


def ratio_arm(moments: Moments) -> Arm | Absent:
    """Return sum over sum of the first two variables, with the variance of the delta method.

    Source: var = v_m/d² + v_d m²/d⁴ − 2 cov m/d³ over means m, d; the user is the unit (Deng, Knoblich and Lu, KDD 2018).
    """
    if moments.mean[1] == 0:
        return Absent("the denominator adds up to 0")
    return _arm(moments, moments.mean[0] / moments.mean[1], _slopes(moments, 0))


def adjusted_arms(control: Moments, treatment: Moments, *, is_ratio: bool = False) -> Adjusted | Absent:
    """Return both arms adjusted by a covariate from before the test: value − θ·covariate.

    Shape: moments of (value, covariate), or of (value, denominator, covariate, covariate's denominator) for a ratio.
    Source: Deng, Xu, Kohavi and Walker, WSDM 2013; θ = pooled cov / pooled var within the arms, of the linearised variables for ratios.
    """
    parts = []
    for moments in (control, treatment):
        if is_ratio and 0 in (moments.mean[1], moments.mean[3]):
            return Absent("the denominator, now or before the test, adds up to 0")
        parts.append((_slopes(moments, 0), _slopes(moments, 2)) if is_ratio else (_first(moments), (0.0, 1.0)))
    theta = _theta(control, treatment, is_ratio)
    if isinstance(theta, Absent):
        return theta
    arms = []
    for moments, (now, before) in zip((control, treatment), parts, strict=True):
        mix = [a - theta * b for a, b in zip(now, before, strict=True)]
        mean = moments.mean
        value = mean[0] / mean[1] if is_ratio else mean[0]
        past = mean[2] / mean[3] if is_ratio else mean[1]
        cross = moments.covariance(mix, now)
        variance = max(0.0, moments.covariance(mix, mix))
        arms.append(Arm(moments.n, value - theta * past, variance, value, moments.covariance(now, now), cross))
    left = sum(arm.variance / arm.n for arm in arms)
    whole = sum(arm.base_variance / arm.n for arm in arms)
    return Adjusted(arms[0], arms[1], theta, 1 - left / whole if whole > 0 else 0.0)


def _first(moments: Moments) -> tuple[float, ...]:
    return (1.0, *[0.0] * (len(moments.mean) - 1))


def _slopes(moments: Moments, place: int) -> tuple[float, ...]:
    """Return the gradient of a ratio of means with respect to all means."""
    top, bottom = moments.mean[place], moments.mean[place + 1]
    return tuple({place: 1 / bottom, place + 1: -top / bottom**2}.get(at, 0.0) for at in range(len(moments.mean)))


def _arm(moments: Moments, value: float, slopes: tuple[float, ...]) -> Arm:
    variance = max(0.0, moments.covariance(slopes, slopes))
    return Arm(moments.n, value, variance, value, variance, variance)


def _theta(control: Moments, treatment: Moments, is_ratio: bool) -> float | Absent:
    """Return the slope within the arms, both pooled: a difference between the arms is the effect and takes no part in it."""
    both, spread = 0.0, 0.0
    for moments in (control, treatment):
        now, before = (_slopes(moments, 0), _slopes(moments, 2)) if is_ratio else (_first(moments), (0.0, 1.0))
        both += (moments.n - 1) * moments.covariance(now, before)
        spread += (moments.n - 1) * moments.covariance(before, before)
    return Absent("the covariate is the same for everyone") if spread <= 0 else both / spread
