"""kpi serve: the dashboard on a port, as a process that ends with this one."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import Annotated

import typer

from commands.common import Home, open_space, say
from commands.schedule import scheduler, stop
from errors import ConfigError, StoreError
from settings import PROJECT_ROOT, Workspace, child_environment

DEFAULT_PORT = 8501
START_SECONDS = 60.0
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of the dashboard on this machine.")]


def serve(
    context: typer.Context,
    port: Port = DEFAULT_PORT,
    sync: Annotated[bool, typer.Option(help="Keep the data fresh: sync every source at its interval.")] = True,
    home: Home = None,
) -> None:
    """Serve the dashboard and keep its data fresh until Ctrl-C."""
    space = open_space(context, home)
    with until_interrupted(), scheduler(space) if sync else nullcontext(), dashboard(space, port) as server:
        say(f"KPI Bridge is served at http://127.0.0.1:{port}. Press Ctrl-C to stop.")
        server.wait()


def require_free(port: int) -> None:
    """Raise ConfigError when something else listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigError(
                f"--port: {port} is in use on this machine ({error.strerror}). Stop the other program, or choose another port, for example --port {port + 1}."
            ) from error


@contextmanager
def dashboard(space: Workspace, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start the pages and wait until they answer; stop them at the end.

    Raises: ConfigError when the port is in use, StoreError when the server does not come up.
    """
    require_free(port)
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(PROJECT_ROOT / "app.py"),
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    server = subprocess.Popen(command, cwd=PROJECT_ROOT, env=child_environment(space), stdout=sys.stderr.fileno(), start_new_session=True)
    try:
        _await(server, port)
        yield server
    finally:
        stop(server)


def _await(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise StoreError(f"The dashboard's server ended with code {server.returncode} before it answered; its message stands above.")
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise StoreError(f"The dashboard's server did not answer on port {port} within {START_SECONDS:.0f} s.")


@contextmanager
def until_interrupted() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and a closed terminal end the block quietly, its clean-up done."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except KeyboardInterrupt:
        say("Stopped.")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
