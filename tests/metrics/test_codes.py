"""Every code that is documented is produced by its example, and no code is produced that is not documented."""

from __future__ import annotations

import re

import pytest

from metrics.check import check_text
from metrics.selftest import run_tests
from settings import PROJECT_ROOT

ROWS = re.findall(
    r"^\| (KPI\d{3}) \| [^|]+ \| `([^`]+)`[^|]* \|$", (PROJECT_ROOT / "docs" / "definitions.md").read_text(encoding="utf-8"), re.MULTILINE
)
MEASURES = "sessions: {table: web_traffic, agg: sum, column: sessions}, people: {table: events, agg: count_distinct, column: user_id}"


def written(example: str) -> str:
    """Return the whole file of an example."""
    shown, _, measure = example.partition(" # ")
    return f"version: 1\nmeasures: {{{', '.join(filter(None, [MEASURES, measure]))}}}\n{shown.replace('…', ' + '.join(['y'] * 100))}\n"


@pytest.mark.parametrize(("code", "example"), ROWS, ids=[code for code, _ in ROWS])
def test_the_example_of_a_code_produces_it(code: str, example: str) -> None:
    definitions, issues = check_text("k.yaml", written(example))
    if definitions is not None:
        issues += run_tests(definitions)
    found = {issue.code: issue for issue in issues}
    assert code in found, issues
    assert found[code].line in (2, 3, 4)
    allowed = {code, "KPI028", "KPI025"} if code in ("KPI028", "KPI020", "KPI022", "KPI023", "KPI024", "KPI034") else {code}
    assert set(found) <= allowed, "an example shows one problem"


def test_the_documented_codes_are_those_that_the_code_has() -> None:
    used = {
        code
        for path in sorted((PROJECT_ROOT / "metrics").rglob("*.py"))
        for code in re.findall(r"\"(KPI\d{3})\"", path.read_text(encoding="utf-8"))
    }
    assert {code for code, _ in ROWS} == used
    assert len(ROWS) == len({code for code, _ in ROWS})
