"""What vendors' answers have in common over HTTP, whatever library brought them."""

from __future__ import annotations

import email.utils
from collections.abc import Iterable, Mapping
from email.message import Message

from settings import Secret, spellings

MOST_WORDS = 240


def retry_after(headers: Mapping[str, str] | Message) -> float | None:
    """Return the wait that a vendor asks for in seconds: a number, or a date against the answer's own date; None for neither."""
    wish = headers.get("Retry-After")
    if wish is None:
        return None
    if wish.strip().isdigit():
        return float(wish)
    try:
        until, now = (email.utils.parsedate_to_datetime(text) for text in (wish, headers.get("Date") or ""))
    except ValueError:
        return None
    return max(0.0, (until - now).total_seconds())


def vendor_words(text: str, secrets: Iterable[Secret | None]) -> str:
    """Return a vendor's own sentence, fit to show: on one line, at most 240 characters, without the credentials it may repeat."""
    for secret in secrets:
        for spelling in spellings(secret.reveal()) if secret is not None else ():
            text = text.replace(spelling, "***")
    return " ".join(text.split())[:MOST_WORDS]
