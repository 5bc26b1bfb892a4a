"""Ways in which the double of Mixpanel misbehaves: the nth call to a place → what becomes of its reply."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.mixpanel import MixpanelServer, error_reply
from sandbox.server import Reply, Request

Change = Callable[[MixpanelServer, Request], Reply]
EVERY = 0


def misbehave(server: MixpanelServer, place: str, changes: Mapping[int, Change]) -> None:
    """Change the replies to calls whose path ends with `place`: the nth, counted from 1, or EVERY one."""
    count = 0

    def fault(request: Request, _number: int) -> Reply | None:
        nonlocal count
        if not request.path.endswith(place):
            return None
        count += 1
        change = changes.get(count, changes.get(EVERY))
        return None if change is None else change(server, request)

    server.fault = fault


def refuse(status: int, words: str = "no", **headers: str) -> Change:
    """Refuse with a status; header names take _ for -."""

    def change(_server: MixpanelServer, _request: Request) -> Reply:
        reply = error_reply(status, words)
        return dataclasses.replace(reply, headers={**reply.headers, **{name.replace("_", "-"): value for name, value in headers.items()}})

    return change


def say(document: object) -> Change:
    """Answer with this document under 200."""
    return lambda _server, _request: Reply.of(document)


def hang_up(after: int) -> Change:
    """Send only the first bytes of the body under its full length."""
    return lambda server, request: dataclasses.replace(server.answer(request), cut=after)


def without(*keys: str) -> Change:
    """Leave keys out of the answer."""
    return _edited(lambda answer: {key: value for key, value in answer.items() if key not in keys})


def with_(**values: Any) -> Change:
    """Put other values into the answer."""
    return _edited(lambda answer: {**answer, **values})


def shorten(rows: int) -> Change:
    """Send only the first rows of a page."""
    return _edited(lambda answer: {**answer, "results": answer["results"][:rows]})


def repeat_first(server: MixpanelServer, request: Request) -> Reply:
    """Send the first page again, under the number that was asked for."""
    again = json.loads(server.answer(dataclasses.replace(request, query={**request.query, "page": "0"})).body)
    return Reply.of({**again, "page": int(request.query.get("page", 0))})


def _edited(edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    return lambda server, request: Reply.of(edit(json.loads(server.answer(request).body)))
