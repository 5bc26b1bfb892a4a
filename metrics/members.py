"""Which values a dimension has in the facts, so that people choose from what is there."""

from __future__ import annotations

from sqlalchemy import select, union

from metrics.catalog import Catalog
from metrics.rows import NONE, dimension
from metrics.tables import dimensions
from store.schema import FACTS


def members(catalog: Catalog, name: str) -> tuple[str, ...]:
    """Return the values of a dimension in all tables by which some KPI can be split by it, in order; "(none)" comes last.

    Raises: StoreError for an empty store.
    """
    tables = {table for kpi in catalog.kpis() if name in kpi.dimensions for table in kpi.tables if name in dimensions(table)}
    if not tables:
        return ()
    parts = [select(dimension(FACTS[table], name).label(name)) for table in sorted(tables)]
    found = {row[0] for row in catalog.read(select(union(*parts).subquery()))}
    return tuple(sorted(found, key=lambda value: (value == NONE, value)))
