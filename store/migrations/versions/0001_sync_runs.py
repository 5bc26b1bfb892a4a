"""The history of syncs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create sync_runs and source_runs."""
    op.create_table(
        "sync_runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("generation", sa.Integer),
        sa.Column("status", sa.String),
    )
    op.create_table(
        "source_runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sync_id", sa.Integer, sa.ForeignKey("sync_runs.id"), nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("connector", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("rows_read", sa.BigInteger, nullable=False),
        sa.Column("rows_changed", sa.BigInteger, nullable=False),
        sa.Column("streams", sa.String, nullable=False),
        sa.Column("error_kind", sa.String),
        sa.Column("error", sa.String),
    )
    op.create_index("ix_source_runs_sync_id", "source_runs", ["sync_id"])
    op.create_index("ix_source_runs_source", "source_runs", ["source"])


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("source_runs")
    op.drop_table("sync_runs")
