"""What an analyst may write in kpi_definitions.yaml, as strict models. Knows no table and no SQL."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from metrics.calendar import Month, Weekday
from metrics.clauses import (
    IDENTIFIER,
    SPAN,
    Accepted,
    Case,
    Certified,
    Condition,
    Conversion,
    Driver,
    Identifier,
    Rebase,
    Reconcile,
    Relationship,
    Scalar,
    Signals,
    Strict,
    Target,
    Where,
    days_of,
)
from metrics.numerals import Name
from metrics.spans import Unit
from metrics.types import Grain

__all__ = [
    "KPI", "Accepted", "CalendarModel", "Case", "Certified", "Condition", "Conversion", "Driver", "File", "Kind", "Measure", "Rebase",
    "Reconcile", "Relationship", "Scalar", "Signals", "Strict", "Target", "Where", "fingerprint", "is_identifier",
]  # fmt: skip

AGGREGATE = r"^(sum|count|count_distinct|avg|min|max|median|p(100|[1-9]?[0-9]))$"
Kind = Literal["simple", "ratio", "formula", "rolling", "cumulative", "conversion", "relationship"]


class CalendarModel(Strict):
    """The organisation's calendar."""

    timezone: str = Field("UTC", description="IANA zone in which days begin, for example Europe/Vienna")
    week_start: Weekday = Field("monday", description="First day of the week")
    fiscal_year_start: Month = Field("january", description="First month of the fiscal year")
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="Currency code of amounts")
    locale: Name = Field(
        "en", description="How numbers and days are written on the pages, unless a visitor chooses another way: en, de, fr, …"
    )


