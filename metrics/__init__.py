"""Turn analysts' YAML into KPIs and answer questions about them. Knows no vendor and no page.

What is offered here is imported when it is asked for: a check of the definitions needs no database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metrics.catalog import Catalog, open_catalog, open_definitions
    from metrics.check import Definitions, check_file
    from metrics.force import InForce, in_force, reporting_zone
    from metrics.history import record_definitions
    from metrics.schema import json_schema
    from metrics.selftest import run_tests
    from metrics.shown import KPI
    from metrics.tables import measurable_tables

__all__ = [
    "KPI", "Catalog", "Definitions", "InForce", "check_file", "in_force", "json_schema", "measurable_tables", "open_catalog", "open_definitions",
    "record_definitions", "reporting_zone", "run_tests",
]  # fmt: skip

_HOME = {
    "KPI": "shown", "Catalog": "catalog", "Definitions": "check", "InForce": "force", "check_file": "check", "in_force": "force", "json_schema": "schema",
    "measurable_tables": "tables", "open_catalog": "catalog", "open_definitions": "catalog", "record_definitions": "history", "reporting_zone": "force", "run_tests": "selftest",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'metrics' has no attribute '{name}'")
    return getattr(import_module(f"metrics.{_HOME[name]}"), name)
