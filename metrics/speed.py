"""Speed × conversion, the descriptive cut: purchases by page speed, within each device and on equal terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, Select, String, and_, case, cast, func, literal, select

from metrics.answering import Facts
from metrics.asking import written
from metrics.numerals import short
from metrics.plan import Asked
from metrics.rows import NONE
from metrics.stats.standardise import Group, standardised_rate
from metrics.stats.wilson import wilson_interval
from metrics.types import Bucket, Period, SpeedConversion
from store.schema import events

EDGES_MS = (0.0, 1000.0, 1500.0, 2000.0, 2500.0, 3000.0, 4000.0, 6000.0)
LEAST_VISITORS = 30
"""Visitors that each device needs in a bucket before the bucket is standardised."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Visitor-days of one device whose landing page fell into one bucket; place None = no speed was measured."""

    device: str
    place: int | None
    visitors: int
    conversions: int


def compile_cells(period: Period, where: Asked) -> Select[Any, int, int, int]:
    """Return the SELECT of (device, bucket, visitors, conversions) over visitor-days.

    A visitor-day is a user on a reporting day with a page view. Its landing page is the first page view; it converted when the
    user purchased on that day. Buyers look at more (and cached) pages, so an average over all their pages would be biased.
    Conditions hold for the landing page: chosen first and asked about afterwards. Events without a user are nobody's visit.
    """
    visitor = (events.c.source, events.c.user_id, events.c.day)
    first = func.row_number().over(partition_by=visitor, order_by=(events.c.time, events.c.dedupe_key)).label("n")
    known = and_(events.c.day >= period.start, events.c.day < period.end, events.c.user_id.is_not(None))
    names = {"device", *(name for name, _ in where)} - {"source"}
    columns = (*visitor, events.c.lcp_ms, *(events.c[name] for name in sorted(names)))
    view = select(*columns, first).where(events.c.event == "page_view", known).subquery("views")
    bought = select(*visitor).where(events.c.event == "purchase", known).distinct().subquery("bought")
    asked = [func.coalesce(cast(view.c[name], String), literal(NONE)).in_(wanted) for name, wanted in where]
    bucket = case(*((and_(view.c.lcp_ms >= low, view.c.lcp_ms < high), place) for place, (low, high) in enumerate(_ranges())), else_=None)
    device = func.coalesce(view.c.device, literal(NONE))
    joined = view.outerjoin(bought, and_(*(bought.c[column.name] == view.c[column.name] for column in visitor)))
    keys = (device.label("device"), cast(bucket, Integer).label("bucket"))
    cells = select(*keys, func.count().label("visitors"), func.count(bought.c.user_id).label("conversions"))
    return cells.select_from(joined).where(view.c.n == 1, *asked).group_by(device, bucket)


def _ranges() -> list[tuple[float, float]]:
    return list(zip(EDGES_MS, (*EDGES_MS[1:], float("inf")), strict=True))


def read_cut(facts: Facts, period: Period, where: Asked) -> SpeedConversion:
    """Return the descriptive cut of page speed and conversion over some days."""
    statement = compile_cells(period, where)
    with facts.engine.connect() as connection:
        cells = [Cell(r.device, r.bucket, r.visitors, r.conversions) for r in connection.execute(statement)]
        sql = written(statement, connection.dialect)
    weights = mix(cells)
    return SpeedConversion(
        period=period,
        by_device=by_device(cells),
        crude=crude(cells),
        standardised=standardised(cells, weights),
        mix=weights,
        visitors=sum(c.visitors for c in cells),
        visitors_without_speed=sum(c.visitors for c in cells if c.place is None),
        sql=sql,
        generation=facts.number,
        notes=rare(cells, weights),
    )


def mix(cells: Sequence[Cell]) -> dict[str, float]:
    """Return each device's share of the visitor-days with a measured speed."""
    counts: dict[str, int] = {}
    for cell in cells:
        if cell.place is not None:
            counts[cell.device] = counts.get(cell.device, 0) + cell.visitors
    total = sum(counts.values())
    return {device: count / total for device, count in sorted(counts.items())} if total else {}


def by_device(cells: Sequence[Cell]) -> tuple[Bucket, ...]:
    """Return the rate of each bucket within each device, with its Wilson interval."""
    measured = [cell for cell in cells if cell.place is not None]
    ordered = sorted(measured, key=lambda cell: (cell.device, cell.place))
    return tuple(_bucket(cell.device, cell.place or 0, cell.visitors, cell.conversions) for cell in ordered)


def crude(cells: Sequence[Cell]) -> tuple[Bucket, ...]:
    """Return the rate of each bucket over all devices as they come: mixes speed with everything that devices differ in."""
    found = []
    for place in range(len(EDGES_MS)):
        mine = [cell for cell in cells if cell.place == place]
        if mine:
            found.append(_bucket("", place, sum(c.visitors for c in mine), sum(c.conversions for c in mine)))
    return tuple(found)


def standardised(cells: Sequence[Cell], weights: Mapping[str, float]) -> tuple[Bucket, ...]:
    """Return the rate of each bucket with every device in its overall share; absent where a device is too rare."""
    found = []
    for place in range(len(EDGES_MS)):
        groups = {cell.device: Group(cell.visitors, cell.conversions) for cell in cells if cell.place == place}
        if not groups:
            continue
        enough = all(groups.get(device, Group(0, 0)).trials >= LEAST_VISITORS for device in weights)
        rate = standardised_rate(groups, weights) if enough else None
        low, high = _ranges()[place]
        visitors, conversions = sum(g.trials for g in groups.values()), sum(g.successes for g in groups.values())
        found.append(Bucket("", low, None if high == float("inf") else high, visitors, conversions, *(rate or (None, None, None))))
    return tuple(found)


def rare(cells: Sequence[Cell], weights: Mapping[str, float]) -> tuple[str, ...]:
    """Say for each bucket that has visitors but is not standardised which device is too rare in it."""
    found = []
    for place, (low, high) in enumerate(_ranges()):
        visitors = {cell.device: cell.visitors for cell in cells if cell.place == place}
        few = sorted(device for device in weights if visitors.get(device, 0) < LEAST_VISITORS)
        if visitors and few:
            words = f"{short(low / 1000)}–{short(high / 1000)} s" if high != float("inf") else f"{short(low / 1000)} s and more"
            found.append(f"{words}: not standardised, fewer than {LEAST_VISITORS} visitors of {', '.join(few)}")
    return tuple(found)


def _bucket(device: str, place: int, visitors: int, conversions: int) -> Bucket:
    low, high = _ranges()[place]
    interval = wilson_interval(conversions, visitors)
    rate = conversions / visitors if visitors else None
    ends = interval or (None, None)
    return Bucket(device, low, None if high == float("inf") else high, visitors, conversions, rate, *ends)
