"""The impact of releases and campaigns on KPIs: which are looked at, from what in the store, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from errors import QueryError, suggest
from metrics.impact import rules
from metrics.impact.measure import measure
from metrics.impact.named import Names, read_names
from metrics.impact.segments import Touched, control_of, panel_of, touched_by
from metrics.impact.series import Days, Series, from_counts, is_counted, read_days, read_series
from metrics.impact.types import Impact, ImpactReport, Naive
from metrics.stats.discoveries import discoveries
from metrics.stats.gls import NoFit
from metrics.stats.mixture import Estimate
from metrics.types import Event, Period, Question

if TYPE_CHECKING:
    from metrics.catalog import Catalog

RATE = 0.05


def impacts(catalog: Catalog, event: str | None = None, kpis: Sequence[str] = ()) -> ImpactReport:
    """Return the impact of one event, or of all releases and campaigns, on the KPIs that it names, or on those given.

    event: a name or an id.
    Raises: QueryError when there is no such event or KPI, StoreError for an empty store.
    """
    for kpi in kpis:
        catalog.plan(kpi)
    every = events(catalog)
    chosen = every if event is None else _named(every, event)
    names, found = read_names(catalog), []
    for one in chosen:
        found += [impact(catalog, one, kpi, every, names) for kpi in kpis or names.kpis_of(catalog, one)]
    return _report(catalog, found, names)


def events(catalog: Catalog) -> tuple[Event, ...]:
    """Return all releases and campaigns by start; a campaign that is planned and seen in the analytics counts once, with its planned days."""
    covered = [period for kpi in catalog.kpis() if kpi.type != "relationship" and (period := catalog.covered(kpi.name)) is not None]
    if not covered:
        return ()
    whole = Period(min(p.start for p in covered), max(p.end for p in covered) + timedelta(days=1))
    found: dict[tuple[str, str], Event] = {}
    for one in catalog.events(whole):
        if one.kind in ("release", "campaign"):
            found.setdefault((one.kind, one.id if one.kind == "release" else one.name.casefold()), one)
    return tuple(found.values())


def _named(every: Sequence[Event], wanted: str) -> tuple[Event, ...]:
    """Return the event of that id, or those of that name."""
    found = tuple(e for e in every if e.id == wanted) or tuple(e for e in every if e.name.casefold() == wanted.casefold())
    if not found:
        known = [e.name for e in every]
        hint = suggest(wanted, known) or (f"Known: {', '.join(known[:8])}." if known else "None is held.")
        raise QueryError(f"There is no release or campaign '{wanted}'. {hint}")
    return found


def impact(catalog: Catalog, event: Event, kpi: str, every: Sequence[Event], names: Names) -> Impact:
    """Return what one event did to one KPI, or a refusal with its reason."""
    shown = catalog.kpi(kpi)
    blank = Impact(
        event, kpi, shown.label, shown.unit, shown.better, names.items_of(event, kpi), names.expectation(event, shown), "refused", "R", ""
    )  # fmt: skip
    others = [one for one in every if one != event]
    held = settled(catalog, kpi)
    if held is None:
        return replace(blank, reason="no whole day of it is held")
    found = rules.windows(event, others, held)
    if isinstance(found, rules.Refused):
        return replace(blank, reason=found.reason)
    placed = replace(blank, window=found.after, before=found.before, joint=found.joint)
    series = read_series(catalog, kpi, found)
    if isinstance(series, rules.Refused):
        return replace(placed, reason=series.reason)
    touched = touched_by(catalog, event, kpi)
    days = None if touched is None else read_days(catalog, kpi, found, (touched.dimension,))
    return _measured(catalog, replace(placed, scale=series.scale, grain=series.grain), found, series, others, touched, days)


def _measured(
    catalog: Catalog,
    blank: Impact,
    windows: rules.Windows,
    series: Series,
    others: Sequence[Event],
    touched: Touched | None,
    days: Days | None,
) -> Impact:
    """Return the impact from its series."""
    control = None if touched is None or days is None or not series.adds_up else control_of(catalog.plan(blank.kpi), days, touched)
    try:
        found = measure(series, others, control)
    except NoFit as none:
        return replace(blank, reason=str(none), points=())
    panel = None if touched is None or days is None else panel_of(catalog.plan(blank.kpi), days, touched, windows)
    whole = replace(
        blank,
        effect=found.effect, relative=found.relative, total=found.total, points=found.points, placebos=found.placebos, panel=panel,
        controls=touched.untouched_words if touched is not None and control is not None else (),
        naive=naive(catalog, blank.event, blank.kpi), others=_of_others(catalog, blank, windows, others),
    )  # fmt: skip
    return _judged(whole)


def _judged(found: Impact) -> Impact:
    """Return the impact with its verdict, grade and reason."""
    assert found.effect is not None
    if rules.too_many(found.placebos):
        assert found.placebos is not None
        number = f"{found.placebos.significant} of {len(found.placebos.effects)}"
        reason = f"{number} earlier dates on which nothing happened look just as significant, so that this one says nothing"
        bare = tuple(replace(point, so_far=None) for point in found.points)
        return replace(found, reason=reason, effect=None, relative=None, total=None, others=None, panel=None, points=bare)
    grade, reason = rules.grade(found.joint, found.placebos, found.panel, found.relative or found.effect)
    return replace(found, grade=grade, reason=reason, verdict=rules.verdict(found.relative, found.effect, found.better))


def settled(catalog: Catalog, kpi: str) -> Period | None:
    """Return the days of a KPI that are complete and will not move any more."""
    covered = catalog.covered(kpi)
    if covered is None:
        return None
    late = catalog.kpi(kpi).maturity_days + catalog.plan(kpi).lag_days
    end = covered.end - timedelta(days=late)
    return Period(covered.start, end) if covered.start < end else None


def naive(catalog: Catalog, event: Event, kpi: str) -> Naive | None:
    """Return the mean of the four weeks from the event on (a campaign's days, when they are fewer) against as many days before."""
    held = settled(catalog, kpi)
    span = rules.MOST_AFTER if event.kind == "release" else min(rules.MOST_AFTER, (event.end - event.start).days)
    if held is None or event.start - timedelta(days=span) < held.start or event.start + timedelta(days=span) > held.end:
        return None
    after, before = Period(event.start, event.start + timedelta(days=span)), Period(event.start - timedelta(days=span), event.start)
    now, then = (catalog.ask(Question(kpi, "total", period)).rows[0].value for period in (after, before))
    if now is None or then is None:
        return None
    by_day = span if catalog.plan(kpi).is_summable else 1
    return Naive((now - then) / by_day, (now - then) / then if then > 0 else None)


def _of_others(catalog: Catalog, found: Impact, windows: rules.Windows, others: Sequence[Event]) -> Estimate | None:
    """Return the relative effect on everyone whom a campaign did not bring; None when that cannot be told."""
    plan, dimensions = catalog.plan(found.kpi), catalog.kpi(found.kpi).dimensions
    if found.event.kind != "campaign" or "campaign" not in dimensions or not is_counted(plan):
        return None
    series = from_counts(plan, read_days(catalog, found.kpi, windows, ("campaign",)), windows, (found.event.name,))
    if isinstance(series, rules.Refused):
        return None
    try:
        return measure(series, others).relative
    except NoFit:
        return None


def _report(catalog: Catalog, found: Sequence[Impact], names: Names) -> ImpactReport:
    """Mark what is still clear when all of the looks are allowed for."""
    answered = [n for n, one in enumerate(found) if one.verdict != "refused" and one.effect is not None]
    kept = discoveries([one.p for n in answered if (one := found[n].effect) is not None], rate=RATE)
    holds = {n for n, is_kept in zip(answered, kept, strict=True) if is_kept}
    marked = tuple(replace(one, holds=n in holds) for n, one in enumerate(found))
    clear = sum(one.verdict in ("improved", "worsened", "rose", "fell") for one in marked)
    return ImpactReport(marked, len(answered), clear, len(holds), RATE, names.rule, catalog.generation or 0)
