"""Readers in other processes while a sync runs: every answer comes, and from one whole generation."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from connectors.sync import Order
from metrics import open_catalog
from metrics.types import Period, Question
from settings import Workspace
from tests.e2e.test_sync_from_vendors import serve
from tests.shop import Shop

PROCESSES = 4
READS = int(os.environ.get("KPI_READS", "400")) // PROCESSES
"""KPI_READS=10000 asks for more."""


def read_many(home: str, first: str, last: str, started: Any, answers: Any) -> None:
    """Ask the same question again and again, each time as a new visitor would: from the catalog on."""
    space, period = Workspace(Path(home)), Period(date.fromisoformat(first), date.fromisoformat(last))
    started.wait()
    seen: dict[int, set[tuple[float, float]]] = {}
    for _ in range(READS):
        catalog = open_catalog(space)
        sessions, revenue = catalog.ask_many([Question("sessions", "total", period), Question("revenue", "total", period)])
        catalog.close()
        assert sessions.generation == revenue.generation
        values = (sessions.rows[0].value, revenue.rows[0].value)
        seen.setdefault(sessions.generation, set()).add(values)  # type: ignore[arg-type]
    answers.put(seen)


def inflate(shop: Shop, factor: int) -> Callable[[], tuple[float, float]]:
    """Restate every day: all revenue of the original company times `factor`; return how to compute the truth."""
    visits = shop.world.company.visits
    if "_cents" not in visits.attrs:
        visits.attrs["_cents"] = visits["revenue_cents"].to_numpy().copy()
    visits["revenue_cents"] = np.asarray(visits.attrs["_cents"]) * factor
    return lambda: (float(len(visits)), float(visits["revenue_cents"].sum()) / 100)


def test_readers_never_fail_and_never_see_a_mixture(small_shop: Shop) -> None:
    truth = {small_shop.sync().generation: inflate(small_shop, 1)()}
    world = small_shop.world
    context = multiprocessing.get_context("spawn")
    started, answers = context.Event(), context.Queue()
    arguments = (str(small_shop.space.home), str(world.start), str(world.end + timedelta(days=1)), started, answers)
    readers = [context.Process(target=read_many, args=arguments) for _ in range(PROCESSES)]
    for reader in readers:
        reader.start()
    started.set()
    factor = 1
    while any(reader.is_alive() for reader in readers) and answers.qsize() < PROCESSES:
        factor += 1
        totals = inflate(small_shop, factor)()
        serve(small_shop, world)
        small_shop.servers[0].refill()
        generation = small_shop.sync(Order(full=True)).generation
        assert generation not in truth
        truth[generation] = totals
    results = [answers.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join()
    assert [reader.exitcode for reader in readers] == [0] * PROCESSES
    assert factor > 1
    for seen in results:
        assert seen == {generation: {truth[generation]} for generation in seen}
    assert len({generation for seen in results for generation in seen}) > 1
