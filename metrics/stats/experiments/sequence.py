"""Intervals that hold at every look: the asymptotic confidence sequence, and mSPRT as a check."""

from __future__ import annotations

from math import exp, log, sqrt

from metrics.stats.experiments.effect import Effect

DEFAULT_PLANNED = 5_000
"""Users of both arms at which the sequence is tightest when nobody planned a number (GrowthBook's default)."""


def tuning(planned: int, alpha: float = 0.05) -> float:
    """Return ρ for which the sequence is tightest at `planned` users of both arms together.

    Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, arXiv 2103.06476, section 3: ρ² = (−2 ln α + ln(1 − 2 ln α)) / N*.

    >>> round(tuning(5000), 6)
    0.03984
    """
    return sqrt((-2 * log(alpha) + log(1 - 2 * log(alpha))) / planned)


def always_valid(effect: Effect, users: int, planned: int = DEFAULT_PLANNED, alpha: float = 0.05) -> Effect:
    """Return the effect with the interval and p-value of the confidence sequence, which may be looked at as often as one likes.

    Units: users and planned are those of both arms together.
    Source: as `tuning`; half width = se √N √(2 (Nρ²+1)/(Nρ)² ln(√(Nρ²+1)/α)), p = 1 / mixture likelihood ratio, at most 1.
    Raises: ValueError for an effect of an exact method, which has no standard error.
    """
    if not effect.se:
        raise ValueError("a confidence sequence needs a standard error")
    rho2 = tuning(planned, alpha) ** 2
    wide = users * rho2 + 1
    half = effect.se * sqrt(users) * sqrt(2 * wide / (users**2 * rho2) * log(sqrt(wide) / alpha))
    evidence = users * rho2 * (effect.value / effect.se) ** 2 / (2 * wide) - 0.5 * log(wide)
    return Effect(effect.value, effect.se, None, effect.value - half, effect.value + half, exp(-max(0.0, evidence)))


def msprt_p(change: float, variance: float, tau2: float) -> float:
    """Return the p-value of this look of the mixture sequential probability ratio test; the always valid one is the least so far.

    Units: variance is that of the difference; tau2 that of the normal mixture over effects.
    Source: Johari, Pekelis and Walsh, Always Valid Inference, eq. 12: Λ = √(V/(V+τ²)) exp(τ² d² / (2V(V+τ²))), p = 1/Λ.
    """
    evidence = 0.5 * log(variance / (variance + tau2)) + tau2 * change**2 / (2 * variance * (variance + tau2))
    return exp(-max(0.0, evidence))
