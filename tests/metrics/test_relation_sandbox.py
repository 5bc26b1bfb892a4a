"""The sandbox company knows its true elasticity: the interval must hold it, and its traps must not show.

KPI_SEEDS=40 asks for 40 companies of 430 days; -s shows the table.
"""

from __future__ import annotations

import os
from datetime import date, timedelta

from metrics.relation_cells import finest, gather
from metrics.relation_events import splits
from metrics.stats.evidence import Origin, assess
from metrics.types import Period
from sandbox.plan import ELASTICITY
from sandbox.traffic import make_traffic
from tests.metrics.sandbox_rows import rows_of
from tests.metrics.stats.designs import pooled

SEEDS = int(os.environ.get("KPI_SEEDS", "2"))
DAYS = 200 if SEEDS < 20 else 430
START = date(2025, 9, 1)
PERIOD = Period(START, START + timedelta(days=DAYS))


def test_the_true_elasticity_lies_in_the_interval_and_not_in_that_of_a_pooled_regression() -> None:
    held = told = fooled = 0
    for seed in range(1, SEEDS + 1):
        rows = rows_of(make_traffic(seed, START, DAYS)[1])
        by, ways = splits(("device",))
        every, part = finest(rows, PERIOD, by, ways)
        found = assess(part.panel, Origin(same_draws=True, coverage=float(every.known.sum() / every.people.sum())))
        estimate = found.estimate or found.compatible
        naive = pooled(gather(rows, PERIOD, by, (0,)).panel)
        failed = [check.name for check in found.checks if check.outcome != "passed"]
        print(
            f"seed {seed:2d}  grade {found.grade}  {' × '.join(part.by)} ({len(part.names)})  {estimate}  pooled {naive[0]:+.2f} ({naive[1]:+.2f} to {naive[2]:+.2f})  {failed}"
        )
        assert estimate is not None
        told += found.estimate is not None
        held += estimate.low <= ELASTICITY <= estimate.high
        fooled += not naive[1] <= ELASTICITY <= naive[2]
    print(f"{held} of {SEEDS} intervals hold the truth, {told} were told; {fooled} pooled ones do not")
    assert held >= 0.9 * SEEDS - (SEEDS < 20)
    assert told >= 0.9 * SEEDS - (SEEDS < 20)
    assert fooled == SEEDS
