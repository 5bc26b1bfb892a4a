"""What is known about sources, in words: how the last sync went, what comes next, what is left, what to keep in mind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from metrics.numerals import fixed
from metrics.trust import SourceTrust, StreamTrust, token_words
from pages.ui.numbers import age_words, day_words, instant_words, share_words
from pages.ui.text import markdown
from store.run_history import Quota

IN_A_ROW = 3
NEW_LINE = "  \n"
WORDS = {
    "ok": ("●", "Last sync succeeded"),
    "paused": ("‖", "Paused by the vendor's quota"),
    "held": ("▲", "Held: the last good data stay"),
    "failed": ("▲", "Failed"),
    "auth": ("▲", "Credentials refused"),
    "never": ("?", "Never synced"),
    "unknown": ("?", "Last sync not known"),
}
NEXT = {
    "paused": "Nothing to do: the wait is kept, and the rest follows by itself.",
    "held": "Look at the vendor. When the fall is real: `./kpi sync {0} --accept`.",
    "auth": "Renew the credentials, then `./kpi doctor {0}` and `./kpi sync {0}`.",
    "failed": "Next: `./kpi doctor {0}`, then `./kpi sync {0}`.",
}
STREAM_WORDS = {
    "ok": "succeeded",
    "paused": "paused",
    "held": "held",
    "failed": "failed",
    "unavailable": "not in the vendor's plan",
}
FLAGS = {
    "sampled": "the vendor answered from a sample",
    "epochs": "the currency, the time zone or the choice of reports changed in between; sums over both are not comparable",
    "truncated": "the vendor no longer keeps all of it",
    "thresholded": "the vendor left out small groups",
    "other_row": "the vendor rolled small groups up into (other)",
    "restricted": "the account may not see some columns",
    "drift": "some events held another type than expected",
    "held": "new data collapsed and were held back",
    "provisional": "the day was not over when it was read",
}
TOKENS = {
    "tokens_per_day": "for the day",
    "tokens_per_hour": "for the hour",
    "tokens_per_project_per_hour": "for our project's hour",
}


def cards(sources: Sequence[SourceTrust], zone: ZoneInfo) -> None:
    """Draw one card a source, three in a row."""
    for first in range(0, len(sources), IN_A_ROW):
        for place, source in zip(st.columns(IN_A_ROW), sources[first : first + IN_A_ROW], strict=False):
            with place, st.container(border=True, height="stretch", gap="small"):
                _card(source, zone)


def _card(source: SourceTrust, zone: ZoneInfo) -> None:
    shape, word = WORDS.get(source.status, ("?", source.status))
    st.markdown(f"**{markdown(source.source)}** · {markdown(source.connector)}")
    st.markdown(f"**{shape} {word}**")
    st.write(_reach(source))
    _problem(source)
    lines = [_last_run(source), next_words(source, zone), _quota(source.quota, zone), _calls(source), _live(source, zone)]
    st.caption(NEW_LINE.join(filter(None, lines)))
    if source.token_days_left is not None:
        words = f"{token_words(source.token_days_left)} ({day_words(source.token_expires)})"
        if source.token_ends_soon:
            st.warning(words, icon=":material/key:")
        else:
            st.caption(f":material/key: Its token ends on {day_words(source.token_expires)}.")
    flags = source.fresh.flags if source.fresh else ()
    st.caption(NEW_LINE.join(f":material/flag: {flag}: {FLAGS.get(flag, '')}{_where(source, flag)}" for flag in flags))


def _live(source: SourceTrust, zone: ZoneInfo) -> str:
    """Say how the live numbers of the Overview stand."""
    one = source.live
    if one is None:
        return ""
    if one.live is not None:
        return f"Live numbers as of {instant_words(one.live.as_of, zone)}, asked every {_every(one.state.every)}."
    since = f"silent since {instant_words(one.silent_since, zone)}" if one.silent_since else "not available"
    again = f" Asked again from {instant_words(one.next_at, zone)}." if one.state.error else ""
    return f"Live numbers {since}: {one.reason}{again}"


def _reach(source: SourceTrust) -> str:
    fresh = source.fresh
    if fresh is None or fresh.covered_through is None:
        return "No data yet"
    start = f", from {day_words(fresh.covered_from)}" if fresh.covered_from else ""
    return f"Data to **{day_words(fresh.covered_through)}**{start}"


def _problem(source: SourceTrust) -> None:
    """Say what went wrong, that the numbers stay, and what to do."""
    if source.run is None or source.run.error is None:
        return
    box = st.warning if source.status in ("paused", "held") else st.error
    box(markdown(source.run.error), icon=":material/error:")
    stay = "The numbers stay as they were. " if source.fresh else ""
    st.caption(stay + NEXT.get(source.status, NEXT["failed"]).format(source.source))


def _last_run(source: SourceTrust) -> str:
    if source.run is None:
        return ""
    good = f"Last good sync {age_words(source.fresh.synced_at if source.fresh else None)}"
    return f"{good} · last run: {fixed(source.run.rows_read)} rows read, {fixed(source.run.rows_changed)} changed"


def next_words(source: SourceTrust, zone: ZoneInfo, now: datetime | None = None) -> str:
    """Say when the source is asked next, and why then."""
    if source.status == "unknown":
        return "When it was asked and when it is next cannot be told without the ledger."
    if source.attempt is None or source.every is None:
        return "Not in sources.yaml: it is not asked any more, and the next sync takes its data away."
    at = instant_words(source.attempt.at, zone)
    match source.attempt.why:
        case "first":
            return "Asked by the first `./kpi sync`, or as soon as `./kpi serve` runs."
        case "clock":
            return "Due now: its last run lies in the future, so the clock was set back."
        case _ if source.attempt.at <= (now or datetime.now(UTC)):
            return f"Due since {at}. Is `./kpi serve` running?"
        case "vendor":
            return f"Asked again from {at}: the vendor named this wait."
        case "fault":
            return f"Asked again from {at}: the vendor did not answer."
        case _:
            return f"Next sync {at} (every {_every(source.every)})."


def _every(every: timedelta) -> str:
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if every % length == timedelta(0):
            count = every // length
            return unit if count == 1 else f"{count} {unit}s"
    return str(every)


def _quota(quota: Quota | None, zone: ZoneInfo) -> str:
    if quota is None or not quota.left:
        return ""
    parts = [f"{fixed(left)} {TOKENS.get(name, name.replace('_', ' '))}" for name, left in quota.left.items()]
    return f"Tokens that the vendor had left at {instant_words(quota.as_of, zone)}: {', '.join(parts)}."


def _calls(source: SourceTrust) -> str:
    return f"{fixed(source.calls_last_hour)} calls in the last hour." if source.calls_last_hour else ""


def _where(source: SourceTrust, flag: str) -> str:
    """Say how much of each stream carries a flag."""
    parts = [
        f"{markdown(s.stream)} {fixed(s.quality.flagged[flag])} of {fixed(s.quality.slices)}"
        for s in source.streams
        if flag in s.quality.flagged
    ]
    return f" ({', '.join(parts)} days)" if parts else ""


def stream_row(source: str, stream: StreamTrust, zone: ZoneInfo) -> dict[str, object]:
    """Return the row of a stream in the table of streams."""
    run, held = stream.run, stream.held
    status = ("not known" if held else "never asked") if run is None else STREAM_WORDS.get(run.status, run.status)
    kind = f" ({run.error_kind})" if run and run.error_kind not in (None, run.status) else ""
    through = held.complete_through if held else None
    return {
        "source": source,
        "stream": stream.stream,
        "last attempt": status + kind,
        "last success": age_words(run.succeeded_at) if run else "not known" if held else "never",
        "rows": held.rows if held else 0,
        "from": "–" if held is None else day_words(held.covered_from) if held.covered_from else "all",
        "complete to": "–" if through is None else instant_words(through, zone),
        "reservations": ", ".join(
            f"{flag} {fixed(count)} of {fixed(stream.quality.slices)} ({share_words(stream.quality.share(flag))})"
            for flag, count in stream.quality.flagged.items()
            if flag != "provisional"
        ),
    }


def other_messages(source: SourceTrust) -> list[str]:
    """Return what went wrong with streams and does not stand on the source's card."""
    shown = source.run.error if source.run else None
    return [f"{s.stream}: {s.run.error}" for s in source.streams if s.run and s.run.error and s.run.error != shown]
