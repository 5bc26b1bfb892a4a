"""The ledger's tables as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Integer, MetaData, String, Table, UniqueConstraint

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
