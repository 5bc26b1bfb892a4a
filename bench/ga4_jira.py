"""GA4 report rows and Jira issues with histories from local servers into a published generation, beside the client library alone.

Run: python -m bench.ga4_jira [GA4 rows, default 500,000] [Jira issues, default 20,000]. The share of waiting is the time in which no
processor of ours was busy: the rest of the clock belongs to the server, which shares the machine.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from bench.measured import in_process, serving

GA4_DAYS = 100


def main() -> None:
    """Measure and print."""
    sizes = [int(a) for a in (sys.argv[1:] + ["500000", "20000"][len(sys.argv) - 1 :])]
    for vendor, size in zip(("ga4", "jira"), sizes, strict=True):
        with tempfile.TemporaryDirectory() as name, serving("bench.ga4_jira_servers", vendor, str(size)) as url:
            alone = in_process("bench.ga4_jira_ways", vendor, "library", url, name)
            print(f"{vendor:5} library {alone}", flush=True)
            ours = in_process("bench.ga4_jira_ways", vendor, "bridge", url, name, as_launched=True)
            waited = json.loads((Path(name) / "waited.json").read_text())
            print(f"{vendor:5} bridge  {ours}  {waited / ours.seconds:.0%} inside calls to the server", flush=True)
            print(f"{vendor:5} bridge / library {ours.rate / alone.rate:.2f}")


if __name__ == "__main__":
    main()
