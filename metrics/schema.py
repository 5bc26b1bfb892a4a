"""The JSON schema of kpi_definitions.yaml, for editors: completion, hover texts, and a red line under what is unknown."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from metrics.definitions import File


class _Draft7(GenerateJsonSchema):
    """Editors' YAML servers read draft-07."""

    schema_dialect = "http://json-schema.org/draft-07/schema#"


def json_schema() -> dict[str, Any]:
    """Return the schema as draft-07, made from the models that check the file."""
    schema = File.model_json_schema(schema_generator=_Draft7, ref_template="#/definitions/{model}")
    schema["definitions"] = schema.pop("$defs")
    return {"$schema": _Draft7.schema_dialect, "title": "KPI definitions", **schema}
