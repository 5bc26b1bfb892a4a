"""Text that may come from anywhere, made harmless, and the one sentence that says what a KPI does."""

from __future__ import annotations

import html
import re
import unicodedata

from metrics import KPI
from metrics.types import Comparison, TargetStatus
from pages.ui.numbers import change_words, value_words

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|>~$:<&])")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def plain(text: str) -> str:
    """Return the text without control, direction and other invisible characters, in one line."""
    return "".join(
        " " if c in "\n\r\t" else c
        for c in unicodedata.normalize("NFC", text)
        if c in "\n\r\t" or unicodedata.category(c) not in _INVISIBLE
    )


def folded(text: str) -> str:
    """Return the text for a search: small letters without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", plain(text).casefold()) if not unicodedata.combining(c))


def markdown(text: str) -> str:
    """Return the text so that Markdown shows it as it is: no link, image, formula, colour or emoji directive."""
    return _MARKDOWN.sub(r"\\\1", plain(text))


def markup(text: str) -> str:
    """Return the text so that HTML shows it as it is, also inside an attribute."""
    return html.escape(plain(text), quote=True)


def sentence(kpi: KPI, value: float | None, reason: str | None, comparison: Comparison | None, target: TargetStatus, currency: str) -> str:
    """Return what a KPI does in one sentence, for captions, alternative texts and messages."""
    if value is None:
        return f"{kpi.label}: no value ({reason or 'no reason is known'})."
    parts = [f"{kpi.label} {value_words(value, kpi.unit, currency)}"]
    if comparison is not None:
        parts.append(change_words(comparison, kpi.unit, currency))
    if target.verdict != "no_target":
        parts.append(target.sentence.rstrip("."))
    return "; ".join(parts) + "."
