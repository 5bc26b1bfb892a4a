"""Data health: can I trust the numbers today, and if not, why?"""

import streamlit as st

from pages.ui import data, health, states
from pages.ui.health import FLAGS
from pages.ui.numbers import day_words, instant_words
from pages.ui.text import markdown

WIDE = {"reservations": st.column_config.TextColumn(width=330), "rows": st.column_config.NumberColumn(format="localized")}

catalog = data.catalog()
zone = catalog.calendar.timezone
trust = data.trust()
if states.ready(problems=False):
    st.title("Data health")
    st.caption(f"Generation {catalog.generation} is served. Days begin in {zone}, and times are given in it.")
elif trust.sources:
    st.subheader("Sources", anchor=False)
if trust.problem:
    st.error(f"{markdown(trust.problem)} Until it is repaired nothing is known of next attempts, and no source is synced.")
health.cards(trust.sources, zone)
if catalog.generation is not None:
    st.subheader("Streams", anchor=False)
    st.dataframe(
        [health.stream_row(s.source, one, zone) for s in trust.sources for one in s.streams],
        hide_index=True,
        width="stretch",
        column_config=WIDE,
    )
    for message in [message for source in trust.sources for message in health.other_messages(source)]:
        st.caption(f":material/error: {markdown(message)}")
    flagged = [f for f in catalog.flagged() if f.day is not None]
    if flagged:
        st.subheader("Days with a reservation", anchor=False)
        st.dataframe(
            [
                {"day": day_words(f.day), "source": f.source, "stream": f.stream, "rows": f.rows,
                 "read": "–" if f.pulled_at is None else instant_words(f.pulled_at, zone), "reservation": "; ".join(FLAGS.get(n, n) for n in f.flags)}
                for f in flagged
            ],
            hide_index=True,
            width="stretch",
        )  # fmt: skip
    epochs = [(s.source, one.stream, epoch) for s in trust.sources for one in s.streams for epoch in one.quality.epochs]
    if epochs:
        st.subheader("Currency and time zone", anchor=False)
        st.caption(
            "Sums over days that were counted differently are not comparable. `./kpi sync SOURCE --full` reads everything in the new one."
        )
        st.dataframe(
            [{"source": source, "stream": stream, "counted in": e.counted_in, "from": day_words(e.first), "to": day_words(e.last), "days": e.days} for source, stream, e in epochs],
            hide_index=True,
            width="stretch",
        )  # fmt: skip
    st.subheader("Restated by the vendors", anchor=False)
    restated = catalog.restatements()
    if restated:
        st.caption("Days that were complete and changed later. Older links keep what they showed.")
        st.dataframe(
            [{"day": day_words(r.day), "source": r.source, "stream": r.stream, "what": r.what.replace("_", " "), "was shown": r.before, "is now": r.after, "since generation": r.generation} for r in restated],
            hide_index=True,
            width="stretch",
            column_config={name: st.column_config.NumberColumn(format="localized") for name in ("was shown", "is now")},
        )  # fmt: skip
    else:
        st.write("● No complete day has changed since it was first read.")
    frozen = data.freezes()
    if frozen:
        st.subheader("Frozen sprints", anchor=False)
        st.caption("Each sprint as it was at its start and at its close. Later edits at the vendor change none of it.")
        st.dataframe(
            [
                {"sprint": f.name, "board": f.board, "moment": f.moment, "frozen": instant_words(f.taken_at, zone),
                 "how": "replayed from the vendor's history" if f.replayed else "seen in time", "items": len(f.items),
                 "committed points": f"{f.committed_points:g}", "completed points": f"{f.completed_points:g}" if f.moment == "close" else "–"}
                for f in frozen
            ],
            hide_index=True,
            width="stretch",
            height=320,
        )  # fmt: skip
    st.subheader("Definitions", anchor=False)
    if catalog.issues:
        st.dataframe(
            [
                {"where": f"{i.file}:{i.line}", "code": i.code, "KPI": i.kpi or "", "problem": i.message, "hint": i.suggestion or ""}
                for i in catalog.issues
            ],
            hide_index=True,
        )
    else:
        st.write(f"● {len(catalog.kpis())} KPIs, no problems.")
