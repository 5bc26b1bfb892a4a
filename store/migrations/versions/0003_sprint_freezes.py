"""Sprints as they were at their start and at their close."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create sprint_freezes, which only grows."""
    op.create_table(
        "sprint_freezes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("sprint_id", sa.String, nullable=False),
        sa.Column("moment", sa.String, nullable=False),
        sa.Column("taken_at", sa.DateTime, nullable=False),
        sa.Column("replayed", sa.Boolean, nullable=False),
        sa.Column("name", sa.String),
        sa.Column("board", sa.String),
        sa.Column("items", sa.String, nullable=False),
        sa.UniqueConstraint("source", "sprint_id", "moment"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER sprint_freezes_no_{verb.lower()} BEFORE {verb} ON sprint_freezes "
                "BEGIN SELECT RAISE(ABORT, 'sprint_freezes only grows'); END"
            )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("sprint_freezes")
