"""Wrong definitions: every problem at once, with its code, its line, and the nearest right word; the others work."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from metrics import check_file, json_schema, open_catalog, run_tests
from metrics.check import check_text
from metrics.types import Period
from settings import PROJECT_ROOT, Workspace
from tests.metrics.store import catalog, traffic
from tests.metrics.work import at_most

SHIPPED = PROJECT_ROOT / "kpi_definitions.yaml"
GOOD = """version: 1
calendar: {timezone: Europe/Vienna}
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  people: {table: events, agg: count_distinct, column: user_id}
kpis:
  sessions: {value: sessions, better: higher}
"""


@pytest.mark.parametrize(
    ("text", "code", "line", "words"),
    [
        ("  x: {value: sessions, lable: L}", "KPI010", 8, "unknown key 'lable'. Known keys: .*label"),
        ("  x: {value: sesions}", "KPI025", 8, "uses 'sesions', which is neither a measure nor a KPI.* Did you mean: sessions"),
        ("  x: {formula: sessions / * 2}", "KPI026", 8, "character 12: .* stands where a number or a name belongs"),
        ("  x: {formula: __import__('os')}", "KPI026", 8, "has no place in a formula"),
        ("  x: {value: sessions, formula: sessions}", "KPI015", 8, "exactly one of"),
        ("  x: {numerator: sessions}", "KPI015", 8, "needs both"),
        ("  x: {value: sessions, better: more}", "KPI014", 8, "'better' is 'more'. Known: higher, lower, band, none"),
        ("  x:\n    value: sessions\n    targets:\n      - {from: 2026-01-01, to: 2026-12-31, kind: reach, value: 1}", "KPI030", 10, "no direction"),
        ("  x:\n    value: sessions\n    better: lower\n    targets:\n      - {from: 2026-01-01, to: 2026-12-31, kind: stay_above, value: 1}", "KPI032", 12, "better when lower"),
        ("  x:\n    value: sessions\n    better: higher\n    targets:\n      - {from: 2026-01-01, to: 2026-06-30, kind: reach, value: 1}\n      - {from: 2026-06-30, to: 2026-12-31, kind: reach, value: 2}", "KPI031", 13, "overlaps"),
        ("  x:\n    value: sessions\n    targets:\n      - {from: 2026-02-01, to: 2026-01-01, kind: reach, value: 1}", "KPI015", 11, "'to' lies before its 'from'"),
        ("  x: {value: y}\n  y: {value: x}", "KPI027", 8, "made of itself: x → y → x"),
        ("  x: {value: sessions, dimensions: [devise]}", "KPI029", 8, "no dimension 'devise'.*Did you mean: device"),
        ("  x: {formula: sessions / people, dimensions: [landing_page]}", "KPI029", 8, "not every table"),
        ("  x: {value: sessions, where: {devise: mobile}}", "KPI021", 8, "unknown column 'devise'.*Did you mean: device"),
        ("  x: {value: sessions, window: 7 days}", "KPI014", 8, "'window' is '7 days'"),
        ("  x: {value: sessions, window: 7d, to_date: month}", "KPI015", 8, "either rolling \\('window'\\) or cumulative"),
        ("  x: {value: y, window: 7d}\n  y: {value: sessions, to_date: month}", "KPI038", 8, "is rolling over 'y', which holds something cumulative"),
        ("  x: {value: sessions, to_date: month, grains: [day, year]}", "KPI039", 8, "no grain 'year': the month to date"),
        ("  x: {value: sessions, grains: [hour]}", "KPI039", 8, "web_traffic.day tells only the day"),
        ("  x: {conversion: {from: signup, to: purchase, entity: user, within: 7d}}", "KPI021", 8, "no column 'user'.*Did you mean: user_id"),
        ("  x: {conversion: {from: sessions, to: purchase, entity: user_id, within: 7d}}", "KPI021", 8, "table web_traffic of 'sessions' has no column 'user_id'"),
        ("  x: {conversion: {from: y, to: purchase, entity: user_id, within: 7d}}\n  y: {value: people}", "KPI028", 8, "converts 'y', which is a KPI"),
        ("  x: {conversion: {from: signup, to: purchase, entity: user_id, within: 7d, after: 7d}}", "KPI015", 8, "'after' must be shorter"),
        ("  x: {formula: median(sessions)}", "KPI026", 8, "'median' is no function. Known: min, max, abs"),
        ("  x: {formula: 'abs(sessions, 1)'}", "KPI026", 8, "takes 1 arguments, found 2"),
        ("  x: {formula: 'round(sessions, people)'}", "KPI026", 8, "whole number from 0 to 9"),
        ("  x: {formula: 'max(y, z)'}\n  y: {value: people, unit: ms}\n  z: {value: sessions, unit: EUR}", "KPI033", 8, "adds ms and EUR"),
        ("  x: {value: sessions, accepted: [{value: 1, until: 2026-01-31}]}", "KPI013", 8, "lacks 'reason'"),
        ("  x: {value: sessions, certified: {by: me, on: 2026-01-31, hash: abc}}", "KPI014", 8, "'hash' is 'abc'"),
        ("  x: {value: sessions, drivers: [{kpi: people, knd: influence}]}", "KPI010", 8, "unknown key 'knd'"),
        ("  x: {value: sessions, drivers: [sesions]}", "KPI025", 8, "names 'sesions', which is no KPI.*Did you mean: sessions"),
        ("  x: {value: sessions, reconcile_with: {kpi: people}}", "KPI025", 8, "names 'people', which is no KPI"),
        ("  X-1: {value: sessions}", "KPI012", 8, "cannot name"),
        ("  x: {value: sessions, maturity: soon}", "KPI014", 8, "'maturity' is 'soon'"),
        ("  x: {value: sessions, where: {device: {equals: 1}}}", "KPI010", 8, "unknown key 'equals'"),
        ("  x: {formula: 1 + 2}", "KPI026", 8, "numbers only"),
        ("  x: {value: x}", "KPI027", 8, "made of itself: x → x"),
        ("  x: {value: sessions, where: {device: 5}}", "KPI035", 8, "compares device with 5, but device holds text"),
        ("  x: {value: sessions, where: {sessions: {in: [1, many]}}}", "KPI035", 8, "sessions with 'many', but sessions holds numbers"),
        ("  x: {value: sessions, where: {device: {gt: 3}}}", "KPI035", 8, "device holds text"),
        ("  x: {value: sessions, where: {day: '2026-01-01'}}", "KPI035", 8, "Example: 2026-01-31 without quotes"),
        ("  x: {formula: (z + 2 * y) / 2}\n  y: {value: people, unit: ms}\n  z: {value: sessions, unit: EUR}", "KPI033", 8, "adds EUR and ms"),
        ("  x: {value: sessions, better: higher, targets: [{from: 2026-01-01, to: 2026-01-31, kind: reach, value: .nan}]}", "KPI014", 8, "finite number"),
    ],
)  # fmt: skip
def test_a_wrong_kpi_is_named_with_its_line_and_the_way_out(text: str, code: str, line: int, words: str) -> None:
    definitions, issues = check_text("k.yaml", GOOD + text + "\n")
    assert code in {issue.code for issue in issues}, issues
    first = next(issue for issue in issues if issue.code == code)
    assert (first.file, first.line) == ("k.yaml", line)
    assert first.column > 0

    assert re.search(words, str(first)), str(first)
    assert definitions is not None
    assert "sessions" in definitions.kpis
    assert "x" not in definitions.kpis


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("{table: web_trafic, agg: sum, column: sessions}", "KPI020", "Did you mean: web_traffic"),
        ("{table: web_traffic, agg: sum, column: sesions}", "KPI021", "Did you mean: sessions"),
        ("{table: web_traffic, agg: sum, column: device}", "KPI022", "needs numbers; device holds text"),
        ("{table: web_traffic, agg: sum, column: total_users}", "KPI023", "must never be summed"),
        ("{table: funnel_steps, agg: sum, column: count}", "KPI023", "must never be summed"),
        ("{table: retention_cohorts, agg: sum, column: people}", "KPI023", "must never be summed"),
        ("{table: profiles, agg: count}", "KPI020", "unknown table 'profiles'"),
        ("{table: work_items, agg: count, time: finished_at}", "KPI024", "no time column.*Did you mean: "),
        ("{table: web_traffic, agg: p101, column: sessions}", "KPI014", "'agg' is 'p101'"),
        ("{table: web_traffic, agg: sum}", "KPI015", "needs a 'column'"),
        ("{table: web_traffic, agg: sum, column: sessions, were: {}}", "KPI010", "Did you mean: where"),
    ],
)
def test_a_wrong_measure_is_named_and_takes_only_its_kpis_with_it(text: str, code: str, words: str) -> None:

    source = GOOD.replace("measures:\n", f"measures:\n  bad: {text}\n") + "  x: {value: bad}\n"
    definitions, issues = check_text("k.yaml", source)
    first = next(issue for issue in issues if issue.code == code)
    assert first.line == 4
    assert re.search(words, str(first)), str(first)
    assert definitions is not None
    assert set(definitions.kpis) == {"sessions"}
    assert any(issue.code == "KPI028" and issue.kpi == "x" for issue in issues)


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    _, issues = check_text("k.yaml", GOOD + "  a: {value: no}\n  b: {valu: sessions}\n  c: {value: sessions, better: up}\n")
    assert [issue.line for issue in issues] == sorted(issue.line for issue in issues)
    assert {issue.kpi for issue in issues} == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("version: 1\nkpis: {a: !!python/object/apply:os.system [x]}\n", "KPI002", "tags"),
        ("version: 1\na: &a [1]\nb: *a\n", "KPI002", "anchors"),
        ("version: 1\nx: " + "[" * 1000 + "]" * 1000, "KPI002", "nests"),
        ("version: 1\nkpis: {}\nkpis: {}\n", "KPI005", "'kpis' stands twice, first in line 2"),
        ("version: 2\n", "KPI003", "'version' is 2"),
        ("- 1\n", "KPI003", "must be a mapping"),
        ("kpis: [\n", "KPI001", "not valid YAML"),
        ("", "KPI003", "must be a mapping"),
    ],
)
def test_a_file_that_is_broken_as_a_whole_is_refused_quickly(text: str, code: str, words: str) -> None:
    with at_most():
        definitions, issues = check_text("k.yaml", text)
    assert definitions is None
    assert (issues[0].code, words in issues[0].message) == (code, True), issues


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large.yaml").write_bytes(b"#" * (2 << 20))
    (tmp_path / "odd.yaml").write_bytes(b"\xff\xfe\x00")
    for name, words in (("large.yaml", "at most"), ("odd.yaml", "not UTF-8"), ("none.yaml", "cannot be read")):
        definitions, issues = check_file(tmp_path / name)
        assert definitions is None
        assert words in issues[0].message


def test_the_shipped_definitions_hold_and_pass_their_own_tests() -> None:
    definitions, issues = check_file(SHIPPED)
    assert issues == ()
    assert definitions is not None
    assert run_tests(definitions) == ()
    assert len(definitions.kpis) >= 12
    for name, kpi in definitions.kpis.items():
        assert kpi.label, name
        assert kpi.owner, name
        assert kpi.description, name


def test_a_kpis_own_test_fails_when_its_definition_is_wrong() -> None:
    wrong = SHIPPED.read_text(encoding="utf-8").replace("agg: p75, column: lcp_ms", "agg: p50, column: lcp_ms")
    definitions, _ = check_text("k.yaml", wrong)
    assert definitions is not None
    (issue,) = run_tests(definitions)
    assert (issue.code, issue.kpi) == ("KPI040", "site_speed")
    assert "expects 3250 on 2026-01-01, but the definition gives 2500.0" in issue.message


def test_rows_of_a_test_that_fit_no_table_are_named() -> None:
    source = GOOD + "  x:\n    value: sessions\n    tests: [{given: [{day: 2026-01-01, %s}], expect: {2026-01-01: 1}}]\n"
    _, (unknown,) = check_text("k.yaml", source % "session: 3")
    assert (unknown.code, unknown.line, unknown.kpi) == ("KPI041", 10, "x")
    assert "no column 'session'. Did you mean: sessions" in str(unknown)
    definitions, _ = check_text("k.yaml", source % "sessions: many")
    assert definitions is not None
    (unfit,) = run_tests(definitions)
    assert (unfit.code, unfit.line) == ("KPI041", 10)
    assert "'many'" in unfit.message


def test_a_tests_rows_may_hold_any_text() -> None:
    text = "x'; DROP TABLE events; -- \\ %s %(a)s :b {c} 🙂"
    case = json.dumps({"day": "2026-01-01", "event": text, "user_id": ["a", "b"]}, ensure_ascii=False)
    source = (
        "version: 1\nmeasures:\n  m: {table: events, agg: count, where: {event: "
        + json.dumps(text, ensure_ascii=False)
        + "}}\nkpis:\n  x:\n    value: m\n"
    )
    definitions, issues = check_text("k.yaml", source + f"    tests: [{{given: [{case}], expect: {{2026-01-01: 2}}}}]\n")
    assert issues == ()
    assert definitions is not None
    assert run_tests(definitions) == ()


def as_json(value: Any) -> Any:
    """Return what an editor sees: days are texts."""
    if isinstance(value, dict):
        return {str(key): as_json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_json(part) for part in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def test_the_committed_schema_is_current_and_takes_the_shipped_file() -> None:
    committed = json.loads((PROJECT_ROOT / "schema" / "kpi_definitions.schema.json").read_text(encoding="utf-8"))
    assert committed == json_schema(), "run: ./kpi schema > schema/kpi_definitions.schema.json"
    document = as_json(YAML(typ="safe").load(SHIPPED.read_text(encoding="utf-8")))
    jsonschema.Draft7Validator(committed).validate(document)
    assert SHIPPED.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema/kpi_definitions.schema.json\n")
    document["kpis"]["sessions"]["lable"] = "x"
    assert not jsonschema.Draft7Validator(committed).is_valid(document)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (
            "  x: {value: sessions, targets: [{from: 2026-13-45, to: 2026-12-31, kind: reach, value: 1}]}",
            "KPI004",
            "'2026-13-45' is not a day",
        ),
        ("  x: {value: sessions, better: " + "9" * 5000 + "}", "KPI004", "has 5000 digits"),
        ("  x: {value: sessions, tags: [" + ",".join(["a"] * 400_000) + "]}", "KPI002", "more than 60,000 lines, commas and brackets"),
    ],
)
def test_values_that_no_reader_can_hold_are_refused_with_their_place(text: str, code: str, words: str) -> None:
    definitions, issues = check_text("k.yaml", GOOD + text + "\n")
    assert definitions is None or "x" not in definitions.kpis
    assert [(i.code, i.line) for i in issues] == [(code, 8)]
    assert words in issues[0].message


def test_an_unknown_measure_does_not_hide_an_unknown_column_beside_it() -> None:
    _, issues = check_text("k.yaml", GOOD + "  x: {numerator: peopel, denominator: sessions, where: {devise: mobile}}\n")
    found = {(i.code, i.suggestion) for i in issues}
    assert ("KPI025", "Did you mean: people?") in found
    assert ("KPI021", "Did you mean: device?") in found


def test_kpis_on_kpis_are_checked_in_time_whatever_stands_on_what() -> None:
    """24 layers in which every KPI uses both of the layer below would be 2^24 parts; a chain of 1,500 is too high a tower."""
    pairs = "".join(f"  a{k}: {{formula: a{k + 1} + b{k + 1}}}\n  b{k}: {{formula: a{k + 1} - b{k + 1}}}\n" for k in range(24))
    wide, wide_issues = check_text("k.yaml", GOOD + pairs + "  a24: {value: sessions}\n  b24: {value: people}\n")
    tower, high_issues = check_text(
        "k.yaml", GOOD + "".join(f"  c{k}: {{formula: c{k + 1} + 1}}\n" for k in range(1500)) + "  c1500: {value: people}\n"
    )
    ring, ring_issues = check_text("k.yaml", GOOD + "".join(f"  c{k}: {{value: c{(k + 1) % 1500}}}\n" for k in range(1500)))
    assert wide is not None
    assert tower is not None
    assert ring is not None
    assert {i.code for i in wide_issues} == {i.code for i in high_issues} == {"KPI034", "KPI028"}
    assert {"a24", "a20", "sessions"} < set(wide.kpis)
    assert ({i.code for i in ring_issues}, len(ring_issues), set(ring.kpis)) == ({"KPI027"}, 1500, {"sessions"})


def test_the_largest_formula_that_passes_can_be_computed(tmp_path: Path) -> None:
    text = GOOD + f"  s: {{value: sessions}}\n  x: {{formula: {' - '.join(['s'] * 100)}}}\n"
    with catalog(tmp_path, text, web_traffic=[traffic(date(2026, 1, 5), 2)]) as shop:
        assert shop.total("x", Period(date(2026, 1, 5), date(2026, 1, 6))).rows[0].value == -196.0


def test_the_hash_changes_with_anything_a_kpi_is_made_of(tmp_path: Path) -> None:
    def mark(text: str) -> str:
        (tmp_path / "kpi_definitions.yaml").write_text(GOOD + text)
        with open_catalog(Workspace(tmp_path)) as shop:
            return shop.kpi("outer").hash

    outer = "  outer: {formula: inner * 2}\n"
    marks = [
        mark(f"  inner: {inner}\n{outer}")
        for inner in (
            "{formula: sessions - people}",
            "{formula: people - sessions}",
            "{formula: sessions - people, where: {device: mobile}}",
        )
    ]
    assert len(set(marks)) == 3
    assert mark(f"  inner: {{formula: sessions - people, owner: web}}\n{outer}") == marks[0]


def test_a_share_with_a_target_in_percent_is_a_warning_and_works() -> None:
    target = "{from: 2026-01-01, to: 2026-01-31, kind: reach, value: 5.5}"
    definitions, issues = check_text(
        "k.yaml", GOOD + f"  x: {{numerator: people, denominator: sessions, better: higher, targets: [{target}]}}\n"
    )
    assert [(i.level, i.code, i.line) for i in issues] == [("warning", "KPI036", 8)]
    assert definitions is not None
    assert "x" in definitions.kpis


def test_m15_distinct_people_are_never_summed() -> None:
    """Estimates of distinct users add up over neither days nor channels."""
    text = GOOD.replace("agg: sum, column: sessions}", "agg: sum, column: total_users}", 1)
    definitions, issues = check_text("k.yaml", text)
    assert "KPI023" in {issue.code for issue in issues}
    assert definitions is not None
    assert "sessions" not in definitions.kpis
