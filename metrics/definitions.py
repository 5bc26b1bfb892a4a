"""What an analyst may write in kpi_definitions.yaml, as strict models. Knows no table and no SQL."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from metrics.calendar import Month, Weekday
from metrics.types import Grain

IDENTIFIER = r"^[a-z][a-z0-9_]{0,62}$"
AGGREGATE = r"^(sum|count|count_distinct|avg|min|max|median|p(100|[1-9]?[0-9]))$"
Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER)]
Scalar = bool | int | float | str | date
NOT_YET = ("window", "to_date", "conversion")


class Strict(BaseModel):
    """No unknown key, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Condition(Strict):
    """What a column must fulfil, when it is more than a value or a list of values."""

    not_: Scalar | None = Field(None, alias="not")
    in_: list[Scalar] | None = Field(None, alias="in", min_length=1)
    not_in: list[Scalar] | None = Field(None, min_length=1)
    gt: int | float | date | None = None
    gte: int | float | date | None = None
    lt: int | float | date | None = None
    lte: int | float | date | None = None
    like: str | None = None
    is_null: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if not self.model_fields_set:
            raise ValueError("a condition needs at least one of: not, in, not_in, gt, gte, lt, lte, like, is_null")
        return self


Where = dict[str, Scalar | list[Scalar] | Condition]


class CalendarModel(Strict):
    """The organisation's calendar."""

    timezone: str = Field("UTC", description="IANA zone in which days begin, for example Europe/Vienna")
    week_start: Weekday = Field("monday", description="First day of the week")
    fiscal_year_start: Month = Field("january", description="First month of the fiscal year")
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="Currency code of amounts")


class Measure(Strict):
    """One number from one table."""

    table: str = Field(description="A table of ./kpi tables")
    agg: str = Field(pattern=AGGREGATE, description="sum, count, count_distinct, avg, min, max, median, p75, p90, any pNN")
    column: str | None = Field(None, description="The column to aggregate; not needed for count")
    where: Where = Field({}, description="column: value, [values], or {not, in, not_in, gt, gte, lt, lte, like, is_null}")
    time: str | None = Field(None, description="Another time column of the table than its usual one")

    @model_validator(mode="after")
    def _has_a_column(self) -> Measure:
        if self.agg != "count" and self.column is None:
            raise ValueError(f"agg '{self.agg}' needs a 'column'")
        return self


class Target(Strict):
    """A value agreed for some days, both ends included."""

    from_: date = Field(alias="from")
    to: date
    kind: Literal["reach", "stay_above", "stay_below", "band"]
    value: float | int | None = None
    low: float | int | None = None
    high: float | int | None = None
    provenance: Literal["agreed", "proposed", "inherited", "benchmark"] = "agreed"
    set_by: str | None = None
    set_on: date | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Target:
        if self.to < self.from_:
            raise ValueError("a target's 'to' lies before its 'from'")
        if self.kind == "band" and (self.low is None or self.high is None or self.low > self.high):
            raise ValueError("a band needs 'low' and 'high', low first")
        if self.kind != "band" and self.value is None:
            raise ValueError(f"a target of kind '{self.kind}' needs a 'value'")
        return self


class Relationship(Strict):
    """An outcome that may follow a driver."""

    driver: Identifier
    outcome: Identifier
    by: list[str] = []
    per: float | int = Field(description="Change of the driver, in its unit, that the effect is stated for")


class Case(Strict):
    """A test of a KPI: rows that are given, values that are expected for their days."""

    given: list[dict[str, Any]] = Field(min_length=1)
    expect: dict[date | str, float | int | None]


class KPI(Strict):
    """One KPI. Its type follows from the keys: value; numerator and denominator; formula; relationship."""

    label: str | None = Field(None, max_length=60)
    description: str = ""
    owner: str = ""
    team: Literal["marketing", "product", "development", "both"] = "both"
    role: Literal["input", "output", "guardrail", "health"] = "output"
    value: Identifier | None = None
    numerator: Identifier | None = None
    denominator: Identifier | None = None
    formula: str | None = None
    relationship: Relationship | None = None
    where: Where = {}
    unit: str | None = None
    format: str | None = None
    better: Literal["higher", "lower", "band", "none"] = "none"
    dimensions: list[str] | None = None
    grain: Grain | None = None
    grains: list[Grain] | None = None
    fill: Literal["gap", "zero"] = "gap"
    partial: Literal["like_for_like", "withhold", "show"] = "like_for_like"
    maturity: str = Field("0d", pattern=r"^[0-9]{1,3}[dw]$", description="How long values may still move, for example 2d")
    targets: list[Target] = []
    tests: list[Case] = []
    drivers: list[Identifier] = []
    accepted: dict[str, Any] | None = None
    signals: dict[str, Any] | None = None
    docs: str | None = None
    tags: list[str] = []
    synonyms: list[str] = []
    window: str | None = None
    to_date: str | None = None
    conversion: dict[str, Any] | None = None

    @property
    def type(self) -> Literal["simple", "ratio", "formula", "relationship"]:
        """What kind of KPI it is."""
        if self.relationship is not None:
            return "relationship"
        if self.formula is not None:
            return "formula"
        return "ratio" if self.numerator is not None else "simple"

    @model_validator(mode="after")
    def _is_one_type(self) -> KPI:
        given = [name for name in ("value", "formula", "relationship", *NOT_YET[2:]) if getattr(self, name) is not None]
        if self.numerator is not None or self.denominator is not None:
            given.append("numerator and denominator")
            if self.numerator is None or self.denominator is None:
                raise ValueError("a ratio needs both 'numerator' and 'denominator'")
        if len(given) != 1:
            found = f"found: {', '.join(given)}" if given else "found none"
            raise ValueError(f"a KPI has exactly one of: value; numerator and denominator; formula; relationship ({found})")
        return self

    @property
    def shown_unit(self) -> str | None:
        """The unit as said, "%" for a ratio that says none, else None."""
        return self.unit if self.unit is not None else "%" if self.type == "ratio" else None

    @property
    def maturity_days(self) -> int:
        """Days for which a value may still move."""
        return int(self.maturity[:-1]) * (7 if self.maturity.endswith("w") else 1)

    def target_on(self, day: date) -> Target | None:
        """Return the target in force on a day."""
        return next((target for target in self.targets if target.from_ <= day <= target.to), None)


class File(Strict):
    """The whole file."""

    version: Literal[1]
    calendar: CalendarModel = CalendarModel()
    measures: dict[Identifier, Measure] = {}
    kpis: dict[Identifier, KPI] = {}


def fingerprint(definition: KPI, *meanings: str) -> str:
    """Return a short hash that changes when a definition, or anything it is made of, changes."""
    text = json.dumps([definition.model_dump(mode="json", by_alias=True, exclude_defaults=True), *meanings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def is_identifier(text: object) -> bool:
    """Whether a key may name a measure or a KPI."""
    return isinstance(text, str) and re.match(IDENTIFIER, text) is not None
