"""Turn analysts' YAML into KPIs and answer questions about them. Knows no vendor and no page."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from errors import DefinitionError
from metrics.catalog import Catalog, open_catalog
from metrics.check import Definitions, check_file
from metrics.schema import json_schema
from metrics.selftest import run_tests
from metrics.shown import KPI
from metrics.tables import measurable_tables
from settings import Workspace

__all__ = ["KPI", "Catalog", "Definitions", "check_file", "json_schema", "measurable_tables", "open_catalog", "reporting_zone", "run_tests"]


def reporting_zone(space: Workspace) -> ZoneInfo:
    """Return the zone in which the organisation's days begin.

    Raises: DefinitionError when the definitions are broken as a whole.
    """
    definitions, issues = check_file(space.definitions_file)
    if definitions is None:
        raise DefinitionError("\n".join(map(str, issues)), issues)
    return definitions.calendar.timezone
