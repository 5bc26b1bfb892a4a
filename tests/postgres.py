"""A PostgreSQL server of the tests' own: a private cluster on a Unix socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

SETTINGS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c timezone=America/New_York"
"""The session's zone is none that any test reports in: nothing may depend on it."""


def binaries() -> Path | None:
    """Return the folder of the server's programs (Debian keeps them off the PATH), the newest version's."""
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return Path(on_path).parent if on_path else found[-1].parent if found else None


def as_server_user(command: list[str]) -> list[str]:
    """A server refuses to run as root; Debian's package brings a user for it."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command] if os.geteuid() == 0 else command


@contextmanager
def cluster(programs: Path) -> Iterator[str]:
    """Make a cluster, start it, and yield its URL."""
    with tempfile.TemporaryDirectory(prefix="kpi-pg-", ignore_cleanup_errors=True) as folder:
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = f"{folder}/data"
        quiet = {"check": True, "capture_output": True, "cwd": folder}
        init = [f"{programs}/initdb", "-D", data, "-U", "kpi", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(as_server_user(init), **quiet)
        control = [f"{programs}/pg_ctl", "-D", data, "-w", "-s"]
        options = f"{SETTINGS} -c unix_socket_directories={folder}"
        subprocess.run(as_server_user([*control, "-o", options, "-l", f"{folder}/log", "start"]), **quiet)
        try:
            yield f"postgresql+psycopg://kpi@/postgres?host={folder}"
        finally:
            subprocess.run(as_server_user([*control, "-m", "immediate", "stop"]), **quiet)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Engine]:
    """An engine on an empty PostgreSQL."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL's initdb was found neither on the PATH nor in /usr/lib/postgresql (Debian: apt-get install postgresql)")
    with cluster(programs) as url:
        engine = create_engine(url)
        yield engine
        engine.dispose()
