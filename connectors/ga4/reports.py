"""The two reports and how their cells become canonical rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from connectors.ga4.client import Report, ReportSpec
from errors import ContractError
from store.schema import arrow_schema

FOUR_PLACES = Decimal("0.0001")
VITAL_EVENTS = ("LCP", "INP", "CLS", "TTFB", "FCP")


@dataclass(frozen=True, slots=True)
class ReportKind:
    """A table and, for each of its columns, the GA4 field it comes from (day apart).

    names: event → our name of the metric; factors: metric → what its value is multiplied with.
    """

    table: str
    fields: tuple[tuple[str, str], ...]
    metrics: tuple[str, ...]
    keep: tuple[str, tuple[str, ...]] | None = None
    names: tuple[tuple[str, str], ...] = ()
    factors: tuple[tuple[str, str], ...] = ()

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The GA4 dimensions, the date first."""
        return ("date", *(field for _, field in self.fields if field not in self.metrics))

    @property
    def spec(self) -> ReportSpec:
        """What to ask for."""
        return ReportSpec(self.dimensions, self.metrics, self.keep)

    def rated_by(self, dimension: str) -> ReportKind:
        """Return the report with another custom dimension for the rating."""
        return replace(self, fields=tuple((column, dimension if column == "rating" else field) for column, field in self.fields))

    def measured_as(self, events: Mapping[str, str], factors: Mapping[str, str]) -> ReportKind:
        """Return the report for a site that names its events otherwise (metric → event), or sends other units (metric → factor)."""
        called = {metric: events.get(metric, metric) for metric in VITAL_EVENTS}
        names = tuple((event, metric) for metric, event in called.items() if event != metric)
        return replace(self, keep=("eventName", tuple(called.values())), names=names, factors=tuple(factors.items()))


TRAFFIC = ReportKind(
    "web_traffic",
    (
        ("device", "deviceCategory"),
        ("channel", "sessionDefaultChannelGroup"),
        ("landing_page", "landingPage"),
        ("campaign", "sessionCampaignName"),
        ("sessions", "sessions"),
        ("engaged_sessions", "engagedSessions"),
        ("total_users", "totalUsers"),
        ("new_users", "newUsers"),
        ("key_events", "keyEvents"),
        ("revenue", "purchaseRevenue"),
    ),
    ("sessions", "engagedSessions", "totalUsers", "newUsers", "keyEvents", "purchaseRevenue"),
)

VITALS = ReportKind(
    "web_vitals",
    (
        ("device", "deviceCategory"),
        ("page", "pagePath"),
        ("metric", "eventName"),
        ("rating", "customEvent:metric_rating"),
        ("events", "eventCount"),
        ("value_sum", "eventValue"),
    ),
    ("eventCount", "eventValue"),
    ("eventName", VITAL_EVENTS),
)


def table_of(source: str, kind: ReportKind, day: date, report: Report) -> tuple[pa.Table, tuple[str, ...]]:
    """Return the rows and flags of one day. A date that is no date, such as (other), stays with its day and raises a flag.

    Raises: ContractError when a number cannot be read, or a row belongs to another day.
    """
    schema, written = arrow_schema(kind.table), day.strftime("%Y%m%d")
    strange = {value for value in report.columns["date"] if value != written}
    if any(value.isdigit() for value in strange):
        raise ContractError(f"{source}: the report of {day} holds rows of {', '.join(sorted(strange)[:3])}.")
    columns = {"day": pa.array([day] * report.rows, pa.date32())}
    for column, field in kind.fields:
        columns[column] = _typed(report.columns[field], schema.field(column).type, f"{source}: {field} of {day}")
    for event, metric in kind.names:
        columns["metric"] = pc.if_else(pc.equal(columns["metric"], event), metric, columns["metric"])
    for metric, factor in kind.factors:
        scaled = pc.multiply(columns["value_sum"], pa.scalar(Decimal(factor))).cast(pa.decimal128(38, 10))
        columns["value_sum"] = pc.if_else(
            pc.equal(columns["metric"], metric), pc.round(scaled, 4).cast(schema.field("value_sum").type), columns["value_sum"]
        )
    flags = (*report.flags, "other_row") if strange else report.flags
    return pa.table([columns[name] for name in schema.names], schema=schema), tuple(sorted(set(flags)))


def _amounts(texts: pa.Array) -> pa.Array:
    """Return amounts to four places; the vendor may write floats with any number of digits, or an exponent."""
    try:
        return pc.round(pc.cast(texts, pa.decimal128(38, 18)), 4)
    except pa.ArrowInvalid:
        return pa.array([Decimal(text).quantize(FOUR_PLACES) for text in texts.to_pylist()])


def _typed(texts: list[str], wanted: pa.DataType, what: str) -> pa.Array:
    """Return the texts in the column's type; exact for amounts, which never pass through a float."""
    plain = pa.array(texts, pa.string())
    if pa.types.is_string(wanted):
        return plain
    try:
        if pa.types.is_decimal(wanted):
            return _amounts(plain).cast(wanted)
        return pc.cast(plain, wanted)
    except (pa.ArrowInvalid, ArithmeticError) as error:
        sample = next((text for text in texts if not text.replace(".", "", 1).lstrip("-").isdigit()), texts[0])
        raise ContractError(f"{what} holds '{sample[:40]}', which is not a number.") from error
