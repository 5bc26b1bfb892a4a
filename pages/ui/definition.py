"""What a KPI means, one click away from every number: words, sources, rules, owner, version, what changed, and the link to it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode, urlsplit

import streamlit as st

from metrics import KPI
from metrics.entry import source_of
from metrics.words import describe, lineage
from pages.ui import data, depth, period
from pages.ui.numbers import instant_words
from pages.ui.text import markdown

VIEWS = Path(__file__).resolve().parents[1] / "views"
SIDE_BY_SIDE = VIEWS / "side_by_side.py"
MOST_CHANGES = 5


def popover(kpi: KPI) -> None:
    """Draw the button, and what it opens once it is opened."""
    opened = st.popover("Definition", type="tertiary", key=f"definition_{kpi.name}", on_change="rerun")
    if opened.open:
        with opened:
            draw(kpi)
            side_by_side(kpi)
            st.caption("Link to this KPI, as it is shown")
            st.code(address("kpi", {"kpi": kpi.name, **period.handed_on()}), language=None, wrap_lines=True)


def draw(kpi: KPI, most: int = MOST_CHANGES) -> None:
    """Draw what a KPI means. most: as many changes of it are shown."""
    definitions = data.catalog().force.definitions
    st.markdown(f"**{markdown(kpi.label)}** · `{kpi.name}`")
    if kpi.description:
        st.write(markdown(kpi.description))
    st.code(kpi.formula, language=None, wrap_lines=True)
    st.markdown("\n".join(f"- {markdown(line)}" for line in describe(kpi.name, definitions)))
    st.caption(_facts(kpi))
    changes(kpi, most)


def _facts(kpi: KPI) -> str:
    """Return source, owner, grains, zone and version in one paragraph."""
    opened = data.catalog()
    sources = sorted({f"{stream.source} ({stream.connector})" for stream in opened.streams(kpi.name)})
    file, line = opened.force.definitions.document.file, opened.force.definitions.document.place(("kpis", kpi.name))[0]
    grains = ", ".join(grain.replace("_", " ") for grain in kpi.grains if grain != "total")
    return (
        f"Reads {markdown(', '.join(kpi.tables))} of {markdown(', '.join(sources)) or 'no source yet'}. Owner: {markdown(kpi.owner) or 'nobody yet'}. "
        f"By {grains}. Days begin in {opened.calendar.timezone}. Version {kpi.hash}, {markdown(str(file))} line {line}."
    )


def changes(kpi: KPI, most: int) -> None:
    """Draw what changed of the definition, the newest first."""
    zone = data.catalog().calendar.timezone
    found = depth.history(kpi.name)
    for one in found[:most]:
        st.caption(f"{markdown(instant_words(one.at, zone))}: {markdown(one.words)}")
    if not found:
        st.caption("Nothing is recorded yet. The next sync records the definition that is in force.")


def side_by_side(kpi: KPI) -> None:
    """Draw the way to the KPI's course beside others."""
    grain = {"grain": "sprint"} if kpi.grains == ("sprint",) else {}
    st.page_link(SIDE_BY_SIDE, label="Side by side", icon=":material/stacked_line_chart:", query_params={"kpis": kpi.name, **grain})


def address(page: str, query: dict[str, str]) -> str:
    """Return the whole address of a page with its choices, to be sent to somebody. page: as in its path, "" for the Overview."""
    here = urlsplit(st.context.url or "http://127.0.0.1:8501")
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    path = "/".join(part for part in (base, page) if part)
    return f"{here.scheme}://{here.netloc}/{path}{f'?{urlencode(query)}' if query else ''}"


def written(kpi: KPI) -> str:
    """Return the lines of the KPI as they stand in the file."""
    return source_of(data.catalog().force.definitions.document, kpi.name)


def origins(kpi: KPI) -> list[dict[str, str]]:
    """Return every column that the KPI reads, with the vendors' fields behind it."""
    return [
        {"measure": o.part, "column": f"{o.table}.{o.column}", "meaning": o.meaning, "vendor's field": "; ".join(f"{n}: {f}" for n, f in o.fields) or "–"}
        for o in lineage(kpi.name, data.catalog().force.definitions)
    ]  # fmt: skip
