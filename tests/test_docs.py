"""The documents say what is: examples are current, every command and variable is documented, the README's commands run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli import COMMANDS, HIDDEN
from connectors import base
from connectors.example import example
from settings import PROJECT_ROOT, Workspace, load_sources

README = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
FORBIDDEN = re.compile(r"/(?:work|root|tmp)/|\bissue #?\d|\bsession\b.*\bminutes\b", re.IGNORECASE)


def test_the_example_of_the_sources_is_current() -> None:
    assert (PROJECT_ROOT / "sources.example.yaml").read_text(encoding="utf-8") == example(), "run: ./kpi example > sources.example.yaml"


def test_the_example_is_accepted_once_its_variables_are_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sources.yaml").write_text(example(), encoding="utf-8")
    for name in re.findall(r"\$\{([A-Z0-9_]+)\}", example()):
        monkeypatch.setenv(name, "x")
    entries = load_sources(Workspace(tmp_path))
    assert {entry.connector for entry in entries} == set(base.names())
    for entry in entries:
        base.read_settings(base.connector_class(entry).Settings, entry)


def test_every_variable_of_the_example_is_in_the_readme() -> None:
    for name in set(re.findall(r"\$\{([A-Z0-9_]+)\}", example())) - {"NAME"}:
        assert name in README or name == "JIRA_PAT", name


def test_the_commands_of_the_readme_exist() -> None:
    known = {*COMMANDS, *HIDDEN}
    used = set(re.findall(r"\./kpi ([a-z]+)", README))
    assert used
    assert used <= known


def test_the_readmes_pictures_exist() -> None:
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (PROJECT_ROOT / path).is_file(), path


@pytest.mark.parametrize("path", list(PROJECT_ROOT.glob("*.md")) + sorted((PROJECT_ROOT / "docs").rglob("*.md")), ids=lambda p: p.name)
def test_the_documents_speak_of_the_project_alone(path: Path) -> None:
    assert FORBIDDEN.findall(path.read_text(encoding="utf-8")) == []


def test_the_settings_of_the_web_server_stay_hardened() -> None:
    import tomllib

    config = tomllib.loads((PROJECT_ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    server, client = config["server"], config["client"]
    assert (server["address"], server["enableCORS"], server["enableXsrfProtection"], server["enableStaticServing"]) == (
        "127.0.0.1",
        True,
        True,
        False,
    )
    assert (client["showErrorDetails"], config["browser"]["gatherUsageStats"], server["enableAgentApi"]) == ("none", False, False)
    assert server["allowedHosts"]
