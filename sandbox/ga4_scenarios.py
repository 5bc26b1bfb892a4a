"""Ways in which the double's realtime report misbehaves: what becomes of the answers to one kind of question."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox.ga4 import Ga4Server, error_reply
from sandbox.server import Reply, Request

Change = Callable[[dict[str, Any]], Reply]
PLACE = ":runRealtimeReport"


def misbehave(server: Ga4Server, change: Change, *, asking: str | None = None) -> None:
    """Change the answers to realtime reports; asking: only to those with this dimension. Other reports stay as they are."""

    def fault(request: Request, _number: int) -> Reply | None:
        named = [one["name"] for one in request.json().get("dimensions", ())] if request.path.endswith(PLACE) else None
        if named is None or (asking is not None and asking not in named):
            return None
        return change(json.loads(server.answer(request).body))

    server.fault = fault


def refuse(code: int, status: str, words: str) -> Change:
    """Refuse in Google's envelope."""
    return lambda _answer: error_reply(code, status, words)


def edited(edit: Callable[[dict[str, Any]], object]) -> Change:
    """Send the answer after it was changed in place."""

    def change(answer: dict[str, Any]) -> Reply:
        edit(answer)
        return Reply.of(answer)

    return change


def minute(text: str) -> Change:
    """Name the first minute so."""
    return edited(lambda answer: answer["rows"][0]["dimensionValues"][0].update(value=text))


def count(text: str) -> Change:
    """Give this as the first count."""
    return edited(lambda answer: answer["rows"][0]["metricValues"][0].update(value=text))


def lose_a_row() -> Change:
    """Announce one row more than is sent."""
    return edited(lambda answer: answer["rows"].pop())


def repeat_a_row() -> Change:
    """Send the first row twice."""

    def edit(answer: dict[str, Any]) -> None:
        answer["rows"].append(answer["rows"][0])
        answer["rowCount"] += 1

    return edited(edit)


def hide_the_last_metric() -> Change:
    """Leave a metric out, as for an account that may not see it."""

    def edit(answer: dict[str, Any]) -> None:
        answer["metricHeaders"].pop()
        for row in answer["rows"]:
            row["metricValues"].pop()

    return edited(edit)


def turn_columns() -> Change:
    """Send the metrics in another order, under their headers, and fields that nobody knows."""

    def edit(answer: dict[str, Any]) -> None:
        answer["metricHeaders"].reverse()
        for row in answer.get("rows", ()):
            row["metricValues"].reverse()
            row["novelty"] = {"x": 1}
        answer["emptyReason"] = "NONE"

    return edited(edit)


def little_is_left(tokens: int) -> Change:
    """Say that so many tokens are left for our project's hour."""
    return edited(lambda answer: answer["propertyQuota"]["tokensPerProjectPerHour"].update(remaining=tokens))
