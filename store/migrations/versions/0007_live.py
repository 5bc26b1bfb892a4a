"""What a source's live report said last."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create live, one row a source."""
    op.create_table(
        "live",
        sa.Column("source", sa.String, primary_key=True),
        sa.Column("tried_at", sa.DateTime, nullable=False),
        sa.Column("next_at", sa.DateTime, nullable=False),
        sa.Column("every_seconds", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("error_kind", sa.String),
        sa.Column("error", sa.String),
        sa.Column("quota", sa.String),
        sa.Column("document", sa.String),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("live")
