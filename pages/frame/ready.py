"""Nobody waits beside the server's own first visitor: who comes earlier is let in when the first page has been computed.

Two that compute the same at once would each wait longer than one after the other. "Healthy" then means that a page comes quickly.
"""

from __future__ import annotations

import asyncio
import secrets

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

LONGEST_SECONDS = 10.0
"""The browser's side of Streamlit gives up a connection after 15."""
PASS = "x-first-visit"
HELD_BACK = ("/_stcore/health", "/_stcore/stream")


class Doors:
    """Closed until the first page has been seen, or LONGEST_SECONDS have gone. key: what the first visitor shows."""

    def __init__(self) -> None:
        self.key = secrets.token_hex(16)
        self._opened = asyncio.Event()

    def open(self) -> None:
        """Let everybody in from now on."""
        self._opened.set()

    def open_soon(self) -> None:
        """Let everybody in after LONGEST_SECONDS, whatever becomes of the first visit."""
        asyncio.get_running_loop().call_later(LONGEST_SECONDS, self.open)

    async def passed(self, scope: Scope) -> None:
        """Wait for the doors if this request has to."""
        if scope["type"] in ("http", "websocket") and scope["path"].endswith(HELD_BACK) and Headers(scope=scope).get(PASS) != self.key:
            await self._opened.wait()


class Doorkeeper:
    """Holds back the requests that begin a visit; the files of the page come at once."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self._app, self._doors = app, doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on when the doors are open."""
        await self._doors.passed(scope)
        await self._app(scope, receive, send)
