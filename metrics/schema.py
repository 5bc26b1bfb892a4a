"""The JSON schema of kpi_definitions.yaml, for editors: completion, hover texts, and a red line under what is unknown."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from metrics.definitions import File
from metrics.tables import DIMENSIONS
from store.schema import TIME_AXES


class _Draft7(GenerateJsonSchema):
    """Editors' YAML servers read draft-07."""

    schema_dialect = "http://json-schema.org/draft-07/schema#"


def json_schema() -> dict[str, Any]:
    """Return the schema as draft-07, made from the models that check the file, with the words that the tables allow."""
    schema = File.model_json_schema(schema_generator=_Draft7, ref_template="#/definitions/{model}")
    definitions = schema["definitions"] = schema.pop("$defs")
    definitions["Measure"]["properties"]["table"]["enum"] = sorted(TIME_AXES)
    for field in (definitions["KPI"]["properties"]["dimensions"]["anyOf"][0], definitions["Relationship"]["properties"]["by"]):
        field["items"]["enum"] = sorted(DIMENSIONS)
    for model in (schema, *definitions.values()):
        for name, field in model.get("properties", {}).items():
            field["title"] = name
            if "patternProperties" in field:  # a name that cannot be one is an error, not an extra
                field["additionalProperties"] = False
    return {"$schema": _Draft7.schema_dialect, **schema, "title": "KPI definitions"}


def key_table() -> str:
    """Return every key with what it is for, as tables of Markdown; docs/kpi_language.md holds a copy for people."""
    definitions = json_schema()["definitions"]
    names = ["CalendarModel", "Measure", "KPI", *sorted(set(definitions) - {"CalendarModel", "Measure", "KPI"})]
    return "\n\n".join(_table(name, definitions[name]) for name in names if "properties" in definitions[name])


def _table(name: str, model: dict[str, Any]) -> str:
    needed = model.get("required", [])
    rows = [f"| `{key}` | {_cell(field)} | {'yes' if key in needed else ''} |" for key, field in model["properties"].items()]
    return "\n".join([f"**{name.removesuffix('Model')}** — {model['description']}", "", "| key | what | needed |", "|---|---|---|", *rows])


def _cell(field: dict[str, Any]) -> str:
    values = f" (`{'`, `'.join(map(str, field['enum']))}`)" if "enum" in field and len(field["enum"]) < 12 else ""
    said = str(field["description"]).replace("|", "\\|")
    return said + values
