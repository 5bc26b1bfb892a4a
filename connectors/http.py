"""What vendors' answers have in common over HTTP, whatever library brought them."""

from __future__ import annotations

import base64
import email.utils
import json
from collections.abc import Iterable, Mapping
from email.message import Message
from urllib.parse import quote, quote_plus

from settings import Secret

MOST_WORDS = 240
LEAST_SPELLING = 4
"""Shorter texts are in every sentence by chance; no vendor gives out credentials this short."""


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
        for spelling in _spellings(secret.reveal()) if secret is not None else ():
            text = text.replace(spelling, "***")
    return " ".join(text.split())[:MOST_WORDS]


def _spellings(secret: str) -> list[str]:
    """Return the forms in which a credential may come back, longest first: as it is, in an address, in JSON, in base64.

    Notes: in base64 three bytes are four characters, so a credential behind others (user:secret) has one of three forms; its first
        and last group may hold neighbours and are left out.
    """
    plain = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    coded = {base64.b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")[4 if shift else 0 : -1] for shift in range(3)}
    return sorted((text for text in plain | coded if len(text) >= LEAST_SPELLING), key=len, reverse=True)
