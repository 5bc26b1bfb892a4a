"""A disk that is full while a sync writes: one message, the old data served, and the next sync heals."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from sandbox.world import make_world
from settings import PROJECT_ROOT, Workspace
from store.digest import digest
from store.warehouse import Warehouse
from tests.shop import Shop, open_shop

SIZES = (3, 8)
"""MB: every size lets the disk run full at another place of the first sync."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own in memory; only root may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a file system")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def resize(disk: Path, megabytes: float) -> None:
    subprocess.run(["mount", "-o", f"remount,size={int(megabytes * 1024)}k", disk], check=True)


def fingerprint(space: Workspace) -> str | None:
    if Warehouse(space).current() is None:
        return None
    with Warehouse(space).open() as facts, facts.engine.connect() as connection:
        return digest(connection)


def run(shop: Shop, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROJECT_ROOT / "cli.py"), *command, "--home", str(shop.space.home)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_disk_is_said_loses_nothing_and_heals(small_disk: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        shop = open_shop(stack, small_disk, make_world(11, start=date(2026, 3, 9), days=21))
        for megabytes in SIZES:
            resize(small_disk, megabytes)
            ended = run(shop, "sync")
            assert ended.returncode in (0, 1, 3), (megabytes, ended.stderr)
            assert "Traceback" not in ended.stderr, (megabytes, ended.stderr)
            if ended.returncode == 1:
                assert any(word in ended.stderr for word in ("space", "disk", "full")), (megabytes, ended.stderr)
        resize(small_disk, 64)
        healed = run(shop, "sync")
        assert healed.returncode == 0, healed.stderr
        before = fingerprint(shop.space)
        assert before is not None
        used = sum(path.stat().st_blocks * 512 for path in small_disk.rglob("*") if path.is_file())
        resize(small_disk, used / 1e6 + 0.3)
        again = run(shop, "sync", "--full")
        assert "Traceback" not in again.stderr
        assert fingerprint(shop.space) == before, "what was served stays served"
        resize(small_disk, 64)
        assert run(shop, "sync", "--full").returncode == 0
        assert fingerprint(shop.space) == before
