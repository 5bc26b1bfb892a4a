"""Data health: can I trust the numbers today, and if not, why?"""

import streamlit as st

from pages.ui import data, states
from pages.ui.numbers import age_words, day_words, instant_words
from pages.ui.text import markdown

WORDS = {
    "ok": ("●", "Last sync succeeded"),
    "paused": ("‖", "Paused by the vendor's quota"),
    "held": ("▲", "Held: the last good data stay"),
    "failed": ("▲", "Failed"),
    "auth": ("▲", "Credentials refused"),
}
NEXT = {
    "paused": "Nothing to do: the wait is kept, and the rest follows by itself.",
    "held": "Look at the vendor. When the fall is real: `./kpi sync {0} --accept`.",
    "failed": "Next: `./kpi doctor {0}`, then `./kpi sync {0}`.",
}
FLAGS = {
    "sampled": "the vendor answered from a sample",
    "epochs": "the currency, the time zone or the choice of reports changed in between; sums over both are not comparable",
    "truncated": "the vendor no longer keeps all of it",
    "thresholded": "the vendor left out small groups",
    "other_row": "the vendor rolled small groups up into (other)",
    "restricted": "the account may not see some columns",
    "drift": "some events held another type than expected",
    "held": "new data collapsed and were held back",
}

if states.ready():
    st.title("Data health")
    catalog = data.catalog()
    st.caption(f"Generation {catalog.generation} is served. Days begin in {catalog.calendar.timezone}.")
    runs = {run.source: run for run in data.runs()}
    sources = data.freshness()
    for place, source in zip(st.columns(max(1, len(sources))), sources, strict=True):
        run = runs.get(source.source)
        shape, word = WORDS.get(run.status, ("?", "Unknown")) if run else ("?", "Never synced")
        with place, st.container(border=True, height="stretch"):
            st.markdown(f"**{markdown(source.source)}** · {source.connector}")
            st.markdown(f"#### {shape} {word}")
            st.write(
                f"Data to **{day_words(source.covered_through)}**"
                + (f", from {day_words(source.covered_from)}" if source.covered_from else "")
            )
            st.write(f"Last good sync {age_words(source.synced_at)}")
            if run:
                st.caption(f"Last run: {run.rows_read:,} rows read, {run.rows_changed:,} changed")
            if run and run.not_before:
                st.caption(f"Asked again from {instant_words(run.not_before, catalog.calendar.timezone)}")
            for flag in source.flags:
                st.caption(f":material/flag: {flag}: {FLAGS.get(flag, '')}")
            if run and run.error:
                box = st.warning if run.status in ("paused", "held") else st.error
                box(markdown(run.error), icon=":material/error:")
                st.caption(f"The numbers stay as they were. {NEXT.get(run.status, NEXT['failed']).format(source.source)}")
    st.subheader("Streams", anchor=False)
    st.dataframe(
        [
            {"source": s.source, "stream": s.stream, "fills": s.table, "rows": s.rows, "from (vendor's day)": day_words(s.covered_from) if s.covered_from else "all",
             "complete to (UTC)": "–" if s.complete_through is None else f"{s.complete_through:%Y-%m-%d %H:%M}", "flags": ", ".join(s.flags)}
            for s in catalog.coverage()
        ],
        hide_index=True,
        width="stretch",
    )  # fmt: skip
    flagged = [f for f in catalog.flagged() if f.day is not None]
    if flagged:
        st.subheader("Days with a reservation", anchor=False)
        st.dataframe(
            [{"day": day_words(f.day), "source": f.source, "stream": f.stream, "rows": f.rows, "reservation": "; ".join(FLAGS.get(n, n) for n in f.flags)} for f in flagged],
            hide_index=True,
            width="stretch",
        )  # fmt: skip
    st.subheader("Restated by the vendors", anchor=False)
    restated = catalog.restatements()
    if restated:
        st.caption("Days that were complete and changed later. Older links keep what they showed.")
        st.dataframe(
            [{"day": day_words(r.day), "source": r.source, "stream": r.stream, "what": r.what.replace("_", " "), "was": r.before, "is": r.after, "since generation": r.generation} for r in restated],
            hide_index=True,
            width="stretch",
        )  # fmt: skip
    else:
        st.write("● No complete day has changed since it was first read.")
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
