"""What an impact says, in sentences. No cause is claimed beyond the grade: what is stated is the difference to what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from metrics.impact.types import Grade, Impact, ImpactReport, Naive, Verdict
from metrics.numerals import day, fixed, percent, signed
from metrics.stats.mixture import Estimate
from metrics.types import Event, Period

SHAPE: dict[Verdict, str] = {
    "improved": "▲", "worsened": "▼", "rose": "△", "fell": "▽", "none": "=", "open": "↔", "refused": "∅",
}  # fmt: skip
WORD: dict[Verdict, str] = {
    "improved": "Better than expected",
    "worsened": "Worse than expected",
    "rose": "Higher than expected",
    "fell": "Lower than expected",
    "none": "No effect of 5% or more",
    "open": "Not clear",
    "refused": "Cannot be told",
}
GRADE: dict[Grade, str] = {
    "B": "B: confirmed by segments that it did not touch",
    "C": "C: one series over time",
    "D": "D: several events at once",
    "R": "R: refused",
}


def share(value: float) -> str:
    """Return a share of 1 as a percentage with its sign."""
    return signed(partial(percent, places=1), value)


def interval(found: Estimate | None) -> str:
    """Return an estimate of a share with its interval."""
    return "–" if found is None else f"{share(found.value)} ({percent(found.confidence)}: {share(found.low)} to {share(found.high)})"


def amount(value: float, unit: str) -> str:
    """Return an effect in the KPI's own units, points for a rate, with its sign."""
    if unit == "%":
        return f"{signed(partial(fixed, places=2), value * 100)} points"
    return f"{signed(partial(fixed, places=0 if abs(value) >= 100 else 2), value)} {unit}".rstrip()


def in_units(found: Estimate | None, unit: str) -> str:
    """Return an estimate in the KPI's own units with its interval."""
    if found is None:
        return "–"
    return f"{amount(found.value, unit)} ({percent(found.confidence)}: {amount(found.low, unit)} to {amount(found.high, unit)})"


def size(found: Impact) -> str:
    """Return the effect with its interval: a share where there is one, else in units; a dash for a refusal."""
    if found.effect is None or found.verdict == "refused":
        return "–"
    return interval(found.relative) if found.relative is not None else in_units(found.effect, found.unit)


def when(found: Impact) -> str:
    """Return the window in words."""
    return "no window" if found.window is None else f"{days_of(found.window)} ({found.window.days} days)"


def days_of(period: Period) -> str:
    """Return the first and the last day."""
    return f"{day(period.start)} to {day(period.end - timedelta(days=1))}"


def kind_of(event: Event) -> str:
    """Return what an event is, with its name."""
    return f"{'release' if event.kind == 'release' else 'campaign'} {event.name}"


def sentence(found: Impact) -> str:
    """Return the one sentence to read aloud."""
    together = f" (together with {', '.join(found.joint)})" if found.joint else ""
    who = f"{kind_of(found.event)}{together}"
    if found.verdict == "refused":
        return f"What {who} did to {found.label} cannot be told: {found.reason}."
    if found.verdict == "open":
        return f"No clear effect of {who} on {found.label}: anything within {_range(found)} fits the data."
    if found.verdict == "none":
        return f"No effect of 5% or more of {who} on {found.label} was found: {size(found)}."
    return f"After {who}, {found.label} was {_differs(found)} than expected without {'them' if found.joint else 'it'}{_within(found)}.{_mix(found)}"


def _differs(found: Impact) -> str:
    """Return by how much a value differs, and in which direction."""
    assert found.effect is not None
    direction = "higher" if found.effect.value > 0 else "lower"
    by = share(abs(found.relative.value)) if found.relative is not None else amount(abs(found.effect.value), found.unit)
    return f"{by.lstrip('+')} {direction}"


def _within(found: Impact) -> str:
    """Return the interval in brackets."""
    return f" ({percent(0.95)}: {_range(found)})"


def _range(found: Impact) -> str:
    if found.relative is not None:
        return f"{share(found.relative.low)} to {share(found.relative.high)}"
    assert found.effect is not None
    return f"{amount(found.effect.low, found.unit)} to {amount(found.effect.high, found.unit)}"


def _mix(found: Impact) -> str:
    """Say when only the visitors whom a campaign brought differ."""
    if found.others is None or found.total is not None or not found.others.low <= 0 <= found.others.high:
        return ""
    return f" It is the mix: among everyone whom the campaign did not bring, no clear change was found ({interval(found.others)})."


def plain_comparison(naive: Naive | None, unit: str) -> str:
    """Return what a plain comparison of before and after would have said."""
    if naive is None:
        return "–"
    return share(naive.relative) if naive.relative is not None else amount(naive.change, unit)


def headline(report: ImpactReport) -> str:
    """Return what all looks together say."""
    if not report.impacts:
        return "No release or campaign is held yet."
    if not report.looks:
        return "No release or campaign can be judged yet: every look is refused, with its reason in the table."
    best = [one for one in report.impacts if one.holds and one.verdict != "refused"]
    counted = f"{report.looks} looks at releases and campaigns have an answer; {report.clear} of them {'is' if report.clear == 1 else 'are'} clear alone"
    if not best:
        return f"{counted}, none when all looks are allowed for."
    newest = latest(best)
    return f"{counted}, {report.hold} when all looks are allowed for. The latest: {_lowered(sentence(newest))}"


def latest(found: Sequence[Impact]) -> Impact:
    """Return the look of the newest event; one whose events can be told apart comes before any other."""
    return max(found, key=lambda one: (one.grade != "D", one.event.start))


def _lowered(text: str) -> str:
    return text[0].lower() + text[1:]


def multiplicity(report: ImpactReport) -> str:
    """Say how many looks there are, and what that does."""
    chance = report.looks * 0.05
    return (
        f"{report.looks} looks at the level of {percent(0.95)}: about {fixed(chance)} would look clear by chance if nothing had any effect. "
        f"“Holds” means: still clear when at most {percent(report.rate)} of those that hold may be false (Benjamini and Hochberg 1995)."
    )
