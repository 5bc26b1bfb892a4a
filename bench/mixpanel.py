"""Mixpanel events from a local server into a published generation, beside the client library's own list and DuckDB alone.

Run: python -m bench.mixpanel [events, default 1,000,000] [days, default 10]
"""

from __future__ import annotations

import sys
import tempfile

from bench.measured import Measured, in_process, serving


def main() -> None:
    """Measure and print."""
    events, days = (int(a) for a in (sys.argv[1:] + ["1000000", "10"][len(sys.argv) - 1 :]))
    ways = ["duckdb_from_disk", "duckdb_alone", "bridge", *(["library"] if events <= 1_000_000 else [])]
    found: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory() as name, serving("bench.mixpanel_server", name, str(days), str(events // days)) as url:
        for way in ways:
            found[way] = in_process("bench.mixpanel_ways", way, url, str(days), name, as_launched=way == "bridge")
            print(f"{way:18} {found[way]}", flush=True)
    for way, base in found.items():
        if way != "bridge":
            print(f"bridge / {way:18} {found['bridge'].rate / base.rate:5.2f}")


if __name__ == "__main__":
    main()
