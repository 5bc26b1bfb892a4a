"""The canonical tables: vendor-neutral facts that every connector fills and every measure reads.

Conventions: instants are naive timestamps in UTC; `day` is a calendar day of the reporting zone; money and sums of
milliseconds are DECIMAL(18,4), so that their totals are exact; every row carries `source` (the name in sources.yaml)
and `slice` (the vendor day it was pulled with, or 0001-01-01 for a table that is replaced whole).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    MetaData,
    Numeric,
    String,
    Table,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn
from sqlalchemy.sql.compiler import DDLCompiler
from sqlalchemy.types import TypeEngine

if TYPE_CHECKING:
    import pyarrow as pa

warehouse = MetaData()

AMOUNT = Numeric(18, 4)


def _fact(name: str, *columns: Column[Any]) -> Table:
    return Table(
        name,
        warehouse,
        Column("source", String, nullable=False, comment="name of the source in sources.yaml"),
        Column("slice", Date, nullable=False, comment="vendor day of the pull"),
        *columns,
    )


def _c(
    name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]], comment: str, nullable: bool = True, packed: str | None = None
) -> Column[Any]:
    """packed: how DuckDB compresses the column; else it tries every method on each row group, which for long texts takes longer than writing."""
    return Column(name, kind, nullable=nullable, comment=comment, info={"packed": packed} if packed else {})


@compiles(CreateColumn, "duckdb")
def _create_packed(create: CreateColumn, compiler: DDLCompiler, **options: Any) -> str:
    words: str = compiler.visit_create_column(create, **options)  # type: ignore[no-untyped-call]  # SQLAlchemy's has no annotations
    packed = create.element.info.get("packed")
    return f"{words} USING COMPRESSION {packed}" if packed else words


web_traffic = _fact(
    "web_traffic",
    _c("day", Date, "day in the property's zone", False),
    _c("device", String, "desktop, mobile, tablet"),
    _c("channel", String, "default channel group of the session"),
    _c("landing_page", String, "first page of the session"),
    _c("campaign", String, "campaign name of the session"),
    _c("sessions", BigInteger, "sessions"),
    _c("engaged_sessions", BigInteger, "sessions longer than 10 s, with a key event or two page views"),
    _c("total_users", BigInteger, "distinct users in this cell; never adds up"),
    _c("new_users", BigInteger, "users seen for the first time"),
    _c("key_events", BigInteger, "key events (purchases)"),
    _c("revenue", AMOUNT, "revenue in the property's currency"),
)

web_vitals = _fact(
    "web_vitals",
    _c("day", Date, "day in the property's zone", False),
    _c("device", String, "desktop, mobile, tablet"),
    _c("page", String, "page path"),
    _c("metric", String, "LCP, INP, CLS, TTFB, FCP"),
    _c("rating", String, "good, needs-improvement, poor"),
    _c("events", BigInteger, "measurements"),
    _c("value_sum", AMOUNT, "sum of the measured values (ms; CLS as is)"),
)

events = _fact(
    "events",
    _c("time", DateTime, "instant of the event, UTC", False),
    _c("day", Date, "day in the reporting zone", False),
    _c("user_id", String, "the vendor's canonical user id"),
    _c("event", String, "event name", False),
    _c("device", String, "desktop, mobile, tablet"),
    _c("channel", String, "acquisition channel"),
    _c("page", String, "page path"),
    _c("lcp_ms", Double, "largest contentful paint of the page view, ms"),
    _c("revenue", AMOUNT, "revenue of the event"),
    _c("properties", String, "all vendor properties, JSON", packed="fsst"),
    _c(
        "dedupe_key", String, "tells events of one name, user and time apart: of those that share it, too, one counts", False, packed="fsst"
    ),
    _c("received_at", DateTime, "when the vendor took the event in, UTC; of two copies the later one counts"),
    _c("drifted", Boolean, "a property had another type than its column, and stands in properties only"),
)

work_items = _fact(
    "work_items",
    _c("id", String, "the vendor's lasting id", False),
    _c("key", String, "shown key"),
    _c("url", String, "link for people"),
    _c("title", String, "summary"),
    _c("type", String, "Story, Bug, Task, Epic …"),
    _c("project", String, "project key"),
    _c("status", String, "status name now"),
    _c("status_category", String, "todo, doing, blocked, done, cancelled"),
    _c("points", Double, "estimate now"),
    _c("epic", String, "id of the parent epic"),
    _c("labels", String, "labels, comma separated, sorted"),
    _c("kpi", String, "KPI named by the label kpi:<id>"),
    _c("release_id", String, "id of the first fix version"),
    _c("created_at", DateTime, "created, UTC", False),
    _c("started_at", DateTime, "first entry to an in-progress status, UTC"),
    _c("done_at", DateTime, "last entry to a done status, UTC; empty while it is not done"),
    _c("due_date", Date, "due date"),
    _c("deleted_at", DateTime, "when it vanished at the vendor, UTC"),
    _c("cycle_days", Double, "days from started_at to done_at"),
    _c("lead_days", Double, "days from created_at to done_at"),
)

status_changes = _fact(
    "status_changes",
    _c("item_id", String, "work item", False),
    _c("at", DateTime, "instant of the change, UTC", False),
    _c("from_status", String, "status left"),
    _c("to_status", String, "status entered"),
    _c("from_category", String, "category left"),
    _c("to_category", String, "category entered"),
)

sprints = _fact(
    "sprints",
    _c("id", String, "sprint id", False),
    _c("board", String, "board name"),
    _c("name", String, "sprint name"),
    _c("state", String, "future, active, closed"),
    _c("start_at", DateTime, "start, UTC"),
    _c("end_at", DateTime, "planned end, UTC"),
    _c("completed_at", DateTime, "real end, UTC"),
    _c("goal", String, "goal"),
)

sprint_items = _fact(
    "sprint_items",
    _c("sprint_id", String, "sprint", False),
    _c("item_id", String, "work item", False),
    _c("day", Date, "the sprint's last day in the reporting zone (real end, else planned end)"),
    _c("added_at", DateTime, "joined the sprint, UTC"),
    _c("removed_at", DateTime, "left the sprint after its start, UTC"),
    _c("committed", Boolean, "in the sprint at its start and not done by then"),
    _c("completed", Boolean, "in the sprint and done at its end (or now, while it runs)"),
    _c("points_at_start", Double, "estimate at sprint start (at joining, when it joined later)"),
    _c("points_at_end", Double, "estimate at sprint end (or now, while it runs)"),
    _c("completed_outside", Boolean, "in the sprint at its end, but done before its start or while in another sprint"),
)

releases = _fact(
    "releases",
    _c("id", String, "version id", False),
    _c("project", String, "project key"),
    _c("name", String, "version name"),
    _c("planned_on", Date, "planned release day"),
    _c("released_on", Date, "release day, when released"),
    _c("released", Boolean, "released"),
    _c("description", String, "the vendor's text"),
    _c("url", String, "link for people"),
)

dependencies = _fact(
    "dependencies",
    _c("blocker_id", String, "work item that blocks", False),
    _c("blocked_id", String, "work item that waits", False),
    _c("type", String, "link type"),
)

item_keys = _fact(
    "item_keys",
    _c("item_id", String, "work item", False),
    _c("key", String, "key it had; empty when the vendor's history does not tell"),
    _c("project", String, "project it was in"),
    _c("since_at", DateTime, "from when, UTC", False),
    _c("until_at", DateTime, "until when, UTC; empty for the key it has"),
)

sprint_reports = _fact(
    "sprint_reports",
    _c("sprint_id", String, "sprint", False),
    _c("item_id", String, "work item", False),
    _c("outcome", String, "completed, not_completed, removed, completed_elsewhere, as the vendor's report of the closed sprint says"),
    _c("added_during", Boolean, "added after the sprint's start"),
    _c("points_initial", Double, "estimate at the sprint's start, in the report"),
    _c("points_final", Double, "estimate at the sprint's end, in the report"),
)

worklogs = _fact(
    "worklogs",
    _c("id", String, "worklog id", False),
    _c("item_id", String, "work item", False),
    _c("started_at", DateTime, "when the work began, UTC"),
    _c("seconds", BigInteger, "time spent"),
    _c("updated_at", DateTime, "last change of the entry, UTC"),
)

campaigns = _fact(
    "campaigns",
    _c("id", String, "campaign id", False),
    _c("name", String, "campaign name"),
    _c("channel", String, "channel"),
    _c("start_on", Date, "first day"),
    _c("end_on", Date, "last day, inclusive"),
    _c("url", String, "link for people"),
)

milestones = _fact(
    "milestones",
    _c("id", String, "milestone id", False),
    _c("name", String, "name"),
    _c("channel", String, "team or channel"),
    _c("start_on", Date, "first day"),
    _c("end_on", Date, "last day, inclusive"),
    _c("url", String, "link for people"),
)

profiles = _fact(
    "profiles",
    _c("id", String, "the vendor's canonical user id, the same as events.user_id", False),
    _c("last_seen_at", DateTime, "when the person was seen last, UTC"),
    _c("properties", String, "the properties that sources.yaml names, JSON; empty when it names none"),
)

funnel_steps = _fact(
    "funnel_steps",
    _c("funnel_id", String, "id of the saved funnel", False),
    _c("day", Date, "day on which the people entered the funnel, in the project's zone", False),
    _c("step", BigInteger, "1 for the first step", False),
    _c("event", String, "event of the step"),
    _c("count", BigInteger, "distinct people who entered on this day and came this far; never adds up", False),
)

retention_cohorts = _fact(
    "retention_cohorts",
    _c("name", String, "name of the report in sources.yaml", False),
    _c("day", Date, "first day of the cohort, in the project's zone", False),
    Column("interval", BigInteger, nullable=False, quote=True, comment="0 for the first day or week after the cohort's own event"),
    _c("people", BigInteger, "distinct people of the cohort who came back in this interval; never adds up", False),
    _c("cohort_people", BigInteger, "distinct people of the cohort, the same in each interval; never adds up", False),
)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """How rows of a table fall on the calendar.

    column: a day (already a calendar day) or an instant (UTC, turned into a day of the reporting zone).
    choices: the other columns a measure may name with `time:`.
    instant: where column is a day, the column that tells the hour.
    """

    column: str
    choices: tuple[str, ...] = ()
    instant: str | None = None


TIME_AXES: dict[str, TimeAxis] = {
    "web_traffic": TimeAxis("day"),
    "web_vitals": TimeAxis("day"),
    "events": TimeAxis("day", instant="time"),
    "work_items": TimeAxis("done_at", ("created_at", "started_at", "due_date", "deleted_at")),
    "status_changes": TimeAxis("at"),
    "sprints": TimeAxis("start_at", ("end_at", "completed_at")),
    "sprint_items": TimeAxis("day", ("added_at", "removed_at")),
    "releases": TimeAxis("released_on", ("planned_on",)),
    "worklogs": TimeAxis("started_at", ("updated_at",)),
    "campaigns": TimeAxis("start_on", ("end_on",)),
    "milestones": TimeAxis("end_on", ("start_on",)),
    "funnel_steps": TimeAxis("day"),
    "retention_cohorts": TimeAxis("day"),
}
"""Tables without an entry have no time and cannot carry a measure."""

PLANNED: frozenset[tuple[str, str]] = frozenset(
    {("work_items", "due_date"), ("releases", "planned_on"), ("campaigns", "start_on"), ("campaigns", "end_on")}
    | {("milestones", "start_on"), ("milestones", "end_on"), ("sprints", "end_at")}
)
"""Time columns that hold plans: a day that has not come yet is known."""

NON_ADDITIVE: frozenset[tuple[str, str]] = frozenset(
    {("web_traffic", "total_users"), ("funnel_steps", "count"), ("retention_cohorts", "people"), ("retention_cohorts", "cohort_people")}
)
"""Columns whose values must never be summed (distinct people counted per cell)."""

documents = _fact(
    "_documents",
    _c("id", String, "the vendor's lasting id", False),
    _c("updated_at", DateTime, "last change at the vendor, UTC"),
    _c("document", String, "what is kept of it, JSON in the connector's own words", False),
)
"""What a connector keeps so that the next sync need not read it again; the canonical tables are derived from it."""

slices = Table(
    "_slices",
    warehouse,
    Column("source", String, primary_key=True),
    Column("stream", String, primary_key=True),
    Column("slice", Date, primary_key=True),
    Column("table_name", String, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("complete_through", DateTime, comment="UTC; NULL while the slice is provisional"),
    Column("flags", String, nullable=False, comment="comma separated, sorted"),
    Column("pulled_at", DateTime, comment="UTC; when the sync that brought it began"),
    Column("context", String, comment="currency and time zone the vendor counted in"),
)

coverage = Table(
    "_coverage",
    warehouse,
    Column("source", String, primary_key=True),
    Column("stream", String, primary_key=True),
    Column("table_name", String, nullable=False),
    Column("connector", String, nullable=False),
    Column("covered_from", Date, comment="first day held; NULL for a table replaced whole"),
    Column("complete_through", DateTime, comment="UTC; everything before it is held, without a gap"),
    Column("rows", BigInteger, nullable=False),
    Column("flags", String, nullable=False, comment="comma separated, sorted"),
)

restatements = Table(
    "_restatements",
    warehouse,
    Column("source", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("slice", Date, nullable=False),
    Column("generation", BigInteger, nullable=False, comment="the one that first showed the new value"),
    Column("what", String, nullable=False, comment="rows, or the column whose sum changed"),
    Column("before", Double, comment="what was shown; NULL for no value"),
    Column("after", Double, comment="what it is now"),
    comment="days that were complete and changed at the vendor later",
)

meta = Table(
    "_meta",
    warehouse,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

INTERNAL = frozenset({"_documents", "_slices", "_coverage", "_restatements", "_meta"})
FACTS: dict[str, Table] = {name: table for name, table in warehouse.tables.items() if name not in INTERNAL}
"""What measures may read."""
PULLED: dict[str, Table] = {**FACTS, documents.name: documents}
"""What streams fill."""


def arrow_schema(table: str) -> pa.Schema:
    """Return the Arrow schema of the rows a connector yields for `table`: its columns less source and slice."""
    import pyarrow as pa  # a check of the definitions needs the columns and no Arrow

    arrow = {
        String: pa.string(),
        Date: pa.date32(),
        DateTime: pa.timestamp("us"),
        Double: pa.float64(),
        BigInteger: pa.int64(),
        Boolean: pa.bool_(),
        Numeric: pa.decimal128(18, 4),
    }
    columns = [column for column in PULLED[table].columns if column.name not in ("source", "slice")]
    return pa.schema([pa.field(c.name, arrow[type(c.type)], nullable=bool(c.nullable)) for c in columns])
