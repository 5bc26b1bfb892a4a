"""When a source may be asked again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add source_runs.not_before."""
    op.add_column("source_runs", sa.Column("not_before", sa.DateTime))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("source_runs", "not_before")
