"""What stands on a card, line by line, as HTML. Text of vendors and analysts passes through `markup`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from metrics.types import Comparison, Period
from metrics.verdict import sentence as verdict
from metrics.verdict import short
from pages.ui import changes, data, sparkline, theme
from pages.ui.health import FLAGS as STREAM_FLAGS
from pages.ui.numbers import age_words, arrow, day_words, value_words
from pages.ui.period import Choice
from pages.ui.text import markup

if TYPE_CHECKING:
    from pages.ui.cards import Card

FLAGS = {
    **STREAM_FLAGS,
    "partial": "not all of its days are held",
    "settling": "the newest days may still move",
    "restated": "the vendor changed a complete day of it later",
    "estimated": "the vendor itself estimates what is counted",
}
"""Flag → what it says of a number."""
LATE = {"fresh": ("", ""), "late": ("◆", "late: "), "stale": ("▲", "stale: ")}


def sentence_of(shown: Card) -> str:
    """Return what the card says, in one sentence: its alternative text, and the text of a message."""
    reach = [one.covered_through for one in shown.freshness if one.covered_through is not None]
    currency = data.catalog().calendar.currency
    return changes.sentence(
        shown.kpi,
        shown.row.value,
        shown.row.reason,
        (shown.previous, shown.year),
        shown.standing.status,
        currency,
        min(reach, default=None),
    )


def body(shown: Card, choice: Choice) -> str:
    """Return the card's text and its course."""
    currency = data.catalog().calendar.currency
    verdict_name = shown.standing.status.verdict
    lines = [
        f'<p class="kb-name"><span>{markup(shown.kpi.label)}</span><span class="kb-status"><span class="kb-is-{verdict_name}" aria-hidden="true">'
        f"{theme.SHAPE[verdict_name]}</span> {theme.WORD[verdict_name]}</span></p>",
        _value(shown, currency),
        *_changes(shown, choice, currency),
        _target(shown, currency) if choice.shows_target else "",
        _signal(shown),
        _spark(shown),
        _foot(shown),
    ]
    return f'<div class="kb-card">{"".join(lines)}</div>'


def _value(shown: Card, currency: str) -> str:
    if shown.row.value is None:
        return f'<p class="kb-value kb-none">No value: {markup(shown.row.reason or "")}</p>'
    value = markup(value_words(shown.row.value, shown.kpi.unit, currency))
    aside = shown.row.label if shown.kpi.grains == ("sprint",) else until(shown)
    return f'<p class="kb-value">{value}{f""" <span class="kb-line kb-quiet">{markup(aside)}</span>""" if aside else ""}</p>'


def until(shown: Card) -> str:
    """Return the days that a card tells of, when they are others than the page's."""
    if shown.ends is None:
        return ""
    lag = data.catalog().plan(shown.kpi.name).lag_days
    return f"who began until {day_words(shown.ends)}" if lag else f"until {day_words(shown.ends)}"


def whole_until(covered: Period | None, lag_days: int) -> str:
    """Return until when the days of a KPI are whole, as the end of a sentence."""
    return "" if covered is None else f": they are until {day_words(covered.end - timedelta(days=lag_days + 1))}"


def _changes(shown: Card, choice: Choice, currency: str) -> list[str]:
    wanted = ((shown.previous, choice.shows_previous), (shown.year, choice.shows_year))
    return [_change(one, shown.kpi.unit, currency) for one, is_shown in wanted if one is not None and is_shown]


def _change(found: Comparison, unit: str, currency: str) -> str:
    against = markup(changes.versus(found))
    if found.change is None:
        return f'<p class="kb-line kb-quiet" title="{markup(found.note)}">{markup(changes.NONE)} {markup(_why_none(found))}</p>'
    judged = changes.JUDGED[found.better]
    words = markup(changes.change(found, unit, currency)) + (f", {judged}" if judged else "")
    whole = markup(found.note)
    return f'<p class="kb-line" title="{whole}"><span aria-hidden="true">{arrow(found)}</span> {words} <span class="kb-quiet">vs {against}</span></p>'


def _why_none(found: Comparison) -> str:
    """Say which one is missing: a year before, or the days before."""
    is_year = (found.period.start - found.base_period.start).days > 300
    return "with last year" if is_year else "with the period before"


def _target(shown: Card, currency: str) -> str:
    status, until_day = shown.standing.status, shown.standing.until
    if status.verdict == "no_target":
        return f'<p class="kb-line kb-quiet">{markup(status.sentence)}</p>'
    by = f" by {day_words(until_day)}" if status.kind == "reach" and until_day is not None else ""
    goal = "" if status.target is None else f"Target {markup(value_words(status.target, shown.kpi.unit, currency))}{by}: "
    rest = status.sentence.rstrip(".")
    return f'<p class="kb-line">{goal}{markup(rest[0].lower() + rest[1:] if goal else rest)}</p>'


def _signal(shown: Card) -> str:
    """Say signal or noise in a few words; the whole sentence is one hover, or one click on In depth, away."""
    found = shown.signal
    if found is None:
        return ""
    shape = "…" if found.variation is None else "≈" if found.rises is None else "↗" if found.rises else "↘"
    quiet = " kb-quiet" if found.variation in (None, "common") else ""
    words, whole = markup(short(found, day_words)), markup(verdict(found, day_words))
    mark = f'<span class="kb-is-{found.variation or "common"}" aria-hidden="true">{shape}</span>'
    return f'<p class="kb-line{quiet}" title="{whole}">{mark} {words}</p>'


def _spark(shown: Card) -> str:
    words, address = markup(sentence_of(shown)), sparkline.image(shown.course, shown.standing.status.target)
    return f'<img class="kb-spark" alt="{words}" src="{address}">' if address else f'<p class="kb-sr">{words}</p>'


def _foot(shown: Card) -> str:
    reach = [f.covered_through for f in shown.freshness if f.covered_through is not None]
    synced = [f.synced_at for f in shown.freshness if f.synced_at is not None]
    shape, word = LATE[shown.late]
    late = f'<span class="kb-is-{shown.late}" aria-hidden="true">{shape}</span> <strong>{word}</strong>' if word else ""
    marks = [f'<span class="kb-flag" title="{markup(FLAGS.get(flag, flag))}">{markup(flag)}</span>' for flag in shown.flags]
    owner = markup(shown.kpi.owner) or "no owner"
    return f'<p class="kb-foot">{late}data to {day_words(min(reach, default=None))} · synced {age_words(min(synced)) if synced else "at an unknown time"} · {owner}{"".join(marks)}</p>'