class Measure(Strict):
    """One number from one table."""

    table: str = Field(description="A table of ./kpi tables")
    agg: str = Field(pattern=AGGREGATE, description="sum, count, count_distinct, avg, min, max, median, p75, p90, any pNN")
    column: str | list[str] | None = Field(None, description="The column to aggregate; several for count_distinct; none for count")
    where: Where = Field({}, description="column: value, [values], or {not, in, not_in, gt, gte, lt, lte, like, is_null}")
    time: str | None = Field(None, description="Another time column of the table than its usual one")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are aggregated."""
        if self.column is None:
            return ()
        return (self.column,) if isinstance(self.column, str) else tuple(self.column)

    @property
    def share(self) -> float | None:
        """The share of rows below the value of a quantile, 0.75 for p75; None for another aggregate."""
        if self.agg == "median":
            return 0.5
        return int(self.agg[1:]) / 100 if self.agg[1:].isdigit() else None

    @model_validator(mode="after")
    def _has_a_column(self) -> Measure:
        if self.agg != "count" and not self.columns:
            raise ValueError(f"agg '{self.agg}' needs a 'column'")
        if isinstance(self.column, list) and (self.agg != "count_distinct" or len(set(self.column)) < 2):
            raise ValueError("a list of columns is for count_distinct, and names two or more different ones")
        return self


class KPI(Strict):
    """One KPI. Its type follows from the keys: value; numerator and denominator; formula; conversion; relationship."""

    label: str | None = Field(None, max_length=60, description="Name that people see; by default made of the KPI's name")
    description: str = Field("", description="What it says, in one sentence")
    owner: str = Field("", description="The team or the person who answers for it")
    team: Literal["marketing", "product", "development", "both"] = Field("both", description="Whose column it stands in on the Overview")
    role: Literal["input", "output", "guardrail", "health"] = Field(
        "output", description="input: what teams move; output: what follows; guardrail: must not get worse; health: of the work itself"
    )
    certified: Certified | None = Field(None, description="Who vouched for this definition: {by, on, hash}")
    value: Identifier | None = Field(None, description="A measure or a KPI")
    numerator: Identifier | None = Field(None, description="A measure or a KPI, divided by the denominator after both are added up")
    denominator: Identifier | None = Field(None, description="What the numerator is divided by")
    formula: str | None = Field(None, description="Numbers, measures, KPIs, + - * /, parentheses, min max abs round coalesce if_missing")
    conversion: Conversion | None = Field(None, description="Share of those who did one thing and then another: {from, to, entity, within}")
    relationship: Relationship | None = Field(None, description="An outcome that may follow a driver: {driver, outcome, by, per}")
    window: str | None = Field(None, pattern=SPAN, description="Rolling: over this many days up to the period's end, for example 7d")
    to_date: Unit | None = Field(None, description="Cumulative: from the beginning of the week, month, … to the period's end")
    where: Where = Field({}, description="Conditions that hold for every measure in it")
    unit: str | None = Field(None, description="%, EUR, ms, days, points, items; values with % are fractions of 1", examples=["EUR"])
    format: str | None = Field(None, pattern=r"^[-#0,.%¤' ]{1,40}$", description="Number pattern such as #,##0.0")
    better: Literal["higher", "lower", "band", "none"] = Field("none", description="Which way is good; needed with a target")
    dimensions: list[str] | None = Field(None, description="What values may be split by; by default all that its tables share")
    grain: Grain | None = Field(None, description="The finest grain that makes sense; sprint: the only one")
    grains: list[Grain] | None = Field(None, min_length=1, description="The grains that make sense, one by one")
    fill: Literal["gap", "zero"] = Field("gap", description="What a period without rows says")
    partial: Literal["like_for_like", "withhold", "show"] = Field("like_for_like", description="What a period that still runs says")
    maturity: str = Field("0d", pattern=r"^[0-9]{1,3}[dw]$", description="How long values may still move, for example 2d")
    targets: list[Target] = Field([], description="Values agreed for some days; they must not overlap")
    accepted: list[Accepted] = Field([], description="Misses that were accepted until a day")
    drivers: list[Identifier | Driver] = Field([], description="What moves it: KPIs, or {kpi, kind, sign, lag, evidence}")
    reconcile_with: Reconcile | None = Field(None, description="The same notion in another source: {kpi, gap}")
    signals: Signals | None = Field(None, description="How variation is judged: {rules, baseline, rebase, season}")
    tests: list[Case] = Field([], description="Rows that are given, values that are expected")
    docs: str | None = Field(None, description="Link to what was written about it")
    tags: list[str] = Field([], description="Words to find it by")
    synonyms: list[str] = Field([], description="Other names that people use for it")

    @property
    def type(self) -> Kind:
        """What kind of KPI it is."""
        if self.relationship is not None:
            return "relationship"
        if self.conversion is not None:
            return "conversion"
        if self.window is not None:
            return "rolling"
        if self.to_date is not None:
            return "cumulative"
        if self.formula is not None:
            return "formula"
        return "ratio" if self.numerator is not None else "simple"

    @model_validator(mode="after")
    def _is_one_type(self) -> KPI:
        given = [name for name in ("value", "formula", "conversion", "relationship") if getattr(self, name) is not None]
        if self.numerator is not None or self.denominator is not None:
            given.append("numerator and denominator")
            if self.numerator is None or self.denominator is None:
                raise ValueError("a ratio needs both 'numerator' and 'denominator'")
        if len(given) != 1:
            found = f"found: {', '.join(given)}" if given else "found none"
            raise ValueError(f"a KPI has exactly one of: value; numerator and denominator; formula; conversion; relationship ({found})")
        return self

    @model_validator(mode="after")
    def _spans_once(self) -> KPI:
        if self.window is not None and self.to_date is not None:
            raise ValueError("a KPI is either rolling ('window') or cumulative ('to_date')")
        spans = next((name for name in ("window", "to_date") if getattr(self, name) is not None), None)
        alone = next((name for name in ("conversion", "relationship") if getattr(self, name) is not None), None)
        if spans is not None and alone is not None:
            raise ValueError(f"'{spans}' does not go with '{alone}'")
        return self

    @property
    def shown_unit(self) -> str | None:
        """The unit as said, "%" for a ratio or a conversion that says none, else None."""
        if self.unit is not None:
            return self.unit
        return "%" if self.numerator is not None or self.conversion is not None else None

    @property
    def maturity_days(self) -> int:
        """Days for which a value may still move."""
        return days_of(self.maturity)

    def target_on(self, day: date, where: Sequence[tuple[str, tuple[str, ...]]] = ()) -> Target | None:
        """Return the target in force on a day for exactly this part of the KPI; () is all of it."""
        scope = tuple(sorted((name, tuple(sorted(wanted))) for name, wanted in where))
        return next((target for target in self.targets if target.from_ <= day <= target.to and target.scope == scope), None)


class File(Strict):
    """The whole file."""

    version: Literal[1] = Field(description="Version of this language")
    calendar: CalendarModel = Field(CalendarModel(), description="The organisation's calendar")
    measures: dict[Identifier, Measure] = Field({}, description="Numbers from tables")
    kpis: dict[Identifier, KPI] = Field({}, description="What people see")


AROUND: frozenset[str] = frozenset(
    {"certified", "targets", "accepted", "drivers", "reconcile_with", "signals", "tests", "docs", "tags", "synonyms"}
)
"""Keys that are written about a number and do not change what it means."""


def fingerprint(definition: KPI, *meanings: str) -> str:
    """Return a short hash that changes when a definition, or anything it is made of, changes; not when a target or a test is added."""
    body: dict[str, Any] = definition.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=set(AROUND))
    text = json.dumps([body, *meanings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def is_identifier(text: object) -> bool:
    """Whether a key may name a measure or a KPI."""
    return isinstance(text, str) and re.match(IDENTIFIER, text) is not None
