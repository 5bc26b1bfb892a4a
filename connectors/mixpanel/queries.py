"""Reads the answers of Mixpanel's Query API: JSON documents whose numbers are counts of people. Knows no table."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from connectors.mixpanel.client import Client
from errors import ContractError, TransientSourceError


def document(client: Client, path: list[str], query: dict[str, Any], what: str, source: str) -> dict[str, Any]:
    """Return one answer as a JSON object.

    Raises: TransientSourceError for an error that comes under 200 (a list that has expired, a query that took too long),
        ContractError for what is no JSON object, and as Client.ask().
    """
    body = client.ask(path, query, what).decode("utf-8", "replace")
    try:
        answer = json.loads(body, parse_constant=lambda _word: None)
    except (ValueError, RecursionError) as error:
        raise ContractError(f"{source}: the answer about {what} is no JSON. The earlier data stay.") from error
    if not isinstance(answer, dict):
        raise ContractError(f"{source}: the answer about {what} is no JSON object. The earlier data stay.")
    if "error" in answer:
        raise TransientSourceError(f"{source}: Mixpanel answers about {what} with an error: {client.words(body)}")
    return answer


def count(value: object, what: str, source: str) -> int:
    """Return a count of people.

    Raises: ContractError for anything but a whole number from 0 on.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ContractError(f"{source}: {what} holds {str(value)[:40]!r} where a count belongs. The earlier data stay.")
    return value


def mapping(value: object, what: str, source: str) -> dict[str, Any]:
    """Return a part of an answer that must be a JSON object. Raises: ContractError."""
    if not isinstance(value, dict):
        raise ContractError(f"{source}: {what} has another shape than agreed. The earlier data stay.")
    return value


def sequence(value: object, what: str, source: str) -> list[Any]:
    """Return a part of an answer that must be a list. Raises: ContractError."""
    if not isinstance(value, list):
        raise ContractError(f"{source}: {what} has another shape than agreed. The earlier data stay.")
    return value


def day(key: str, what: str, source: str) -> date:
    """Return the day that a key names. Raises: ContractError."""
    try:
        return date.fromisoformat(key[:10])
    except ValueError as error:
        raise ContractError(f"{source}: {what} has the key '{key[:40]}' where a day belongs. The earlier data stay.") from error


def text(value: object) -> str:
    """Return a value as text that every store takes: half an emoji, cut off by a length limit, becomes a question mark."""
    written = value if isinstance(value, str) else json.dumps(value)
    return written.encode("utf-8", "replace").decode()
