"""Shared by all tests: no test reaches beyond this machine's loopback, neither here nor in a process it starts."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from tests.guard import loopback_guard
from tests.metrics.engines import engine
from tests.postgres import postgres
from tests.shop import shop, small_shop

__all__ = ["engine", "postgres", "shop", "small_shop"]

os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path(__file__).parent / "guard"), os.environ.get("PYTHONPATH")]))
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as in ./kpi: the workers' threads of the algebra library would only wait for each other
loopback_guard.install()


def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than small machines have cores: much of the time a test waits for a browser or another process."""
    return max(3, min(4, os.cpu_count() or 1))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest file, and spread those that drive a browser over the run: on a small machine several of them starve each other."""
    browsers = {item.path: None for item in items if item.get_closest_marker("browser")}
    others = {item.path: None for item in items if item.path not in browsers}
    place = {path: nth / len(files) for files in (browsers, others) for nth, path in enumerate(files)}
    items.sort(key=lambda item: (item.path.stem != "test_kills", place[item.path]))


def pytest_collection_finish() -> None:
    """Collect less often: with a heap of this size Python's own thresholds take a good part of the time of the tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
