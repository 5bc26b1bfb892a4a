"""A small HTTP/1.1 server on loopback that vendors' doubles are built on. Knows no vendor."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it came over the wire. query: first value of each parameter; headers: lower-case names."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the parsed body; an empty one is {}."""
        return json.loads(self.body) if self.body else {}


@dataclass(slots=True)
class Reply:
    """What goes back. cut: send only so many bytes of the body under the full Content-Length, then hang up."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None

    @classmethod
    def of(cls, document: object, status: int = 200, **headers: str) -> Reply:
        """Return a JSON reply; header names take _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(document).encode(), {"Content-Type": "application/json; charset=UTF-8", **named})


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no fault of the server's; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


Fault = Callable[[Request, int], Reply | None]
"""(request, number of the call to this server counted from 1) → the reply to send instead, or None."""


class LocalServer:
    """Serves `answer` on 127.0.0.1 from threads; port 0 takes a free one. A context manager.

    calls: every request in order of arrival. fault: set it to misbehave.
    """

    def __init__(self, port: int = 0) -> None:
        self.calls: list[Request] = []
        self.fault: Fault | None = None
        self._lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
                headers = {k.lower(): v for k, v in self.headers.items()}
                body = self.rfile.read(length)
                if len(body) < length:  # the client hung up in the middle of its question
                    self.close_connection = True
                    return
                self._send(owner._reply(Request(self.command, parts.path, query, headers, body)))

            def _send(self, reply: Reply) -> None:
                self.send_response_only(reply.status)
                for name, value in {"Date": self.date_time_string(), "Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body if reply.cut is None else reply.body[: reply.cut])
                if reply.cut is not None:
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = _serve

            def log_message(self, format: str, *args: object) -> None:
                return

        self._http = _Server(("127.0.0.1", port), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def answer(self, request: Request) -> Reply:
        """Return the vendor's reply to one request."""
        raise NotImplementedError

    def _reply(self, request: Request) -> Reply:
        with self._lock:
            self.calls.append(request)
            number = len(self.calls)
        planted = self.fault(request, number) if self.fault else None
        return planted if planted is not None else self.answer(request)

    @property
    def url(self) -> str:
        """The server's address, without a final slash."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> Self:
        """Begin to serve; returns at once."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
