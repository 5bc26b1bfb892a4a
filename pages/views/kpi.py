"""KPI: one KPI in depth. Signal or noise, where its period is likely to end, why it changed, what it means."""

import streamlit as st

from metrics.verdict import sentence
from pages.ui import cards, data, filters, forecast, signal, states, why
from pages.ui.numbers import day_words
from pages.ui.text import markdown

if states.ready():
    covered, kpi = filters.last_covered(), filters.one_kpi("conversion_rate")
    if kpi is None or covered is None:
        states.nothing("No KPI has a whole day yet. The first complete day appears after the next sync.")
    else:
        catalog = data.catalog()
        currency, found = catalog.calendar.currency, data.signals()[kpi.name]
        st.title(markdown(kpi.label))
        st.markdown(f"#### {markdown(sentence(found, day_words))}")
        period = filters.period(covered)
        left, right = st.columns([1, 2])
        with left:
            cards.draw(cards.card(kpi, period), links=False)
        with right:
            st.subheader("Signal or noise", anchor=False)
            if found.points:
                st.echarts_chart(
                    signal.options(found, kpi), height=signal.height(found), alt=signal.alt_text(found, kpi, currency), key="signal"
                )
            else:
                states.nothing(f"{found.reason or 'No whole period has a value'}.")
            for note in found.notes:
                st.caption(f"{note[0].upper()}{markdown(note[1:])}.")
            with st.expander("The numbers and how they are judged"):
                st.write(signal.how(found))
                st.dataframe(signal.table(found, kpi, currency), hide_index=True, width="stretch")

        st.subheader("Where it is likely to end", anchor=False)
        ahead = data.forecast(kpi.name)
        st.write(markdown(forecast.headline(ahead, kpi, currency)))
        if ahead.ahead:
            st.echarts_chart(forecast.options(ahead, kpi), height=260, alt=forecast.headline(ahead, kpi, currency), key="forecast")
            for line in forecast.details(ahead, kpi, currency):
                st.caption(markdown(line))
            with st.expander("How good such forecasts were"):
                st.write(
                    "Both methods forecast from up to twelve earlier days, a week apart, as many days ahead as now. The one with the smaller pinball loss is used."
                )
                st.dataframe(forecast.skill_table(ahead, kpi, currency), hide_index=True, width="stretch")

        st.subheader("Why did it change", anchor=False)
        options = {name: name.replace("_", " ").capitalize() for name in kpi.dimensions}
        asked = filters.choice("Split by", "by", {"": "Most telling", **options}, "") if options else ""
        change = data.why(kpi.name, catalog.whole(kpi.name, period), asked or None)
        st.write(markdown(why.headline(change, kpi, currency)))
        for split in (change.split, *change.reversals):
            if split is not None and split.is_reversal:
                st.warning(why.reversal(split), icon=":material/swap_vert:")
            if split is not None and split.reason is not None:
                st.caption(f"By {markdown(split.by)}: {markdown(split.reason)}.")
            elif split is not None:
                st.echarts_chart(why.bars(split, kpi), height=260, alt=why.alt_text(split, kpi, currency), key=f"why_{split.by}")
                with st.expander(f"The numbers by {split.by}"):
                    st.dataframe(why.split_table(split, kpi, currency), hide_index=True, width="stretch")
        if change.measures:
            with st.expander("What each measure contributes", expanded=change.split is None):
                st.dataframe(why.measure_table(change, kpi, currency), hide_index=True, width="stretch")
        if change.reconciliation is not None:
            st.write(markdown(why.reconciled(change.reconciliation, catalog.kpi(change.reconciliation.other).label, kpi, currency)))
        st.caption(f"{why.days(change)}. Arithmetic that adds up exactly, not a cause: what moved a part is another question.")

        st.subheader("Definition", anchor=False)
        cards.definition(kpi)
        with st.expander("SQL"):
            st.code(data.sql(kpi.name), language="sql", wrap_lines=True)
