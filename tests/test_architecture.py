"""The rooms and the direction of their imports."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "errors": set(),
    "settings": {"errors"},
    "store": {"errors", "settings"},
    "connectors": {"errors", "settings", "store"},
    "metrics": {"errors", "settings", "store"},
    "pages": {"errors", "settings", "store", "metrics"},
    "app": {"errors", "settings", "store", "metrics", "pages"},
    "sandbox": {"errors", "settings"},
    "commands": {"errors", "settings", "store", "connectors", "metrics", "sandbox"},
    "cli": {"errors", "settings", "commands"},
}
ONLY_IN = {
    "streamlit": {"pages", "app"},
    "sqlalchemy": {"store", "metrics"},
    "duckdb": {"store", "connectors"},
    "alembic": {"store"},
    "requests": {"connectors"},
    "mixpanel_utils": {"connectors"},
    "jira": {"connectors"},
    "google": {"connectors"},
    "grpc": {"connectors"},
}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    return sorted(
        p for name in MAY_IMPORT for p in ([ROOT / f"{name}.py"] if (ROOT / f"{name}.py").exists() else (ROOT / name).rglob("*.py"))
    )


def imported(tree: ast.AST) -> set[str]:
    """Return the top names of all absolute imports, also those inside functions."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").split(".")[0])
    return found


def violations(room: str, source: str) -> list[str]:
    """Return what a module of `room` imports although it must not."""
    tree = ast.parse(source)
    names = imported(tree)
    wrong = [name for name in names & set(MAY_IMPORT) if name != room and name not in MAY_IMPORT[room]]
    wrong += [name for name in names & set(ONLY_IN) if room not in ONLY_IN[name]]
    if room != "settings":
        wrong += [
            "os.environ"
            for n in ast.walk(tree)
            if isinstance(n, ast.Attribute) and n.attr in ("environ", "getenv") and ast.unparse(n.value) == "os"
        ]
    return sorted(wrong)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_imports_only_what_lies_below_it(path: Path) -> None:
    assert violations(room_of(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("room", "source", "wrong"),
    [
        ("metrics", "from connectors.base import Connector", "connectors"),
        ("store", "def f():\n    import metrics.types", "metrics"),
        ("metrics", "import streamlit as st", "streamlit"),
        ("pages", "from sqlalchemy import select", "sqlalchemy"),
        ("pages", "import sandbox.world", "sandbox"),
        ("connectors", "import os\nos.environ['X']", "os.environ"),
    ],
)
def test_a_planted_violation_is_found(room: str, source: str, wrong: str) -> None:
    assert violations(room, source) == [wrong]


def test_no_page_script_lies_where_streamlit_would_serve_it_without_the_frame() -> None:
    assert [p.name for p in (ROOT / "pages").glob("*.py") if p.name != "__init__.py"] == []
