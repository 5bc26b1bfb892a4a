"""Writes sources.example.yaml from the settings that the connectors declare, so that the two cannot drift apart."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Iterator
from typing import Any

from connectors import base

NAMES = {"ga4": "web", "mixpanel": "product", "jira": "delivery"}
SECRET_OR_NEEDED = ("credentials_file", "server", "residency")
HEAD = """\
# Copy to sources.yaml and keep the sources you have. Secrets never stand here: ${NAME} is read from the environment
# variable NAME, or from the file that NAME_FILE names. './kpi doctor' checks every source.
version: 1
sources:
"""


def example() -> str:
    """Return the text of sources.example.yaml: needed fields written out, the others as comments with their meaning."""
    return HEAD + "\n".join("\n".join(_source(name)) + "\n" for name in base.names())


def _source(connector: str) -> Iterator[str]:
    settings: type[Any] = importlib.import_module(f"connectors.{connector}").Connector.Settings
    yield f"  {NAMES.get(connector, connector)}:"
    yield f"    connector: {connector}"
    yield "    # every: 1h".ljust(58) + "  # how often 'kpi serve' syncs it (15m, 1h, 1d)"
    for field in dataclasses.fields(settings):
        needed = (
            field.default is dataclasses.MISSING or (field.metadata["secret"] and field.name != "pat") or field.name in SECRET_OR_NEEDED
        )
        mark = "" if needed else "# "
        yield f"    {mark}{field.name}: {field.metadata['example']}".ljust(58) + f"  # {field.metadata['help']}"
