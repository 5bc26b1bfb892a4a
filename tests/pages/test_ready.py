"""Visitors who come before the first page has been computed wait for it, and not for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from pages.frame import ready
from pages.frame.ready import PASS, Doorkeeper, Doors


class Asked:
    """An application that remembers what reached it."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        self.paths.append(scope["path"])


async def _nothing(*_message: Any) -> Any:
    return None


async def _ask(keeper: Doorkeeper, path: str, kind: str = "http", key: str | None = None) -> bool:
    """Return whether a request gets through within a twentieth of a second."""
    headers = [] if key is None else [(PASS.encode(), key.encode())]
    try:
        await asyncio.wait_for(keeper({"type": kind, "path": path, "headers": headers}, _nothing, _nothing), 0.05)
    except TimeoutError:
        return False
    return True


def test_closed_doors_hold_visits_back_and_let_files_and_the_first_visitor_in() -> None:
    async def story() -> list[bool]:
        doors = Doors()
        keeper = Doorkeeper(Asked(), doors)
        before = [
            await _ask(keeper, "/_stcore/health"),
            await _ask(keeper, "/_stcore/stream", "websocket"),
            await _ask(keeper, "/_stcore/stream", "websocket", "guessed"),
            await _ask(keeper, "/_stcore/stream", "websocket", doors.key),
            await _ask(keeper, "/static/index.js"),
        ]
        doors.open()
        return [*before, await _ask(keeper, "/_stcore/health"), await _ask(keeper, "/_stcore/stream", "websocket")]

    assert asyncio.run(story()) == [False, False, False, True, True, True, True]


def test_who_waits_is_let_in_when_the_first_page_is_there() -> None:
    async def story() -> tuple[list[str], list[str]]:
        doors, asked = Doors(), Asked()
        waiting = asyncio.create_task(_ask_long(Doorkeeper(asked, doors)))
        await asyncio.sleep(0.05)
        before = list(asked.paths)
        doors.open()
        await asyncio.wait_for(waiting, 1)
        return before, asked.paths

    assert asyncio.run(story()) == ([], ["/_stcore/stream"])


async def _ask_long(keeper: Doorkeeper) -> None:
    await keeper({"type": "websocket", "path": "/_stcore/stream", "headers": []}, _nothing, _nothing)


def test_doors_open_by_themselves_when_the_first_visit_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "LONGEST_SECONDS", 0.1)

    async def story() -> list[bool]:
        doors = Doors()
        keeper = Doorkeeper(Asked(), doors)
        doors.open_soon()
        early = await _ask(keeper, "/_stcore/health")
        await asyncio.sleep(0.1)
        return [early, await _ask(keeper, "/_stcore/health")]

    assert asyncio.run(story()) == [False, True]
