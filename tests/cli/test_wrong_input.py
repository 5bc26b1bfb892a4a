"""What a person can get wrong on the command line: one message, the right exit code, no traceback, nothing lost."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def kpi(home: Path, *arguments: str, **environment: str) -> Ended:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("KPI_", "JIRA_", "MIXPANEL_", "GA4_"))} | environment
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        env=env,
        timeout=60,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def refused(ended: Ended, code: int, *parts: str) -> None:
    """Check the exit code, that the message names all parts, is short, and that there is no traceback."""
    assert ended.code == code, ended
    assert "Traceback" not in ended.err
    assert ended.out == ""
    for part in parts:
        assert part in ended.err
    assert len(ended.err.strip().splitlines()) <= 4, ended.err


def sources(home: Path, text: str) -> None:
    (home / "sources.yaml").write_text("version: 1\nsources:\n" + text, encoding="utf-8")


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_an_unknown_connector(tmp_path: Path) -> None:
    sources(tmp_path, "  web: {connector: ga5, property: '1'}\n")
    refused(kpi(tmp_path, "sync"), 2, "sources.yaml:3", "'ga5'", "Known connectors: ga4, jira, mixpanel", "Did you mean: ga4?")


def test_an_unknown_field_of_a_source(tmp_path: Path) -> None:
    sources(tmp_path, "  web:\n    connector: ga4\n    propertty: '1'\n    start: 2026-01-01\n")
    refused(kpi(tmp_path, "sync"), 2, "sources.yaml:5", "'propertty'", "Known fields:", "Did you mean: property?")


def test_a_missing_credential(tmp_path: Path) -> None:
    sources(
        tmp_path,
        "  delivery:\n    connector: jira\n    server: https://example.invalid\n    email: ${JIRA_EMAIL}\n    token: ${JIRA_TOKEN}\n    projects: [WEB]\n",
    )
    refused(
        kpi(tmp_path, "sync", JIRA_EMAIL="a@example.com"), 2, "sources.yaml:7", "JIRA_TOKEN is not set", "JIRA_TOKEN_FILE", "kpi doctor"
    )


def test_no_sources_at_all(tmp_path: Path) -> None:
    refused(kpi(tmp_path, "sync"), 2, "sources.yaml", "sources.example.yaml", "kpi demo")


def test_a_vendor_that_is_down(tmp_path: Path) -> None:
    sources(tmp_path, "  delivery: {connector: jira, endpoint: 'http://127.0.0.1:9', projects: [WEB]}\n")
    ended = kpi(tmp_path, "sync", "--json")
    assert ended.code == 1
    assert "Traceback" not in ended.err
    document = json.loads(ended.out)
    assert document["generation"] is None
    assert document["sources"]["delivery"]["error"]["kind"] == "transient"
    assert "127.0.0.1:9" in document["sources"]["delivery"]["error"]["message"]


def test_an_unknown_yaml_key_in_the_definitions(tmp_path: Path) -> None:
    (tmp_path / "kpi_definitions.yaml").write_text(
        "version: 1\ncalendar: {timezone: Europe/Vienna}\n"
        "measures:\n  sessions: {table: web_traffic, agg: sum, column: sessions}\n"
        "kpis:\n  visits:\n    lable: Visits\n    value: sessions\n"
    )
    ended = kpi(tmp_path, "check")
    assert ended.code == 2
    assert "Traceback" not in ended.err
    for part in ("kpi_definitions.yaml:7", "'lable'", "label"):
        assert part in ended.err
    document = json.loads(kpi(tmp_path, "check", "--json").out)
    assert document["ok"] is False
    assert {"level", "code", "file", "line", "column", "kpi", "message", "suggestion"} == set(document["issues"][0])
    assert (document["issues"][0]["line"], document["issues"][0]["kpi"]) == (7, "visits")


def test_an_unknown_kpi(tmp_path: Path) -> None:
    refused(kpi(tmp_path, "query", "conversion_rat"), 2, "'conversion_rat'", "Did you mean: conversion_rate")


def test_an_unknown_dimension_grain_and_day(tmp_path: Path) -> None:
    refused(kpi(tmp_path, "query", "conversion_rate", "--by", "devise"), 2, "'devise'", "Did you mean: device?")
    refused(kpi(tmp_path, "query", "conversion_rate", "--grain", "weeks"), 2, "'weeks'", "Did you mean: week?")
    refused(kpi(tmp_path, "query", "conversion_rate", "--from", "1.10.2026"), 2, "--from", "'1.10.2026'", "2026-10-01")
    refused(kpi(tmp_path, "query", "conversion_rate", "--where", "mobile"), 2, "DIM=VALUE")


def test_a_question_to_an_empty_store(tmp_path: Path) -> None:
    refused(kpi(tmp_path, "query", "conversion_rate"), 1, "empty", "kpi sync")


def test_a_port_in_use(tmp_path: Path, busy_port: int) -> None:
    refused(kpi(tmp_path, "serve", "--port", str(busy_port)), 2, str(busy_port), "in use", "--port")


def test_an_unknown_workspace(tmp_path: Path) -> None:
    refused(kpi(tmp_path / "nowhere", "status"), 2, "--home", "does not exist")


def test_an_unknown_command_and_option(tmp_path: Path) -> None:
    assert kpi(tmp_path, "snyc").code == 2
    assert kpi(tmp_path, "sync", "--ful").code == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; the next test covers it with a file in the way")
def test_a_folder_without_write_permission(tmp_path: Path) -> None:
    sources(tmp_path, "  delivery: {connector: jira, endpoint: 'http://127.0.0.1:9', projects: [WEB]}\n")
    tmp_path.chmod(0o500)
    refused(kpi(tmp_path, "sync"), 1, "data", "writable")
    tmp_path.chmod(0o700)


def test_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    sources(tmp_path, "  delivery: {connector: jira, endpoint: 'http://127.0.0.1:9', projects: [WEB]}\n")
    (tmp_path / "data").write_text("a file where the folder should be")
    refused(kpi(tmp_path, "sync"), 1, "data", "cannot be created", "--home")
