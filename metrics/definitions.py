"""What an analyst may write in kpi_definitions.yaml, as strict models, and the JSON schema for editors. Knows no store."""

from __future__ import annotations

import json
import re
import sys
from datetime import date, datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.json_schema import GenerateJsonSchema

from metrics.types import Grain

NAME = r"^[a-z][a-z0-9_]{0,62}$"
AGGREGATES = ("sum", "count", "count_distinct", "avg", "min", "max", "median")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
GRAINS: tuple[str, ...] = get_args(Grain)
FORMULA_KEYS = ("value", "numerator", "denominator", "formula", "relationship")
LATER_TYPES = ("window", "to_date", "conversion")
LATER_KEYS = ("partial", "format", "drivers", "accepted", "signals")

Scalar = str | int | float | bool | date | datetime
Bound = int | float | date | datetime
Text = Annotated[str, Field(min_length=1, max_length=2_000)]
Short = Annotated[str, Field(min_length=1, max_length=120)]
Reference = Annotated[str, Field(pattern=NAME)]


class Model(BaseModel):
    """Nothing is guessed: unknown keys and values of another type are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Operators(Model):
    """Conditions on one column; all of them must hold. A row without a value passes only `not`, `not_in` and `is_null: true`."""

    is_not: Scalar | None = Field(None, alias="not")
    is_in: list[Scalar] | None = Field(None, alias="in", min_length=1)
    not_in: list[Scalar] | None = Field(None, min_length=1)
    gt: Bound | None = None
    gte: Bound | None = None
    lt: Bound | None = None
    lte: Bound | None = None
    like: str | None = Field(None, description="% stands for any text, _ for one character")
    is_null: bool | None = None


Condition = Scalar | list[Scalar] | Operators
Where = dict[str, Condition]


class CalendarSpec(Model):
    """The one calendar of all teams."""

    timezone: str = Field("UTC", description="reporting zone, for example Europe/Vienna")
    week_start: Literal[*WEEKDAYS] = "monday"  # type: ignore[valid-type]  # mypy does not unpack tuples in Literal
    fiscal_year_start: Literal[*MONTHS] = "january"  # type: ignore[valid-type]  # as above
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"


class MeasureSpec(Model):
    """One number from one table."""

    table: str = Field(description="a canonical table; './kpi tables' lists them")
    agg: str = Field(description="sum, count, count_distinct, avg, min, max, median or a percentile such as p75")
    column: str | None = None
    where: Where = Field(default_factory=dict)
    time: str | None = Field(None, description="another time column of the table, for example created_at")
    description: Text | None = None

    @field_validator("agg")
    @classmethod
    def _known(cls, text: str) -> str:
        if text in AGGREGATES or percentile(text) is not None:
            return text
        raise ValueError(f"'{text}' is not an aggregate. Known: {', '.join(AGGREGATES)}, p75 (any p1 to p99)")


class TargetSpec(Model):
    """What a KPI should reach between two days, both included."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    kind: Literal["reach", "stay_above", "stay_below", "band"]
    value: int | float | None = None
    low: int | float | None = None
    high: int | float | None = None
    provenance: Literal["agreed", "proposed", "placeholder", "inherited"] = "agreed"
    set_by: Short | None = None
    set_on: date | None = None
    reason: Text | None = None


class RelationshipSpec(Model):
    """Two KPIs and what one is worth for the other; `per` is the change of the driver whose effect is asked for."""

    driver: Reference
    outcome: Reference
    by: list[str] = Field(default_factory=list)
    per: int | float | None = None


class ExampleSpec(Model):
    """Rows and what the KPI must give for them. A list in a row stands for as many rows; `table` picks the table."""

    given: list[dict[str, Scalar | list[Scalar | None] | None]] = Field(min_length=1)
    expect: dict[date, int | float | None] = Field(min_length=1)


class KpiSpec(Model):
    """One KPI: what to compute (value, numerator and denominator, formula or relationship) and what it means."""

    value: Reference | None = None
    numerator: Reference | None = None
    denominator: Reference | None = None
    formula: Annotated[str, Field(min_length=1)] | None = None
    relationship: RelationshipSpec | None = None
    label: Short | None = None
    description: Text | None = None
    owner: Short | None = None
    team: Literal["marketing", "product", "development", "both"] = "both"
    role: Literal["input", "output", "guardrail", "health"] = "output"
    unit: Annotated[str, Field(max_length=20)] | None = Field(None, description="% for shares (values are 0 to 1), EUR, ms, days, points …")
    better: Literal["higher", "lower", "band", "none"] | None = None
    where: Where = Field(default_factory=dict)
    dimensions: list[str] | None = None
    grain: Literal[*GRAINS] | None = None  # type: ignore[valid-type]  # mypy does not unpack tuples in Literal
    grains: list[Literal[*GRAINS]] | None = Field(None, min_length=1)  # type: ignore[valid-type]  # as above
    maturity: Annotated[str, Field(pattern=r"^\d{1,3}[dw]$")] | None = Field(None, description="how long values still change: 2d, 1w")
    fill: Literal["gap", "zero"] = "gap"
    targets: list[TargetSpec] = Field(default_factory=list)
    tests: list[ExampleSpec] = Field(default_factory=list)
    docs: Text | None = None
    tags: list[Short] = Field(default_factory=list)
    synonyms: list[Short] = Field(default_factory=list)


class FileSpec(Model):
    """The whole file."""

    version: Literal[1]
    calendar: CalendarSpec = Field(default_factory=lambda: CalendarSpec())
    measures: dict[Annotated[str, Field(pattern=NAME)], MeasureSpec] = Field(default_factory=dict)
    kpis: dict[Annotated[str, Field(pattern=NAME)], KpiSpec] = Field(default_factory=dict)


def percentile(agg: str) -> float | None:
    """Return 0.75 for "p75" and 0.5 for "median", None for anything else."""
    if agg == "median":
        return 0.5
    found = re.fullmatch(r"p([1-9]\d?)", agg)
    return int(found[1]) / 100 if found else None


def keys(model: type[Model]) -> list[str]:
    """Return the keys a model reads, as an analyst writes them."""
    return [field.alias or name for name, field in model.model_fields.items()]


class _Draft7(GenerateJsonSchema):
    schema_dialect = "http://json-schema.org/draft-07/schema#"


def json_schema() -> dict[str, Any]:
    """Return the draft-07 JSON schema of the file, for completion in editors."""
    schema = FileSpec.model_json_schema(by_alias=True, ref_template="#/definitions/{model}", schema_generator=_Draft7)
    return {
        "$schema": _Draft7.schema_dialect,
        "title": "KPI definitions",
        "definitions": schema.pop("$defs"),
        **{k: v for k, v in schema.items() if k != "title"},
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
