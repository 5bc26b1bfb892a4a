"""A relationship over 400 days × 60 segments, cold: a new process opens the store, reads the panel, fits, checks and states the worth.

Also told: the pure statistics alone on a panel of that size.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa

from bench.measured import ROOT, launched
from settings import Workspace
from store.schema import arrow_schema
from store.types import WHOLE, Batch, Stream
from store.warehouse import Warehouse

FIRST, DAYS = date(2025, 9, 1), 400
DEVICES, CHANNELS, PAGES = ("desktop", "mobile", "tablet"), ("direct", "search", "mail", "social"), ("/", "/a", "/b", "/c", "/d")
BETA = -0.35
DEFINITIONS = """version: 1
measures:
  speed: {table: events, agg: p75, column: lcp_ms, where: {event: page_view}}
  views: {table: events, agg: count, where: {event: page_view}}
  bought: {table: events, agg: count, where: {event: purchase}}
kpis:
  site_speed: {value: speed, unit: ms}
  conversion: {numerator: bought, denominator: views}
  worth: {relationship: {driver: site_speed, outcome: conversion, by: [device], per: -100}}
"""
QUESTION = """
import json, sys, time
began, used = time.perf_counter(), time.process_time()
from pathlib import Path
from metrics import open_catalog
from settings import Workspace
imported = time.perf_counter() - began, time.process_time() - used
with open_catalog(Workspace(Path(sys.argv[1]))) as catalog:
    found = catalog.relation("worth")
    cold = time.perf_counter() - began, time.process_time() - used
    began = time.perf_counter()
    catalog.relation("worth")
    warm = time.perf_counter() - began
estimate = found.assessment.estimate
print(json.dumps({"cold": cold[0], "processor": cold[1], "warm": warm, "imports": imported[1], "grade": found.assessment.grade, "segments": len(found.segments), "days": found.period.days,
                  "estimate": None if estimate is None else [estimate.value, estimate.low, estimate.high]}))
"""


def events(visitors: int, seed: int = 1) -> pa.Table:
    """Return one page view for each visitor-day, and the purchases, of a company with a known elasticity."""
    rng = np.random.default_rng(seed)
    day, device, channel, page = (rng.integers(0, n, visitors) for n in (DAYS, 3, 4, 5))
    drift = rng.normal(0, 0.1, (DAYS, 3, 4, 5))
    lcp = np.array([1900.0, 3100.0, 2400.0])[device] * np.exp(drift[day, device, channel, page] + rng.normal(0, 0.45, visitors))
    buys = rng.random(visitors) < np.array([0.076, 0.037, 0.058])[device] * (lcp / 2500) ** BETA
    who = np.concatenate([np.arange(visitors), np.flatnonzero(buys)])
    is_view = np.arange(len(who)) < visitors
    columns = {
        "time": pa.array(
            (np.datetime64(FIRST) + day)[who].astype("datetime64[us]")
            + np.where(is_view, 36_000_000_000, 36_600_000_000).astype("timedelta64[us]")
        ),
        "day": pa.array((np.datetime64(FIRST) + day)[who]),
        "user_id": pa.array([f"u{n}" for n in who]),
        "event": pa.array(np.where(is_view, "page_view", "purchase")),
        "device": pa.array(np.array(DEVICES)[device][who]),
        "channel": pa.array(np.array(CHANNELS)[channel][who]),
        "page": pa.array(np.array(PAGES)[page][who]),
        "lcp_ms": pa.array(lcp[who], mask=~is_view),
        "revenue": pa.array(np.where(is_view, 0, 120).astype("int32"), mask=is_view),
        "dedupe_key": pa.array([str(n) for n in range(len(who))]),
    }
    schema = arrow_schema("events")
    empty = {field.name: pa.nulls(len(who), field.type) for field in schema if field.name not in columns}
    return (
        pa.table({**{name: column.cast(schema.field(name).type) for name, column in columns.items()}, **empty})
        .select(schema.names)
        .cast(schema)
    )


def run(visitors: int, rounds: int) -> None:
    """Fill a store, ask it in new processes, and print what they took."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kpi_definitions.yaml").write_text(DEFINITIONS, encoding="utf-8")
        with Warehouse(Workspace(Path(folder))).build(reporting_zone="UTC") as build:
            through = datetime.combine(FIRST + timedelta(days=DAYS), datetime.min.time(), UTC)
            batch = Batch(WHOLE, events(visitors), through)
            build.replace(source="product", connector="hand", stream=Stream("events", "events", "whole"), batches=[batch])
            build.publish()
        found = [_asked(folder) for _ in range(rounds)]
    print(
        f"{visitors:,} visitor-days, {found[0]['days']} days × {found[0]['segments']} segments: grade {found[0]['grade']}, {found[0]['estimate']}"
    )
    for name in ("cold", "processor", "imports", "warm"):
        print(f"{name:>10}  median {median(one[name] for one in found):.2f} s   ({', '.join(f'{one[name]:.2f}' for one in found)})")
    print(f"statistics alone: {_alone() * 1000:.0f} ms")


def _asked(folder: str) -> dict[str, float]:
    command = [sys.executable, "-c", QUESTION, folder]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **launched()}, check=True, capture_output=True, text=True)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _alone() -> float:
    """Return the seconds that assessing a panel of this size takes."""
    from metrics.stats.evidence import Origin, assess
    from metrics.stats.panel import Panel

    rng = np.random.default_rng(2)
    x = rng.normal(7.7, 0.1, (DAYS, 60))
    exposure = rng.poisson(80, (DAYS, 60)) + 1.0
    panel = Panel(rng.poisson(exposure * 0.05 * np.exp(BETA * (x - 7.7))).astype(float), exposure, x)
    began = time.perf_counter()
    assess(panel, Origin(same_draws=True, coverage=1.0))
    return time.perf_counter() - began
