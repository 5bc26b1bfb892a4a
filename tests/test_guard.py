"""The guard itself: an address of the documentation range and a real name are refused, here and in child processes."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guard.loopback_guard import NetworkReached

ELSEWHERE = ("192.0.2.1", 80)


def test_no_connection_leaves_this_machine() -> None:
    with socket.socket() as one, pytest.raises(NetworkReached, match=r"192\.0\.2\.1"):
        one.connect(ELSEWHERE)
    with socket.socket() as one, pytest.raises(NetworkReached):
        one.connect_ex(ELSEWHERE)


def test_no_name_is_looked_up() -> None:
    with pytest.raises(NetworkReached, match=r"example\.com"):
        socket.getaddrinfo("example.com", 443)
    assert socket.getaddrinfo("localhost", 80)


def test_a_process_that_a_test_starts_is_guarded_too() -> None:
    script = "import socket; socket.getaddrinfo('example.com', 443)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "a test tried to look up example.com" in done.stderr


def test_no_client_library_is_ever_mocked() -> None:
    found = [
        p.name
        for p in Path(__file__).parent.rglob("*.py")
        if re.search(r"^\s*(from|import) unittest\.?mock|MagicMock\(|mocker\.", p.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert found == []
