"""The versions of the definitions that were in force, and what changed of each KPI."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create definition_files and definition_changes, which only grow."""
    op.create_table(
        "definition_files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
    )
    op.create_table(
        "definition_changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("file_id", sa.Integer, sa.ForeignKey("definition_files.id"), nullable=False, index=True),
        sa.Column("kpi", sa.String, nullable=False, index=True),
        sa.Column("hash", sa.String),
        sa.Column("body", sa.String),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("words", sa.String, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for table in ("definition_files", "definition_changes"):
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
                )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("definition_changes")
    op.drop_table("definition_files")
