"""A fingerprint of all facts: two stores with the same rows have the same one, whatever order and files they lie in."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, String, cast, func, literal, select

from store.schema import PULLED, coverage, slices


def digest(connection: Connection) -> str:
    """Return the fingerprint of facts, documents, slices and coverage: for each table the number of rows and the sum of their hashes.

    A sum, unlike an exclusive or, does not lose a row that stands there twice.
    """
    parts = []
    for table in (*PULLED.values(), slices, coverage):
        text = func.concat_ws("\x1f", *(func.coalesce(cast(column, String), literal("\x00")) for column in table.columns))
        rows, total = connection.execute(select(func.count(), func.sum(func.hash(text))).select_from(table)).one()
        parts.append(f"{table.name}:{rows}:{total or 0}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
