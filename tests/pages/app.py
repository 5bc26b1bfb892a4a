"""The dashboard as Streamlit's own test client runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from settings import PROJECT_ROOT

PAGES = PROJECT_ROOT / "pages"


def open_page(home: Path, monkeypatch: pytest.MonkeyPatch, page: str = "overview", **query: str | list[str]) -> AppTest:
    """Run a page of a workspace in its frame, as a link with this query opens it; no page may end in an exception."""
    monkeypatch.setenv("KPI_HOME", str(home))
    app = AppTest.from_file(str(PAGES / "frame" / "frame.py"), default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    if page != "overview":  # the frame alone shows it, and with `kiosk` the wall
        app.switch_page(str(PAGES / "views" / f"{page}.py"))
    app.run()
    assert not app.exception
    return app
