"""Calls of the last hours, and what vendors say is left of their quotas."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create vendor_calls; source runs keep the vendor's quota."""
    op.create_table(
        "vendor_calls",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("source", sa.String, nullable=False, index=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.add_column("source_runs", sa.Column("quota", sa.String))


def downgrade() -> None:
    """Drop both."""
    op.drop_column("source_runs", "quota")
    op.drop_table("vendor_calls")
