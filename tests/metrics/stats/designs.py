"""Panels with a known truth: clean ones, and those that lead simpler estimators astray. Every one is drawn from its own seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from metrics.stats.evidence import Origin
from metrics.stats.panel import Panel

Array = npt.NDArray[Any]
DAYS = 180
SESSIONS = (4000.0, 2500.0, 1500.0, 1200.0, 900.0, 600.0)
BASE = (0.045, 0.040, 0.030, 0.022, 0.020, 0.018)
LCP = (1500.0, 1700.0, 2200.0, 2800.0, 3200.0, 3600.0)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a design draws its panels from. rx, sx: autocorrelation and sd of a segment's speed; ru, su: of its conversion."""

    beta: float = -0.5
    sessions: tuple[float, ...] = SESSIONS
    base: tuple[float, ...] = BASE
    rx: float = 0.6
    sx: float = 0.06
    common_rx: float = 0.7
    common_sx: float = 0.03
    ru: float = 0.5
    su: float = 0.05
    common_ru: float = 0.6
    common_su: float = 0.05


@dataclass(slots=True)
class Drawn:
    """What happens before anybody converts: ln LCP against its base, ln conversion against its base, ln sessions against their mean."""

    dev: Array
    u: Array
    crowd: Array


@dataclass(frozen=True, slots=True)
class Design:
    """A name, the truth, and how a panel is drawn. due: whether an answer is due. lags, knee: what is estimated."""

    name: str
    truth: float
    draw: Callable[[np.random.Generator], Panel]
    due: bool = True
    lags: int = 0
    knee: float | None = None
    origin: Origin = Origin(same_draws=True, coverage=1.0)  # noqa: RUF009  # frozen


def ar(rng: np.random.Generator, shape: tuple[int, ...], rho: float, sd: float) -> Array:
    """Return AR(1) series along the first axis, from their stationary law."""
    out = np.empty(shape)
    out[0] = rng.normal(0.0, sd, shape[1:])
    for t in range(1, shape[0]):
        out[t] = rho * out[t - 1] + rng.normal(0.0, sd * np.sqrt(1 - rho**2), shape[1:])
    return out


def drawn(rng: np.random.Generator, s: Settings) -> Drawn:
    """Draw speed, conversion and crowd of one panel."""
    t, wide = np.arange(DAYS), (DAYS, len(s.sessions))
    dev = ar(rng, wide, s.rx, s.sx) + ar(rng, (DAYS, 1), s.common_rx, s.common_sx)
    u = (
        (0.10 * np.sin(2 * np.pi * t / 7) + 0.10 * t / DAYS)[:, None]
        + ar(rng, (DAYS, 1), s.common_ru, s.common_su)
        + ar(rng, wide, s.ru, s.su)
    )
    crowd = 0.25 * np.cos(2 * np.pi * t / 7)[:, None] + 0.08 * rng.normal(size=wide)
    return Drawn(dev, u, crowd)


def converted(rng: np.random.Generator, s: Settings, d: Drawn, effect: Array, lcp: tuple[float, ...] = LCP) -> Panel:
    """Return the panel in which speed has `effect` on the logarithm of conversion."""
    sessions = rng.poisson(np.array(s.sessions) * np.exp(d.crowd)) + 1
    counts = rng.binomial(sessions, np.clip(np.array(s.base) * np.exp(effect + d.u), 0.0, 1.0))
    return Panel(counts.astype(float), sessions.astype(float), np.log(np.array(lcp)) + d.dev)


def plain(s: Settings) -> Callable[[np.random.Generator], Panel]:
    """Return how a panel without a trap of its own is drawn."""

    def draw(rng: np.random.Generator) -> Panel:
        d = drawn(rng, s)
        return converted(rng, s, d, s.beta * d.dev)

    return draw


def promo(rng: np.random.Generator) -> Panel:
    """Promotions of five days and a season bring visitors, slow all pages and raise conversion everywhere."""
    s = Settings(beta=-0.4)
    d, t = drawn(rng, s), np.arange(DAYS)
    on = np.zeros(DAYS)
    for first in rng.choice(DAYS - 5, 8, replace=False):
        on[first : first + 5] = 1.0
    wave = (on + np.sin(2 * np.pi * t / 120))[:, None]
    d.dev += 0.10 * wave
    d.u += 0.15 * wave
    d.crowd += 0.30 * wave
    return converted(rng, s, d, s.beta * d.dev)


