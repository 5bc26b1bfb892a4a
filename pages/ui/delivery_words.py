"""The words and tables of the page Delivery."""

from __future__ import annotations

from collections.abc import Sequence

from metrics.delivery_types import Burndown, Delivery, Flow, Outlook, Sprint
from metrics.delivery_words import WORDS, share, velocity_words
from metrics.numerals import fixed, percent, short
from metrics.stats.sprint_numbers import SprintNumbers
from pages.ui.numbers import day_words, range_words, share_words, signed_words, value_words
from pages.ui.text import drawn, markdown, plain

SHAPE = {"likely": "●", "at risk": "◆", "unlikely": "▲", "unknown": "○"}
BASIS = {"report": "Jira's own report", "frozen": "frozen at its close", "replayed": "replayed from the history"}
KINDS = {"sprint": "sprint", "release": "release", "launch": "launch", "backlog": "backlog"}


METHOD = """
**Finish dates.** Up to 16 recent whole weeks (those without a finished item included) are drawn at random, ten thousand times from a fixed seed, until the open items are
done; the dates are those by which 50, 85 and 95 % of the draws are done. Within a week the items end evenly spread over Monday to Friday. Releases queue by their planned
day: items of earlier ones come first. The dates hold when the team works on nothing else meanwhile and no items are added. Below 5 weeks of history no date is given.
"Likely" is a chance of 85 % or more to be done by the planned day, "at risk" 50 to 85 %, "unlikely" below 50 %. A launch needs every release that is planned before it
begins, on the day before. Holidays are not known.

**Sprints.** Committed: estimates at the sprint's start of what was in it and not done. Completed: estimates at its end of what was done in it, items added on the way
included. Kept: the share of the commitment that was completed, by the estimates at the start. Added: joined later and stayed. Removed: left after the start. Estimates changed: of
what was committed, from the start to the end. The numbers are those of Jira's own report where it is pulled, else those frozen at the sprint's close, else replayed. An item without an estimate counts 0 points.

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
    return ", ".join(f"{percent(level / 100)} within {fixed(value, 1)} days" for level, value in flow.cycle.items())


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
    if little.agrees is None or little.expected_days is None or little.actual_days is None:
        lines.append(f"**Little's law:** not checked, because {little.reason}.")
    else:
        verdict = "agree: the data fit together" if little.agrees else "do not agree: look for items whose start or end is not recorded"
        lines.append(f"**Little's law:** work in progress and throughput imply a mean cycle time of {fixed(little.expected_days, 1)} days, measured were {fixed(little.actual_days, 1)}; they {verdict}.")  # fmt: skip
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
            "in progress": f"{fixed(one.age_days, 1)} days",
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
        f"**{markdown(sprint.name)}** {when} ({period_days(sprint)}): {short(n.committed)} {unit} committed, {short(n.completed)} completed, "
        f"{_scope(n)} since its start."
    )


def _scope(n: SprintNumbers) -> str:
    if not n.re_estimated:
        return f"{short(n.added)} added and {short(n.removed)} removed"
    return f"{short(n.added)} added, {short(n.removed)} removed and estimates changed by {signed_words(n.re_estimated, '', '')}"


def _change(size: float) -> str:
    return signed_words(size, "", "") if size else "unchanged"


def finish_alt(outlooks: Sequence[Outlook]) -> str:
    """Return what the chart of finish dates shows: the dates of each body of work, its planned day, and how likely that is."""
    each = []
    for one in outlooks:
        dates = ", ".join(f"{percent(level / 100)} by {day_words(at)}" for level, at in ((50, one.p50), (85, one.p85), (95, one.p95)))
        aim = chance_words(one) if one.due is None else f"planned for {day_words(one.due)}: {chance_words(one)}"
        each.append(f"{drawn(one.name)}, {one.items} open: {dates}; {aim}")
    return f"Finish dates. {'. '.join(each)}."


def burndown_alt(found: Burndown) -> str:
    """Return what the burndown shows: what remains, how far that has come, and how it stands against an even pace."""
    n, unit, first, last = found.sprint.numbers, found.sprint.unit, found.remaining[0], found.remaining[-1]
    words = f"Burndown of {drawn(found.sprint.name)}: from {short(first)} to {short(last)} {unit} of {short(n.committed)} committed"
    words += f", {_change(last - first)} in {len(found.days)} days, the scope {_change(sum(found.scope_steps))}"
    if found.ideal is None:
        return f"{words}; it has no working day, so there is no even pace."
    even = found.ideal[min(len(found.remaining), len(found.ideal)) - 1]
    gap = last - even
    stands = "on it" if abs(gap) < 0.05 else f"{fixed(abs(gap), 1)} {'behind' if gap > 0 else 'ahead'}"
    return f"{words}; at an even pace {fixed(even, 1)} would remain: {stands}."


def burnup_alt(found: Burndown) -> str:
    """Return what the burnup shows: what is done, of how much, and how the scope changed."""
    done, begin, end, unit = found.done[-1], found.scope[0], found.scope[-1], found.sprint.unit
    share = f" ({share_words(done / end)})" if end > 0 else ""
    return (
        f"Burnup of {drawn(found.sprint.name)}: {short(done)} of {short(end)} {unit} are done{share}, {short(end - done)} remain; "
        f"the scope began at {short(begin)}, {_change(end - begin)} since."
    )


def history_alt(sprints: Sequence[Sprint]) -> str:
    """Return what the bars of the closed sprints show: the last one against its commitment and against the one before."""
    last, closed = sprints[-1], [one.numbers.completed for one in sprints]
    n, unit = last.numbers, last.unit
    share = "nothing was committed" if n.completed_share is None else f"{share_words(n.completed_share)} of the commitment"
    before = f", {_change(closed[-1] - closed[-2])} against the sprint before" if len(closed) > 1 else ""
    return (
        f"{len(sprints)} closed sprints, between {short(min(closed))} and {short(max(closed))} {unit} completed. The last, {drawn(last.name)}: "
        f"{short(n.committed)} {unit} committed, {short(n.completed)} completed ({share}){before}; {_scope(n)}."
    )


def cycle_alt(flow: Flow) -> str:
    """Return what the control chart shows: its percentiles, and where the rolling average began and ended."""
    first, last = flow.finished[0].average, flow.finished[-1].average
    return (
        f"Cycle times of {len(flow.finished)} items: {days_words(flow)}. "
        f"The rolling average goes from {fixed(first, 1)} to {fixed(last, 1)} days; no target is set for a board."
    )


def throughput_alt(flow: Flow) -> str:
    """Return what the bars of the weeks show."""
    counts = [count for _, count in flow.weeks]
    before = f", {_change(counts[-1] - counts[-2])} against the week before" if len(counts) > 1 else ""
    return (
        f"Items finished a week: between {min(counts)} and {max(counts)} in {len(counts)} weeks, {counts[-1]} in the last{before}. "
        "Finish dates are drawn from such weeks."
    )


def progress_alt(flow: Flow) -> str:
    """Return what the line of the work in progress shows, and whether it fits the other two charts."""
    counts, little = [count for _, count in flow.wip], flow.little
    fits = (
        f"Little's law is not checked, because {little.reason}"
        if little.agrees is None
        else f"By Little's law it {'fits' if little.agrees else 'does not fit'} the throughput and the cycle times"
    )
    return (
        f"Items in progress at the end of a day: between {min(counts)} and {max(counts)}, {counts[-1]} at the last, "
        f"{_change(counts[-1] - counts[0])} since {day_words(flow.wip[0][0])}. {fits}."
    )
