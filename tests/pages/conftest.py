"""What holds for every test of a page."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def _own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest puts the page in the place of the main module, which processes that other tests start later would then run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
