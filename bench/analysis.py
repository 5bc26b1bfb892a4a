"""What an analysis takes, part by part.

Run: python -m bench.analysis [--part relation] [--rounds 3]
"""

from __future__ import annotations

import argparse

from bench import analysis_relation

PARTS = {"relation": lambda given: analysis_relation.run(given.visitors, given.rounds)}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, default=None)
    parser.add_argument("--visitors", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for name, part in PARTS.items():
        if options.part in (None, name):
            part(options)
