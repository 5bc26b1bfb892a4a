"""What happened at the same time: released versions, the work that names a KPI, and notes. Never said to be a cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from metrics import KPI
from metrics.stories import AtTheTime, Shipped
from pages.ui import table
from pages.ui.numbers import day_words, range_words
from pages.ui.text import markdown, plain
from store.notes import Note

COLUMNS = {"link": st.column_config.LinkColumn("link", display_text="open")}


def summary(found: AtTheTime, kpi: KPI, since: date | None) -> str:
    """Return in one sentence what was released; since: when a change of the KPI began, and the versions are those around it."""
    first, last = found.period.start, found.period.last
    when = f"around {day_words(since)}, when it began to change," if since is not None else f"between {range_words(first, last)}"
    if not found.versions:
        return f"No version was released {when.rstrip(',')}."
    names = ", ".join(f"{one.name} ({day_words(one.day)})" for one in found.versions[:4])
    more = f" and {len(found.versions) - 4} more" if len(found.versions) > 4 else ""
    naming = sum(len(one.stories) for one in found.versions)
    said = (
        f"{naming} of the work items in them name{'s' if naming == 1 else ''} {kpi.label}"
        if naming
        else f"none of the work items in them names {kpi.label}"
    )
    return f"Released {when} {names}{more}; {said}. It happened at the same time, which alone is no cause."


def versions(found: Sequence[Shipped]) -> list[dict[str, str | int | None]]:
    """Return the versions as rows."""
    return [
        {
            "released": day_words(one.day),
            "version": plain(one.name),
            "project": plain(one.project),
            "items in it": one.items,
            "name this KPI": ", ".join(plain(story.key) for story in one.stories) or "–",
            "link": safe(one.url),
        }
        for one in found
    ]


def stories(found: AtTheTime) -> list[dict[str, str | None]]:
    """Return the work that names the KPI as rows: what was released first, then what was done by itself."""
    every = [story for one in found.versions for story in one.stories] + list(found.alone)
    return [
        {
            "day": day_words(story.day),
            "item": plain(story.key),
            "title": plain(story.title),
            "type": plain(story.type),
            "version": plain(story.release or "none released"),
            "link": safe(story.url),
        }
        for story in every
    ]


def safe(url: str | None) -> str | None:
    """Return an address that leads to a web page; any other kind is left out."""
    return url if url is not None and url.startswith(("https://", "http://")) else None


def draw(found: AtTheTime, kpi: KPI, since: date | None) -> None:
    """Draw what happened at the same time."""
    st.write(markdown(summary(found, kpi, since)))
    if found.versions:
        table.draw(versions(found.versions), "versions", columns=COLUMNS)
    rows = stories(found)
    if rows:
        with st.expander(f"Work that names this KPI ({len(rows)})"):
            table.show(rows, "work_items", columns=COLUMNS)


def marks(found: AtTheTime, notes: Sequence[Note]) -> list[tuple[date, str]]:
    """Return what is drawn on a chart: (day, name), versions and notes."""
    return [(one.day, one.name) for one in found.versions] + [(note.day, "note") for note in notes]
