"""The ledger's tables as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, ForeignKey, Integer, MetaData, String, Table, UniqueConstraint

ledger = MetaData()

sync_runs = Table(
    "sync_runs",
    ledger,
    Column("id", Integer, primary_key=True),
    Column("started_at", DateTime, nullable=False, comment="UTC"),
    Column("finished_at", DateTime, comment="UTC; empty while it runs, or when it was killed"),
    Column("generation", Integer, comment="published generation; empty when nothing changed"),
    Column("status", String, comment="ok, partial, failed"),
)

source_runs = Table(
    "source_runs",
    ledger,
    Column("id", Integer, primary_key=True),
    Column("sync_id", Integer, ForeignKey("sync_runs.id"), nullable=False, index=True),
    Column("source", String, nullable=False, index=True),
    Column("connector", String, nullable=False),
    Column("status", String, nullable=False, comment="ok, paused, held, failed, auth"),
    Column("started_at", DateTime, nullable=False, comment="UTC"),
    Column("finished_at", DateTime, comment="UTC"),
    Column("rows_read", BigInteger, nullable=False),
    Column("rows_changed", BigInteger, nullable=False),
    Column("streams", String, nullable=False, comment="JSON"),
    Column("error_kind", String, comment="auth, permission, config, quota, transient, contract, plan, held"),
    Column("error", String, comment="the message as shown"),
    Column("not_before", DateTime, comment="UTC; the vendor is not asked again before it"),
    Column("quota", String, comment="JSON: what the vendor said is left of its quotas"),
)

vendor_calls = Table(
    "vendor_calls",
    ledger,
    Column("id", Integer, primary_key=True),
    Column("source", String, nullable=False, index=True),
    Column("kind", String, nullable=False, comment="call, fault"),
    Column("at", DateTime, nullable=False, comment="UTC"),
)

sprint_freezes = Table(
    "sprint_freezes",
    ledger,
    Column("id", Integer, primary_key=True),
    Column("source", String, nullable=False),
    Column("sprint_id", String, nullable=False),
    Column("moment", String, nullable=False, comment="start, close"),
    Column("taken_at", DateTime, nullable=False, comment="UTC"),
    Column("replayed", Boolean, nullable=False, comment="read from the vendor's history, because nobody looked in time"),
    Column("name", String, comment="sprint name then"),
    Column("board", String, comment="board name then"),
    Column("items", String, nullable=False, comment="JSON list of items with their estimates then"),
    UniqueConstraint("source", "sprint_id", "moment"),
    comment="only grows: SQLite refuses to change or remove a row",
)

definition_files = Table(
    "definition_files",
    ledger,
    Column("id", Integer, primary_key=True),
    Column("digest", String, nullable=False, comment="SHA-256 of the text"),
    Column("origin", String, nullable=False, comment="workspace, or shipped: the file that comes with the project"),
    Column("text", String, nullable=False, comment="the whole file"),
    Column("since", DateTime, nullable=False, comment="UTC; when it was first seen in force"),
    comment="every version that was in force; only grows: SQLite refuses to change or remove a row",
)

definition_changes = Table(
    "definition_changes",
    ledger,
    Column("id", Integer, primary_key=True),
    Column("file_id", Integer, ForeignKey("definition_files.id"), nullable=False, index=True),
    Column("kpi", String, nullable=False, index=True),
    Column("hash", String, comment="hash of the definition; empty when the KPI is gone or has a problem"),
    Column("body", String, comment="JSON: the definition and all it is made of; empty when it is gone"),
    Column("at", DateTime, nullable=False, comment="UTC"),
    Column("words", String, nullable=False, comment="what changed"),
    comment="only grows: SQLite refuses to change or remove a row",
)

notes = Table(
    "notes",
    ledger,
    Column("id", Integer, primary_key=True),
    Column("kpi", String, nullable=False, index=True),
    Column("day", Date, nullable=False, comment="the day that it is about"),
    Column("author", String, nullable=False, comment="who wrote it, as they said"),
    Column("at", DateTime, nullable=False, comment="UTC; when it was written"),
    Column("text", String, nullable=False),
    comment="only grows: SQLite refuses to change or remove a row",
)

live = Table(
    "live",
    ledger,
    Column("source", String, primary_key=True),
    Column("tried_at", DateTime, nullable=False, comment="UTC"),
    Column("next_at", DateTime, nullable=False, comment="UTC; the vendor is not asked before it"),
    Column("every_seconds", Integer, nullable=False),
    Column("failures", Integer, nullable=False, comment="since the last answer"),
    Column("error_kind", String, comment="as in source_runs; empty after an answer"),
    Column("error", String),
    Column("quota", String, comment="JSON: what the vendor said is left of the quotas of such reports"),
    Column("document", String, comment="JSON: the last answer; empty when there never was one"),
    comment="one row a source, replaced at every attempt: what is here is worth minutes",
)
