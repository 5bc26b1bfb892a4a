"""What the state under construction holds of one source, for its connector to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from store.schema import PULLED, slices
from store.types import WHOLE, Stream

KEYS_AT_ONCE = 1_000


class SourceHeld:
    """Reads the rows of one source. reading: opens a connection, for one question at a time."""

    def __init__(self, source: str, reading: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._source, self._reading = source, reading

    def _pull(self, stream: Stream) -> Any:
        mine = select(slices.c.pulled_at, slices.c.context).where(
            slices.c.source == self._source, slices.c.stream == stream.name, slices.c.slice == WHOLE
        )
        with self._reading() as connection:
            return connection.execute(mine).first()

    def pulled_at(self, stream: Stream) -> datetime | None:
        """See Held."""
        pull = self._pull(stream)
        return None if pull is None or pull.pulled_at is None else pull.pulled_at.replace(tzinfo=UTC)

    def context(self, stream: Stream) -> str:
        """See Held."""
        pull = self._pull(stream)
        return "" if pull is None else pull.context or ""

    def _ordered_keys(self, stream: Stream) -> list[str]:
        table = PULLED[stream.table]
        key = table.c[stream.key]
        with self._reading() as connection:
            return list(connection.scalars(select(key).distinct().where(table.c.source == self._source).order_by(key)))

    def keys(self, stream: Stream) -> frozenset[str]:
        """See Held."""
        return frozenset(self._ordered_keys(stream))

    def rows(self, stream: Stream) -> Iterator[Mapping[str, Any]]:
        """See Held. The connection is given back between portions, so that other sources may write."""
        table, keys = PULLED[stream.table], self._ordered_keys(stream)
        key = table.c[stream.key]
        for start in range(0, len(keys), KEYS_AT_ONCE):
            portion = keys[start : start + KEYS_AT_ONCE]
            mine = select(table).where(table.c.source == self._source, key.between(portion[0], portion[-1])).order_by(key)
            with self._reading() as connection:
                found = [dict(row) for row in connection.execute(mine).mappings()]
            yield from found
