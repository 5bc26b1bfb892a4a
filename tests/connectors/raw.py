"""A server that speaks bytes instead of HTTP: for everything that a broken line, proxy or vendor can do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Act = Callable[[socket.socket], None]


@contextmanager
def behaving(act: Act) -> Iterator[int]:
    """Let `act` deal with every connection, one after the other; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:  # the test is over
                    return
                with peer:
                    act(peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)


def read_request(peer: socket.socket) -> None:
    """Take in a request that has no body."""
    while b"\r\n\r\n" not in peer.recv(65_536):
        pass
