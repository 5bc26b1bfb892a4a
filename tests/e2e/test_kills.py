"""A sync may be killed at any moment: what readers see, and what the next sync makes of it, is as if nothing had happened."""

from __future__ import annotations

import os
from pathlib import Path

from tests.e2e.kills import run

KILLS = int(os.environ.get("KPI_KILLS", "100"))
"""KPI_KILLS=1000 asks for more."""


def test_m57_f51_killed_syncs_lose_double_and_tear_nothing(tmp_path: Path) -> None:
    outcome = run(KILLS, tmp_path)
    print(outcome)
    assert outcome.wrong == []
    assert outcome.landed == KILLS
    assert outcome.rounds > 1
