"""The choices at the top of a page. Every choice is in the URL, so that a link shows the same page to everyone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, TypeVar, cast

import streamlit as st

from metrics import KPI
from metrics.comparisons import Where
from metrics.types import Grain, Period
from pages.ui import data
from pages.ui.text import markdown, plain

DIMENSIONS = {"device": "Device", "channel": "Channel"}
"""By what a whole page can be filtered."""
GRAINS: dict[Grain, str] = {"day": "Day", "week": "Week", "month": "Month", "sprint": "Sprint"}

T = TypeVar("T")


def last_covered() -> Period | None:
    """Return the days that all daily KPIs cover: one calendar for the whole page."""
    found = [data.covered(kpi.name) for kpi in data.kpis() if kpi.grains != ("sprint",)]
    known = [period for period in found if period is not None]
    if not known:
        return None
    end = min(period.end for period in known)
    start = min(period.start for period in known)
    return Period(start, end) if start < end else None


def _from_url(key: str, known: Collection[str], default: Sequence[str]) -> None:
    """Let a widget begin with what the URL says, and follow when the URL changes under it (a link, the back button).

    Streamlit's own binding would put the shown labels into the URL; ours keeps names, which outlive a change of label.
    """
    asked = st.query_params.get_all(key)
    if key not in st.session_state or asked != st.session_state.get(f"url_{key}"):
        st.session_state[key] = [name for name in asked if name in known] or list(default)
    else:  # on another page it is another widget, which would begin with its first option
        st.session_state[key] = st.session_state[key]


def _to_url(key: str, chosen: Sequence[str], default: Sequence[str]) -> None:
    """Write a choice into the URL; the default needs no mention."""
    wanted = list(chosen) if list(chosen) != list(default) else []
    write_url({key: wanted})
    st.session_state[f"url_{key}"] = wanted


def write_url(wanted: Mapping[str, Sequence[str]]) -> None:
    """Put choices into the URL in one change of it, which is one step of the back button; a choice of nothing leaves no trace."""
    known = {name: st.query_params.get_all(name) for name in st.query_params}
    after = {**known, **{name: list(values) for name, values in wanted.items()}}
    if {name: values for name, values in after.items() if values} != known:
        st.query_params.from_dict({name: values for name, values in after.items() if values})


def _one(label: str, key: str, options: Mapping[str, str], default: str, *, show_label: bool = True) -> str:
    """Draw a choice of one and return its name."""
    _from_url(key, options, [default])
    if isinstance(st.session_state[key], list):
        st.session_state[key] = st.session_state[key][0]
    visibility: Literal["visible", "collapsed"] = "visible" if show_label else "collapsed"
    chosen = st.segmented_control(
        label, list(options), required=True, format_func=options.__getitem__, key=key, label_visibility=visibility
    )
    _to_url(key, [chosen or default], [default])
    return chosen or default


def choice(label: str, key: str, options: Mapping[str, str], default: str) -> str:
    """Draw a choice of one and return its name."""
    return _one(label, key, options, default)


def pick(label: str, key: str, options: Mapping[str, str], default: str) -> str:
    """Draw a choice of one of many and return its name."""
    _from_url(key, options, [default])
    if isinstance(st.session_state[key], list):
        st.session_state[key] = st.session_state[key][0]
    if st.session_state[key] not in options:
        st.session_state[key] = default
    chosen = st.selectbox(label, list(options), format_func=options.__getitem__, key=key)
    _to_url(key, [chosen], [default])
    return chosen


def search(label: str) -> str:
    """Draw the field to search in and return what is searched for."""
    asked = st.query_params.get("q", "")
    if "q" not in st.session_state or asked != st.session_state.get("url_q"):
        st.session_state["q"] = asked
    text = st.text_input(label, key="q", max_chars=100, icon=":material/search:")
    if text:
        st.query_params["q"] = text
    elif "q" in st.query_params:
        del st.query_params["q"]
    st.session_state["url_q"] = text or ""
    return text or ""


def part(items: Sequence[T], size: int) -> Sequence[T]:
    """Draw the choice of a part of a long list and return it."""
    starts = list(range(0, len(items), size))
    first = st.selectbox("Part", starts, format_func=lambda n: f"{n + 1} to {min(n + size, len(items))} of {len(items)}", key="part")
    return items[first : first + size]


def grain(default: Grain = "week") -> Grain:
    """Draw the choice of the grain and return it."""
    return cast(Grain, _one("Grain", "grain", {str(name): label for name, label in GRAINS.items()}, default))


def one_kpi(default: str) -> KPI | None:
    """Draw the choice of one KPI and return it; None, when there is none at all."""
    known = {kpi.name: kpi for kpi in data.kpis()}
    asked = st.query_params.get("kpi")
    if asked is not None and asked not in known:
        st.info(markdown(f"There is no KPI '{asked}' with values; another one is shown."), icon=":material/info:")
    if not known:
        return None
    first = default if default in known else next(iter(known))
    _from_url("kpi", known, [first])
    if isinstance(st.session_state["kpi"], list):
        st.session_state["kpi"] = st.session_state["kpi"][0]
    chosen = st.selectbox("KPI", list(known), format_func=lambda name: known[name].label, key="kpi")
    _to_url("kpi", [chosen], [])  # always there: which KPI comes first may change after a link was sent
    return known[chosen]


def several_kpis(default: Sequence[str]) -> list[str]:
    """Draw the choice of KPIs and return their names."""
    labels = {kpi.name: kpi.label for kpi in data.kpis()}
    known = [name for name in default if name in labels]
    _from_url("kpis", labels, known)
    chosen = st.multiselect(
        "KPIs", list(labels), format_func=labels.__getitem__, key="kpis", max_selections=6, placeholder="Choose KPIs to compare"
    )
    _to_url("kpis", chosen, known)
    return chosen


def parts() -> Where:
    """Draw the choice of devices and channels, from the values in the facts, and return it as conditions of a question."""
    found = []
    for name, label in DIMENSIONS.items():
        known = data.members(name)
        strange = [value for value in st.query_params.get_all(name) if value not in known]
        if strange:
            st.info(markdown(f"No data has the {name} {', '.join(strange)}; it is left out of the filter."), icon=":material/info:")
        _from_url(name, known, ())
        chosen = st.multiselect(label, known, key=name, placeholder=f"All {label.lower()}s", format_func=plain)
        _to_url(name, chosen, ())
        if chosen:
            found.append((name, tuple(sorted(chosen))))
    return tuple(found)


def parts_words(where: Where) -> str:
    """Return a filter in words, "" for none."""
    return "; ".join(f"{name} {' or '.join(values)}" for name, values in where)
