"""Google's quotas: what is left, when it comes back, and when to stop before nothing is left for others."""

from __future__ import annotations

from typing import Any

from connectors.budget import Budget
from errors import QuotaError

STANDARD = {"tokens_per_day": 200_000, "tokens_per_hour": 40_000, "tokens_per_project_per_hour": 14_000}
"""Of a standard property; one of Analytics 360 has ten times as much (developers.google.com/analytics/devguides/reporting/data/v1/quotas, 2026-11)."""
SIZES = {"tokens_per_day": "day", "tokens_per_hour": "hour", "tokens_per_project_per_hour": "hour"}
LEAST_SHARE = 0.10
"""The quota is shared with every other tool on the property; the last tenth is left to people."""
KINDS: tuple[tuple[str, float | None, str | None], ...] = (
    ("concurrent", 30.0, None),
    ("server errors", 3_600.0, None),
    ("client errors", 900.0, None),
    ("thresholded", None, "hour"),
    ("per day", None, "pacific day"),
    ("per hour", None, "hour"),
)
"""(words in the vendor's text, seconds to wait, or the window whose end brings it back); there is no Retry-After."""


def exhausted(source: str, property_id: str, words: str) -> QuotaError:
    """Return the error for a quota that Google says is used up."""
    wait, window = next(((seconds, end) for word, seconds, end in KINDS if word in words.lower()), (3_600.0, None))
    wrong = " Google counted 10,000 refused requests: something asks wrongly; look at the other tools on the property, too."
    return QuotaError(
        f"{source}: the quota of property {property_id} is used up: {words} What was read is kept; sync again later."
        + (wrong if "client errors" in words.lower() else ""),
        retry_after_seconds=wait,
        window=window,
    )


def watch(source: str, quota: Any, budget: Budget) -> QuotaError | None:
    """Tell the budget what is left, and return the pause that is due before the next call, if one is."""
    low = None
    for name, standard in STANDARD.items():
        status = getattr(quota, name)
        if not status.remaining and not status.consumed:
            continue
        budget.note(name, status.remaining)
        size = standard if status.remaining + status.consumed <= standard else 10 * standard
        if status.remaining < LEAST_SHARE * size:
            low = QuotaError(
                f"{source}: only {status.remaining:,} of {size:,} tokens per {SIZES[name]} are left on the property; the rest is left to others. "
                "What was read is kept; a later sync goes on.",
                window="pacific day" if SIZES[name] == "day" else "hour",
            )
    return low
