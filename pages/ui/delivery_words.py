"""The words and tables of the page Delivery."""

from __future__ import annotations

from collections.abc import Sequence

from metrics.delivery_types import Delivery, Flow, Outlook, Sprint
from metrics.delivery_words import WORDS, share, velocity_words
from pages.ui.numbers import day_words, range_words, share_words, value_words
from pages.ui.text import markdown, plain

SHAPE = {"likely": "●", "at risk": "◆", "unlikely": "▲", "unknown": "○"}
BASIS = {"report": "Jira's own report", "frozen": "frozen at its close", "replayed": "replayed from the history"}
KINDS = {"sprint": "sprint", "release": "release", "launch": "launch", "backlog": "backlog"}


METHOD = """
**Finish dates.** Up to 16 recent whole weeks (those without a finished item included) are drawn at random, 10,000 times from a fixed seed, until the open items are
done; the dates are those by which 50, 85 and 95 % of the draws are done. Within a week the items end evenly spread over Monday to Friday. Releases queue by their planned
day: items of earlier ones come first. The dates hold when the team works on nothing else meanwhile and no items are added. Below 5 weeks of history no date is given.
"Likely" is a chance of 85 % or more to be done by the planned day, "at risk" 50 to 85 %, "unlikely" below 50 %. A launch needs every release that is planned before it
begins, on the day before. Holidays are not known.

**Sprints.** Committed: estimates at the sprint's start of what was in it and not done. Completed: estimates at its end of what was done in it, items added on the way
included. Kept: the share of the commitment that was completed, by the estimates at the start. Added: joined later and stayed. Removed: left after the start. The numbers
are those of Jira's own report where it is pulled, else those frozen at the sprint's close, else replayed. An item without an estimate counts 0 points.

**Cycle time** runs from the first entry to a status of work to the last entry to done, **lead time** from creation; percentiles are interpolated between items (type 7).
The rolling average covers 20 % of the items, at least 5, centred on each; the band is one standard deviation. **Flow efficiency** is time in statuses of work over all time between first work
and end, summed over items; blocked, sent back and opened again is waiting. **Little's law** is checked while work in progress is steady: its mean over throughput must lie within
25 % of the mean cycle time. Epics are never counted; cancelled items are no throughput.
"""


def velocity(found: Delivery) -> str:
    """Return the velocity with its range, and what a star means."""
    return " ".join(filter(None, (velocity_words(found), basis_note(found.sprints))))


def last_week(flow: Flow) -> str:
    """Return the last day of the weeks."""
    return day_words(flow.wip[-1][0])


def chance_words(one: Outlook) -> str:
    """Return the verdict with shape, word and share."""
    if one.chance is None:
        return "no day is planned"
    return f"{SHAPE[one.verdict]} {WORDS[one.verdict]} ({share(one.chance)})"


def sprint_name(one: Sprint) -> str:
    """Return the last word of a sprint's name, which tells it on its board; a replayed one carries a star."""
    short = plain(one.name).rsplit(" ", 1)[-1] or one.id
    return f"{short} *" if one.basis == "replayed" else short


def days_words(flow: Flow) -> str:
    """Return the percentiles of the cycle time in words."""
    if flow.cycle is None:
        return "no item was finished"
    return ", ".join(f"{level} % within {value:.1f} days" for level, value in flow.cycle.items())


def cycle_words(flow: Flow) -> str:
    """Return the sentence over the control chart."""
    if flow.cycle is None:
        missing = f" {flow.unstarted} items were finished without ever being in progress." if flow.unstarted else ""
        return f"No item with a cycle time was finished in these weeks.{missing}"
    left_out = f" {flow.unstarted} more were finished without ever being in progress and are left out." if flow.unstarted else ""
    return f"From the first work on an item to its end: {days_words(flow)} ({len(flow.finished)} items).{left_out}"


def flow_words(flow: Flow) -> list[str]:
    """Return flow efficiency and the check by Little's law."""
    little, lines = flow.little, []
    if flow.efficiency is None:
        lines.append("**Flow efficiency:** no number, because no item with a known history was finished in these weeks.")
    else:
        lines.append(f"**Flow efficiency {share_words(flow.efficiency)}:** of the time from first work to end, this share was spent in a status of work and not waiting ({flow.efficiency_items} items).")  # fmt: skip
    if little.agrees is None:
        lines.append(f"**Little's law:** not checked, because {little.reason}.")
    else:
        verdict = "agree: the data fit together" if little.agrees else "do not agree: look for items whose start or end is not recorded"
        lines.append(f"**Little's law:** work in progress and throughput imply a mean cycle time of {little.expected_days:.1f} days, measured were {little.actual_days:.1f}; they {verdict}.")  # fmt: skip
    return lines


def outlook_rows(outlooks: Sequence[Outlook]) -> list[dict[str, str]]:
    """Return the finish dates as rows of text."""
    return [
        {
            "work": f"{KINDS[one.kind]} {plain(one.name)}" if one.kind != "backlog" else plain(one.name),
            "open items": str(one.items),
            "after": str(one.ahead),
            "planned for": day_words(one.due),
            "50 %": day_words(one.p50),
            "85 %": day_words(one.p85),
            "95 %": day_words(one.p95),
            "in time": one.reason or chance_words(one),
        }
        for one in outlooks
    ]


def sprint_rows(sprints: Sequence[Sprint]) -> list[dict[str, str]]:
    """Return the closed sprints as rows of text, the newest first."""
    rows = []
    for one in reversed(sprints):
        n = one.numbers
        shares = {
            "completed ÷ committed": n.completed_share,
            "commitment kept": n.kept_share,
            "added ÷ committed": n.added_share,
            "removed ÷ committed": n.removed_share,
        }
        amounts = {name: value_words(getattr(n, name), one.unit, "") for name in ("committed", "completed", "added", "removed")}
        words = {name: "– nothing was committed" if share is None else share_words(share) for name, share in shares.items()}
        rows.append(
            {"sprint": plain(one.name), "days": period_days(one), **amounts, **words, "numbers from": BASIS[one.basis or "replayed"]}
        )
    return rows


def period_days(one: Sprint) -> str:
    """Return the first and the last day of a sprint."""
    return range_words(one.days.start, one.last_day)


def ageing_rows(flow: Flow) -> list[dict[str, str]]:
    """Return the oldest items in progress as rows of text."""
    limit = (flow.cycle or {}).get(85)
    return [
        {
            "item": plain(one.key),
            "title": plain(one.title),
            "status": plain(one.status),
            "in progress": f"{one.age_days:.1f} days",
            "against 85 %": "–" if limit is None else "▲ older than 85 % took" if one.age_days > limit else "● within",
        }
        for one in flow.ageing
    ]


def basis_note(sprints: Sequence[Sprint]) -> str | None:
    """Say what a star means, when there is one."""
    if not any(one.basis == "replayed" for one in sprints):
        return None
    return (
        "\\* replayed: nobody looked in time to freeze this sprint, so its numbers come from the history of changes as Jira tells it today."
    )


def state_words(found: Delivery) -> str:
    """Return the sentence over the sprint's charts."""
    if found.current is None:
        return "This team has no sprint that has begun."
    sprint = found.current.sprint
    n, unit = sprint.numbers, sprint.unit
    when = "runs" if sprint.state == "active" else "is closed"
    return (
        f"**{markdown(sprint.name)}** {when} ({period_days(sprint)}): {n.committed:g} {unit} committed, {n.completed:g} completed, "
        f"{n.added:g} added and {n.removed:g} removed since its start."
    )
