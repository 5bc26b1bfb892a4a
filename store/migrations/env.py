"""Runs the ledger's migrations inside the transaction that the caller has begun."""

from alembic import context

from store.ledger_schema import ledger

context.configure(
    connection=context.config.attributes["connection"], target_metadata=ledger, render_as_batch=True, transaction_per_migration=False
)
context.run_migrations()
