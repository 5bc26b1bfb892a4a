"""A workspace of the size a company has after years: three years of the sandbox company, and 200 KPIs.

Run: python -m bench.large HOME [days, default 1095] [KPIs, default 200]. HOME is then what bench.painted and bench.sessions take.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.check import definitions
from bench.measured import ROOT


def main() -> None:
    """Make the workspace."""
    home = Path(sys.argv[1])
    days, kpis = (int(a) for a in (sys.argv[2:] + ["1095", "200"][len(sys.argv) - 2 :]))
    home.mkdir(parents=True, exist_ok=True)
    start = datetime.now(UTC).date() - timedelta(days=days)
    (home / "world.json").write_text(json.dumps({"seed": 7, "start": str(start)}) + "\n", encoding="utf-8")
    (home / "kpi_definitions.yaml").write_text(definitions(kpis), encoding="utf-8")
    subprocess.run([sys.executable, str(ROOT / "cli.py"), "demo", "--home", str(home), "--no-serve"], check=True)


if __name__ == "__main__":
    main()
