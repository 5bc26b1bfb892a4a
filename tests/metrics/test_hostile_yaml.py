"""Hostile and odd YAML is refused, or read right, with little work; a file that is being written is never read by half."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from metrics.check import check_file, check_text
from metrics.document import parse
from tests.metrics.work import at_most

HEAD = b"version: 1\nmeasures:\n  sessions: {table: web_traffic, agg: sum, column: sessions}\nkpis:\n"
BOMB = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (n + 1, n + 1, b", ".join([b"*%c" % n] * 9)) for n in range(97, 106)
)


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with at_most():
        yield


def refusal(raw: bytes) -> tuple[str, int, str]:
    document, issues = parse("k.yaml", raw)
    assert document is None
    (issue,) = issues
    return issue.code, issue.line, issue.message


@pytest.mark.parametrize(
    ("raw", "code", "line", "words"),
    [
        (HEAD + b"  x: !!python/object/apply:os.system ['true']\n", "KPI002", 5, "tags"),
        (HEAD + b"  x: !secret {value: sessions}\n", "KPI002", 5, "tags"),
        (HEAD + b"  x: ! sessions\n", "KPI002", 5, "tags"),
        (b"version: 1\n" + BOMB, "KPI002", 2, "anchors and aliases"),
        (b"version: 1\nx: *nowhere\n", "KPI002", 2, "anchors and aliases"),
        (HEAD + b"  x: " + b"[" * 1000 + b"]" * 1000, "KPI002", 5, "more than 20 deep"),
        (HEAD + b"  x: " + b"{a: " * 1000 + b"}" * 1000, "KPI002", 5, "more than 20 deep"),
        (b"".join(b" " * n + b"a:\n" for n in range(1000)), "KPI002", 21, "more than 20 deep"),
        (b"- " * 1000 + b"x\n", "KPI002", 1, "more than 20 deep"),
        (HEAD + b"  x: [" + b"a," * 300_000 + b"]\n", "KPI002", 5, "more than 60,000 lines, commas and brackets"),
        (HEAD + b"  ? [a, b]\n  : 1\n", "KPI002", 5, "cannot be a key"),
        (HEAD + b"---\nversion: 1\n", "KPI002", 5, "second document"),
        (HEAD + b"  x: {value: \x00sessions}\n", "KPI001", 5, "U+0000"),
        (HEAD + "  x: {label: \u2028\ufffe}\n".encode(), "KPI001", 5, "U+FFFE"),
        (HEAD + b"  x: {label: \xff\xfe}\n", "KPI001", 5, "not UTF-8"),
        ("version: 1\n".encode("utf-16"), "KPI001", 1, "not UTF-8"),
    ],
)  # fmt: skip
def test_what_could_hurt_is_refused_with_its_line(raw: bytes, code: str, line: int, words: str) -> None:
    found = refusal(raw)
    assert found[:2] == (code, line), found
    assert words in found[2]


def test_two_mebibytes_are_not_read_at_all(tmp_path: Path) -> None:
    (tmp_path / "k.yaml").write_bytes(HEAD + b"#" * (2 << 20))
    definitions, (issue,) = check_file(tmp_path / "k.yaml")
    assert (definitions, issue.code) == (None, "KPI001")
    assert "at most 1,048,576 are read" in issue.message


def test_words_numbers_and_days_are_read_as_editors_read_them() -> None:
    text = b"""\xef\xbb\xbf%YAML 1.1
