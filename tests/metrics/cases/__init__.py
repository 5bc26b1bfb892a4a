"""Reference cases by id, from the JSON files beside this one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def load(area: str) -> dict[str, Any]:
    """Return id → case of one file."""
    return {case["id"]: case for case in json.loads((HERE / f"{area}.json").read_text(encoding="utf-8"))["cases"]}


def near(case: dict[str, Any], found: float, name: str, at: int | None = None) -> None:
    """Hold a number against what a case expects, within its tolerance."""
    wanted = case["expected"][name] if at is None else case["expected"][name][at]
    allowed = case["tolerance"].get("abs", 0.0) + case["tolerance"].get("rel", 0.0) * abs(wanted)
    assert abs(found - wanted) <= allowed, (case["id"], name, found, wanted)
