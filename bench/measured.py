"""Runs one way of doing a thing in a process of its own and tells rows, seconds, memory and waiting."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. waiting: seconds this process spent off the processor, of all its threads the busiest counted once."""

    rows: int
    seconds: float
    peak_mib: float
    waiting: float

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds

    def __str__(self) -> str:
        return f"{self.rows:>10,} rows  {self.seconds:7.2f} s  {self.rate:>10,.0f} rows/s  {self.peak_mib:6,.0f} MiB  {self.waiting / self.seconds:5.0%} waiting"


def measure(work: Callable[[], int]) -> None:
    """Run `work`, which returns its rows, and print what it took as one line of JSON."""
    began, used = time.perf_counter(), time.process_time()
    rows = work()
    seconds, processor = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(asdict(Measured(rows, seconds, peak, max(0.0, seconds - processor)))))


def launched() -> dict[str, str]:
    """Return the variables that the launcher sets, which are part of our way and of no other."""
    return dict(re.findall(r'^export (\w+)="\$\{\w+:-(.*)\}"$', (ROOT / "kpi").read_text(), re.MULTILINE))


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[str]:
    """Start a server's module in a process of its own and yield the address that it prints."""
    with subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def in_process(module: str, *arguments: str, as_launched: bool = False) -> Measured:
    """Run a module that calls measure(), and return what it printed. as_launched: with the variables that the launcher sets."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(launched() if as_launched else {})}, check=True, capture_output=True, text=True
    )
    return Measured(**json.loads(done.stdout.splitlines()[-1]))
