"""Errors of the facts' database as ours: a damaged file, or facts that a question does not fit. Knows no table."""

from __future__ import annotations

from pathlib import Path

import duckdb
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from errors import QueryError, StoreError

DAMAGE = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException, duckdb.SerializationException)
"""What DuckDB raises for a file that is cut, overwritten or gone."""
UNFIT = (duckdb.BinderException, duckdb.CatalogException, duckdb.ConversionException, duckdb.OutOfRangeException)
"""What it raises when the file is whole, but a column, a table or a value is not what a statement takes it for."""


def explain_errors(engine: Engine, number: int, path: Path) -> None:
    """Have the errors of a generation's database come as StoreError or QueryError; what is neither stays as it is."""

    def translate(context: ExceptionContext) -> None:
        error = context.original_exception
        words = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if isinstance(error, DAMAGE):
            raise StoreError(
                f"{path}: the facts cannot be read: {words.rstrip('.')}. Move {path.parent} away and run './kpi sync': the vendors' data is read anew."
            ) from error
        if isinstance(error, UNFIT):
            raise QueryError(
                f"The facts of generation {number} do not fit: {words.rstrip('.')}. Move {path.parent} away and run './kpi sync': the vendors' data is read anew."
            ) from error

    event.listen(engine, "handle_error", translate)
