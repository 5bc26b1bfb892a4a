"""How long 'kpi check' takes on 500 KPIs, from a cold interpreter to the last message.

Run: python -m bench.check [KPIs, default 500] [times, default 5]. Wall time says what a person waits; processor time says it of an idle machine.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.measured import ROOT

KPI = """
  extra_{n}:
    label: Extra {n}
    description: Share of sessions with a purchase, number {n}.
    owner: growth
    team: marketing
    numerator: purchases
    denominator: sessions
    better: higher
    where: {{device: mobile}}
    targets:
      - {{from: 2026-01-01, to: 2026-12-31, kind: stay_above, value: 0.05, provenance: agreed}}
"""


def definitions(kpis: int) -> str:
    """Return the shipped definitions with further KPIs up to a number."""
    shipped = (ROOT / "kpi_definitions.yaml").read_text(encoding="utf-8")
    held = shipped.count("\n    label: ")
    return shipped + "".join(KPI.format(n=n) for n in range(kpis - held))


def once(*arguments: str) -> tuple[float, float]:
    """Run the command line once; return (wall seconds, processor seconds)."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, str(ROOT / "cli.py"), *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    kpis, times = (int(a) for a in (sys.argv[1:] + ["500", "5"][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "kpi_definitions.yaml"
        file.write_text(definitions(kpis), encoding="utf-8")
        for what, arguments in (("without tests", ["--no-tests"]), ("with tests", [])):
            runs = [once("check", str(file), *arguments) for _ in range(times)]
            wall, processor = (sorted(run[n] for run in runs)[times // 2] for n in (0, 1))
            print(f"{kpis} KPIs, {what:14} median of {times}: {wall:5.2f} s wall, {processor:5.2f} s processor", flush=True)


if __name__ == "__main__":
    main()
