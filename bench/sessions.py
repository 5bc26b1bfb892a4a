"""Browser-like sessions that look at the Overview at the same time, beside a bare page of Streamlit with as many cards.

Run: python -m bench.sessions HOME [--sessions 20] [--rounds 10] [--visitors 0]. HOME is a synced workspace (./kpi demo --home HOME --no-serve). A
session opens the server's socket as a browser does, asks for a run and waits until it has finished; then all of them ask again and again.
Drawing is not in it. Then as many more visitors come and go in groups of ten; the server's memory is told after every fifth of them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median, quantiles

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bench.measured import ROOT, launched

BARE = {"STREAMLIT_RUNNER_POST_SCRIPT_GC": "true"}
"""A bare page is measured as Streamlit comes; ours with its own configuration."""
WAYS: dict[str, tuple[str, dict[str, str]]] = {
    "bare": ("bench/bare_page.py", BARE),
    "ours": ("app.py", {"KPI_SERVED": "1"}),
}


@contextmanager
def server(script: str, home: Path, more: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Serve a script and yield (port, process id)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / script), "--server.port", str(port), "--server.headless", "true"]
    variables = {**os.environ, **launched(), "KPI_HOME": str(home), **more}
    process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                break
            time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


async def look(ws: websockets.ClientConnection) -> float:
    """Ask for a run and return the seconds until it has finished."""
    asked = BackMsg()
    asked.rerun_script.query_string = ""
    began = time.perf_counter()
    await ws.send(asked.SerializeToString())
    while True:
        told = ForwardMsg()
        told.ParseFromString(await ws.recv(decode=False))
        if told.WhichOneof("type") == "script_finished":
            return time.perf_counter() - began


async def session(port: int, rounds: int) -> list[float]:
    """Open one session and return the seconds of its reruns; the first visit is not counted."""
    origin = websockets.Origin(f"http://127.0.0.1:{port}")
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    async with websockets.connect(address, origin=origin, subprotocols=[websockets.Subprotocol("streamlit")], max_size=None) as ws:
        await look(ws)
        return [await look(ws) for _ in range(rounds)]


async def together(port: int, sessions: int, rounds: int) -> list[float]:
    """Return the seconds of all reruns of sessions that run at the same time."""
    found = await asyncio.gather(*(session(port, rounds) for _ in range(sessions)))
    return [seconds for one in found for seconds in one]


async def passers(port: int, visitors: int) -> None:
    """Let visitors come, look twice and go, ten at a time."""
    for first in range(0, visitors, 10):
        await asyncio.gather(*(session(port, 1) for _ in range(first, min(first + 10, visitors))))


def memory(process: int) -> float:
    """Return the resident memory of a process in MiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--visitors", type=int, default=0)
    given = parser.parse_args()
    for name, (script, more) in WAYS.items():
        with server(script, given.home, more) as (port, process):
            alone = asyncio.run(together(port, 1, given.rounds))
            before = memory(process)
            many = asyncio.run(together(port, given.sessions, given.rounds))
            p95 = quantiles(many, n=20)[-1]
            print(
                f"{name:14} alone p50 {median(alone) * 1000:6.0f} ms   {given.sessions} sessions p50 {median(many) * 1000:6.0f} ms  p95 {p95 * 1000:6.0f} ms"
                f"   {before:5.0f} → {memory(process):5.0f} MiB",
                flush=True,
            )
            if given.visitors:
                held = []
                for _ in range(5):
                    asyncio.run(passers(port, given.visitors // 5))
                    held.append(f"{memory(process):.0f}")
                print(f"{name:14} {given.visitors} visitors more, after each fifth: {', '.join(held)} MiB", flush=True)


if __name__ == "__main__":
    main()
