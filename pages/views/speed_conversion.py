"""Speed × conversion: what a faster page goes with, with its interval and grade, or why nothing is told; and the descriptive cut below."""

import streamlit as st

from pages.ui import data, filters, relation, span, speed, states

if states.ready():
    st.title("Speed × conversion", anchor=False)
    relations = {kpi.name: kpi.label for kpi in data.catalog().kpis() if kpi.type == "relationship"}
    covered = filters.last_covered()
    if not relations:
        states.nothing(
            "No KPI of the type relationship is defined. Add one with 'relationship: {driver: site_speed, outcome: conversion_rate, per: -100}'."
        )
    elif covered is None:
        states.nothing("No source holds a whole day yet. The first complete day appears after the next sync.")
    else:
        first = next(iter(relations))
        name = filters.choice("Relationship", "relationship", relations, first) if len(relations) > 1 else first
        period = span.choose(covered, default="all")
        found = data.relation(name, period)
        relation.headline(found)
        if relation.has_interval(found):
            left, right = st.columns(2)
            with left:
                relation.estimates(found)
            with right:
                relation.worth(found)
        relation.checks(found)
        relation.population(found)
        relation.method(found)
        if found.basis == "visitor-days" and found.noun == "purchases":
            speed.dose_response(data.speed_conversion(name, found.period or period))
