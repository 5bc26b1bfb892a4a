"""The clauses of a definition: conditions, targets, tests, and what people agreed about a KPI. Knows no table and no SQL."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from metrics.types import Grain

IDENTIFIER = r"^[a-z][a-z0-9_]{0,62}$"
SPAN = r"^[1-9][0-9]{0,2}[dw]$"
Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER)]
Number = float | int
Scalar = bool | int | float | str | date


def days_of(span: str) -> int:
    """Return the days of a span such as 2d or 4w."""
    return int(span[:-1]) * (7 if span.endswith("w") else 1)


class Strict(BaseModel):
    """No unknown key, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Condition(Strict):
    """What a column must fulfil, when it is more than a value or a list of values."""

    not_: Scalar | None = Field(None, alias="not", description="Any value but this one")
    in_: list[Scalar] | None = Field(None, alias="in", min_length=1, description="One of these values")
    not_in: list[Scalar] | None = Field(None, min_length=1, description="None of these values")
    gt: int | float | date | None = Field(None, description="More than")
    gte: int | float | date | None = Field(None, description="At least")
    lt: int | float | date | None = Field(None, description="Less than")
    lte: int | float | date | None = Field(None, description="At most")
    like: str | None = Field(None, description="A pattern: % stands for any text, _ for one character")
    is_null: bool | None = Field(None, description="true: has no value; false: has one")

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if not self.model_fields_set:
            raise ValueError("a condition needs at least one of: not, in, not_in, gt, gte, lt, lte, like, is_null")
        return self


Where = dict[str, Scalar | list[Scalar] | Condition]


class Target(Strict):
    """A value agreed for some days, both ends included, for everything or for a part of it."""

    from_: date = Field(alias="from", description="First day")
    to: date = Field(description="Last day, included")
    kind: Literal["reach", "stay_above", "stay_below", "band"] = Field(
        description="reach: by the last day; stay_above, stay_below, band: all the time"
    )
    value: Number | None = Field(None, description="The value, in the KPI's unit; a fraction of 1 for %")
    low: Number | None = Field(None, description="Lower end of a band")
    high: Number | None = Field(None, description="Upper end of a band")
    where: dict[str, str | list[str]] = Field({}, description="The part it is agreed for: dimension: value or [values]; all when empty")
    pace: Literal["weekday", "linear", "last_year", "none"] = Field(
        "weekday",
        description="How much of a target to reach is expected by a day; weekday: as the last 8 weeks came in, linear without them",
    )
    provenance: Literal["agreed", "proposed", "inherited", "benchmark", "placeholder"] = Field(
        "agreed", description="Where the target is from"
    )
    set_by: str | None = Field(None, description="Who set it")
    set_on: date | None = Field(None, description="When it was set")
    reason: str | None = Field(None, description="Why this value")
    baseline: Number | None = Field(None, description="The value when the target was set")

    @property
    def scope(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The part it is agreed for, in the form of a question's conditions, sorted."""
        return tuple(sorted((name, (v,) if isinstance(v, str) else tuple(sorted(v))) for name, v in self.where.items()))

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

    driver: Identifier = Field(description="The KPI that may move the other")
    outcome: Identifier = Field(description="The KPI that may follow")
    by: list[str] = Field([], description="Dimensions within which the two are compared")
    per: Number = Field(description="Change of the driver, in its unit, that the effect is stated for")


class Conversion(Strict):
    """Who of those that did one thing did another thing within some time after it."""

    from_: Identifier = Field(alias="from", description="A measure, or else the name of an event of the table events")
    to: Identifier = Field(description="A measure, or else the name of an event of the table events")
    entity: str = Field(description="Column of both that says who, for example user_id")
    within: str = Field(pattern=r"^[1-9][0-9]{0,2}[hdw]$", description="Longest time from one to the other: 24h, 7d, 4w")
    after: str | None = Field(None, pattern=r"^[1-9][0-9]{0,2}[hdw]$", description="Shortest time from one to the other; none by default")

    @model_validator(mode="after")
    def _leaves_time(self) -> Conversion:
        if self.after is not None and hours_of(self.after) >= hours_of(self.within):
            raise ValueError("a conversion's 'after' must be shorter than its 'within'")
        return self


def hours_of(span: str) -> int:
    """Return the hours of a span such as 24h, 7d or 4w."""
    return int(span[:-1]) if span.endswith("h") else days_of(span) * 24


class Accepted(Strict):
    """A miss that was accepted until a day."""

    value: Number = Field(description="The value that is accepted instead of the target")
    from_: date | None = Field(None, alias="from", description="First day; by default any day before the last")
    until: date = Field(description="Last day, included")
    reason: str = Field(description="Why it is accepted")
    by: str | None = Field(None, description="Who accepted it")
    issue: str | None = Field(None, description="Key or link of the work that ends it")


class Driver(Strict):
    """What is believed, or known, to move the KPI."""

    kpi: Identifier = Field(description="The KPI that moves this one")
    kind: Literal["component", "influence"] = Field("influence", description="component: part of its arithmetic; influence: a belief")
    sign: Literal["+", "-"] | None = Field(None, description="Whether it moves the same way or the other way")
    lag: str | None = Field(None, pattern=SPAN, description="How much later the KPI follows")
    evidence: str | None = Field(None, description="Link or words")


class Reconcile(Strict):
    """The same notion in another source, and how far apart the two usually are."""

    kpi: Identifier = Field(description="The KPI of the other source")
    gap: Number = Field(0.05, gt=0, description="Usual largest difference, as a share of the other KPI")


class Rebase(Strict):
    """A day from which the limits of variation are drawn anew, and why."""

    on: date = Field(description="First day of the new limits")
    reason: str = Field(description="What changed")
    by: str | None = Field(None, description="Who said so")
    event: str | None = Field(None, description="Release, campaign or sprint behind it")


class Signals(Strict):
    """How variation is judged."""

    rules: Literal["wheeler", "nhs", "none"] = Field("wheeler", description="Rules by which a value is a signal and not noise")
    baseline: dict[Literal["from", "to"], date] | None = Field(None, description="Days from which the limits are drawn: {from, to}")
    rebase: list[Rebase] = Field([], description="Days from which the limits are drawn anew")
    season: Literal["weekday", "none"] = Field("none", description="weekday: a day is compared with its like in other weeks")


class Certified(Strict):
    """Who vouched for which definition; it lapses when the definition's hash is another one."""

    by: str = Field(description="Who vouches for it")
    on: date = Field(description="When")
    hash: str = Field(pattern=r"^[0-9a-f]{12}$", description="The definition's hash then, as ./kpi query --json prints it")


class Case(Strict):
    """A test of a KPI: rows that are given, values that are expected for their periods."""

    given: list[dict[str, Any]] = Field(min_length=1, description="Rows; a list stands for one row a value; 'table' names the table")
    expect: dict[date | str, float | int | None] = Field(min_length=1, description="First day of the period: value, null for absent")
    grain: Grain = Field("day", description="The periods that the expected values are of")
    where: dict[str, str | list[str]] = Field({}, description="The part that the expected values are of: dimension: value or [values]")
