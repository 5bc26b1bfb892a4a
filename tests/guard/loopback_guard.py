"""Refuses every connection and every name look-up beyond this machine's loopback."""

from __future__ import annotations

import socket
from typing import Any


class NetworkReached(AssertionError):
    """Something tried to leave the loopback interface."""


def is_local(address: Any) -> bool:
    """Whether an address is a path, or lies on loopback."""
    host = address[0] if isinstance(address, tuple) else address
    return not isinstance(address, tuple) or str(host).startswith("127.") or host in ("localhost", "::1", "")


def install() -> None:
    """Put the guard into this process."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded(real: Any) -> Any:
        def call(self: socket.socket, address: Any) -> Any:
            if not is_local(address):
                raise NetworkReached(f"a test tried to reach {address}")
            return real(self, address)

        return call

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not is_local((name,)):
            raise NetworkReached(f"a test tried to look up {name}")
        return look_up(host, *args, **kwargs)

    socket.socket.connect = guarded(connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded(connect_ex)  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_look_up