def mix_shift(rng: np.random.Generator) -> Panel:
    """Visitors move from desktops to phones, which are slower and buy less; speed itself does nothing."""
    share = np.array([0.5, 0.3, 0.2])
    mobile = 0.40 + 0.30 * np.arange(DAYS) / DAYS
    flow = 6_000 * np.concatenate([(1 - mobile)[:, None] * share, mobile[:, None] * share], axis=1)
    s = Settings(beta=0.0, sessions=(1.0,) * 6, base=(0.045, 0.040, 0.035, 0.020, 0.018, 0.015))
    d = drawn(rng, s)
    d.crowd += np.log(flow)
    return converted(rng, s, d, 0.0 * d.dev, (1500.0, 1700.0, 1900.0, 2900.0, 3200.0, 3500.0))


def noisy_p75(rng: np.random.Generator) -> Panel:
    """Speed is told by the p75 of a separate sample: its logarithm carries noise of a known size."""
    s = Settings(beta=-0.6, sx=0.08)
    d = drawn(rng, s)
    panel = converted(rng, s, d, s.beta * d.dev)
    noise = (1.363 * 0.7) ** 2 / (0.30 * panel.exposure)
    return replace(panel, driver=panel.driver + rng.normal(size=noise.shape) * np.sqrt(noise), noise=noise)


def three_days(rng: np.random.Generator) -> Panel:
    """The effect is spread over the day itself and the two days after."""
    s = Settings(sx=0.08, rx=0.5)
    d = drawn(rng, s)
    before = np.concatenate([np.zeros((2, 6)), d.dev])
    return converted(rng, s, d, -0.3 * d.dev - 0.2 * before[1:-1] - 0.1 * before[:-2])


KNEE = 2_000.0


def flat_below(rng: np.random.Generator) -> Panel:
    """Below 2 s speed does nothing, above it the elasticity is −0.8."""
    s = Settings(beta=-0.8, sx=0.10)
    d = drawn(rng, s)
    above = np.maximum(np.log(np.array(LCP)) + d.dev - np.log(KNEE), 0.0)
    return converted(rng, s, d, s.beta * above)


def demand_shocks(rng: np.random.Generator) -> Panel:
    """Waves of visitors in single segments slow the pages and bring people who buy more."""
    s = Settings(beta=-0.5, sx=0.03)
    d = drawn(rng, s)
    demand = ar(rng, (DAYS, 6), 0.8, 1.0)
    d.dev += 0.06 * demand
    d.u += 0.08 * demand
    d.crowd += 0.20 * demand
    return converted(rng, s, d, s.beta * d.dev)


SPARSE = Settings(beta=-0.6, sessions=(150.0, 110.0, 80.0, 60.0, 40.0, 25.0), base=(0.012,) * 6, sx=0.15)
DESIGNS = (
    Design("S01 clean", -0.5, plain(Settings())),
    Design("S02 Simpson, null", 0.0, plain(Settings(beta=0.0))),
    Design("S03 Simpson, reversed", -0.4, plain(Settings(beta=-0.4, base=BASE[::-1]))),
    Design("S04 promo and season", -0.4, promo),
    Design("S05 mix shift", 0.0, mix_shift),
    Design("S06 strong autocorrelation", -0.5, plain(Settings(rx=0.9, sx=0.08, ru=0.85, su=0.06))),
    Design("S07 sparse, zeros", -0.6, plain(SPARSE)),
    Design("S08 noisy p75, corrected", -0.6, noisy_p75, origin=Origin(same_draws=False, coverage=1.0)),
    Design("S09 three-day lag", -0.6, three_days, lags=2),
    Design("S10 plateau, above knee", -0.8, flat_below, knee=KNEE),
    Design("S11 demand shocks", -0.5, demand_shocks, due=False),
    Design("S12 speed hardly moves", -0.5, plain(Settings(sx=0.006)), due=False),
)


def pooled(panel: Panel) -> tuple[float, float, float]:
    """Return slope and 95 % interval of ln((conversions + 0.5) ÷ (sessions + 1)) on ln LCP over all cells: what most dashboards ship."""
    x, y = panel.driver.ravel(), np.log((panel.counts + 0.5) / (panel.exposure + 1)).ravel()
    slope, left = least_squares(x, y)
    se = np.sqrt((left**2).sum() / (len(x) - 2) / ((x - x.mean()) ** 2).sum())
    return slope, slope - 1.96 * se, slope + 1.96 * se


def site_level(panel: Panel) -> float:
    """Return the slope of the site's daily ln conversion rate on its daily ln LCP."""
    x = (panel.exposure * panel.driver).sum(axis=1) / panel.exposure.sum(axis=1)
    return least_squares(x, np.log((panel.counts.sum(axis=1) + 0.5) / panel.exposure.sum(axis=1)))[0]


def least_squares(x: Array, y: Array) -> tuple[float, Array]:
    """Return the slope of a straight line and what it leaves."""
    a, b = x - x.mean(), y - y.mean()
    slope = float((a * b).sum() / (a * a).sum())
    return slope, b - slope * a
