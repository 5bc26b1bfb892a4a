"""sources.yaml: places in errors, references to the environment, secrets that never show."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from connectors.base import option, read_settings
from errors import ConfigError
from settings import Secret, SourceEntry, Workspace, load_sources, workspace


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """One mapping of a list."""

    name: str
    unit: Literal["day", "week"]
    most: int = 7

    def __post_init__(self) -> None:
        if self.most < 1:
            raise ValueError(f"most of '{self.name}' is {self.most}.")


@dataclasses.dataclass(frozen=True)
class Sample:
    """Settings of no vendor."""

    project: str = option("project number", example="77")
    secret: Secret | None = option("the secret", default=None, secret=True, example="${NAME}")
    region: Literal["us", "eu"] = option("where the data lie", default="us", example="eu")
    start: date = option("first day", default=date(2026, 1, 1), example="2026-01-01")
    zone: ZoneInfo = option("zone of the project", default=ZoneInfo("UTC"), example="Europe/Vienna")
    boards: tuple[str, ...] = option("boards", default=(), example="[A, B]")
    window: timedelta = option("window", default=timedelta(days=1), example="14d")
    reports: tuple[Report, ...] = option("reports", default=(), example="[{name: a, unit: day, most: 3}]")


def entries(tmp_path: Path, text: str) -> tuple[SourceEntry, ...]:
    (tmp_path / "sources.yaml").write_text(text, encoding="utf-8")
    return load_sources(Workspace(tmp_path))


def one(tmp_path: Path, *lines: str) -> SourceEntry:
    body = "".join(f"    {line}\n" for line in lines)
    return entries(tmp_path, f"version: 1\nsources:\n  web:\n    connector: sample\n{body}")[0]


def test_an_absent_file_gives_no_sources(tmp_path: Path) -> None:
    assert load_sources(Workspace(tmp_path)) == ()


def test_values_take_their_declared_types(tmp_path: Path) -> None:
    entry = one(tmp_path, "project: 77", "region: eu", "start: 2026-03-01", "zone: Europe/Vienna", "boards: [1, B]")
    assert read_settings(Sample, entry) == Sample("77", None, "eu", date(2026, 3, 1), ZoneInfo("Europe/Vienna"), ("1", "B"))


def test_a_list_may_hold_mappings_and_a_window_is_a_duration(tmp_path: Path) -> None:
    entry = one(tmp_path, "project: 77", "window: 12h", "reports: [{name: 5, unit: week}, {name: b, unit: day, most: 3}]")
    settings = read_settings(Sample, entry)
    assert settings.reports == (Report(name="5", unit="week", most=7), Report(name="b", unit="day", most=3))
    assert settings.window == timedelta(hours=12)


def test_a_reference_is_read_from_the_environment_and_stays_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_SECRET", "canary-123")
    settings = read_settings(Sample, one(tmp_path, "project: 1", "secret: ${SAMPLE_SECRET}"))
    assert settings.secret.reveal() == "canary-123"
    assert "canary" not in repr(settings) + str(settings.secret) + f"{settings.secret}"


def test_a_reference_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("from-file\n")
    monkeypatch.setenv("SAMPLE_SECRET_FILE", str(tmp_path / "token"))
    assert read_settings(Sample, one(tmp_path, "project: 1", "secret: ${SAMPLE_SECRET}")).secret.reveal() == "from-file"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["project: 1", "secret: ${NOT_SET_ANYWHERE}"], r"sources\.yaml:6: source 'web', field 'secret': NOT_SET_ANYWHERE is not set\. Looked for NOT_SET_ANYWHERE and NOT_SET_ANYWHERE_FILE"),
        (["project: 1", "secret: in-clear"], r"sources\.yaml:6: .* is secret and must not stand in the file"),
        (["project: 1", "regoin: eu"], r"sources\.yaml:6: source 'web' has the unknown field 'regoin'\. Known fields: .*region.* Did you mean: region\?"),
        (["project: 1", "region: ue"], r"sources\.yaml:6: .* 'ue' is not one of us, eu\. Example: eu"),
        (["project: 1", "start: yesterday"], r"sources\.yaml:6: .*'yesterday'.* Example: 2026-01-01"),
        (["project: 1", "zone: Europe/Wien"], r"sources\.yaml:6: .*Europe/Wien"),
        (["project: 1", "boards: A"], r"sources\.yaml:6: .* must be a list"),
        (["project: 1", "window: 2 weeks"], r"sources\.yaml:6: .*'2 weeks' is no duration\. Write it as .* Example: 14d"),
        (["project: 1", "reports: [a]"], r"sources\.yaml:6: .*'a' must be a mapping with name, unit, most"),
        (["project: 1", "reports: [{name: a, unit: day}, {nam: b}]"], r"sources\.yaml:6: .*'nam' is unknown\. Known: name, unit, most\. Did you mean: name\?"),
        (["project: 1", "reports: [{name: a}]"], r"sources\.yaml:6: .* unit is missing"),
        (["project: 1", "reports: [{name: a, unit: month}]"], r"sources\.yaml:6: .*'month' is not one of day, week"),
        (["project: 1", "reports: [{name: a, unit: day, most: 0}]"], r"sources\.yaml:6: .*most of 'a' is 0"),
        (["region: eu"], r"sources\.yaml:3: source 'web' has no 'project' \(project number\)\. Add 'project: 77'"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_with_its_line_and_the_way_out(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_settings(Sample, one(tmp_path, *lines))


def test_a_secret_in_clear_is_refused_without_repeating_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read_settings(Sample, one(tmp_path, "project: 1", "secret: canary-123"))
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1\nsource: {}\n", r"sources\.yaml:2: unknown key 'source'\. .* Did you mean: sources\?"),
        ("version: 1\nsources:\n  web: 3\n", r"sources\.yaml:3: source 'web' must be a mapping"),
        ("version: 1\nsources:\n  web:\n    start: 2026-01-01\n", r"sources\.yaml:3: source 'web' has no 'connector'"),
        ("version: 1\nsources:\n  Web Shop: {connector: ga4}\n", r"sources\.yaml:3: .* a source's name"),
        ("version: 1\nsources:\n  web: {connector: ga4\n", r"sources\.yaml:4:1: this is not valid YAML"),
        ("version: 1\nsources:\n  web: {connector: ga4}\n  web: {connector: ga4}\n", r"sources\.yaml:4:3: this is not valid YAML"),
        ("- a\n", r"sources\.yaml:1: must begin with"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        entries(tmp_path, text)


def test_an_unknown_workspace_says_where_the_name_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="--home: the folder /nowhere/at/all does not exist"):
        workspace("/nowhere/at/all")
    monkeypatch.setenv("KPI_HOME", "/nowhere/at/all")
    with pytest.raises(ConfigError, match="KPI_HOME: the folder"):
        workspace()
