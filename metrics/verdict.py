"""From a signal to words: variation, and assurance against the target. Pure; a page gives its own way to write a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from metrics.definitions import Target
from metrics.signal_types import Assurance, Signal, Variation
from metrics.stats.xmr import Limits

Day = Callable[[date], str]
NOUNS = {"day": "days", "week": "weeks", "sprint": "sprints"}


def variation_of(better: str, rises: bool | None) -> Variation:
    """Return the kind of variation. rises: the unusual side, None when nothing is unusual."""
    if rises is None:
        return "common"
    if better not in ("higher", "lower"):
        return "high" if rises else "low"
    return "improvement" if rises == (better == "higher") else "concern"


def assurance_of(target: Target, drawn: Limits, better: str) -> Assurance:
    """Return whether values between the limits meet a target always, never, or now and then. Compared as stored, edges count as met."""
    if target.kind == "band":
        low, high = float(target.low or 0.0), float(target.high or 0.0)
        always, never = low <= drawn.lower and drawn.upper <= high, drawn.lower > high or drawn.upper < low
    else:
        goal = float(target.value or 0.0)
        above = target.kind == "stay_above" or (target.kind == "reach" and better != "lower")
        always, never = (goal <= drawn.lower, goal > drawn.upper) if above else (goal >= drawn.upper, goal < drawn.lower)
    return "keeps_passing" if always else "keeps_failing" if never else "by_chance"


def short(signal: Signal, day: Day = date.isoformat) -> str:
    """Return the variation in a few words, as a card shows it."""
    nouns = NOUNS[signal.grain]
    if signal.variation is None:
        return f"Not enough whole {nouns}" if signal.is_short else "Variation is not judged"
    if signal.variation == "common":
        return f"Stable by {nouns.removesuffix('s')}"
    return f"{_since(signal, day)} by {nouns.removesuffix('s')}"


def _since(signal: Signal, day: Day) -> str:
    word = {"improvement": "Improving", "concern": "Worsening", "high": "Unusually high", "low": "Unusually low"}[
        signal.variation or "high"
    ]
    return f"{word} since {day(signal.since)}" if signal.since is not None else word


def sentence(signal: Signal, day: Day = date.isoformat) -> str:
    """Return the verdict as a director would read it aloud: the target first, then the variation."""
    if signal.variation is None:
        return f"{short(signal, day)}: {signal.reason}." if signal.reason else f"{short(signal, day)}."
    verdict = signal.status.verdict if signal.status is not None else "no_target"
    if verdict not in ("met", "near", "missed"):
        return "Stable: nothing but its usual variation." if signal.variation == "common" else f"{_since(signal, day)}."
    met = verdict == "met"
    if signal.variation == "common":
        return _stable(signal.assurance, met, near=verdict == "near")
    return _moving(signal, met, day)


def _stable(assurance: Assurance | None, met: bool, *, near: bool) -> str:
    if assurance is None:
        return f"{'On' if met else 'Near' if near else 'Off'} target, with nothing but its usual variation."
    if assurance == "by_chance" and met:
        return "Met this time; the target lies inside the limits, so it will sometimes be missed with nothing changed."
    if assurance == "by_chance":
        return "Missed this time; the target lies inside the limits, so it will sometimes be met with nothing changed."
    if assurance == "keeps_failing":
        return "The system as it stands cannot reach the target: change the system or the target."
    return "On target, stable."


def _moving(signal: Signal, met: bool, day: Day) -> str:
    since = "" if signal.since is None else f" since {day(signal.since)}"
    side = "On target" if met else _side(signal)
    if signal.variation == "improvement":
        return f"{side}, improving{since}."
    if signal.variation == "concern":
        return f"On target but worsening{since} — look now." if met else f"{side} and worsening{since} — look now."
    return f"{side}, unusually {signal.variation}{since}."


def _side(signal: Signal) -> str:
    distance = signal.status.distance if signal.status is not None else None
    if distance is None:
        return "Off target"
    return "Above target" if distance > 0 else "Below target"
