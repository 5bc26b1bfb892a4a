"""What a relationship says in words: estimate, interval, grade, population, window; or the refusal and its reason."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from metrics import numerals
from metrics.numerals import fixed, percent, short
from metrics.relation_cells import LEAST_EXPECTED, Cells
from metrics.relation_types import Basis, Relation
from metrics.stats.elasticity import Effect
from metrics.stats.evidence import WIDEST, Assessment, signed
from metrics.stats.jackknife import Estimate
from metrics.types import Period


def sentence(found: Relation) -> str:
    """Return the sentence to be read aloud.

    The effect is that of 1% less of the driver when the relationship is stated for a decrease, of 1% more otherwise.
    """
    window = "" if found.period is None else f"over {period_words(found.period)} "
    assessment = found.assessment
    if assessment.estimate is None:
        return _refusal(found, assessment, window)
    begin = f"Grade {assessment.grade}: {window}"
    estimate = assessment.estimate
    if estimate.excludes_zero or estimate.half_width > WIDEST:
        return f"{begin}{effect_words(found, estimate)}, among {found.population}."
    largest = max(abs(estimate.low), abs(estimate.high))
    return (
        f"{begin}no effect of {found.driver} on {found.outcome} larger than {percent(largest / 100, 2)} for {percent(0.01)} was found "
        f"({percent(0.95)}: {_plain(estimate.low)} to {_plain(estimate.high)}), among {found.population}."
    )


def _refusal(found: Relation, assessment: Assessment, window: str) -> str:
    begin = f"No number is told for how {found.outcome} follows {found.driver} {window.strip()}".rstrip() + f": {assessment.reason}"
    wide = assessment.compatible
    if wide is None:
        return begin
    return f"{begin} The data are compatible with an elasticity from {_plain(wide.low)} to {_plain(wide.high)}."


def effect_words(found: Relation, estimate: Estimate) -> str:
    """Return what 1% of the driver went with, in the direction that the relationship is stated for."""
    sign = -1.0 if found.per < 0 else 1.0
    value, ends = sign * estimate.value, (sign * estimate.low, sign * estimate.high)
    side = "lower" if found.per < 0 else "higher"
    driver = (
        f"a {percent(0.01)} faster landing page (LCP)"
        if found.basis == "visitor-days" and found.per < 0
        else f"{percent(0.01)} {side} {found.driver}"
    )
    is_people = found.basis == "visitor-days"
    more, what = ("more" if value >= 0 else "fewer", found.noun) if is_people else ("higher" if value >= 0 else "lower", found.outcome)
    flip = 1.0 if value >= 0 else -1.0
    low, high = sorted(flip * end for end in ends)
    return f"{driver} went with {percent(abs(value) / 100, 2)} {more} {what} ({percent(0.95)}: {_plain(low)} to {_plain(high)})"


def worth_words(found: Relation) -> str:
    """Return what one change of the driver goes with, in counts and in money, or why nothing is said."""
    worth = found.worth
    if worth is None:
        return found.without_worth or ""
    size, side = abs(worth.change), "less" if worth.change < 0 else "more"
    parts = [
        f"{short(size)} {found.driver_unit} {side} of {found.driver}, from a typical {fixed(worth.base)} {found.driver_unit}, goes with "
        f"{share(worth.relative.value)} {found.noun} ({percent(0.95)}: {share(worth.relative.low)} to {share(worth.relative.high)}): "
        f"{_range(worth.counts_a_month)} {found.noun} in 30 days, {_range(worth.counts)} over the window"
    ]
    if worth.revenue is not None and worth.revenue_a_month is not None:
        parts.append(
            f"and {_range(worth.revenue_a_month)} {found.currency} in 30 days, {_range(worth.revenue)} {found.currency} over the window"
        )
    covers = (
        ""
        if worth.share > 0.9995
        else f" It covers the segments with {percent(worth.share)} of these {found.noun}; in the others the days show no such change."
    )
    return ", ".join(parts) + "." + covers + (f" {worth.without_revenue}" if worth.without_revenue else "")


def _range(effect: Effect) -> str:
    places = 1 if max(abs(effect.low), abs(effect.high)) < 20 else 0
    return f"{signed(effect.value, places)} ({signed(effect.low, places)} to {signed(effect.high, places)})"


def share(value: float) -> str:
    """Return a share of 1 in percent, with its sign."""
    return numerals.signed(partial(percent, places=1), value)


def population_words(cells: Cells, basis: Basis, outcome: str) -> str:
    """Return whom an estimate is about."""
    people = (
        f"{fixed(cells.known.sum())} {'visitor-days with a known page speed' if basis == 'visitor-days' else f'in the base of {outcome}'}"
    )
    split = " × ".join(cells.by) or "no split"
    return f"{people} in {len(cells.names)} segments ({split})"


def left_out_words(every: Cells, part: Cells, noun: str, people: str) -> tuple[str, ...]:
    """Return what does not take part, and why."""
    found = []
    few, lost = len(every.names) - len(part.names), float(every.counts.sum() - part.counts.sum())
    if few:
        total = max(float(every.counts.sum()), 1.0)
        found.append(
            f"{few} of {len(every.names)} segments may be expected to bring fewer than {LEAST_EXPECTED} {noun} and take no part; "
            f"they brought {percent(lost / total)} of all."
        )
    unknown = float(every.people.sum() - every.known.sum())
    if unknown > 0:
        found.append(
            f"{fixed(unknown)} of {fixed(every.people.sum())} {people} have no value of the driver and take no part ({percent(unknown / float(every.people.sum()), 1)})."
        )
    return tuple(found)


def day_words(day: date) -> str:
    """Return a day that nobody can misread."""
    return numerals.day(day)


def period_words(period: Period) -> str:
    """Return a period as its first and last day."""
    return f"{day_words(period.start)} – {day_words(period.end - timedelta(days=1))}"


def _plain(value: float) -> str:
    """Return a number whose plus sign goes without saying."""
    return signed(value).removeprefix("+")