---
words: [NO, on, off, yes, y, 12:30, 12:30:45, 0x, 1_000, 'true', "5", 2026-1, .]
truth: [true, False, TRUE]
none: [null, ~, ]
numbers: [010, 0o17, 0x1F, -5, 1e3, .5, 2., .inf, -.INF]
days: [2026-01-31, 2026-01-31T10:30:00Z, 2026-01-31 10:30:00 +02:00]
keys: {NO: 1, on: 2, 1: 3, 2026-01-31: 4, null: 5, <<: 6}
"""
    document, issues = parse("k.yaml", text)
    assert issues == ()
    assert document is not None
    root = document.root
    assert root["words"] == ["NO", "on", "off", "yes", "y", "12:30", "12:30:45", "0x", "1_000", "true", "5", "2026-1", "."]
    assert root["truth"] == [True, False, True]
    assert root["none"] == [None, None]
    assert root["numbers"] == [10, 15, 31, -5, 1000.0, 0.5, 2.0, float("inf"), float("-inf")]
    assert [str(day) for day in root["days"]] == ["2026-01-31", "2026-01-31 10:30:00", "2026-01-31 08:30:00"]
    assert [str(key) for key in root["keys"]] == ["NO", "on", "1", "2026-01-31", "null", "<<"]
    assert document.place(("words", 1)) == (3, 13)
    assert document.place(("keys", "on"), "value") == (8, 19)


def test_a_doubled_key_costs_what_it_belongs_to() -> None:
    from metrics.check import check_text

    text = HEAD.decode() + "  x: {value: sessions, value: sessions}\n  y: {value: sessions}\n  z: {value: sessions}\n  z: {value: y}\n"
    definitions, issues = check_text("k.yaml", text)
    assert definitions is not None
    assert set(definitions.kpis) == {"y"}
    assert [(i.code, i.line, i.column, i.kpi) for i in issues] == [("KPI005", 5, 24, "x"), ("KPI005", 8, 3, "z")]


def test_a_file_that_is_being_written_is_never_read_by_half(tmp_path: Path) -> None:
    """A slow editor truncates the file, writes one half, rests, and writes the other: both halves are whole YAML."""
    path = tmp_path / "k.yaml"
    first, second = HEAD.decode() + "  a: {value: sessions}\n", "  b: {value: sessions}\n"
    path.write_text(first + second)
    os.utime(path, (time.time() - 9, time.time() - 9))
    seen: list[set[str]] = []
    done = threading.Event()

    def write() -> None:
        for _ in range(3):
            with path.open("w") as file:
                file.write(first)
                file.flush()
                time.sleep(0.1)
                file.write(second)
            time.sleep(0.5)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        definitions, issues = check_file(path)
        assert definitions is not None, issues
        seen.append(set(definitions.kpis))
        time.sleep(0.02)
    writer.join()
    assert seen
    assert all(names == {"a", "b"} for names in seen)


@pytest.mark.parametrize(
    ("value", "words"),
    [("2026-02-30", "is not a day of the calendar"), ("9" * 5000, "has 5000 digits"), ("2026-13-01", "month must be in")],
)
def test_a_day_or_a_number_that_is_none_costs_its_kpi_alone(value: str, words: str) -> None:
    lines = [
        f"  x: {{value: sessions, better: higher, targets: [{{from: 2026-01-01, to: {value}, kind: reach, value: 1}}]}}",
        "  y: {value: sessions}",
        "  z: {value: x}",
    ]
    definitions, issues = check_text("k.yaml", HEAD.decode() + "\n".join(lines))
    assert definitions is not None
    assert list(definitions.kpis) == ["y"]
    assert [(issue.code, issue.line, issue.kpi) for issue in issues] == [("KPI004", 5, "x"), ("KPI028", 7, "z")]
    assert words in issues[0].message


def test_a_day_that_is_none_in_the_calendar_or_in_a_measure_is_told_where_it_stands() -> None:
    definitions, issues = check_text("k.yaml", "version: 1\ncalendar: {timezone: 2026-02-30}\n")
    assert (definitions, [issue.code for issue in issues]) == (None, ["KPI004"])
    text = "version: 1\nmeasures:\n  m: {table: events, agg: count, where: {day: 2026-02-30}}\nkpis:\n  x: {value: m}\n"
    definitions, issues = check_text("k.yaml", text)
    assert definitions is not None
    assert (list(definitions.measures), list(definitions.kpis)) == ([], [])
    assert [(issue.code, issue.line) for issue in issues] == [("KPI004", 3), ("KPI028", 5)]
