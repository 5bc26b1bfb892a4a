"""Text that may come from anywhere, made harmless."""

from __future__ import annotations

import html
import re
import unicodedata

from metrics.types import TargetStatus

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|>~$:<&])")
_JOINER = "\u2060"
"""Has no width and breaks what it stands in: the patterns that are looked for after Markdown took the backslashes away."""
_SHORTCODE = re.compile(r"(:)(?=//|material/|(?:[^\W\d][\w+-]*|[+-]1|\d+(?:ball|st_\w+|nd_\w+|rd_\w+)|100|1234):)")
_ADDRESS = re.compile(r"\b(www)(?=\.)|(@)(?=[-\w])", re.IGNORECASE)
_SIGN = re.compile(r"(?<!\S)(<|-|>|~)(?=(?:->|>|-|=)(?!\S))")
"""Icons, emoji and links; addresses without a scheme; and the arrows and dashes that Streamlit sets in place of signs."""
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def plain(text: str) -> str:
    """Return the text without control, direction and other invisible characters, in one line."""
    if text.isprintable() and unicodedata.is_normalized("NFC", text):
        return text
    return "".join(
        " " if c in "\n\r\t" else c
        for c in unicodedata.normalize("NFC", text)
        if c in "\n\r\t" or unicodedata.category(c) not in _INVISIBLE
    )


def folded(text: str) -> str:
    """Return the text for a search: small letters without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", plain(text).casefold()) if not unicodedata.combining(c))


def markdown(text: str) -> str:
    """Return the text so that Markdown shows it as it is: no link, image, formula, colour, icon or emoji."""
    shown = plain(text)
    for pattern in (_SHORTCODE, _ADDRESS, _SIGN):
        shown = pattern.sub(lambda match: f"{match[0]}{_JOINER}", shown)
    return _MARKDOWN.sub(r"\\\1", shown)


def drawn(text: str, most: int = 40) -> str:
    """Return a name so that a chart shows it as it is: not longer than there is room for, and no template of ECharts."""
    short = plain(text)
    short = short if len(short) <= most else f"{short[: most - 1]}…"
    return short.replace("{", f"{{{_JOINER}")


def markup(text: str) -> str:
    """Return the text so that HTML shows it as it is, also inside an attribute."""
    return html.escape(plain(text), quote=True)


def verdict_words(status: TargetStatus) -> str:
    """Return how the last value of a series stands against its target; a target to reach by a day says nothing about one value."""
    if status.verdict in ("no_target", "unknown") or status.kind == "reach":
        return ""
    return f"the last value: {status.sentence[0].lower()}{status.sentence[1:].rstrip('.')}"
