"""The page about the language: its examples hold, and it has every key there is."""

from __future__ import annotations

import re
from typing import get_args

from metrics.check import Definitions, check_text
from metrics.definitions import KPI, Kind, Measure
from metrics.schema import key_table
from metrics.selftest import run_tests
from settings import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "kpi_language.md").read_text(encoding="utf-8")
README = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def checked(text: str) -> Definitions:
    definitions, issues = check_text("page.yaml", text)
    assert issues == ()
    assert definitions is not None
    return definitions


def test_the_examples_hold_and_their_own_tests_pass() -> None:
    measures, *others = BLOCK.findall(PAGE)
    found = [checked(measures.removesuffix("kpis: {}\n") + block) for block in others]
    assert [run_tests(definitions) for definitions in found] == [()] * len(found)
    assert {kpi.type for definitions in found for kpi in definitions.kpis.values()} == set(get_args(Kind))


def test_the_example_of_the_readme_holds() -> None:
    block = next(block for block in BLOCK.findall(README) if "kpis:" in block)
    assert "conversion_rate" in checked("version: 1\n" + block).kpis


def test_every_key_is_on_the_page() -> None:
    assert key_table() in PAGE, "run: ./kpi schema --keys, and put it between the marks of docs/kpi_language.md"
    assert all(f"| `{key}` |" in PAGE for model in (KPI, Measure) for key in model.model_fields)
