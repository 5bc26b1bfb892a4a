"""How KPIs stand on each other: cycles, what falls with a broken part, and how large a KPI is when written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from metrics.definitions import KPI, Measure
from metrics.formula import occurrences, size
from metrics.plan import expression_of

LARGEST = 200
"""Numbers, names and signs of a KPI with every KPI in it written out: keeps the SQL and the time to read it in bounds."""
HIGHEST = 20
"""KPIs on top of each other."""
SPANNED = ("rolling", "cumulative")
SHOWN = 8
"""KPIs of a ring that are named."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a KPI cannot be used though its own lines are right."""

    code: str
    words: str


def faults(kpis: Mapping[str, KPI], measures: Mapping[str, Measure]) -> dict[str, Fault]:
    """Return KPI → what is wrong with what it stands on. Takes time in proportion to the file, whatever stands on what."""
    parts = {name: _parts(name, kpi, measures) for name, kpi in kpis.items()}
    found = dict(_circular(parts, measures))
    sizes: dict[str, int] = {}
    layers: dict[str, int] = {}
    looking: dict[str, str] = {}
    for name in _bottom_up({n: [p for p in parts[n] if p in kpis and p != n] for n in kpis if n not in found}):
        if name in found:
            continue
        broken = next((part for part in parts[name] if part in found or not _known(name, part, kpis, measures)), None)
        if broken is not None:
            found[name] = Fault("KPI028", f"stands on '{broken}', which has problems of its own")
            continue
        inner = [part for part in parts[name] if part != name and part in kpis] if kpis[name].conversion is None else []
        twice = next((part for part in inner if part in looking), None) if kpis[name].type in SPANNED else None
        if twice is not None:
            found[name] = Fault(
                "KPI038",
                f"is {kpis[name].type} over '{twice}', which holds something {looking[twice]}: only values of a period can be looked back over",
            )
            continue
        if kpis[name].type in (*SPANNED, "conversion"):
            looking[name] = {"conversion": "that follows people"}.get(kpis[name].type, kpis[name].type)
        elif any(part in looking for part in inner):
            looking[name] = next(looking[part] for part in inner if part in looking)
        sizes[name] = _own_size(kpis[name]) + sum(sizes[part] - 1 for part in inner)
        layers[name] = 1 + max((layers[part] for part in inner), default=0)
        if layers[name] > HIGHEST:
            found[name] = Fault("KPI034", f"stands on more than {HIGHEST - 1} layers of KPIs. Use measures directly")
        elif sizes[name] > LARGEST:
            found[name] = Fault("KPI034", f"has {sizes[name]:,} parts when every KPI in it is written out; at most {LARGEST} are computed")
    return found


def _parts(name: str, kpi: KPI, measures: Mapping[str, Measure]) -> tuple[str, ...]:
    """Return what a KPI uses, once for every use; its own name means the measure of that name, when there is one."""
    if kpi.relationship is not None:
        return kpi.relationship.driver, kpi.relationship.outcome
    used = occurrences(expression_of(kpi))
    # what no measure is named by is an event's name
    return tuple(part for part in used if part in measures) if kpi.conversion is not None else used


def _known(owner: str, part: str, kpis: Mapping[str, KPI], measures: Mapping[str, Measure]) -> bool:
    return part in measures or (part in kpis and part != owner)


def _own_size(kpi: KPI) -> int:
    return 1 if kpi.relationship is not None else size(expression_of(kpi))


def _circular(parts: Mapping[str, tuple[str, ...]], measures: Mapping[str, Measure]) -> Iterator[tuple[str, Fault]]:
    """Yield every KPI that is made of itself, with the way round."""
    yield from ((name, _ring([name, name])) for name, used in parts.items() if name in used and name not in measures)
    graph = {name: [part for part in used if part in parts and part != name] for name, used in parts.items()}
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            ring = error.args[1][:0:-1]
            for place, name in enumerate(ring):
                yield name, _ring([*ring[place:], *ring[:place], name])
            graph = {name: [part for part in used if part not in ring] for name, used in graph.items() if name not in ring}
        else:
            return


def _ring(way: list[str]) -> Fault:
    shown = way if len(way) <= SHOWN + 1 else [*way[:SHOWN], "…", way[-1]]
    return Fault("KPI027", f"is made of itself: {' → '.join(shown)}")


def _bottom_up(graph: Mapping[str, list[str]]) -> Iterable[str]:
    """Yield the names so that what a KPI stands on comes before it."""
    return TopologicalSorter(graph).static_order()
