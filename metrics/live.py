"""What may be shown as live: a recent answer, or since when there is none and why. Knows no vendor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from settings import Workspace
from store.attempts import CLOCK_SLACK
from store.live import Live, LiveState, read_live
from store.unread_ledger import readable

LEAST_FRESH = timedelta(minutes=3)
INTERVALS = 3
"""After so many intervals without an answer, three minutes at least, the last one is not live any more."""
REASONS = {
    "quota": "the vendor's quota for live reports is used up.",
    "auth": "the credentials were refused.",
    "permission": "the account has no access.",
    "config": "the vendor refuses the report as it is configured.",
    "contract": "the vendor's answer could not be read.",
    "transient": "the vendor did not answer.",
    "plan": "the vendor's plan does not include it.",
}
NOBODY_ASKED = "nobody has asked the vendor since; is ./kpi serve running?"


@dataclass(frozen=True, slots=True)
class LiveNow:
    """What goes on at a source. live None: nothing may be shown as live, and `reason` says why, as the end of a sentence.

    silent_since: when the vendor was last heard, None when it never was. next_at: when it is asked again.
    """

    source: str
    live: Live | None
    silent_since: datetime | None
    reason: str | None
    state: LiveState

    @property
    def next_at(self) -> datetime:
        """When the vendor is asked again."""
        return self.state.next_at


def live_now(space: Workspace, now: datetime) -> tuple[LiveNow, ...]:
    """Return what goes on at every source that is asked for it, by name."""
    return tuple(judged(state, now) for state in read_live(readable(space)))


def judged(state: LiveState, now: datetime) -> LiveNow:
    """Return what may be shown of a state. An answer of the future came under a wrong clock and is not live either."""
    heard = None if state.live is None else state.live.as_of
    allowed = max(LEAST_FRESH, INTERVALS * state.every)
    if heard is not None and now - allowed <= heard <= now + CLOCK_SLACK:
        return LiveNow(state.source, state.live, None, None, state)
    return LiveNow(state.source, None, heard, REASONS.get(state.error_kind or "", NOBODY_ASKED), state)
