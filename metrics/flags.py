"""What to know before trusting one number: flags of its streams on its own days, and of the row itself. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from metrics.coverage import StreamCoverage
from metrics.plan import Plan
from metrics.reservations import FlaggedSlice, Restatement
from metrics.types import Row

ESTIMATED = {"ga4": {"web_traffic": {"sessions", "total_users"}}}
"""Connector → table → columns that the vendor itself estimates: HyperLogLog++, developers.google.com/analytics/blog/2022/hll, read 2026-11-25."""
OF_STREAMS = ("epochs",)
"""Flags that a stream has as a whole, and none of its days."""


@dataclass(frozen=True, slots=True)
class Reservations:
    """What the whole store says of its days and sources. held: sources whose newest data were held back."""

    flagged: Sequence[FlaggedSlice]
    restated: Sequence[Restatement]
    held: Collection[str] = ()


def flags_of(row: Row, plan: Plan, streams: Sequence[StreamCoverage], known: Reservations) -> tuple[str, ...]:
    """Return the flags of a row, sorted: the worst are not more than the others, each has its own meaning."""
    return tuple(sorted(set(_flags(row, plan, streams, known))))


def _flags(row: Row, plan: Plan, streams: Sequence[StreamCoverage], known: Reservations) -> Iterator[str]:
    mine = {(stream.source, stream.stream) for stream in streams}
    if row.value is not None and not row.complete:
        yield "partial"
    if row.settling:
        yield "settling"
    if any(stream.source in known.held for stream in streams):
        yield "held"
    for one in known.flagged:
        if (one.source, one.stream) in mine and (one.day is None or row.period.start <= one.day < row.period.end):
            yield from one.flags
    if any((one.source, one.stream) in mine and row.period.start <= one.day < row.period.end for one in known.restated):
        yield "restated"
    yield from (flag for stream in streams for flag in stream.flags if flag in OF_STREAMS)
    if _is_estimated(plan, streams):
        yield "estimated"


def _is_estimated(plan: Plan, streams: Sequence[StreamCoverage]) -> bool:
    connectors = {(stream.connector, stream.table) for stream in streams}
    return any(
        column in ESTIMATED.get(connector, {}).get(table, ())
        for leaf in plan.leaves
        for column in leaf.measure.columns
        for connector, table in connectors
        if table == leaf.measure.table
    )
