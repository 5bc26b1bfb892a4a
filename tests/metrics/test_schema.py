"""The schema that editors use: current, described throughout, and of one mind with the check."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from metrics.check import check_text
from metrics.schema import json_schema
from store.schema import TIME_AXES
from tests.metrics.test_check import as_json

VALIDATOR = jsonschema.Draft7Validator(json_schema())
HEAD = "version: 1\nmeasures:\n  sessions: {table: web_traffic, agg: sum, column: sessions}\n"


def valid(text: str) -> bool:
    return bool(VALIDATOR.is_valid(as_json(YAML(typ="safe").load(text))))


def test_the_schema_is_a_schema_and_every_field_says_what_it_is_for() -> None:
    schema = json_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    models = {"File": schema, **schema["definitions"]}
    silent = [
        (name, key) for name, model in models.items() for key, field in model.get("properties", {}).items() if not field.get("description")
    ]
    assert silent == []
    assert all(model.get("additionalProperties") is False for model in models.values() if "properties" in model)


def test_closed_sets_are_offered_as_a_choice() -> None:
    models = json_schema()["definitions"]

    def choice(model: str, key: str) -> Any:
        return models[model]["properties"][key].get("enum")

    assert choice("Measure", "table") == sorted(TIME_AXES)
    for model, key in (
        ("KPI", "team"),
        ("KPI", "role"),
        ("KPI", "better"),
        ("KPI", "fill"),
        ("Target", "kind"),
        ("Target", "provenance"),
        ("CalendarModel", "week_start"),
    ):
        assert choice(model, key), (model, key)


@pytest.mark.parametrize(
    ("kpi", "good"),
    [
        ("{value: sessions}", True),
        ("{numerator: sessions, denominator: sessions, dimensions: [device]}", True),
        ("{value: sessions, where: {device: {not_in: [mobile]}}, better: higher, targets: [{from: 2026-01-01, to: 2026-12-31, kind: reach, value: 9}]}", True),
        ("{value: sessions, window: 7d, tests: [{given: [{day: 2026-01-05, sessions: 2}], expect: {2026-01-05: null}}]}", True),
        ("{value: sessions, lable: x}", False),
        ("{value: sessions, better: more}", False),
        ("{value: sessions, dimensions: [devise]}", False),
        ("{value: sessions, dimensions: device}", False),
        ("{value: sessions, where: {device: {equals: mobile}}}", False),
        ("{value: sessions, better: higher, targets: [{from: 2026-01-01, kind: reach, value: 9}]}", False),
        ("{value: sessions, maturity: soon}", False),
        ("{value: 5}", False),
        ("[sessions]", False),
    ],
)  # fmt: skip
def test_editors_and_the_check_agree(kpi: str, good: bool) -> None:
    text = f"{HEAD}kpis:\n  x: {kpi}\n"
    definitions, _ = check_text("k.yaml", text)
    assert definitions is not None
    assert (valid(text), "x" in definitions.kpis) == (good, good)


@pytest.mark.parametrize("text", ["version: 2\n", "kpis: {}\n", "version: 1\nkpi: {}\n", "version: 1\nkpis: {X-1: {value: a}}\n", HEAD.replace("web_traffic", "web_trafic"), HEAD.replace("sum", "sume")])  # fmt: skip
def test_editors_refuse_what_the_check_refuses_of_a_whole_file(text: str) -> None:
    assert not valid(text)
    assert check_text("k.yaml", text)[1]
