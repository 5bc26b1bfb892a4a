"""The first visitor of every generation is the server itself, so that no person waits for what the pages compute once.

It comes as a browser does, over the socket, and looks at one page after the other. Only a server of ours has one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import streamlit as st
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from errors import DashboardError
from pages.frame.ready import PASS, Doors
from pages.ui import data
from settings import is_served

FIRST, OTHERS = ("",), ("speed_conversion", "delivery", "impact", "kpi", "side_by_side", "catalog", "data_health")
TICK_SECONDS, LONGEST_SECONDS = 5.0, 120.0
HEAD_START_SECONDS = 15.0
"""Of the people who waited for the first page, before the other pages are computed beside them."""
log = logging.getLogger(__name__)


def lifespan(doors: Doors) -> Callable[[st.App], AbstractAsyncContextManager[None]]:
    """Return what lets the first visitor come and go for as long as the server lives, and opens the doors after its first page."""

    @asynccontextmanager
    async def living(_app: st.App) -> AsyncIterator[None]:
        if not is_served():
            doors.open()
            yield
            return
        doors.open_soon()
        visitor = asyncio.create_task(_visits(doors))
        yield
        visitor.cancel()
        with suppress(asyncio.CancelledError):
            await visitor

    return living


async def _visits(doors: Doors) -> None:
    """Look at all pages once for every state that there is to show; after the first, people who waited go before the others."""
    shown, port = None, int(st.get_option("server.port"))
    while True:
        await asyncio.sleep(TICK_SECONDS if shown else 0.2)
        with suppress(DashboardError, OSError):  # a page says what is wrong with the store to whoever looks
            present = await asyncio.to_thread(data.present_state)
            if present != shown:
                await visit(port, FIRST, doors.key)
                doors.open()
                await asyncio.sleep(0 if shown else HEAD_START_SECONDS)
                await visit(port, OTHERS, doors.key)
                shown = present


async def visit(port: int, pages: Sequence[str], key: str) -> None:
    """Open a session and have these pages computed. key: what opens doors that are closed yet.

    Raises: OSError when the server does not take it yet.
    """
    address, origin = f"ws://127.0.0.1:{port}/_stcore/stream", websockets.Origin(f"http://127.0.0.1:{port}")
    subprotocol = [websockets.Subprotocol("streamlit")]
    try:
        async with websockets.connect(
            address, origin=origin, subprotocols=subprotocol, additional_headers={PASS: key}, max_size=None, proxy=None
        ) as session:
            for page in pages:
                await asyncio.wait_for(_look(session, page), LONGEST_SECONDS)
    except (websockets.WebSocketException, TimeoutError) as error:
        log.info("the first visit ended early: %s", type(error).__name__)


async def _look(session: websockets.ClientConnection, page: str) -> None:
    asked, told = BackMsg(), ForwardMsg()
    asked.rerun_script.page_name = page
    await session.send(asked.SerializeToString())
    while told.WhichOneof("type") != "script_finished":
        told.ParseFromString(await session.recv(decode=False))
