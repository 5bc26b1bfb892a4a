"""Data health: can I trust the numbers today, and if not, why?"""

import streamlit as st

from pages.ui import data, health, ledger, states, table
from pages.ui.health import FLAGS
from pages.ui.numbers import instant_words
from pages.ui.text import markdown

WIDE = {"reservations": st.column_config.TextColumn(width=330)}

catalog = data.catalog()
zone = catalog.calendar.timezone
trust = data.trust()
if states.ready(problems=False):
    st.title("Data health", anchor=False)
    st.caption(f"Generation {catalog.generation} is served. Days begin in {zone}, and times are given in it.")
elif trust.sources:
    st.header("Sources", anchor=False)
if trust.problem:
    st.error(f"{markdown(trust.problem)} Until it is repaired nothing is known of next attempts, and no source is synced.")
health.cards(trust.sources, zone)
if catalog.generation is not None:
    st.header("Streams", anchor=False)
    table.show([health.stream_row(s.source, one, zone) for s in trust.sources for one in s.streams], "streams", columns=WIDE)
    for message in [message for source in trust.sources for message in health.other_messages(source)]:
        st.caption(f":material/error: {markdown(message)}")
    flagged = [f for f in catalog.flagged() if f.day is not None]
    if flagged:
        st.header("Days with a reservation", anchor=False)
        table.show(
            [
                {"day": f.day, "source": f.source, "stream": f.stream, "rows": f.rows,
                 "read": "–" if f.pulled_at is None else instant_words(f.pulled_at, zone), "reservation": "; ".join(FLAGS.get(n, n) for n in f.flags)}
                for f in flagged
            ],
            "reservations",
        )  # fmt: skip
    epochs = [(s.source, one.stream, epoch) for s in trust.sources for one in s.streams for epoch in one.quality.epochs]
    if epochs:
        st.header("Currency and time zone", anchor=False)
        st.caption(
            "Sums over days that were counted differently are not comparable. `./kpi sync SOURCE --full` reads everything in the new one."
        )
        table.show(
            [{"source": source, "stream": stream, "counted in": e.counted_in, "from": e.first, "to": e.last, "days": e.days} for source, stream, e in epochs],
            "counted_in",
        )  # fmt: skip
    st.header("Restated by the vendors", anchor=False)
    restated = catalog.restatements()
    if restated:
        st.caption("Days that were complete and changed later. Older links keep what they showed.")
        table.show(
            [{"day": r.day, "source": r.source, "stream": r.stream, "what": r.what.replace("_", " "), "was shown": r.before, "is now": r.after, "since generation": r.generation} for r in restated],
            "restated",
        )  # fmt: skip
    else:
        st.write("● No complete day has changed since it was first read.")
    frozen = ledger.freezes()
    if frozen:
        st.header("Frozen sprints", anchor=False)
        st.caption("Each sprint as it was at its start and at its close. Later edits at the vendor change none of it.")
        table.show(
            [
                {"sprint": f.name, "board": f.board, "moment": f.moment, "frozen": instant_words(f.taken_at, zone),
                 "how": "replayed from the vendor's history" if f.replayed else "seen in time", "items": len(f.items),
                 "committed points": f.committed_points, "completed points": f.completed_points if f.moment == "close" else None}
                for f in frozen
            ], "frozen_sprints",
            height=320)  # fmt: skip
    st.header("Definitions", anchor=False)
    if catalog.issues:
        table.show(
            [
                {"where": f"{i.file}:{i.line}", "code": i.code, "KPI": i.kpi or "", "problem": i.message, "hint": i.suggestion or ""}
                for i in catalog.issues
            ],
            "definition_problems",
        )
    else:
        st.write(f"● {len(catalog.kpis())} KPIs, no problems.")
