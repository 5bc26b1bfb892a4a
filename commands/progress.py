"""Draws how far a sync is: rows, rate and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from connectors.outcome import Progress
from connectors.sync import Report

SECONDS_BETWEEN_LINES = 2.0


@contextmanager
def drawn(stream: TextIO) -> Iterator[Report]:
    """Yield the function that a sync reports to; whatever it drew is finished at the end."""
    if not stream.isatty():
        yield _Lines(stream)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rows(),
        _Rate(),
        TextColumn("time left"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(file=stream)) as bars:
        yield _Drawing(bars)


class _Rows(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.fields.get('rows', 0):,} rows")


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        elapsed = task.finished_time or task.elapsed
        return Text(f"{task.fields.get('rows', 0) / elapsed:,.0f}/s" if elapsed else "")


class _Drawing:
    """One bar for each stream."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._lock = threading.Lock()

    def __call__(self, progress: Progress) -> None:
        key = (progress.source, progress.stream)
        with self._lock:
            if progress.note:
                self._bars.console.print(f"{progress.name}: {progress.note}", markup=False)
                return
            if key not in self._tasks:
                self._tasks[key] = self._bars.add_task(progress.name, total=progress.slices_total, rows=0)
            self._bars.update(self._tasks[key], completed=progress.slices, total=progress.slices_total, rows=progress.rows)


class _Lines:
    """A line for a stream now and then, and one when it is done."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._began: dict[tuple[str, str], float] = {}
        self._told: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def __call__(self, progress: Progress) -> None:
        key, now = (progress.source, progress.stream), time.monotonic()
        with self._lock:
            began = self._began.setdefault(key, now)
            is_done = progress.slices == progress.slices_total and not progress.note
            if not (is_done or progress.note or now - self._told.get(key, 0.0) >= SECONDS_BETWEEN_LINES):
                return
            self._told[key] = now
            self._stream.write(_line(progress, now - began) + "\n")
            self._stream.flush()


def _line(progress: Progress, elapsed: float) -> str:
    if progress.note:
        return f"{progress.name}: {progress.note}"
    text = f"{progress.name}: {progress.slices} of {progress.slices_total} slices, {progress.rows:,} rows"
    if elapsed > 0.5 and progress.slices:
        left = elapsed / progress.slices * (progress.slices_total - progress.slices)
        text += f", {progress.rows / elapsed:,.0f} rows/s" + (f", about {left:.0f} s left" if left >= 1 else "")
    return text
