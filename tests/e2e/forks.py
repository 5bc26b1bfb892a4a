"""Syncs in processes of their own that start at once: a server that has imported everything forks one for each order.

As a script it is that server: a line "HOME NOW" in, the process's id out, and its exit status when it is over.
"""

from __future__ import annotations

import importlib
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from connectors import base
from connectors.sync import Order, sync
from metrics import check_file, reporting_zone
from settings import PROJECT_ROOT, Workspace, load_sources


def sync_once(home: Path, now: datetime) -> None:
    """Sync a workspace."""
    space = Workspace(home)
    sync(space, load_sources(space), reporting_zone(space), Order(), now=now, report=lambda _progress: None)


class Forks:
    """The server, as its client sees it."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.e2e.forks"]
        self._server = subprocess.Popen(command, cwd=PROJECT_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._server.kill()
        self._server.communicate()

    def killed(self, home: Path, now: datetime, after: float | None = None) -> bool:
        """Start a sync, kill it after so many seconds (None: let it end), and return whether it was still running then."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{home} {now.isoformat()}\n".encode())
        process = int(self._server.stdout.readline())
        if not select.select([self._server.stdout], [], [], after)[0]:
            with suppress(ProcessLookupError):  # it ended just now
                os.kill(process, signal.SIGKILL)
        status = int(self._server.stdout.readline())
        assert status in (0, -signal.SIGKILL), status
        return status != 0


def main() -> None:
    """Serve until stdin closes. What a sync imports and reads first is imported and read here, once."""
    for name in base.names():
        importlib.import_module(f"connectors.{name}")
    check_file(PROJECT_ROOT / "kpi_definitions.yaml")
    for line in sys.stdin:
        home, now = line.split()
        process = os.fork()
        if process == 0:
            sync_once(Path(home), datetime.fromisoformat(now))
            os._exit(0)
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
